"""What a question takes for granted and the text says otherwise: how many there are of something, or another figure or name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log1p

from assistant.compose.passages import sentence_of
from assistant.text import content_stems, fold
from assistant.verify import figures
from corpus.load import Corpus
from corpus.types import Fact

#: Numbers in words, each at its own index.
SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBER = rf"(?<![\d,.])\d+(?![\d,.]\d)|{'|'.join(SPELLED[1:])}"
#: A number and the plural it counts, with at most two words between: "15 sectors", "the three overlapping phases".
_COUNT = re.compile(rf"\b({_NUMBER})\s+(?:(?!of\b)[a-z-]+\s+){{0,2}}?([a-z-]+s)\b")
#: What makes a count a claim about all there are; "name two sectors" and "the first three phases" claim nothing.
_CLAIMS_ALL = re.compile(
    rf"\b(?:there (?:are|were)|(?:what|which|who) (?:are|were) the|(?:list|name|explain|describe) the|are there|why(?: just| only)?|all(?: of)?(?: the| its| these| those)?|its|has|have|these|those|counts?|lists?|defines?|describes?|contains?|distinguishes|settled? (?:on|for)|decided? on|c(?:hose|hoose|ame up with)|identif(?:y|ies|ied)|(?:divided|classified|sorted|split|grouped|organi[sz]ed|structured|broken down) (?:in|into|around|by|under))"
    rf"(?: only| just| exactly| really)? (?={_NUMBER})"
)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
).split()
#: One of several by its place: "the sixth scenario", "a fourth phase of a crisis".
_PLACE = re.compile(rf"\b(?:the|a|its|that|your) ({'|'.join(_ORDINALS)}) ([a-z]+)\b")
#: A sector by its number.
_SECTOR = re.compile(r"\bsector (?:no\.? |number )?(\d{1,3})\b(?![.,/]\d)")


#: What puts a statement up for confirmation.
_CONFIRM = re.compile(
    r"(?:,|-|–|\.)\s*(?:right|correct|yes|true|no|isn't it|is it not|doesn't it|don't they|aren't they|confirm\w*|is that (?:right|so|correct))\W*$"
    r"|\b(?:is it (?:true|right|correct) that|just confirm|please confirm|can you confirm|am i right that)\b|\bas the (?:annex|text|document|framework|paper) says\b"
)
#: A number that only names a place of the text, a document or a time of day.
LABEL = re.compile(
    r"(?:¶|\b(?:sector|sectors|annex|paragraph|para|fn|footnote|note|page|no\.?|number|resolution|point|points|pillar|at|of)) ?\d[\d/.:]*|\b[A-Z]+/[\w/.]*|\d+(?::\d+|(?:st|nd|rd|th|am|pm)\b)",
    re.IGNORECASE,
)
#: Says in which year something began, before that year.
_BEGAN = r"(?:began|begun|begins?|started|starts?)\b.{0,60}?\b(?:in|from)"
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Share of a question's words, by rarity, that must be a fact's for the fact to be what it speaks of.
_ABOUT = 0.6
#: Stems that name the document or its author, or only ask for confirmation.
_SELF = frozenset(content_stems("IOM framework document text paper annex says confirm correct right true yes"))


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something the text says there are, in its own words."""

    number: int
    ref: str
    quote: str


