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
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.arrays import read_arrays
from assistant.regression import ridge
from assistant.stemvectors import StemVectors, kernel, primal
from corpus.load import Corpus
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever

    Matrix64 = NDArray[np.float64]

INTENTS = ("rating", "coordination", "people", "examples", "definition", "other")
#: Penalty of the ridge regression; stems and embedding weigh alike: the best of 5-fold cross-validation over
#: 1,740 utterances. With both: crisis .94, phase .87, sector .90, level .98 right first; embedding alone .88, .75, .86, .87.
RIDGE = 1.0
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

    def __init__(self, stems: StemVectors, slots: Matrix64, intents: Matrix64) -> None:
        self._stems, self._slots, self._intents = stems, slots, intents

    @classmethod
    def fit(cls, examples: Sequence[Example], vectors: Vectors) -> SlotModel:
        """Learn from examples; ``vectors`` has shape ``(len(examples), dim)``.

        Raises ValueError without any example whose slots are known.
        """
        import numpy as np

        known = [i for i, e in enumerate(examples) if e.slots]
        if not known:
            raise ValueError("there are no labelled examples to learn from")
        stems = StemVectors.fit([e.text for e in examples], counted=True)
        matrix = stems.matrix([e.text for e in examples])
        labels = np.array([_labels(examples[i]) for i in known], dtype=np.float64)
        # each kernel by itself: there is no room for both
        slots = _solve(kernel(vectors[known], matrix[known]), labels, np.ones(len(known)))
        kinds = np.array([[float(e.intent == i) for i in INTENTS] for e in examples])
        share = kinds.sum(axis=0) + 1
        balance = np.clip((kinds / share).sum(axis=1) * len(kinds) / len(INTENTS), 0.2, 8.0)
        intents = _solve(kernel(vectors, matrix), kinds, balance)
        return cls(stems, primal(vectors[known], matrix[known], slots), primal(vectors, matrix, intents))

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        with path.open("wb") as handle:
            np.savez(
                handle,
                idf=self._stems.idf,
                terms=np.array(self._stems.terms, dtype=np.str_),
                slots=self._slots.astype(np.float32),
                intents=self._intents.astype(np.float32),
            )

    @classmethod
    def load(cls, path: Path) -> SlotModel:
        """Read fitted weights. Raises OSError or ValueError when they cannot be read."""
        import numpy as np

        data = read_arrays(path)
        try:
            stems = StemVectors(data["terms"].tolist(), data["idf"], counted=True)
            return cls(stems, data["slots"].astype(np.float64), data["intents"].astype(np.float64))
        except KeyError as error:
            raise ValueError("the file of the slot model is damaged") from error

    def predict(self, text: str, vector: Vectors) -> Slots:
        """Scores for a question and its embedding, shape ``(dim,)``."""
        slots = self._stems.scores(text, vector, self._slots).tolist()
        intents = self._stems.scores(text, vector, self._intents).tolist()
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


def learn(corpus: Corpus, retriever: HybridRetriever) -> SlotModel | None:
    """Learn from the corpus' examples, by the vectors in the index; None without examples."""
    import numpy as np

    examples = examples_of(corpus)
    vectors = retriever.vectors_of(list(examples))
    found = [e for text, e in examples.items() if text in vectors]
    if not any(e.slots for e in found):
        return None
    return SlotModel.fit(found, np.stack([vectors[e.text] for e in found]))


def _solve(products: Matrix64, labels: Matrix64, weights: Matrix64) -> Matrix64:
    """Weighted ridge regression in the dual: weights of the texts, shape ``(n, n_labels)``.

    ``products`` are overwritten: of thousands of texts they fill half a gigabyte.
    """
    return ridge(products, labels, RIDGE / weights)
