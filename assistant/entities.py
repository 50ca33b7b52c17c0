"""All that a document says of one body or place: "what did IOM do in Haiti?", "what does it say about OCHA?".

Search finds the sentence that is nearest to a question. Somebody who asks for
all that there is on one name wants no sentence but every place that has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.naming import Names
from assistant.text import FUNCTION_WORDS, fold, words
from corpus.load import Corpus
from corpus.types import Fact, Passage

#: Words of a question that ask for all there is on a name.
_ALL_OF = frozenset(
    "say says said mention mentions tell told describe describes information info anything everything something document framework text "
    "paper mcof iom we work works worked working project projects programme programmes program programs activity activities achieve achieved "
    "act acts active operate operates operation operations happen happened experience involvement presence engagement role case country countries "
    "example examples done do did doing respond response carry carried implement implemented help helped support supported assist assisted "
    "assistance crisis crises also please know so far list overview summary".split()
)
#: Asks for one thing about a name, not for all there is.
_ONE_THING = re.compile(
    r"\b(?:who|whom|whose|when|why|how (?:many|much|long|often|does|do|did|is|are)|which|stands? for|mean\w*|spell\w*|defin\w+|explain|difference|compar\w*)\b"
    r"|\bwhat(?:'s| is| are| was| were)\b(?! (?:said|written|mentioned|iom|the (?:document|framework|text))\b)|\bwhat (?:kind|sort|type|role)\b"
)
#: Says less, or other, than all: then nothing is listed.
_NARROWED = re.compile(
    r"\b(?:not|no|never|nor|other|others|but|except|only|before|after|should|will|would|must|next|without|besides|instead|outside|near)\b|n't\b"
)
#: Asks for what is said or done, at the least.
_ASKS = re.compile(
    r"\b(?:what|tell|say|says|anything|everything|something|describe|overview|summary|list)\b|^\W*(?:and |how about |what about )?iom (?:in|and) "
)
#: A name of a list.
_LISTED = re.compile(r"[A-Z][\w’'-]+(?: \(\d[\d/–-]*\))?(?:,| and )")
#: Sentences stated at most, and words of one.
MOST, _LONGEST = 5, 48


def name_asked(question: str, names: Names, corpus: Corpus) -> str:
    """The one body or place that a question asks everything about, as it is written there; empty for any other question."""
    folded = fold(question)
    if _ONE_THING.search(folded) or _NARROWED.search(folded) or not _ASKS.search(folded):
        return ""
    acronyms = {fold(a.acronym): a.acronym for a in corpus.acronyms if a.acronym not in ("IOM", "OIM")}
    found = [n.text for n in names.asked(question) if not n.text[0].isdigit()]
    found += [acronyms[w] for w in words(question) if w in acronyms and acronyms[w] not in found]
    if len(found) != 1:
        return ""
    rest = [
        w
        for w in words(question)
        if w not in words(found[0]) and not w.isdigit() and w not in FUNCTION_WORDS["en"] | _ALL_OF
    ]
    return "" if rest else _as_written(found[0], corpus)


def _as_written(name: str, corpus: Corpus) -> str:
    """A name as the text writes it: "haiti" is Haiti."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    return next((m[0] for p in corpus.passages if (m := pattern.search(p.text))), name)


def facts_on(name: str, facts: Sequence[Fact], by_ref: Mapping[str, Passage]) -> list[Fact]:
    """One fact of every passage that tells of a name; those that name nothing else first, legends and footnotes last.

    Of several in one passage that one which tells most in a sentence of reasonable length.
    """
    held: dict[str, list[Fact]] = {}
    for fact in facts:
        if _tells_of(name, fact.statement) or _tells_of(name, fact.value):
            held.setdefault(fact.ref, []).append(fact)
    best = [max(found, key=lambda f: _telling(name, f)) for found in held.values()]
    order = list(by_ref)

    def rank(fact: Fact) -> tuple[bool, bool, int]:
        return by_ref[fact.ref].kind in ("diagram", "footnote"), _among_many(fact), order.index(fact.ref)

    return sorted(best, key=rank)


def _among_many(fact: Fact) -> bool:
    """Whether a statement lists names: "in Pakistan, Haiti, South Sudan and Yemen"."""
    return len(_LISTED.findall(fact.statement)) > 1


#: What makes a longer name of a place or body: "South Sudan", "the Indian Ocean", "the Colombo Process".
_BEFORE, _AFTER = r"(?<!south )(?<!north )(?<!east )(?<!west )(?<!new )", r"(?! (?:ocean|sea|process)\b)"


def _tells_of(name: str, text: str) -> bool:
    """Whether a text holds a whole name, or the adjective of it; "Sudan" is not in "South Sudan"."""
    if not name:
        return False
    endings = "" if name.isupper() else "(?:n|an|ian|ese|i)?"
    return re.search(rf"(?<!\w){_BEFORE}{re.escape(fold(name))}{endings}(?!\w){_AFTER}", fold(text)) is not None


def _telling(name: str, fact: Fact) -> tuple[bool, bool, int]:
    size = len(fact.statement.split())
    return _tells_of(name, fact.statement), size <= _LONGEST, size if size <= _LONGEST else -size
