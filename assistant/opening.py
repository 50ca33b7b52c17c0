"""The index of a corpus, opened: its vectors and records as a retriever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from assistant.features import ALL, Features
from assistant.reader import open_reader
from assistant.records import Record, build_records, embedded
from assistant.settings import Settings
from corpus.errors import IndexUnusableError, ModelError
from corpus.load import Corpus, load_corpus

if TYPE_CHECKING:
    from assistant.encoder import Encoder, Vectors
    from assistant.retrieval import HybridRetriever

logger = logging.getLogger(__name__)


class LazyIndex:
    """An index that is opened by the first question that needs it. Safe to share between threads."""

    def __init__(self, opener: Callable[[], tuple[str, HybridRetriever]]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._opened: tuple[str, HybridRetriever] | None = None

    def opened(self) -> tuple[str, HybridRetriever]:
        """Id of the index, and the retriever. Raises IndexUnusableError or ModelError with the command that mends it."""
        with self._lock:
            if self._opened is None:
                self._opened = self._opener()
            return self._opened

    @property
    def retriever(self) -> HybridRetriever:
        """The retriever; raises what opening raises."""
        return self.opened()[1]

    def retriever_or_none(self) -> HybridRetriever | None:
        """The retriever, or None where there is no usable index (the reason is logged)."""
        try:
            return self.retriever
        except (IndexUnusableError, ModelError) as error:
            logger.warning("answering without the index: %s", error.message)
            return None

    @property
    def id(self) -> str | None:
        """Id of the opened index; None before the first question that needed it."""
        return self._opened[0] if self._opened else None


def open_index(
    corpus: Corpus, settings: Settings, features: Features = ALL, *, reads: bool = True
) -> tuple[str, HybridRetriever]:
    """Id of the index and the retriever over it; without the corpus' reader unless it ``reads``.

    Raises:
        IndexUnusableError, ModelError: with the command that mends it.
    """
    from assistant.encoder import OnnxEncoder, export_folder
    from assistant.index import stored_vectors

    encoder = OnnxEncoder(export_folder(settings.data_dir, settings.embedding_model, settings.adapter))
    records = build_records(load_corpus(settings.corpus) if not features.matrix else corpus)
    identifier, stored = stored_vectors(settings, corpus.info.id, embedded(records), encoder.model_id)
    return identifier, retriever_over(corpus, settings, records, stored, encoder, identifier, features, reads=reads)


def retriever_over(
    corpus: Corpus,
    settings: Settings,
    records: Sequence[Record],
    stored: Vectors,
    encoder: Encoder,
    identifier: str,
    features: Features = ALL,
    *,
    reads: bool = True,
) -> HybridRetriever:
    """The retriever over all records of a corpus; ``stored`` has the vectors of those that are embedded, in order."""
    import numpy as np

    from assistant.encoder import OnnxEncoder, WordEncoder
    from assistant.index import index_root
    from assistant.ranking.wordstore import load_words
    from assistant.retrieval import DENSE_WEIGHT, HybridRetriever

    vectors = np.zeros((len(records), stored.shape[1]), dtype=np.float32)
    vectors[[i for i, r in enumerate(records) if r.lang == "en"]] = stored
    keep = [
        i
        for i, r in enumerate(records)
        if (features.entry_points or r.kind not in ("entry", "topic"))
        and (features.facts or (r.kind != "fact" and not r.fact))
    ]
    if len(keep) < len(records):
        vectors = vectors[keep]
        records = tuple(records[i] for i in keep)
    folder = index_root(settings, corpus.info.id) / identifier
    words = partial(load_words, folder, encoder=encoder) if isinstance(encoder, WordEncoder) else None
    weight = DENSE_WEIGHT if features.fusion else 1.0
    title = corpus.info.title
    reader = open_reader(settings) if reads and isinstance(encoder, OnnxEncoder) else None
    return HybridRetriever(
        records, vectors, encoder, dense_weight=weight, title=title, sentence_words=words, reader=reader
    )
