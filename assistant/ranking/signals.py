"""Which passage fits a question best: a weighted sum of signals, each standardised over the passages.

Standardising makes unlike signals comparable and orders the passages of one
question well; it says nothing between questions. Thresholds go by the absolute
score that the retriever hands in as the signal ``fused``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from assistant.ranking.bm25 import Bm25Index
from assistant.ranking.tokens import Token, bigrams, char_grams, content_stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

#: BM25 over whole passages. Of seven pairs tried on 1,540 questions MRR went from .862 to .866: it hardly matters.
K1, B = 1.2, 0.75
#: Length normalisation for pairs of words.
PAIR_B = 0.5
#: What a word of the document's title counts: it tells passages apart badly. None at all lost .001 of MRR.
TITLE_WEIGHT = 0.3

#: Weights without word vectors, fitted on eight articles and one document with prepared questions alike.
#: Held out: articles MRR@10 .912, R@5 .977 (``fused`` alone .893, .969); prepared questions MRR@10 .856, R@1 .776
#: (.834, .742). Passage cosine and answer type added nothing on both.
WEIGHTS = MappingProxyType({"fused": 1.81, "grams": 0.70, "bigrams": 0.15, "names": 0.32})
#: Weights with word vectors of the sentences, fitted on the articles: held out MRR@10 .925, R@5 .980. They are for a
#: document without prepared questions; beside such questions word vectors add nothing (.854 against .856).
WEIGHTS_WITH_WORDS = MappingProxyType({"fused": 0.95, "grams": 0.31, "bigrams": 0.23, "names": 0.26, "words": 1.13})


def standardised(values: Scores) -> Scores:
    """Zero mean and unit deviation; zeros where all are equal."""
    import numpy as np

    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread >= 1e-6 else np.zeros_like(values)


class PassageSignals:
    """Lexical signals over whole passages: stems, character grams, neighbouring words, names.

    A passage is all words that lead to it: its own and those of its prepared
    questions. ``title`` is what the whole document is about.
    """

    def __init__(self, passages: Sequence[Sequence[Token]], title: Sequence[Token] = ()) -> None:
        self.size = len(passages)
        self.title_stems = frozenset(content_stems(title))
        self.stems = Bm25Index([content_stems(p) for p in passages], K1, B)
        self._grams = Bm25Index([char_grams(p) for p in passages], K1, B)
        self._bigrams = Bm25Index([bigrams(p) for p in passages], K1, PAIR_B)

    def read(self, tokens: Sequence[Token]) -> dict[str, Scores]:
        """Signals by name, each ``(n_passages,)``, higher is better."""
        return {
            "grams": self._grams.scores(char_grams(tokens)),
            "bigrams": self._bigrams.scores(bigrams(tokens)),
            "names": self._names(tokens),
        }

    def word_weights(self, tokens: Sequence[Token]) -> Scores:
        """Weight of each word of a question: its idf, 0 for a function word, less for one of the title.

        Sums to 1, or is all 0.
        """
        import numpy as np

        weights = np.array([0.0 if t.is_stop else self._idf(t.stem) for t in tokens], dtype=np.float32)
        return weights / max(float(weights.sum()), 1e-6)

    def _idf(self, stem: str) -> float:
        return self.stems.idf(stem) * (TITLE_WEIGHT if stem in self.title_stems else 1.0)

    def _names(self, tokens: Sequence[Token]) -> Scores:
        """Share, by idf, of the question's names and numbers that a passage has."""
        import numpy as np

        total = np.zeros(self.size, dtype=np.float32)
        wanted = {t.stem for t in tokens if t.is_number or t.is_name} - self.title_stems
        if not wanted:
            return total
        for stem in sorted(wanted):
            total[self.stems.holders(stem)] += self.stems.idf(stem)
        return total / sum(self.stems.idf(stem) for stem in wanted)


def fitness(signals: Mapping[str, Scores]) -> Scores:
    """Weighted sum of the standardised signals, ``(n_passages,)``; comparable within one question only."""
    weights = WEIGHTS_WITH_WORDS if "words" in signals else WEIGHTS
    total = signals["fused"] * 0
    for name, weight in weights.items():
        total = total + weight * standardised(signals[name])
    return total
