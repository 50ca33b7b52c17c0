"""BM25 over any list of term sequences, all of them scored at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]


class Bm25Index:
    """BM25 as posting lists in three flat arrays, each posting already weighted.

    ``k1`` is the saturation, ``b`` the length normalisation. The inverse
    document frequency is Lucene's, ``log(1 + (N - df + .5) / (df + .5))``, so
    no score is negative.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework:
    BM25 and Beyond", 2009.
    """

    def __init__(self, documents: Sequence[Sequence[str]], k1: float, b: float) -> None:
        import numpy as np

        self.size = len(documents)
        self._k1 = k1
        self._ids: dict[str, int] = {}
        lengths = np.array([len(d) for d in documents], dtype=np.int64)
        for document in documents:
            for term in document:
                if term not in self._ids:
                    self._ids[term] = len(self._ids)
        ids = map(self._ids.__getitem__, chain.from_iterable(documents))
        flat = np.fromiter(ids, dtype=np.int64, count=int(lengths.sum()))
        keys, frequency = np.unique(flat * self.size + np.repeat(np.arange(self.size), lengths), return_counts=True)
        terms, self._numbers = np.divmod(keys, max(self.size, 1))
        self._starts = np.searchsorted(terms, np.arange(len(self._ids) + 1))
        held = np.diff(self._starts)
        self._idf = np.log1p((self.size - held + 0.5) / (held + 0.5))
        mean_length = float(lengths.mean()) if len(flat) else 1.0
        norm = k1 * (1 - b + b * lengths[self._numbers] / mean_length)
        self._weights = (self._idf[terms] * frequency * (k1 + 1) / (frequency + norm)).astype(np.float32)

    def __contains__(self, term: str) -> bool:
        return term in self._ids

    @property
    def unseen_idf(self) -> float:
        """Inverse document frequency of a term in no document."""
        return math.log1p((self.size + 0.5) / 0.5)

    def idf(self, term: str) -> float:
        """Inverse document frequency, ``unseen_idf`` for a term in no document."""
        known = self._ids.get(term)
        return self.unseen_idf if known is None else float(self._idf[known])

    def frequencies(self) -> dict[str, float]:
        """Inverse document frequency of every term."""
        return dict(zip(self._ids, self._idf.tolist(), strict=True))

    def _posting(self, term: str) -> slice:
        known = self._ids.get(term)
        return slice(0, 0) if known is None else slice(int(self._starts[known]), int(self._starts[known + 1]))

    def holders(self, term: str) -> NDArray[np.int64]:
        """Numbers of the documents that hold ``term``, ascending."""
        return self._numbers[self._posting(term)]

    def scores(self, query: Iterable[str]) -> Scores:
        """Score of every document, shape ``(size,)``, float32, >= 0, higher is better. Repeats count once."""
        import numpy as np

        total = np.zeros(self.size, dtype=np.float32)
        for term in dict.fromkeys(query):
            where = self._posting(term)
            total[self._numbers[where]] += self._weights[where]
        return total

    def reachable(self, query: Iterable[str]) -> float:
        """The score that no document can exceed for ``query``; unknown terms count nothing, so it may be 0."""
        return sum(self.idf(t) * (self._k1 + 1) for t in dict.fromkeys(query) if t in self._ids)
