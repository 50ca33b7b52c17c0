"""Small stand-ins for the evaluation: systems that answer from a table, records made by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.answer import Turn
from assistant.settings import Settings
from corpus.load import Corpus
from evals.dataset import Item
from evals.measure import Record, measure
from evals.replies import Cited, Reply
from evals.systems import Response

SHELTER = "addressing the immediate needs of crisis-affected populations is crucial"


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
        return ("Annex I ¶15",) if question in self.table else ()


def item(identifier: str = "x", **changes: object) -> Item:
    """An answerable question about shelter in a sudden-onset disaster."""
    fields: dict[str, object] = {
        "id": identifier,
        "question": f"How is shelter rated when a quake strikes? {identifier}",
        "kind": "matrix_cell",
        "answerable": True,
        "must_include": (("crucial",),),
        "gold_refs": ("Annex I ¶15",),
        "gold_quotes": (SHELTER,),
    }
    return Item(**(fields | changes))  # type: ignore[arg-type]


def refusal(identifier: str = "r", **changes: object) -> Item:
    """A question that must be refused."""
    fields: dict[str, object] = {
        "kind": "near_miss",
        "answerable": False,
        "must_include": (),
        "gold_refs": (),
        "gold_quotes": (),
    }
    return item(identifier, **(fields | changes))


GOOD = Response(
    "Shelter is crucial [1].",
    "grounded",
    (Cited("Annex I ¶15", SHELTER),),
    ranked=("Annex I ¶15", "¶13"),
    confidence=0.9,
    trace={"route": "cell"},
)
WRONG = Response("Shelter is recommended.", "grounded", ranked=("¶13", "Annex I ¶15"), confidence=0.4)
REFUSED = Response("The document does not say.", "not_in_document")


def record(corpus: Corpus, of: Item, response: Response = GOOD, ms: float = 5.0) -> Record:
    """One judged reply."""
    return measure(of, Reply(of.id, response.answer, response.status, response.citations, ms), response, corpus)


def real_settings() -> Settings:
    """Settings whose index is built where it is missing, in ``.mcof/test`` of the project or ``MCOF_TEST_DATA``."""
    from corpus.load import load_corpus
    from ingest.build import ingest

    default = Path(__file__).parents[2] / ".mcof" / "test"
    settings = Settings(data_dir=Path(os.environ.get("MCOF_TEST_DATA", default)))
    ingest(load_corpus(settings.corpus), settings)
    return settings
