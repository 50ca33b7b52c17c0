"""Small stand-ins: an embedder that knows words only, and an assistant whose index is in memory."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.assistant import Assistant
from assistant.records import build_records
from assistant.retrieval import HybridRetriever
from assistant.settings import Settings
from assistant.text import content_stems
from corpus.load import Corpus

if TYPE_CHECKING:
    from assistant.llm.client import ChatClient, Limits


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


@dataclass(frozen=True)
class Chunk:
    """A piece of a chat model's reply, as LangChain gives it."""

    content: str
    usage_metadata: dict[str, int] | None = None


@dataclass
class FakeChat:
    """A chat model that gives queued replies, the last again and again, and keeps what it was sent.

    A reply is a text, an exception to raise, or a function that gives the pieces.
    """

    replies: deque[str | Exception | Callable[[], Iterable[str]]] = field(default_factory=deque)
    history: list[list[tuple[str, str]]] = field(default_factory=list)

    def enqueue(self, *replies: str | Exception | Callable[[], Iterable[str]]) -> FakeChat:
        self.replies.extend(replies)
        return self

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Chunk]:
        self.history.append(list(input))
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        for piece in [reply[i : i + 20] for i in range(0, len(reply), 20)] if isinstance(reply, str) else reply():
            yield Chunk(piece)
        yield Chunk("", {"input_tokens": 100, "output_tokens": 10})

    def data(self, call: int = -1) -> dict[str, Any]:
        """What stood between the bounds of a request."""
        found: dict[str, Any] = json.loads(self.history[call][1][1].splitlines()[1])
        return found


def written(*sentences: tuple[str, list[int], list[str]]) -> str:
    """A reply in the form that is asked for: text, citations and quotes of each sentence."""
    return json.dumps({"sentences": [{"text": t, "citations": c, "quotes": q} for t, c, q in sentences]})


def assistant_with(chat: FakeChat, corpus: Corpus, limits: Limits | None = None, **values: Any) -> Assistant:
    """An assistant in memory with a fake chat model."""
    from assistant.llm.client import ChatClient, Limits

    settings = Settings(chat_model="fake:model", **values)
    return assistant_in_memory(corpus, settings, ChatClient(chat, "fake:model", limits or Limits()))


def assistant_in_memory(
    corpus: Corpus, settings: Settings | None = None, chat: ChatClient | None = None, *, examples: bool = False
) -> Assistant:
    """An assistant that needs neither a model nor an index on disk, and learns from no ``examples``: it takes seconds."""
    if not examples:
        corpus = replace(corpus, utterances=(), not_covered=())
    encoder = KeywordEncoder()
    records = build_records(corpus)

    def opened() -> tuple[str, HybridRetriever]:
        return "in-memory", HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)

    return Assistant(corpus, settings or Settings(), opened, chat=chat)