def _value(number: str) -> int:
    """The number; counts of parts are small, those of people and years are not."""
    return int(number) if number.isdigit() else SPELLED.index(number)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The fact that a question makes a claim about; ``claimed`` is a figure that the text has otherwise.

    It is empty for what is only put up for confirmation: the fact then tells, whether it is so or not.
    """

    claimed: str
    fact: Fact


def claimed_figures(question: str) -> set[str]:
    """Figures that a question says of something: no years, no numbers of sectors, paragraphs or documents, no single digits."""
    plain = LABEL.sub(" ", question)
    return {n for n in figures(plain) if len(n) > 1 and not _YEAR.fullmatch(n)}


class Premises:
    """How many parts one document says it has, to hold a question's own count against."""

    def __init__(self, corpus: Corpus) -> None:
        self._by_ref, self._facts, self._entries = corpus.by_ref, corpus.facts, corpus.entry_points
        self._counts: dict[str, list[Count]] = defaultdict(list)
        for passage in corpus.passages:
            for match in _COUNT.finditer(passage.text):
                quote = passage.text[match.start() : match.end()]
                count = Count(_value(match.group(1)), passage.ref, quote)
                self._counts[match.group(2)].append(count)

    def wrong_count(self, question: str) -> tuple[str, Count] | None:
        """A count that the question claims and the text gives otherwise: as asked, and as the text has it."""
        folded = fold(question)
        parts = self._parts("sectors")
        for number in _SECTOR.findall(folded):
            if parts and int(number) > max(c.number for c in parts):
                return f"Sector {number}", parts[0]
        for ordinal, thing in _PLACE.findall(folded):
            known = self._parts(f"{thing}s")
            if known and _ORDINALS.index(ordinal) >= known[0].number:
                return f"a {ordinal} {thing}", known[0]
        for claim in _CLAIMS_ALL.finditer(folded):
            match = _COUNT.match(folded, claim.end())
            if match is None:
                continue
            known = self._parts(match.group(2))
            if known and _value(match.group(1)) != known[0].number:
                return f"{match.group(1)} {match.group(2)}", known[0]
        return None

    def right_counts(self, question: str) -> set[str]:
        """Figures of a question that only count the parts of something as the text does: the 15 of "all 15 sectors"."""
        found = _COUNT.finditer(fold(question))
        return {m[1] for m in found if (known := self._parts(m[2])) and _value(m[1]) == known[0].number}

    def _parts(self, things: str) -> list[Count]:
        """Where the text counts the parts of something: one small number, the same everywhere; else none."""
        known = self._counts.get(things, [])
        one = len({c.number for c in known}) == 1 and 1 < known[0].number < len(SPELLED)
        return known if one else []

    def contradicted(self, question: str, facts: Sequence[Fact]) -> Contradiction | None:
        """The first of ``facts``, nearest first, that says otherwise what the question claims; None where none does.

        A claim is a figure of something that the fact gives another figure for, or anything put up for confirmation
        ("..., right?"). Apart from it the question must be about that very fact: most of its words, by rarity, are the
        fact's or those of the prepared questions that lead to it, and so is every year.
        """
        folded = fold(question)
        confirm = _CONFIRM.search(folded) is not None
        asked = figures(question)
        years = {n for n in asked if _YEAR.fullmatch(n)}
        numbers = claimed_figures(question)
        since = {y for y in years if re.search(rf"\b(?:since|{_BEGAN}) {y}\b", folded)}
        if not (confirm or numbers or since) or re.search(r"\bhow (?:many|much)\b", folded):
            return None
        wanted = [s for s in dict.fromkeys(content_stems(question)) if s not in asked and s not in _SELF]
        texts = {fact.id: f"{fact.statement} {sentence_of(fact, self._by_ref)}" for fact in facts}
        shares = {fact.id: self._covered(wanted, fact) for fact in facts}
        # a fact that has the figure and speaks of as much of the question is what it means
        meant = max((shares[f.id] for f in facts if numbers & figures(texts[f.id])), default=-1.0)
        for fact in facts:
            held, text = figures(texts[fact.id]), texts[fact.id]
            if not wanted or shares[fact.id] < _ABOUT or not (years - since) <= held:
                continue
            other = {n for n in held if not _YEAR.fullmatch(n)}
            if numbers and not numbers & held and other and fact.kind == "number" and shares[fact.id] > meant:
                return Contradiction(min(numbers), fact)
            if since and not since & held and re.search(r"since (?:the early )?(?:19|20)\d\d", text, re.IGNORECASE):
                year = min(since)
                return Contradiction(f"{'since' if f'since {year}' in folded else 'in'} {year}", fact)
            if confirm and not numbers:
                return Contradiction("", fact)
        return None

    def _covered(self, wanted: Sequence[str], fact: Fact) -> float:
        """Share of the wanted stems, by rarity, that a fact or a question that leads to it holds."""
        known = self._words.get(fact.id, frozenset())
        return self.weight(s for s in wanted if s in known) / (self.weight(wanted) or 1.0)

    def weight(self, stems: Iterable[str]) -> float:
        """How much stems tell together: the rarer they are among the facts, the more."""
        return sum(map(self._weight, stems))

    @staticmethod
    def subject_stems(question: str) -> frozenset[str]:
        """Stems of a question's words of content that do not only name the document."""
        return frozenset(s for s in content_stems(question) if s not in _SELF)

    def knows(self, stem: str) -> bool:
        """Whether a fact, or a prepared question that leads to one, holds a stem."""
        return stem in self._spread

    def stems_of(self, fact: str) -> frozenset[str]:
        """Stems of a fact's statement and sentence and of the English questions that lead to it."""
        return self._words.get(fact, frozenset())

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        """Stems of every fact's statement and sentence and of the English questions that lead to it."""
        found = {
            f.id: set(content_stems(f"{f.subject} {f.statement} {sentence_of(f, self._by_ref)}")) for f in self._facts
        }
        for entry in self._entries:
            if entry.lang == "en" and entry.fact in found:
                found[entry.fact].update(content_stems(entry.text))
        return {key: frozenset(stems) for key, stems in found.items()}

    @cached_property
    def _spread(self) -> Counter[str]:
        """Number of facts that each stem leads to."""
        return Counter(stem for stems in self._words.values() for stem in stems)

    def _weight(self, stem: str) -> float:
        return log1p(len(self._words) / (1 + self._spread[stem]))
