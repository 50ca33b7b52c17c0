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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.arrays import read_arrays
from assistant.naming import crisis_years
from assistant.reader import Readings
from assistant.records import spread
from assistant.regression import logistic, probability, ridge
from assistant.stemvectors import StemVectors, kernel, primal
from assistant.text import FUNCTION_WORDS, fold, stem, words
from assistant.verify import figures, names
from corpus.load import Corpus
from corpus.types import PREMISE, Calibration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever, Ranking

    Floats = NDArray[np.float64]
    Scores = NDArray[np.float32]

#: Prepared questions of either kind in one part, at most: the dual solution grows with the cube of their number. The weights
#: of the parts are averaged, so that no question is left out and a few more change little.
MAX_POSITIVES, MAX_NEGATIVES = 6000, 5400
#: Calibration questions of either kind that the signs are weighed on, at most: each is searched for and read, 25 ms.
MAX_CALIBRATION = 600
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
    """A question as judged: its words, embedding and what was ranked for it.

    One that leans on the messages before it is a ``follow_up``: ``question`` is then what is searched for, made of both,
    and ``conversation`` the messages as they were written, which the reader sees.
    """

    question: str
    tokens: tuple[str, ...]
    vector: Vectors
    ranking: Ranking
    conversation: str = ""
    #: What the reader said of it, once it was asked.
    readings: Readings = field(default_factory=dict)
    #: What the judgement rests on, in the order of ``FEATURES``, once that was worked out: several routes ask for it.
    signs: list[Floats] = field(default_factory=list)

    @property
    def follow_up(self) -> bool:
        return bool(self.conversation)

    @property
    def spoken(self) -> str:
        """What the reader sees."""
        return self.conversation or self.question


class Evidence:
    """Stems of all that leads to each passage, and its figures. Built once from the corpus and the retriever."""

    def __init__(self, corpus: Corpus, retriever: HybridRetriever) -> None:
        self.leads: dict[str, set[str]] = {p.ref: {stem(w) for w in words(p.text)} for p in corpus.passages}
        for record in retriever.records:
            if record.lang == "en":
                self.leads[record.ref].update(stem(w) for w in words(record.text))
        self.all: set[str] = set().union(*self.leads.values())
        #: Figures of each passage, and the years of the crises that it names: the one in Libya is that of 2011.
        self.figures = {p.ref: figures(p.text) | crisis_years(corpus, p.text) for p in corpus.passages}
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
    entry = max((h.dense for h in ranking.records if h.record.kind in ("entry", "topic")), default=0.0)
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
        return sum(w for s, w in weighed if s in known) / whole if whole else 1.0

    return np.array(
        [
            best.best.score, entry, sentence, near, entry - near, wording,
            cover(leads), cover(evidence.all), max((w for s, w in weighed if s not in leads), default=0.0) / 8,
            float(sum(s not in evidence.all for s, _ in weighed)), float(len(numbers - evidence.figures[best.ref])),
        ]
    )  # fmt: skip


#: Mean, scale and weights of a logistic regression.
Weighed = tuple["Floats", "Floats", "Floats"]


class AnswerModel:
    """Probability that the document answers a question. Immutable after construction.

    Questions that stand alone and follow-ups are weighed apart: the words of a follow-up are those of two messages, so
    it is never like a prepared question.
    """

    def __init__(self, stems: StemVectors, wording: Floats, alone: Weighed, following: Weighed) -> None:
        self._stems, self._wording, self._alone, self._following = stems, wording, alone, following

    def wording(self, question: str, vector: Vectors) -> float:
        """How much a question's wording is that of questions the document answers, about 0 to 1."""
        dim = len(vector)
        words_say = float(self._stems.dot(question, self._wording[dim:-1]))
        return float(vector @ self._wording[:dim]) + words_say + float(self._wording[-1])

    def probability(self, values: Floats, read: float | None = None, *, follow_up: bool = False) -> float:
        """Probability of an answer, 0 to 1, from the features and the reader's log odds; without these as if they were average."""
        weighed = self._following if follow_up else self._alone
        return probability([*values, float(weighed[0][-1]) if read is None else clipped(read)], weighed)

    def settled(self, values: Floats, least: float, *, follow_up: bool = False) -> bool:
        """Whether no reading could move the probability across ``least``: two questions in three need not be read."""
        ends = [self.probability(values, read, follow_up=follow_up) >= least for read in (-READ_MOST, READ_MOST)]
        return ends[0] == ends[1]

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        mean, scale, weights = map(np.stack, zip(self._alone, self._following, strict=True))
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
            if data["mean"].shape != (2, len(FEATURES) + 1):
                raise ValueError("the file of the answer model is of another version")
            stems = StemVectors(data["terms"].tolist(), data["idf"], counted=False)
            wording = data["wording"].astype(np.float64)
            alone, following = zip(data["mean"], data["scale"], data["weights"], strict=True)
            return cls(stems, wording, alone, following)
        except KeyError as error:
            raise ValueError("the file of the answer model is damaged") from error


