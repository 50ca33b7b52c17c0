"""Words people use -> keys of the closed vocabulary: exact, inflected, misspelled.

Terms come from ``lexicon.csv``. A term matches consecutive words of a question
by their stems; of overlapping terms of one kind the longest wins. A word that is
no word of English, of the document or of the lexicon is compared with the
lexicon's words by edit distance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from assistant.gloss import Glossary
from assistant.text import FUNCTION_WORDS, detect_language, fold, stem, words
from assistant.text import WORD as _WORD
from corpus.types import Language, LexiconKind, LexiconTerm

#: Edits (insert, delete, replace, swap of neighbours) allowed in a word of at least so many letters.
#: Chosen on the misspelled questions of the dev set: two edits below nine letters turn "grants" into "plants".
_EDITS = ((9, 2), (5, 1))


@dataclass(frozen=True, slots=True)
class Match:
    """A term found in a question, at the half-open range of its words."""

    kind: LexiconKind
    key: str
    term: str
    start: int
    end: int
    weak: bool = False
    absent: bool = False


def nearest(word: str, vocabulary: Iterable[str], *, most: int = 2) -> str:
    """The word of a vocabulary that is few enough edits away, ``most`` at most, or the word itself.

    Ties go to the word that comes first in the alphabet, so equal input gives equal output.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    allowed = min(most, next((edits for length, edits in _EDITS if len(word) >= length), 0))
    begins = {word[:1], word[1:2]}
    candidates = (
        [w for w in vocabulary if {w[0], w[1:2]} == begins or w[0] == word[0] or w[1:2] == word[1:2]] if allowed else []
    )
    found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=allowed, limit=5)
    return str(min(found, key=lambda f: (f[1], f[0][0] != word[0], f[0]))[0]) if found else word


#: A label typed as one word: "sector1".
_GLUED = re.compile(r"\b(sector|annex|pillar|phase|paragraph|para|footnote|fn)(\d{1,2})\b", re.IGNORECASE)

#: A number of thousands as it is typed: "25k", "25 thousand".
_THOUSANDS = re.compile(r"(?<![\w.,/$€£-])([1-9]\d{0,2})(?:\.(\d{1,2}))? ?(?:k|thousand)\b(?![/'’])", re.IGNORECASE)

#: Single letters that belong together, or else a word: of "U.S." no letter is a word typed in a hurry.
_WRITTEN = re.compile(rf"\b[^\W\d_](?:[.&][^\W\d_])+\b|{_WORD.pattern}")

#: Words of a text that is too short to tell its language by those alone that the lexicon has.
_FEW = 2

_Trie = dict[str, Any]  # stem -> trie; _END -> the terms that end there
_END = "\0"


