"""Reads a question beside a sentence of the document: does the sentence answer it?

Nearness cannot tell "which were the 47 governments?" from "how many governments
asked?": both lie beside the sentence that says 47 governments asked. The reader
sees question and sentence together, word by word. It is the embedding model
with changes of its own (``reader.npz``, trained by ``mcof adapt --reader`` on
the prepared questions, see ``ingest/reading.py``) and a linear layer on top.

Source: Nogueira and Cho, "Passage Re-ranking with BERT", 2019, https://arxiv.org/abs/1901.04085
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.adapter import read_adapter
from assistant.encoder import PACKAGED_SHA256, OnnxEncoder, export_folder
from corpus.errors import CorpusError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.settings import Settings

    Floats = NDArray[np.float64]

#: Log odds that sentences answer a question, by sentence, nearest first.
Readings = dict[str, float]
#: The file in a corpus folder.
READER = "reader.npz"
#: Sentences read for a question. Two more took three times the time and told near misses no better.
SENTENCES = 1
#: Threads that read: with two, which do not spin, 12.6 ms a sentence instead of 18.1, for 17% more work.
_THREADS = 2
#: Letters of a sentence that are read, and of a question with the messages it leans on.
MAX_SENTENCE = 400


class Reader:
    """The exported model with the corpus' reader added. Thread-safe."""

    def __init__(self, model: OnnxEncoder, head: Path, weights_sha256: str) -> None:
        """``head`` is the file of the reader, trained on the weights of this hash.

        Raises:
            CorpusError: the file cannot be read, or was trained on other weights.
        """
        self._model = model
        data = read_adapter(head, weights_sha256)
        try:
            self._weights: Floats = data["head.weight"].astype("float64")
            self._bias = float(data["head.bias"])
        except KeyError as error:
            raise CorpusError(f"{head.name} holds no reader.", remedy="Run 'mcof adapt --reader --fresh'.") from error

    def logits(self, question: str, sentences: Sequence[str]) -> Floats:
        """Log odds that each sentence answers the question, ``(len(sentences),)``."""
        import numpy as np

        if not sentences:
            return np.zeros(0)
        asked = question[-MAX_SENTENCE:]
        hidden, seen, second = self._model.pairs([(asked, s[:MAX_SENTENCE]) for s in sentences])
        return pooled(hidden, seen, second) @ self._weights + self._bias


def open_reader(settings: Settings) -> Reader | None:
    """The exported reader of the settings' corpus; None for a corpus that has none.

    Raises:
        IndexUnusableError: it has not been exported, or the export is damaged.
        CorpusError: its file is damaged or belongs to other weights.
    """
    path = settings.reader
    if path is None:
        return None
    folder = export_folder(settings.data_dir, settings.embedding_model, path)
    return Reader(OnnxEncoder(folder, within=_THREADS), path, PACKAGED_SHA256)


def pooled(hidden: NDArray[np.float32], seen: NDArray[np.bool_], second: NDArray[np.bool_]) -> Floats:
    """First piece, mean of the question's and mean of the sentence's: ``(n, 3 * dim)`` of ``(n, pieces, dim)``."""
    import numpy as np

    def mean(places: NDArray[np.bool_]) -> NDArray[np.float32]:
        weights = places[..., None].astype(np.float32)
        return np.asarray((hidden * weights).sum(axis=1) / np.clip(weights.sum(axis=1), 1, None))

    return np.concatenate([hidden[:, 0], mean(seen & ~second), mean(seen & second)], axis=1).astype(np.float64)