def learn(
    corpus: Corpus,
    retriever: HybridRetriever,
    ask: Callable[[Calibration], Asked],
    read: Callable[[Asked], Readings],
) -> AnswerModel | None:
    """Learn from the corpus' prepared questions and calibration; None where there are too few of either.

    ``ask`` understands and ranks a calibration question as a user's would be, ``read`` gives the reader's log odds.
    Follow-ups are weighed like other questions where there are too few to learn from.
    """
    import numpy as np

    # what takes something false for granted is worded like what is not answered: of those the reader tells
    asked = [e.text for e in corpus.entry_points if e.lang == "en" and e.voice != PREMISE]
    asked += [q.text for q in corpus.topic_questions]
    positives = list(dict.fromkeys(asked))
    negatives = list(dict.fromkeys(n.text for n in corpus.not_covered if n.lang == "en"))
    known = retriever.vectors_of([*positives, *negatives])
    positives = [t for t in positives if t in known]
    negatives = [t for t in negatives if t in known]
    alone, following = ([c for c in corpus.calibration if bool(c.earlier) == leans] for leans in (False, True))
    if min(len(positives), len(negatives)) < _LEAST or not _enough(alone):
        return None
    stems = StemVectors.fit([*positives, *negatives], counted=False)
    wording = np.mean([_wording(stems, known, *part) for part in _parts(positives, negatives)], axis=0)
    evidence = Evidence(corpus, retriever)
    absent = retriever.examples["absent"][1]
    nothing = (np.zeros(0), np.zeros(0), np.zeros(0))
    model = AnswerModel(stems, wording, nothing, nothing)

    def weighed(calibration: Sequence[Calibration]) -> Weighed:
        calibration = spread(calibration, MAX_CALIBRATION)
        rows = []
        for row in calibration:
            asked = ask(row)
            values = features(asked, evidence, absent @ asked.vector, model.wording(asked.question, asked.vector))
            rows.append(np.append(values, clipped(max(read(asked).values(), default=0.0))))
        return logistic(np.stack(rows), np.array([float(c.answered == "1") for c in calibration]))

    first = weighed(alone)
    return AnswerModel(stems, wording, first, weighed(following) if _enough(following) else first)


def _parts(positives: Sequence[str], negatives: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """All prepared questions in parts of a size that can be solved, every n-th of them in each; of both kinds in each."""
    number = max(-(-len(positives) // MAX_POSITIVES), -(-len(negatives) // MAX_NEGATIVES))
    number = min(number, len(positives), len(negatives))
    return [(positives[i::number], negatives[i::number]) for i in range(number)]


def _wording(
    stems: StemVectors, known: Mapping[str, Vectors], positives: Sequence[str], negatives: Sequence[str]
) -> Floats:
    """Weights of embedding, terms and intercept that tell the questions of one part."""
    import numpy as np

    texts = [*positives, *negatives]
    vectors, matrix = np.stack([known[t] for t in texts]), stems.matrix(texts)
    labels = np.array([1.0] * len(positives) + [0.0] * len(negatives))
    return primal(vectors, matrix, ridge(kernel(vectors, matrix), labels, _RIDGE))


def _enough(calibration: Sequence[Calibration]) -> bool:
    """Whether there are enough questions of both kinds to learn from."""
    answered = sum(c.answered == "1" for c in calibration)
    return _LEAST <= answered <= len(calibration) - _LEAST
