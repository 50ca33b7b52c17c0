"""The second of two things that one question asks about, where what was found first speaks of the other alone.

"1,000 and 1 million, what were they counting?" has no grammar that tells its two
sides apart. What does is the document: the words of the question that the first
fact, or a prepared question for it, does not hold are searched for once more,
without those that are the first fact's own.
"""

from __future__ import annotations

import re

from assistant.compose import passages as by_passage
from assistant.routes.known import Known
from assistant.routes.means import Means
from assistant.text import content_stems, fold
from assistant.understanding import Understanding
from corpus.types import Fact

#: Share of a question's words, by rarity, that the first fact must leave open, and of those the share that the second must
#: hold. Of 250 comparisons whose two facts are known .15 and .5 give both in 190, .10 and .3 in 192, the nearest facts in 176.
LEFT_OPEN, HELD = 0.12, 0.40
#: Probability that the document answers what is left of the question.
ANSWERED_TOO = 0.30
#: Facts found for what is left among which the second may be.
AMONG = 6
#: Joins two things, or speaks of two.
_TWO = re.compile(r"\b(?:and|or|vs|versus|but|while|whereas|both|each|either|than|respectively|whilst)\b|[/;&]")
#: Letters of a question that is looked at for two things.
_LONGEST = 240


class Second:
    """Finds what a question asks beside that which a fact answers."""

    def __init__(self, known: Known, means: Means) -> None:
        self._known, self._corpus, self._means = known, known.corpus, means

    def fact(self, u: Understanding, first: Fact) -> Fact | None:
        """The fact for that of an English question which the ``first`` leaves open; None where little is left, or nothing answers it.

        Raises:
            IndexUnusableError, ModelError: the document cannot be searched.
        """
        if u.language != "en" or u.follow_up or not asks_of_two(u):
            return None
        premises = self._known.premises
        own = set(content_stems(self._known.told(first)))
        held = own | premises.stems_of(first.id)
        wanted = list(dict.fromkeys(content_stems(u.english)))
        left = {s for s in wanted if s not in held and premises.knows(s)}
        if premises.weight(left) < LEFT_OPEN * premises.weight(wanted):
            return None
        shown = by_passage.sentence_of(first, self._corpus.by_ref)
        asked = self._means.ask(_without(u.english, own))
        for hit in asked.ranking.facts()[:AMONG]:
            fact = self._corpus.fact_by_id[hit.fact]
            if premises.weight(left & premises.stems_of(fact.id)) < HELD * premises.weight(left):
                continue
            if by_passage.sentence_of(fact, self._corpus.by_ref) == shown:
                return None  # it is told already
            chance = self._means.judge(asked, ANSWERED_TOO)
            return fact if chance is None or chance >= ANSWERED_TOO else None
        return None


def asks_of_two(u: Understanding) -> bool:
    """Whether a question may be about two things."""
    return len(u.question) <= _LONGEST and (u.comparison or _TWO.search(fold(u.question)) is not None)


def _without(text: str, stems: set[str]) -> str:
    """A text without the words that have only these stems."""
    return " ".join(w for w in text.split() if not (own := content_stems(w)) or not stems.issuperset(own))
