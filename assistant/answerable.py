"""Does the document answer this question, or is it only about the same subject?

A similarity threshold cannot tell: a question about the same subject that the
document does not answer is as near as one that it does. Two things can. One is
what is asked: the corpus holds questions that the document does not answer
(``not_covered.csv``), and a linear model learns from them and from the entry
points which wording asks for what is there. The other is the evidence: whether
the best passage, with all that leads to it, holds the question's words, names
and figures, and the kind of thing it asks for. A logistic regression weighs both.

Everything is learned from the corpus when it is ingested. How much each sign is
worth is learned from questions that are neither searched among nor taught to
the embedding model (``calibration.csv``), or the model would learn that the
right answer is a question it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.arrays import read_arrays
from assistant.regression import logistic, probability, ridge
from assistant.stemvectors import StemVectors, kernel, primal
from assistant.text import FUNCTION_WORDS, fold, stem, words
from assistant.verify import figures, names
from corpus.load import Corpus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors
    from assistant.reader import Readings
    from assistant.retrieval import HybridRetriever, Ranking

    Floats = NDArray[np.float64]
    Scores = NDArray[np.float32]

#: Prepared questions learned from, at most: the dual solution grows with the cube of their number.
MAX_POSITIVES, MAX_NEGATIVES = 3000, 2700
#: Fewest questions of each kind that anything is learned from.
_LEAST = 20
#: Penalty of the ridge regression over wording: best of 5-fold cross-validation.
_RIDGE = 1.0
#: Log odds of the reader that count, either way: beyond, it is as sure as it gets. On ``dev`` no decision depends on more.
READ_MOST = 4.0
#: Words of a question that name the document itself.
_SELF = frozenset({"iom", "framework", "document", "text", "paper", "mcof", "oim", "please", "exactly", "according"})

#: Names that say nothing about which question it is.
_OWN = frozenset({"IOM", "IOM's", "SCPF", "SCPF/92", "MCOF", "Framework", "I"})

#: Signs of how a question is put (its length, "how many", the kind of thing asked for) are left out: they tell one writer's
#: questions from another's. With 18 more of such signs the area under the curve is .982 instead of .981 on the calibration
#: questions and .965 instead of .976 on ``dev``.
#: What the reader says comes last, after these, see ``AnswerModel``.
FEATURES = (
    "record", "dense_entry", "dense_sentence", "absent", "entry_minus_absent", "wording",
    "cover_passage_and_entries", "cover_all", "rarest_missing", "unknown_words", "numbers_not_in_passage",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question as judged: its words, embedding and what was ranked for it."""

    question: str
    tokens: tuple[str, ...]
    vector: Vectors
    ranking: Ranking


class Evidence:
    """Stems of all that leads to each passage, and its figures. Built once from the corpus and the retriever."""

    def __init__(self, corpus: Corpus, retriever: HybridRetriever) -> None:
        self.leads: dict[str, set[str]] = {p.ref: {stem(w) for w in words(p.text)} for p in corpus.passages}
        for record in retriever.records:
            if record.lang == "en":
                self.leads[record.ref].update(stem(w) for w in words(record.text))
        self.all: set[str] = set().union(*self.leads.values())
        self.figures = {p.ref: figures(p.text) for p in corpus.passages}
        absent, _ = retriever.examples.get("absent", ((), None))
        #: Names and figures of each question that the document does not answer: they are mostly why it does not.
        self.absent_terms = tuple(frozenset(fold(n) for n in names(r.text) - _OWN) | figures(r.text) for r in absent)
        self.idf = retriever.lexical.idf
        self.unseen = retriever.lexical.unseen_idf


def clipped(read: float) -> float:
    """Log odds within what the judgement takes account of."""
    return min(max(read, -READ_MOST), READ_MOST)


def features(asked: Asked, evidence: Evidence, absent: Scores, wording: float) -> Floats:
    """What the judgement rests on, in the order of ``FEATURES``, float64.

    ``absent`` holds the cosines with the questions that are not answered.
    """
    import numpy as np

    ranking = asked.ranking
    numbers = figures(asked.question)
    best = ranking.by_passage[0]
    entry = max((h.dense for h in ranking.records if h.record.kind == "entry"), default=0.0)
    sentence = max((h.dense for h in ranking.records if h.record.kind in ("sentence", "chunk")), default=0.0)
    # "How many were evacuated from Yemen?" is no reason to refuse a question about Lebanon
    own = {fold(n) for n in names(asked.question) - _OWN} | numbers
    if own and len(absent) == len(evidence.absent_terms):
        terms = {*words(asked.question), *numbers}
        absent = absent[[held <= terms or own <= held for held in evidence.absent_terms]]
    near = float(absent.max()) if len(absent) else 0.0
    content = [t for t in asked.tokens if t not in FUNCTION_WORDS["en"] and t not in _SELF]
    weighed = [(s, evidence.idf.get(s, evidence.unseen)) for s in map(stem, content)]
    leads = evidence.leads[best.ref]

    def cover(known: set[str]) -> float:
        whole = sum(w for _, w in weighed)
        return sum(w for s, w in weighed if s in known) / whole if whole else 0.0

    return np.array(
        [
            best.best.score, entry, sentence, near, entry - near, wording,
            cover(leads), cover(evidence.all), max((w for s, w in weighed if s not in leads), default=0.0) / 8,
            float(sum(s not in evidence.all for s, _ in weighed)), float(len(numbers - evidence.figures[best.ref])),
        ]
    )  # fmt: skip


