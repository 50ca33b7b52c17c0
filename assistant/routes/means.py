"""What the routes ask of the assistant: to search the document, to judge what was found, to hear an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answerable import Asked

if TYPE_CHECKING:
    from assistant.acts import Acts
    from assistant.answerability.judge import Finding
    from assistant.features import Features
    from assistant.retrieval import HybridRetriever, Ranking
    from assistant.settings import Settings


@dataclass(slots=True)
class Means:
    """The seams of the routes.

    ``ask`` searches for a question as it is. ``judge`` gives the probability that the document answers, which need only be on
    the right side of the least that is asked for; None where nothing was learned about that. ``find`` is for a document without
    prepared questions, and gives None for any other. ``acts`` gives None where a message cannot be judged.
    """

    retriever: Callable[[], HybridRetriever]
    ask: Callable[[str], Asked]
    judge: Callable[[Asked, float], float | None]
    find: Callable[[str, Ranking], Finding | None]
    acts: Callable[[str], Acts | None]
    features: Features
    settings: Settings
