"""What a question takes for granted and the text says otherwise: how many there are of something."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from assistant.text import fold
from corpus.load import Corpus

_SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBER = rf"(?<![\d,.])\d+(?![\d,.]\d)|{'|'.join(_SPELLED[1:])}"
#: A number and the plural it counts, with at most two words between: "15 sectors", "the three overlapping phases".
_COUNT = re.compile(rf"\b({_NUMBER})\s+(?:(?!of\b)[a-z-]+\s+){{0,2}}?([a-z-]+s)\b")
#: What makes a count a claim about all there are; "name two sectors" and "the first three phases" claim nothing.
_CLAIMS_ALL = re.compile(
    rf"\b(?:there (?:are|were)|(?:what|which|who) (?:are|were) the|(?:list|name|explain|describe) the|are there|why(?: just| only)?|all(?: of)?(?: the| its| these| those)?|its|has|have|these|those)"
    rf"(?: only| just| exactly| really)? (?={_NUMBER})"
)
#: A sector by its number.
_SECTOR = re.compile(r"\bsector (?:no\.? |number )?(\d{1,3})\b(?![.,/]\d)")


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something the text says there are, in its own words."""

    number: int
    ref: str
    quote: str


def _value(number: str) -> int:
    """The number; counts of parts are small, those of people and years are not."""
    return int(number) if number.isdigit() else _SPELLED.index(number)


class Premises:
    """How many parts one document says it has, to hold a question's own count against."""

    def __init__(self, corpus: Corpus) -> None:
        self._counts: dict[str, list[Count]] = defaultdict(list)
        for passage in corpus.passages:
            for match in _COUNT.finditer(passage.text):
                quote = passage.text[match.start() : match.end()]
                count = Count(_value(match.group(1)), passage.ref, quote)
                if count.number < len(_SPELLED):
                    self._counts[match.group(2)].append(count)

    def wrong_count(self, question: str) -> tuple[str, Count] | None:
        """A count that the question claims and the text gives otherwise: as asked, and as the text has it.

        Only things of which the text gives one number are held against it.
        """
        folded = fold(question)
        parts = self._counts.get("sectors", [])
        for number in _SECTOR.findall(folded):
            if parts and int(number) > max(c.number for c in parts):
                return f"Sector {number}", parts[0]
        for claim in _CLAIMS_ALL.finditer(folded):
            match = _COUNT.match(folded, claim.end())
            if match is None:
                continue
            known = self._counts.get(match.group(2), [])
            numbers = {c.number for c in known}
            if len(numbers) == 1 and _value(match.group(1)) not in numbers:
                return f"{match.group(1)} {match.group(2)}", known[0]
        return None
