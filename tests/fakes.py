"""Small stand-ins: an embedder that knows words only, and an assistant whose index is in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assistant.assistant import Assistant
from assistant.records import build_records
from assistant.retrieval import HybridRetriever
from assistant.settings import Settings
from assistant.text import content_stems
from corpus.load import Corpus


class KeywordEncoder:
    """One dimension for each word (by hash): texts are alike as far as they share words."""

    def __init__(self, dim: int = 512, name: str = "keywords") -> None:
        self.model_id = f"{name}@fake"
        self.model_sha256 = hashlib.sha256(name.encode()).hexdigest()
        self.max_word_pieces = 256
        self.dim = dim
        self.asked: list[str] = []

    def word_pieces(self, text: str) -> int:
        return len(text.split()) + 2

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in content_stems(text):
                out[row, int(hashlib.md5(word.encode()).hexdigest(), 16) % self.dim] = 1.0
        return out / np.clip(np.linalg.norm(out, axis=1, keepdims=True), 1e-9, None)


def assistant_in_memory(corpus: Corpus, settings: Settings | None = None) -> Assistant:
    """An assistant that needs neither a model nor an index on disk, and learns from no examples (that takes seconds)."""
    corpus = replace(corpus, utterances=(), not_covered=())
    encoder = KeywordEncoder()
    records = build_records(corpus)

    def opened() -> tuple[str, HybridRetriever]:
        return "in-memory", HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)

    return Assistant(corpus, settings or Settings(), opened)
