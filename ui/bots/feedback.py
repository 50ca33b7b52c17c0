"""Ratings of the bots in the store that the page uses, so that ``mcof feedback`` shows both."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ui.feedback import Feedback, FeedbackStore


class StoreSink:
    """Writes into a ``FeedbackStore``. ``surface`` is the network."""

    def __init__(self, store: FeedbackStore, now: Callable[[], float] = time.time) -> None:
        self._store, self._now = store, now

    def record(self, answer_id: str, verdict: str, comment: str, body: Mapping[str, Any]) -> None:
        self._store.add(
            Feedback(
                id=answer_id,
                at=self._now(),
                surface=str(body["surface"]),
                verdict="up" if verdict == "up" else "down",
                comment=comment,
                question=str(body["question"]),
                answer=str(body["answer"]),
                status=str(body["status"]),
                citations=tuple(str(c["ref"]) for c in body["citations"]),
                versions={
                    "symbol": str(body["symbol"]),
                    "text_sha256": str(body["text_sha256"]),
                    "index_id": str(body["index_id"] or ""),
                },
            )
        )
