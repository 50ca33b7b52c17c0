"""What the document has for one question: searched for once, and only when a route needs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.answerable import Asked
from assistant.routes.before import Previous, cited
from assistant.routes.known import Known
from assistant.routes.means import Means
from assistant.routes.named import FEW
from assistant.text import as_asked
from assistant.understanding import Understanding, outside_words, own_words
from corpus.errors import IndexUnusableError, ModelError

if TYPE_CHECKING:
    from assistant.encoder import Vectors
    from assistant.retrieval import Ranking

#: A question whose nearest text is no nearer than this (cosine) counts as answered only with the probability beside it:
#: on the dev set .55 is the least of what is answered rightly, and 31 of 34 off-topic questions lie below.
FAR, ANSWERED_FAR = 0.54, 0.90
#: Probability below which a question that says more than a table's slots is not answered from that table: on the dev set
#: four that the document does not answer lie below, and none that it does.
TABLED = 0.05
#: Weight of what a follow-up says itself, embedded alone, beside it and the turn before together: 1. Of 347 follow-ups
#: with known answers .75 puts 10 more right than 0 and none less; .5 eight, 1 nine.
OWN = 0.75
#: How much nearer (fused score) another passage must be for a table's answer to be given up.
ELSEWHERE = 0.08


def is_far(ranking: Ranking) -> bool:
    """Whether nothing in the document is near a question."""
    return max((h.dense for h in ranking.records), default=0.0) < FAR


class Look:
    """What the document has for one question.

    Each property raises IndexUnusableError or ModelError where the document cannot be searched; the methods do not.
    """

    def __init__(self, known: Known, means: Means, u: Understanding, previous: Previous) -> None:
        self._known, self._means, self._u, self.previous = known, means, u, previous

    @cached_property
    def vector(self) -> Vectors:
        """Embedding of what is searched for, ``(dim,)``; what a follow-up says itself counts more than what it leans on."""
        import numpy as np

        retriever, u = self._means.retriever(), self._u
        vector = retriever.encode(as_asked(u.english))
        if not u.conversation:
            return vector
        if u.language == "en" and len(own_words(u.question)) <= 1 and u.question not in u.english:
            return vector  # "who gets it": without what it stands for, it asks who gets anything
        both: Vectors = vector + np.float32(OWN) * retriever.encode(as_asked(u.question))
        return both / max(float(np.linalg.norm(both)), 1e-9)

    @cached_property
    def ranking(self) -> Ranking:
        """By the question alone."""
        return self._ranked(())

    @cached_property
    def asked(self) -> Asked:
        """For the judgement: where the question leans on the reply before, what that cited counts more."""
        refs, notes = cited(self._known.corpus, self.previous() if self._u.follow_up else None)
        ranking = self._ranked([*refs, *notes]) if refs else self.ranking
        u = self._u
        return Asked(u.english, u.english_tokens, self.vector, ranking, u.conversation)

    def _ranked(self, salient: Sequence[str]) -> Ranking:
        u, retriever = self._u, self._means.retriever()
        return retriever.rank(u.english, u.english_tokens, foreign=u.foreign_stems, salient=salient, vector=self.vector)

    def far(self) -> bool:
        """Whether nothing in the document is near a question; False where it cannot be searched."""
        try:
            return is_far(self.ranking)
        except (IndexUnusableError, ModelError):
            return False

    def elsewhere(self, refs: Sequence[str]) -> bool:
        """Whether another passage than those of a table is clearly nearer to a question that says more than the table asks.

        False for a short question, for one that leans on the turn before, and where the document cannot be searched.
        """
        u = self._u
        if u.follow_up or len(outside_words(u)) <= FEW:
            return False
        try:
            found = self.ranking.by_passage
        except (IndexUnusableError, ModelError):
            return False
        own = max((p.score for p in found if p.ref in refs), default=0.0)
        # the same paragraph on another crisis is no other passage
        others = [p.score for p in found if not self._known.of_another(u, p.ref)]
        return bool(others) and max(others) >= own + ELSEWHERE

    def beyond_tables(self) -> bool:
        """Whether a question that says more than a table's slots asks for what the document does not hold.

        "Which countries belong to the Colombo Process?" names a sector's work and does not ask what that is.
        """
        u = self._u
        more = len(outside_words(u)) > (1 if u.follow_up else 0)
        if not self._means.features.abstention or not more or u.comparison:
            return False
        try:
            chance = self._means.judge(self.asked, TABLED)
        except (IndexUnusableError, ModelError):
            return False
        return chance is not None and chance < TABLED