class Lexicon:
    """The lexicon of a corpus, compiled for matching. Immutable after construction."""

    def __init__(
        self,
        terms: Iterable[LexiconTerm],
        known_words: Iterable[str] = (),
        glossary: Glossary | None = None,
        subject_words: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """``known_words`` are folded words that are never taken for misspelled.

        ``subject_words`` gives folded English words of the subject, which a word may be misspelled of though no term
        holds them; it is called when the first such word is met.
        """
        self._terms = tuple(terms)
        self._glossary = glossary or Glossary()
        self._known = frozenset(known_words)
        self._subject_words = subject_words
        self._tries: dict[Language, _Trie] = {"en": {}, "fr": {}, "es": {}}
        self._words: dict[Language, set[str]] = {"en": set(), "fr": set(), "es": set()}
        for term in self._terms:
            node = self._tries[term.lang]
            tokens = words(term.term)
            self._words[term.lang].update(tokens)
            for token in tokens:
                node = node.setdefault(stem(token, term.lang), {})
            node.setdefault(_END, []).append(term)

    @cached_property
    def _vocabulary(self) -> dict[Language, tuple[str, ...]]:
        return {lang: tuple(sorted(w for w in ws if len(w) >= 5)) for lang, ws in self._words.items()}

    @cached_property
    def _hurried(self) -> frozenset[str]:
        """English words as they are typed in a hurry that are no words of another language."""
        others = FUNCTION_WORDS["fr"] | FUNCTION_WORDS["es"] | self._words["fr"] | self._words["es"]
        return frozenset(w for w in self._glossary.written_out if len(w) > 1 and w not in others)

    @cached_property
    def _subject(self) -> tuple[str, ...]:
        return tuple(sorted({w for w in self._subject_words() if len(w) >= 5}))

    def language(self, text: str, default: Language = "en") -> Language:
        """Language of a text; words of the lexicon count beside function words.

        A word or two that an English text of the subject has, too, tell nothing: "reparations" is French with an accent.
        """
        said = words(text)
        written = {w: self._glossary.written_out[w] for w in said if w in self._hurried}
        # "wat maks migrnts mor vulnrable acordng 2 u" is English
        spelled = re.sub(r"\b\w+\b", lambda w: written.get(w[0].lower(), w[0]), text) if written else text
        found = detect_language(spelled, default, self._words)
        if default == "en" != found and len(said) <= _FEW and text.isascii() and set(self._subject).issuperset(said):
            return "en"
        if found != "en" and text.isascii() and not FUNCTION_WORDS[found].intersection(said):
            theirs = self._glossary.words[found] | self._words[found]
            if any(w in self._known and w not in theirs for w in said):
                return "en"  # "Congo vs Libya - crisis type?"
        return found

    def correct(self, token: str, lang: Language) -> str:
        """The lexicon word that a misspelled word stands for, or the word itself."""
        return token if self._is_right(token, lang) else nearest(token, self._vocabulary[lang])

    def _is_right(self, token: str, lang: Language) -> bool:
        """Whether a folded word is not to be mended: known, or too short to tell."""
        return (
            len(token) < 5
            or not token.isalpha()
            or token in self._known
            or any(token in ws for ws in self._words.values())
            or token in FUNCTION_WORDS[lang]
            or (lang != "en" and token in self._glossary.words[lang])
            or any(stem(token, lang) == stem(k, lang) for k in (token.rstrip("s"),) if k in self._known)
        )

    def corrected(self, text: str, lang: Language) -> list[str]:
        """Words of a text, misspelled ones replaced."""
        return [self.correct(token, lang) for token in words(text)]

    def english(self, text: str, lang: Language) -> str:
        """A text in English as far as it is searched for: with its words spelled out, or the gloss of a French or Spanish one."""
        if lang == "en":
            apart = _GLUED.sub(r"\1 \2", _THOUSANDS.sub(_in_full, text))
            return _WRITTEN.sub(lambda found: self._spelled_out(found.group()), apart)
        return self._glossary.english(words(text), lang, lambda word: self._respelled(word, lang))

    def _spelled_out(self, word: str) -> str:
        """An English word, written out where it is short for another, mended where it is misspelled."""
        folded = fold(word)
        written = self._glossary.written_out.get(folded) or self.correct(folded, "en")
        if written == folded and word == folded and not self._is_right(folded, "en"):
            written = nearest(folded, self._subject, most=1) if len(folded) > 5 else folded
        return word if written == folded else written

    def _respelled(self, word: str, lang: Language) -> str:
        """The word of the glossary or the lexicon that a misspelled one stands for, or the word itself."""
        better = self.correct(word, lang)
        return better if better != word else nearest(word, self._glossary.words[lang])

    def match(self, text: str, lang: Language) -> tuple[Match, ...]:
        """All terms in a text, ordered by place, then kind.

        English terms count in a French or Spanish text too where the words are
        no words of that language (acronyms, names of systems).
        """
        tokens = self.corrected(text, lang)
        cuts = _cuts(text)
        found: list[Match] = []
        languages: tuple[Language, ...] = (lang, "en") if lang != "en" else ("en",)
        for trie_lang in languages:
            stems = [stem(t, trie_lang) for t in tokens]
            for match in self._walk(stems, self._tries[trie_lang]):
                if any(match.start < cut < match.end for cut in cuts):
                    continue
                if trie_lang != lang and all(
                    t in FUNCTION_WORDS[lang] or t in self._words[lang] for t in tokens[match.start : match.end]
                ):
                    continue
                found.append(match)
        return tuple(sorted(_free_phases(_longest(found)), key=lambda m: (m.start, m.kind, m.key)))

    @staticmethod
    def _walk(stems: Sequence[str], trie: _Trie) -> Iterator[Match]:
        for start in range(len(stems)):
            node: _Trie = trie
            for end in range(start, len(stems)):
                following = node.get(stems[end])
                if following is None:
                    break
                node = following
                for term in node.get(_END, ()):
                    yield Match(
                        term.kind, term.key, term.term, start, end + 1,
                        weak=term.note == "weak", absent=term.note == "absent",
                    )  # fmt: skip


def _cuts(text: str) -> frozenset[int]:
    """Places between words where a comma or the end of a clause stands: no term goes on across one."""
    folded = fold(text)
    found = list(_WORD.finditer(folded))
    gaps = enumerate(((a.end(), b.start()) for a, b in pairwise(found)), start=1)
    return frozenset(number for number, (end, start) in gaps if re.search(r"[,;:.!?]", folded[end:start]))


def _longest(matches: Sequence[Match]) -> list[Match]:
    """Of overlapping matches of one kind, the longest; several keys of one term all stay."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda m: (m.start - m.end, m.weak, m.start)):
        rivals = [k for k in kept if k.kind == match.kind and k.start < match.end and match.start < k.end]
        if all((k.start, k.end) == (match.start, match.end) and k.key != match.key for k in rivals):
            kept.append(match)
    return kept


def _free_phases(matches: Sequence[Match]) -> list[Match]:
    """Without the phase words that are part of a longer term: "year after year", "rebuilding trust"."""
    return [
        m
        for m in matches
        if m.kind != "phase"
        or not any(
            o.kind in ("crisis", "sector", "level")
            and o.start <= m.start
            and m.end <= o.end
            and o.end - o.start > m.end - m.start
            for o in matches
        )
    ]


def _in_full(thousands: re.Match[str]) -> str:
    """The number with all its digits, as the document writes them: "25,000" for "25k"."""
    return f"{thousands[1]},{(thousands[2] or '').ljust(3, '0')}"


def folded_words(texts: Iterable[str]) -> set[str]:
    """All folded words of some texts: what counts as correctly spelled beside the language's own words."""
    return {w for text in texts for w in words(fold(text))}
