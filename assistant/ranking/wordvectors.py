"""Word vectors: every word of a question beside every word of a text (late interaction).

The encoder's last layer gives a vector for each piece of a word in its
context. Pooled to words they show which word of a question has a counterpart in
a sentence, which one vector for the whole cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Reading
    from assistant.ranking.tokens import Token

    Scores = NDArray[np.float32]


def pool_words(reading: Reading, tokens: Sequence[Token]) -> Scores:
    """Word vectors of a text, ``(len(tokens), dim)``, float32, L2-normalised rows.

    A word is the normalised mean of the normalised pieces inside it; one beyond
    what the encoder read is a row of zeros, which is similar to nothing.
    """
    import numpy as np

    pieces = np.asarray(reading.pieces, dtype=np.float32)
    pooled = np.zeros((len(tokens), pieces.shape[1]), dtype=np.float32)
    starts = [t.start for t in tokens]
    begins = np.searchsorted(starts, [begin for begin, _ in reading.offsets], side="right") - 1
    lengths = np.linalg.norm(pieces, axis=1, keepdims=True)
    for word, piece, (_, end) in zip(begins.tolist(), pieces / (lengths + 1e-9), reading.offsets, strict=True):
        if word >= 0 and end <= starts[word] + len(tokens[word].surface):
            pooled[word] += piece
    unit: Scores = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-6)
    return unit


class WordVectors:
    """Word vectors of a list of texts, kept as one matrix ``(n_words, dim)``, float32."""

    def __init__(self, matrix: Scores, lengths: Iterable[int]) -> None:
        """``lengths[i]`` rows of ``matrix`` belong to text ``i``, in order; a text may have none."""
        import numpy as np

        self.matrix = np.ascontiguousarray(matrix, dtype=np.float32)
        self.ends = np.cumsum([0, *lengths])
        if int(self.ends[-1]) != len(matrix):
            raise ValueError(f"{int(self.ends[-1])} words expected, {len(matrix)} vectors given")
        self._filled = self.ends[1:] > self.ends[:-1]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def alignment(self, words: Scores) -> Scores:
        """Best cosine of each question word in each text, ``(n_texts, n_question_words)``; 0 for an empty text."""
        import numpy as np

        best = np.zeros((len(self), words.shape[0]), dtype=np.float32)
        if self._filled.any():
            best[self._filled] = np.maximum.reduceat(self.matrix @ words.T, self.ends[:-1][self._filled], axis=0)
        return best

    def similarity(self, words: Scores, text: int) -> Scores:
        """Cosine of each question word with each word of a text, ``(n_question_words, n_words)``."""
        return words @ self.matrix[self.ends[text] : self.ends[text + 1]].T
