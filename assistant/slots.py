"""Which crisis, phase, sector, level and kind of question wording means that no lexicon foresaw.

A linear model over the question's embedding and its stems, learned from the
labelled utterances of the corpus when the index is opened (ridge regression in
its dual form, a fraction of a second, the same result every time). It fills a
slot only where the lexicon found nothing certain, and it never touches a level
of the matrix: it decides which cell is looked up, not what stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.text import stem, words
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors

    Matrix64 = NDArray[np.float64]

INTENTS = ("rating", "coordination", "people", "examples", "definition", "other")
#: Penalty of the ridge regression, and weight of the stems beside the embedding: the best of 5-fold cross-validation over
#: 1,740 utterances. With both: crisis .94, phase .87, sector .90, level .98 right first; embedding alone .88, .75, .86, .87.
RIDGE, STEM_WEIGHT = 1.0, 1.0
#: A key is taken when its score reaches this. Cross-validated precision at the threshold: crisis .96, phase .90, sector .96, level .99.
THRESHOLDS = {"crises": 0.40, "phases": 0.38, "sectors": 0.30, "levels": 0.40}


@dataclass(frozen=True, slots=True)
class Slots:
    """Scores by key, about 0 (no) to 1 (yes); not probabilities."""

    crises: dict[str, float]
    phases: dict[str, float]
    sectors: dict[int, float]
    levels: dict[str, float]
    intents: dict[str, float]


def _terms(text: str) -> list[str]:
    stems = [stem(w) for w in words(text)]
    return stems + [f"{a} {b}" for a, b in zip(stems, stems[1:], strict=False)]


class SlotModel:
    """The learned model. Immutable after construction."""

    def __init__(self, utterances: Sequence[Utterance], vectors: Vectors, others: Sequence[str] = (), other_vectors: Vectors | None = None) -> None:
        """``vectors`` has shape ``(len(utterances), dim)``; ``others`` are further texts that are no rating questions.

        Raises ValueError without any utterance.
        """
        import numpy as np

        if not utterances:
            raise ValueError("there are no utterances to learn from")
        texts = [u.text for u in utterances]
        self._idf, self._columns = _vocabulary(texts)
        features = np.hstack([vectors, STEM_WEIGHT * self._stems(texts)]).astype(np.float64)
        labels = np.array([_labels(u) for u in utterances], dtype=np.float64)
        self._slots = _solve(features, labels, np.ones(len(texts)))
        kinds = np.array([[float(u.intent == i) for i in INTENTS] for u in utterances])
        if others and other_vectors is not None:
            more = np.hstack([other_vectors, STEM_WEIGHT * self._stems(others)]).astype(np.float64)
            features = np.vstack([features, more])
            kinds = np.vstack([kinds, np.tile([float(i == "other") for i in INTENTS], (len(others), 1))])
        share = kinds.sum(axis=0) + 1
        balance = np.clip((kinds / share).sum(axis=1) * len(kinds) / len(INTENTS), 0.2, 8.0)
        self._intents = _solve(features, kinds, balance)

    def _stems(self, texts: Sequence[str]) -> Matrix64:
        """Tf-idf of stems and pairs of stems, unit rows, shape ``(len(texts), n_terms)``."""
        import numpy as np

        out = np.zeros((len(texts), len(self._columns)))
        for row, text in enumerate(texts):
            for term in _terms(text):
                column = self._columns.get(term)
                if column is not None:
                    out[row, column] += 1
        out = np.where(out > 0, 1 + np.log(np.maximum(out, 1)), 0) * self._idf
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    def predict(self, text: str, vector: Vectors) -> Slots:
        """Scores for a question and its embedding, shape ``(dim,)``."""
        import numpy as np

        features = np.concatenate([vector, STEM_WEIGHT * self._stems([text])[0], [1.0]])
        slots = (features @ self._slots).tolist()
        intents = (features @ self._intents).tolist()
        n, m = len(CRISES), len(CRISES) + len(PHASES)
        k = m + len(SECTOR_NUMBERS)
        return Slots(
            crises=dict(zip(CRISES, slots[:n], strict=True)),
            phases=dict(zip(PHASES, slots[n:m], strict=True)),
            sectors=dict(zip(SECTOR_NUMBERS, slots[m:k], strict=True)),
            levels=dict(zip(LEVELS, slots[k:], strict=True)),
            intents=dict(zip(INTENTS, intents, strict=True)),
        )


def _labels(u: Utterance) -> list[float]:
    crises, phases, sectors, levels = (set(v.split("|")) for v in (u.crises, u.phases, u.sectors, u.levels))
    return (
        [float(k in crises) for k in CRISES]
        + [float(k in phases) for k in PHASES]
        + [float(str(k) in sectors) for k in SECTOR_NUMBERS]
        + [float(k in levels) for k in LEVELS]
    )


def _vocabulary(texts: Sequence[str]) -> tuple[Matrix64, dict[str, int]]:
    """Smoothed idf and column of every term that occurs in two texts or more."""
    import numpy as np

    counts: dict[str, int] = {}
    for text in texts:
        for term in set(_terms(text)):
            counts[term] = counts.get(term, 0) + 1
    kept = sorted(t for t, n in counts.items() if n > 1)
    idf = np.array([np.log((1 + len(texts)) / (1 + counts[t])) + 1 for t in kept])
    return idf, {t: i for i, t in enumerate(kept)}


def _solve(features: Matrix64, labels: Matrix64, weights: Matrix64) -> Matrix64:
    """Weighted ridge regression with an intercept: primal weights, shape ``(n_features + 1, n_labels)``.

    Solved in the dual, whose size is the number of texts rather than of stems.
    """
    import numpy as np

    extended = np.hstack([features, np.ones((len(features), 1))])
    kernel = extended @ extended.T
    dual = np.linalg.solve(kernel + RIDGE * np.diag(1 / weights), labels)
    return np.asarray(extended.T @ dual)
