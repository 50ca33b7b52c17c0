"""Which crisis, phase, sector, level and kind of question wording means that no lexicon foresaw.

A linear model over the question's embedding and its stems, learned from the
labelled utterances of the corpus when the index is opened (ridge regression in
its dual form, a fraction of a second, the same result every time). It fills a
slot only where the lexicon found nothing certain, and it never touches a level
of the matrix: it decides which cell is looked up, not what stands in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.text import stem, words
from corpus.load import Corpus
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors

    Matrix64 = NDArray[np.float64]

INTENTS = ("rating", "coordination", "people", "examples", "definition", "other")
#: Penalty of the ridge regression, and weight of the stems beside the embedding: the best of 5-fold cross-validation over
#: 1,740 utterances. With both: crisis .94, phase .87, sector .90, level .98 right first; embedding alone .88, .75, .86, .87.
RIDGE, STEM_WEIGHT = 1.0, 1.0
#: Of the prepared questions about facts, one in so many is learned from: they far outnumber the other kinds.
_EVERY = 4
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
    return stems + [f"{a} {b}" for a, b in pairwise(stems)]


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its embedding's place, and what it asks; ``slots`` is False where only the kind of question is known."""

    text: str
    intent: str
    crises: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    slots: bool = True


class SlotModel:
    """The learned model. Immutable after construction."""

    def __init__(self, idf: Matrix64, columns: Mapping[str, int], slots: Matrix64, intents: Matrix64) -> None:
        self._idf, self._columns, self._slots, self._intents = idf, columns, slots, intents

    @classmethod
    def fit(cls, examples: Sequence[Example], vectors: Vectors) -> SlotModel:
        """Learn from examples; ``vectors`` has shape ``(len(examples), dim)``.

        Raises ValueError without any example whose slots are known.
        """
        import numpy as np

        known = [i for i, e in enumerate(examples) if e.slots]
        if not known:
            raise ValueError("there are no labelled examples to learn from")
        idf, columns = _vocabulary([e.text for e in examples])
        model = cls(idf, columns, np.zeros((0, 0)), np.zeros((0, 0)))
        features = np.hstack([vectors, STEM_WEIGHT * model._stems([e.text for e in examples])]).astype(np.float64)
        labels = np.array([_labels(examples[i]) for i in known], dtype=np.float64)
        slots = _solve(features[known], labels, np.ones(len(known)))
        kinds = np.array([[float(e.intent == i) for i in INTENTS] for e in examples])
        share = kinds.sum(axis=0) + 1
        balance = np.clip((kinds / share).sum(axis=1) * len(kinds) / len(INTENTS), 0.2, 8.0)
        return cls(idf, columns, slots, _solve(features, kinds, balance))

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        terms = np.array(list(self._columns), dtype=np.str_)
        with path.open("wb") as handle:
            np.savez(
                handle,
                idf=self._idf,
                terms=terms,
                slots=self._slots.astype(np.float32),
                intents=self._intents.astype(np.float32),
            )

    @classmethod
    def load(cls, path: Path) -> SlotModel:
        """Read fitted weights. Raises OSError or ValueError when they cannot be read."""
        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as data:
                columns = {str(t): i for i, t in enumerate(data["terms"])}
                return cls(data["idf"], columns, data["slots"].astype(np.float64), data["intents"].astype(np.float64))
        except (KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError("the file of the slot model is damaged") from error

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
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))

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


def _labels(e: Example) -> list[float]:
    return (
        [float(k in e.crises) for k in CRISES]
        + [float(k in e.phases) for k in PHASES]
        + [float(str(k) in e.sectors) for k in SECTOR_NUMBERS]
        + [float(k in e.levels) for k in LEVELS]
    )


def _keys(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split("|")))


def examples_of(corpus: Corpus) -> dict[str, Example]:
    """Examples by text: the labelled utterances, and prepared questions whose place says what kind they are.

    An entry point to a paragraph that the tables of coordination, people or
    crises stand on is a question of that kind; one to a scenario's activities
    says nothing certain and is left out; any other, and every question that the
    document does not answer, is of the kind "other".
    """
    out = {
        u.text: Example(u.text, u.intent, _keys(u.crises), _keys(u.phases), _keys(u.sectors), _keys(u.levels))
        for u in corpus.utterances
    }
    if not out:
        return {}
    coordination = {r.ref: r.crisis for r in corpus.coordination}
    people = {r.ref: r.crisis for r in corpus.people}
    crises = {r.ref: r.key for r in corpus.crises}
    activities = {e.ref for e in corpus.evidence}
    facts = corpus.fact_by_id
    others = 0
    for entry in corpus.entry_points:
        if entry.lang != "en":
            continue
        fact = facts.get(entry.fact)
        if entry.ref in coordination:
            out.setdefault(entry.text, Example(entry.text, "coordination", (coordination[entry.ref],), slots=False))
        elif entry.ref in people:
            out.setdefault(entry.text, Example(entry.text, "people", (people[entry.ref],), slots=False))
        elif entry.ref in crises:
            out.setdefault(entry.text, Example(entry.text, "definition", (crises[entry.ref],), slots=False))
        elif fact is not None and fact.quote.startswith("Examples"):
            out.setdefault(entry.text, Example(entry.text, "examples", slots=False))
        elif entry.ref not in activities:
            others += 1
            if others % _EVERY == 0:
                out.setdefault(entry.text, Example(entry.text, "other", slots=False))
    for number, absent in enumerate(corpus.not_covered):
        if absent.lang == "en" and number % 2 == 0:
            out.setdefault(absent.text, Example(absent.text, "other", slots=False))
    return out


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
