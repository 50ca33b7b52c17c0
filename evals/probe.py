"""The assistant's retrieval alone: what it ranks for a question, in whole or in part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answer import Turn
from assistant.understanding import understand

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.retrieval import HybridRetriever

DEPTH = 10


@dataclass(frozen=True)
class Probe:
    """Ranks labels as the assistant does: the same reading of the question, the same retriever (or ``retriever``)."""

    assistant: Assistant
    retriever: HybridRetriever | None = None
    depth: int = DEPTH

    def __call__(self, question: str, history: Sequence[Turn], /) -> tuple[str, ...]:
        earlier = [turn.text for turn in history if turn.role == "user"]
        read = understand(question, earlier, self.assistant.lexicon)
        ranking = (self.retriever or self.assistant.retriever).rank(
            read.english, read.english_tokens, foreign=read.foreign_stems
        )
        return tuple(hit.ref for hit in ranking.passages(self.depth))


@dataclass(frozen=True)
class WordsProbe:
    """Ranks labels by the words alone, as the retriever's lexical half scores them: it shows a worse tokeniser."""

    assistant: Assistant
    depth: int = DEPTH

    def __call__(self, question: str, history: Sequence[Turn], /) -> tuple[str, ...]:
        import numpy as np

        from assistant.text import index_tokens

        earlier = [turn.text for turn in history if turn.role == "user"]
        read = understand(question, earlier, self.assistant.lexicon)
        retriever = self.assistant.retriever
        scores = retriever.lexical.scores(index_tokens(read.english_tokens, "en"))
        if read.foreign_stems:
            scores = np.maximum(scores, retriever.lexical.scores(read.foreign_stems))
        order = np.argsort(-scores, kind="stable").tolist()
        ranked = dict.fromkeys(retriever.records[i].ref for i in order if scores[i] > 0)
        return tuple(ranked)[: self.depth]
