"""What a sentence of a message does: it orders the assistant about, asks for something, or only tells something.

People paste mails, minutes and made-up notices around their question, and some
try to steer the answer. Patterns know the usual words of such orders
(``guards``); this model, learned from the labelled sentences of the corpus
(``acts.csv``), knows their manner. An order is dropped as text, never followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from assistant.arrays import read_arrays
from assistant.records import spread
from assistant.regression import ridge
from assistant.stemvectors import StemVectors, kernel, primal
from corpus.load import Corpus
from corpus.types import ActKey, Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever

    Floats = NDArray[np.float64]

KEYS: tuple[ActKey, ...] = get_args(ActKey)
#: Penalty of the ridge regression. Of 1,063 sentences by six writers, each writer left out in turn, a score of .5 for "order"
#: finds 73% of the orders, is right in 92% of what it finds, and takes 1.5% of the sentences that ask for orders.
_RIDGE = 1.0
#: Score for "order" by a sentence's words alone below which it is none, so that it need not be embedded: of the orders found that
#: loses 0.3%, and four in five of the sentences that ask are spared.
_MAYBE = 0.25
#: Prepared questions of each table that are learned from as sentences that ask.
_ASKING = 700
#: The same of French and of Spanish ones, which the index has no vectors of: embedding them takes a sixth of learning.
_ASKING_FOREIGN = 350


@dataclass(frozen=True, slots=True)
class Acts:
    """Scores of one sentence, about 0 (no) to 1 (yes); not probabilities."""

    order: float
    asks: float
    tells: float


#: Of a sentence that is no order; what else it does was not looked at.
NO_ORDER = Acts(0.0, 1.0, 0.0)


class ActModel:
    """The learned model. Immutable after construction."""

    def __init__(self, stems: StemVectors, weights: Floats, by_words: Floats) -> None:
        self._stems, self._weights, self._by_words = stems, weights, by_words

    def maybe_order(self, text: str) -> bool:
        """Whether a sentence can be an order by its words alone."""
        return float(self._stems.dot(text, self._by_words[:-1, None])[0] + self._by_words[-1]) >= _MAYBE

    def acts(self, text: str, vector: Vectors) -> Acts:
        """Scores of a sentence with its embedding, ``(dim,)``."""
        return Acts(*self._stems.scores(text, vector, self._weights).tolist())

    @classmethod
    def fit(cls, texts: Sequence[str], does: Sequence[ActKey], vectors: Vectors) -> ActModel:
        """Learn from sentences; ``vectors`` has shape ``(len(texts), dim)``."""
        import numpy as np

        stems = StemVectors.fit(texts, counted=True)
        matrix = stems.matrix(texts)
        labels = np.array([[float(d == key) for key in KEYS] for d in does])
        weights = primal(vectors, matrix, ridge(kernel(vectors, matrix), labels, _RIDGE))
        none = np.zeros((len(texts), 1), dtype=vectors.dtype)
        by_words = primal(none, matrix, ridge(kernel(none, matrix), labels[:, 0], _RIDGE))
        return cls(stems, weights, by_words[1:])

    def save(self, path: Path) -> None:
        """Write the fitted weights as one .npz file."""
        import numpy as np

        with path.open("wb") as handle:
            np.savez(
                handle,
                idf=self._stems.idf,
                terms=np.array(self._stems.terms, dtype=np.str_),
                weights=self._weights.astype(np.float32),
                by_words=self._by_words.astype(np.float32),
            )

    @classmethod
    def load(cls, path: Path) -> ActModel:
        """Read fitted weights. Raises OSError or ValueError when they cannot be read."""
        data = read_arrays(path)
        try:
            stems = StemVectors(data["terms"].tolist(), data["idf"], counted=True)
            return cls(stems, data["weights"].astype("float64"), data["by_words"].astype("float64"))
        except KeyError as error:
            raise ValueError("the file of the act model is damaged") from error


def learn(corpus: Corpus, retriever: HybridRetriever) -> ActModel | None:
    """Learn from the corpus' labelled sentences and prepared questions; None without an order among them."""
    import numpy as np

    if not any(a.does == "order" for a in corpus.acts):
        return None
    asking = [
        *(
            text
            for lang in get_args(Language)
            for text in spread(
                [e.text for e in corpus.entry_points if e.lang == lang], _ASKING if lang == "en" else _ASKING_FOREIGN
            )
        ),
        *spread([u.text for u in corpus.utterances], _ASKING),
        *spread([d.question for d in corpus.dialogues], _ASKING),
    ]
    # the index has no vectors of French and Spanish questions: they are searched by their words
    foreign = {e.text for e in corpus.entry_points if e.lang != "en"}
    does: dict[str, ActKey] = dict.fromkeys(asking, "asks")
    does |= {a.text: a.does for a in corpus.acts}
    known = retriever.vectors_of(list(does))
    unknown = [t for t in does if t not in known or t in foreign]
    known |= dict(zip(unknown, retriever.encode_all(unknown), strict=True))
    vectors = np.stack([known[t] for t in does])
    return ActModel.fit(list(does), list(does.values()), vectors)