class AnswerModel:
    """Probability that the document answers a question. Immutable after construction."""

    def __init__(self, stems: StemVectors, wording: Floats, weighed: tuple[Floats, Floats, Floats]) -> None:
        self._stems, self._wording, self._weighed = stems, wording, weighed

    def wording(self, question: str, vector: Vectors) -> float:
        """How much a question's wording is that of questions the document answers, about 0 to 1."""
        dim = len(vector)
        words_say = float(self._stems.dot(question, self._wording[dim:-1]))
        return float(vector @ self._wording[:dim]) + words_say + float(self._wording[-1])

    def probability(self, values: Floats, read: float | None = None) -> float:
        """Probability of an answer, 0 to 1, from the features and the reader's log odds; without these as if they were average."""
        mean = self._weighed[0]
        return probability([*values, float(mean[-1]) if read is None else clipped(read)], self._weighed)

    def settled(self, values: Floats, least: float) -> bool:
        """Whether no reading could move the probability across ``least``: two questions in three need not be read."""
        ends = [self.probability(values, read) >= least for read in (-READ_MOST, READ_MOST)]
        return ends[0] == ends[1]

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        mean, scale, weights = self._weighed
        with path.open("wb") as handle:
            np.savez(
                handle, idf=self._stems.idf, terms=np.array(self._stems.terms, dtype=np.str_), wording=self._wording.astype(np.float32),
                mean=mean, scale=scale, weights=weights,
            )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> AnswerModel:
        """Read fitted weights. Raises OSError or ValueError when they cannot be read or are of another version."""
        import numpy as np

        data = read_arrays(path)
        try:
            if len(data["mean"]) != len(FEATURES) + 1:
                raise ValueError("the file of the answer model is of another version")
            stems = StemVectors(data["terms"].tolist(), data["idf"], counted=False)
            wording = data["wording"].astype(np.float64)
            return cls(stems, wording, (data["mean"], data["scale"], data["weights"]))
        except KeyError as error:
            raise ValueError("the file of the answer model is damaged") from error


def learn(
    corpus: Corpus,
    retriever: HybridRetriever,
    ask: Callable[[str, Vectors], Asked],
    read: Callable[[Asked], Readings],
) -> AnswerModel | None:
    """Learn from the corpus' prepared questions and calibration; None where there are too few of either.

    ``ask(text, vector)`` understands and ranks a question as a user's would be, ``read`` gives the reader's log odds.
    """
    import numpy as np

    positives = _spread([e.text for e in corpus.entry_points if e.lang == "en"], MAX_POSITIVES)
    negatives = _spread([n.text for n in corpus.not_covered if n.lang == "en"], MAX_NEGATIVES)
    known = retriever.vectors_of([*positives, *negatives, *(c.text for c in corpus.calibration)])
    positives = [t for t in positives if t in known]
    negatives = [t for t in negatives if t in known]
    calibration = [c for c in corpus.calibration if c.text in known]
    answered = np.array([float(c.answered == "1") for c in calibration])
    if min(len(positives), len(negatives)) < _LEAST or not _LEAST <= answered.sum() <= len(answered) - _LEAST:
        return None
    texts = [*positives, *negatives]
    vectors = np.stack([known[t] for t in texts])
    stems = StemVectors.fit(texts, counted=False)
    matrix = stems.matrix(texts)
    labels = np.array([1.0] * len(positives) + [0.0] * len(negatives))
    wording = primal(vectors, matrix, ridge(kernel(vectors, matrix), labels, _RIDGE))
    evidence = Evidence(corpus, retriever)
    absent = retriever.examples["absent"][1]
    model = AnswerModel(stems, wording, (np.zeros(0), np.zeros(0), np.zeros(0)))
    rows = []
    for row in calibration:
        vector = known[row.text]
        asked = ask(row.text, vector)
        values = features(asked, evidence, absent @ vector, model.wording(row.text, vector))
        rows.append(np.append(values, clipped(max(read(asked).values(), default=0.0))))
    return AnswerModel(stems, wording, logistic(np.stack(rows), answered))


def _spread(texts: Sequence[str], limit: int) -> list[str]:
    """At most ``limit`` of the texts, evenly spread, without repeats."""
    unique = list(dict.fromkeys(texts))
    step = max(1.0, len(unique) / limit)
    return [unique[int(i * step)] for i in range(min(limit, len(unique)))]
