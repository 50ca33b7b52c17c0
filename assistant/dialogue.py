"""Does a message lean on the turn before it, and what does it ask about the reply it got?

"And after?", "trees? how many", "on what grounds" cannot be understood alone;
"so can a State refuse assistance under the resolution?" can, though it begins
with "so". Patterns tell two in three of such messages right. Learned from the
corpus' labelled dialogues, nine in ten are: a ridge regression says what the
wording speaks for, a logistic regression weighs it with what was understood and
with how near the document is to the message alone and to both together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from assistant.arrays import read_arrays
from assistant.regression import leave_one_out, logistic, probability
from assistant.stemvectors import StemVectors, kernel, primal
from assistant.text import FUNCTION_WORDS, fold, words
from assistant.understanding import (
    FOLLOW_START,
    ONE,
    PRONOUN,
    Understanding,
    leans_on_history,
    outside_words,
)
from corpus.load import Corpus
from corpus.types import AboutReply

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever

    Floats = NDArray[np.float64]

KINDS: tuple[AboutReply, ...] = get_args(AboutReply)
#: Penalty of both ridge regressions: .1 to 3 differ by less than a point in 10-fold cross-validation.
_RIDGE = 1.0
#: Probability from which a message leans. Cross-validated over 2,609 dialogues: 92.8% right, 7.1% of the leaning ones
#: missed, 7.2% of the others taken for leaning; by the patterns alone, over the first 700, 66.7%, 25.8% and 43.3%.
LEANS = 0.5
#: The same for a message of so few content words that the patterns, too, take for leaning: "and land issues?".
SHORT, LEANS_SHORT = 3, 0.2
#: The same for a message of at least so many content words: it says much of what it needs itself.
LONG, LEANS_LONG = 7, 0.7
#: Score from which a kind of request about the reply is believed. Cross-validated precision: reason .90, reference .83,
#: more .93, author .73, thanks 1.0.
ASKED = 0.4


@dataclass(frozen=True, slots=True)
class Turned:
    """A message beside the one before: what was understood of it, and their embeddings, each ``(dim,)``."""

    message: Understanding
    vector: Vectors
    before: str
    before_vector: Vectors


def features(turned: Turned, retriever: HybridRetriever, wording: float) -> list[float]:
    """What the judgement rests on: wording, form, slots, and nearness to the document with and without the turn before."""
    import numpy as np

    u = turned.message
    folded = fold(u.question)
    content = [t for t in u.english_tokens if t not in FUNCTION_WORDS["en"]]
    both = turned.vector + turned.before_vector
    alone = float(retriever.cosines(turned.vector).max())
    together = float(retriever.cosines(both / max(float(np.linalg.norm(both)), 1e-9)).max())
    shared = set(content) & set(words(turned.before))
    return [
        wording,
        float(leans_on_history(u)),
        len(content) / 5, len(outside_words(u)) / 5, len(words(folded)) / 10,
        float(bool(FOLLOW_START.match(folded))), float(bool(PRONOUN.search(folded))), float(bool(ONE.search(folded))),
        *(float(bool(s)) for s in (u.crises, u.sectors, u.phases, u.partners, u.levels)), len(u.matches) / 3,
        *(float(u.wh == w) for w in ("", "why", "how_many", "when")),
        float(u.intent in ("reference", "reason", "more", "author")),
        alone, together - alone, float(turned.vector @ turned.before_vector),
        len(shared) / max(1, len(set(content))),
        float(any(w[:1].isupper() for w in u.question.split()[1:])), float(bool(re.search(r"\d", folded))),
    ]  # fmt: skip


class DialogueModel:
    """The learned model. Immutable after construction."""

    def __init__(
        self, stems: StemVectors, wording: Floats, kinds: Floats, weighed: tuple[Floats, Floats, Floats]
    ) -> None:
        self._stems, self._wording, self._kinds, self._weighed = stems, wording, kinds, weighed

    def leans(self, turned: Turned, retriever: HybridRetriever) -> float:
        """Probability, 0 to 1, that a message cannot be understood without the one before."""
        wording = float(self._stems.scores(turned.message.english, turned.vector, self._wording[:, None])[0])
        return probability(features(turned, retriever, wording), self._weighed)

    def about_reply(self, message: str, vector: Vectors) -> AboutReply:
        """What kind of request about the reply before a message is; ``other`` where it is none for sure."""
        scores = self._stems.scores(message, vector, self._kinds)
        best = int(scores.argmax())
        return KINDS[best] if scores[best] >= ASKED else "other"

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        mean, scale, weights = self._weighed
        with path.open("wb") as handle:
            np.savez(
                handle, idf=self._stems.idf, terms=np.array(self._stems.terms, dtype=np.str_), wording=self._wording,
                kinds=self._kinds, mean=mean, scale=scale, weights=weights,
            )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> DialogueModel:
        """Read fitted weights. Raises OSError or ValueError when they cannot be read."""
        data = read_arrays(path)
        try:
            stems = StemVectors(data["terms"].tolist(), data["idf"], counted=False)
            return cls(stems, data["wording"], data["kinds"], (data["mean"], data["scale"], data["weights"]))
        except KeyError as error:
            raise ValueError("the file of the dialogue model is damaged") from error


def learn(
    corpus: Corpus, retriever: HybridRetriever, understood: Callable[[str], Understanding]
) -> DialogueModel | None:
    """Learn from the corpus' dialogues; None where none of them leans or all do: there is nothing to tell apart.

    ``understood`` reads one message by itself.
    """
    import numpy as np

    rows = corpus.dialogues
    known = retriever.vectors_of([*(r.question for r in rows), *(r.last for r in rows)])
    rows = tuple(r for r in rows if r.question in known and r.last in known)
    if len({r.leans for r in rows}) < 2:
        return None
    questions = [r.question for r in rows]
    vectors = np.stack([known[q] for q in questions])
    stems = StemVectors.fit(questions, counted=False)
    matrix = stems.matrix(questions)
    leans = np.array([float(r.leans == "1") for r in rows])
    kinds = np.array([[float(r.asks == k) for k in KINDS] for r in rows])
    dual, left_out = leave_one_out(kernel(vectors, matrix), np.hstack([leans[:, None], kinds]), _RIDGE)
    turned = [Turned(understood(r.question), v, r.last, known[r.last]) for r, v in zip(rows, vectors, strict=True)]
    seen: Sequence[list[float]] = [
        features(t, retriever, float(w)) for t, w in zip(turned, left_out[:, 0], strict=True)
    ]
    weights = primal(vectors, matrix, dual)
    return DialogueModel(stems, weights[:, 0], weights[:, 1:], logistic(np.array(seen), leans))
