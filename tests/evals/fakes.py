"""Small stand-ins for the evaluation: systems that answer from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.answer import Turn
from evals.systems import Response


@dataclass
class TableSystem:
    """Answers each question from a table, abstains from every other, and remembers what it was asked."""

    table: Mapping[str, Response]
    name: str = "table"
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)

    def ask(self, question: str, history: Sequence[Turn]) -> Response:
        self.asked.append((question, tuple(history)))
        return self.table.get(question, Response("The document does not say.", "not_in_document"))

    def rank(self, question: str, history: Sequence[Turn]) -> tuple[str, ...]:
        return ()
