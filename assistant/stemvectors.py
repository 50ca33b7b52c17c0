"""What the learned models see of a question's words: tf-idf over stems and pairs of neighbouring stems.

Beside them stands the question's embedding. A question has a dozen of many
thousand terms, so a training set is a sparse matrix; a ridge regression over
it is solved in the dual, whose size is the number of texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from assistant.text import stem, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Vectors

    Floats = NDArray[np.float64]


#: Rows of a kernel that are computed at once.
_ROWS = 500


def terms_of(text: str) -> list[str]:
    """Stems of a text in order, then its pairs of neighbours."""
    stems = [stem(w) for w in words(text)]
    return stems + [f"{a} {b}" for a, b in pairwise(stems)]


class StemVectors:
    """Turns texts into tf-idf vectors of unit length; a text without known terms is all zeros.

    ``counted``: a term that occurs n times weighs ``1 + log n`` times its idf, else it counts once.
    """

    def __init__(self, terms: Sequence[str], idf: Floats, *, counted: bool) -> None:
        self.terms, self.idf, self._counted = tuple(terms), idf, counted
        self._columns = {t: i for i, t in enumerate(self.terms)}

    @classmethod
    def fit(cls, texts: Sequence[str], *, counted: bool) -> StemVectors:
        """The terms that occur in two texts or more, with smoothed idf."""
        import numpy as np

        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(terms_of(text)))
        terms = sorted(t for t, n in counts.items() if n > 1)
        return cls(terms, np.array([np.log((1 + len(texts)) / (1 + counts[t])) + 1 for t in terms]), counted=counted)

    def _weighed(self, text: str) -> tuple[list[int], Floats]:
        """Columns of a text's terms and their weights, of unit length."""
        import numpy as np

        found = Counter(self._columns[t] for t in terms_of(text) if t in self._columns)
        columns = list(found)
        weights = self.idf[columns]
        if self._counted:
            weights = weights * (1 + np.log(np.array(list(found.values()), dtype=np.float64)))
        return columns, weights / max(float(np.linalg.norm(weights)), 1e-9)

    def dot(self, text: str, weights: Floats) -> Floats:
        """Product of a text's vector with ``weights`` of shape ``(n_terms, ...)``."""
        import numpy as np

        columns, values = self._weighed(text)
        return np.asarray(values @ weights[columns])

    def scores(self, text: str, vector: Vectors, weights: Floats) -> Floats:
        """What weights in the form of ``primal`` make of a text and its embedding, ``(dim,)``: one score a column."""
        import numpy as np

        dim = len(vector)
        return np.asarray(vector @ weights[:dim] + self.dot(text, weights[dim:-1]) + weights[-1])

    def matrix(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - scipy ships no types
        """Vectors of many texts, a sparse matrix of shape ``(len(texts), n_terms)``, float64."""
        import numpy as np
        from scipy.sparse import csr_array

        rows = [self._weighed(text) for text in texts]
        begins = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.array([c for columns, _ in rows for c in columns], dtype=np.int64)
        values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0)
        return csr_array((values, columns, begins), shape=(len(texts), len(self.terms)))


def kernel(vectors: Vectors, stems: Any) -> Floats:  # noqa: ANN401
    """Inner products of texts by embedding, stems and intercept together, ``(n, n)``, float64."""
    import numpy as np

    n = len(vectors)
    out = np.empty((n, n))
    for begin in range(0, n, _ROWS):  # the parts that are summed need room for some rows only
        rows = slice(begin, begin + _ROWS)
        part = out[rows]
        (stems[rows] @ stems.T).toarray(out=part)
        part += vectors[rows] @ vectors.T
        part += 1.0
    return out


def primal(vectors: Vectors, stems: Any, dual: Floats) -> Floats:  # noqa: ANN401
    """Weights of the embedding's columns, the terms and the intercept, in this order, from those of the texts."""
    import numpy as np

    rows = dual if dual.ndim == 2 else dual[:, None]
    weights = np.vstack([vectors.T.astype(np.float64) @ rows, stems.T @ rows, rows.sum(axis=0, keepdims=True)])
    return weights if dual.ndim == 2 else weights[:, 0]
