"""Proper names: which words of a question are names, and which of them a text does not hold.

A question about Egypt is not answered by what the text says of Tunisia. People
write names without capitals and the text has adjectives ("Syrian") where they
have places ("Syria"), so a name is a word that the text or the prepared
questions write with a capital, or one that the question does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.text import FUNCTION_WORDS, fold, words
from assistant.verify import names, opens_sentence
from corpus.load import Corpus

#: Letters of a name that must agree: "Libya" and "Libyan" are the same place.
_NAME_STEM = 5
#: Endings that make the adjective of a place.
_OF_PLACES = ("n", "an", "i", "ian", "ese", "is")
#: Words with a capital that name the document, its author or its parts, and so tell nothing apart.
_OWN = frozenset(
    "iom oim mcof scpf framework annex sector pillar member states state migration crisis operational organization ocha unhcr "
    "i i'm i'd i've ok".split()
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
#: A number that is no part of a label such as SCPF/87 or a decimal of one.
_FIGURE = re.compile(r"(?<![\w/.])\d+(?:[.,]\d+)*(?![\w/])")
#: What makes a number before it the number of a part of the document.
_NUMBERED = re.compile(
    r"(?:\bparagraphs?|\bparas?|¶|\bfootnote|\bfn|\bsector|\bannex|\bpillar|\bphase|\blevel|\bpage|\bsection)\W*(?:no\.? ?|number )?$",
    re.I,
)
#: What may stand inside one name of several words: "Save the Children", "Red Cross".
_JOINED = re.compile(r" (?:of |the |of the |for )?")


@dataclass(frozen=True, slots=True)
class Name:
    """A name or figure in a question and its half-open range there."""

    text: str
    start: int
    end: int


class Names:
    """The proper names of one corpus."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def is_name(self, token: str) -> bool:
        """Whether a folded word is a proper name of the text, or the place that one of its adjectives belongs to."""
        if token in self.proper:
            return True
        return len(token) >= _NAME_STEM - 1 and any(f"{token}{ending}" in self.proper for ending in _OF_PLACES)

    @cached_property
    def proper(self) -> frozenset[str]:
        """Names of the text, folded, without those that are common words, titles or the document's own."""
        passages = self._corpus.passages
        out = {fold(part) for p in passages for n in names(p.text) for part in re.split(r"[\s/'’-]", n)}
        small = {w for w, n in self._written.items() if n < 0}
        return frozenset(n for n in out if len(n) > 2 and n not in self._common | self._titles | small)

    def asked(self, question: str) -> tuple[Name, ...]:
        """The names and figures of a question, in order: words known as names or written with a capital, and numbers.

        Single digits and numbers of paragraphs count nothing: they are labels and small counts.
        """
        found = (m for m in _FIGURE.finditer(question) if not _NUMBERED.search(question[: m.start()]))
        numbers = [Name(m.group(), *m.span()) for m in found if len(m.group()) > 1]
        return tuple(sorted([*self._words(question), *numbers], key=lambda n: n.start))

    def _words(self, question: str) -> list[Name]:
        """The names in a question, in order; capitalised words that stand together are one."""
        shouted = question.isupper()
        runs: list[list[re.Match[str]]] = []
        for match in _WORD.finditer(question):
            capital = match.group()[0].isupper() and not shouted
            if capital and runs and _JOINED.fullmatch(question, runs[-1][-1].end(), match.start()):
                runs[-1].append(match)
            elif self._may_begin(match, question, capital):
                runs.append([match])
        kept = (run for run in runs if self._is_run(run))
        return [Name(question[r[0].start() : r[-1].end()], r[0].start(), r[-1].end()) for r in kept]

    def _may_begin(self, match: re.Match[str], question: str, capital: bool) -> bool:
        """Whether a name may begin with a word: one that is known as a name, or a capital where no sentence begins."""
        opens = opens_sentence(question, match.start()) and not (len(match.group()) > 1 and match.group().isupper())
        return (capital and not opens) or self._known(_plain(match.group()))

    def _is_run(self, run: Sequence[re.Match[str]]) -> bool:
        """Whether words with capitals are a name: several that are no title of the text, or one that is no common word."""
        found = [_plain(match.group()) for match in run]
        if len(run) > 1:
            return any(w not in self._titles for w in found)
        return self._known(found[0]) or (self._written[found[0]] == 0 and found[0] not in self._common | _OWN)

    def _known(self, word: str) -> bool:
        return word not in self._common | _OWN and (self.is_name(word) or self._written[word] > 0)

    def telling(self, name: str) -> list[str]:
        """The words of a name that tell it from others, folded: no common words, no short ones."""
        parts = (_plain(m.group()) for m in _WORD.finditer(name))
        return [p for p in parts if len(p) > 2 and p not in self._common and p not in FUNCTION_WORDS["en"]]

    @cached_property
    def _titles(self) -> frozenset[str]:
        """Words of the names of sectors and crises, and the document's own."""
        named = [*(s.name for s in self._corpus.sectors), *(c.name for c in self._corpus.crises)]
        return frozenset(w for name in named for w in words(name)) | _OWN

    @cached_property
    def _common(self) -> frozenset[str]:
        """Words that the text writes small."""
        return frozenset(w.strip(".,;:()") for p in self._corpus.passages for w in p.text.split() if w.islower())

    @cached_property
    def _written(self) -> Counter[str]:
        """How much more often prepared questions write a word with a capital than small, not counting first words.

        "war" is no name, though the text only has "Gulf War".
        """
        seen: Counter[str] = Counter()
        texts = [e.text for e in self._corpus.entry_points if e.lang == "en"]
        for text in [*texts, *(n.text for n in self._corpus.not_covered if n.lang == "en")]:
            seen.update(m.group() for m in _WORD.finditer(text) if not opens_sentence(text, m.start()))
        found: Counter[str] = Counter()
        for word, times in seen.items():  # each form is folded once
            found[_plain(word)] += times if word[0].isupper() else -times
        return found


def _plain(word: str) -> str:
    return fold(word).removesuffix("'s")


def holds(text: str, name: str) -> bool:
    """Whether a folded text holds a name, or another form of it: "Libya" in "the Libyan crisis"."""
    parts = [p for p in re.split(r"[\s'’-]", fold(name)) if len(p) > 3] or [fold(name)]
    return any(re.search(rf"(?<!\w){re.escape(p[:_NAME_STEM])}", text) is not None for p in parts)


def crisis_years(corpus: Corpus, text: str) -> set[str]:
    """Years of the example crises that a text names by their place: "the Libyan crisis" is that of 2011."""
    folded = fold(text)
    return {e.year for e in corpus.examples if e.year and holds(folded, words(e.place)[0])}


def initials(term: str) -> str:
    """First letters of a term's words but the small ones: "undp" of "United Nations Development Programme"."""
    return "".join(w[0] for w in words(term) if w not in FUNCTION_WORDS["en"])


def without(question: str, left_out: tuple[Name, ...]) -> str:
    """A question without names."""
    for name in reversed(left_out):
        question = question[: name.start] + question[name.end :]
    return " ".join(question.split())
