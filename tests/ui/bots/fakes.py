"""Offline stand-ins: an assistant with hand-made answers over the real corpus, and a network in memory."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from assistant.answer import (
    Answer,
    Block,
    Bullets,
    Citation,
    Paragraph,
    Quote,
    RatingRow,
    RatingTable,
    Stamp,
    Status,
    Turn,
)
from corpus.load import Corpus, load_corpus
from corpus.types import Language
from ui.bots.core import Incoming, Network, ThreadMessage
from ui.bots.engine import About
from ui.bots.errors import CannotLookError, UncertainError
from ui.bots.sheet import Sheet, plain

ABOUT = About("SCPF/92", "12 October 2012")


@cache
def corpus() -> Corpus:
    return load_corpus()


def cite(number: int, ref: str, quote: str | None = None) -> Citation:
    """A citation of ``quote``, or of the whole passage."""
    passage = corpus().by_ref[ref]
    quote = quote if quote is not None else passage.text
    start = passage.text.index(quote)
    spans = passage.source_spans(start, start + len(quote))
    return Citation(number, ref, quote, start, start + len(quote), spans, passage.anchor, passage.heading_path)


def answer(
    question: str,
    *blocks: Block,
    citations: tuple[Citation, ...] = (),
    status: Status = "grounded",
    language: Language = "en",
    **more: Any,
) -> Answer:
    stamp = Stamp("SCPF/92", "12 October 2012", corpus().source_sha256, None)
    return Answer(question, language, status, blocks, citations, stamp, **more)


class FakeAssistant:
    """Answers by keyword after ``delay`` seconds. ``asked`` records what came in; errors can be queued."""

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.errors: list[BaseException] = []

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        time.sleep(self.delay)
        if self.errors:
            raise self.errors.pop(0)
        return self.made(question, history)

    @staticmethod
    def made(question: str, history: Sequence[Turn] = ()) -> Answer:
        words = question.lower()
        if "and after" in words:
            before = " / ".join(turn.text for turn in history if turn.role == "user")
            return answer(question, Paragraph(f"After what you asked before: {before or 'nothing'}.", template=True))
        if "critical" in words or "important" in words or "1" in words.split():
            return ratings(question)
        if "per diem" in words:
            return answer(
                question,
                Paragraph("The document does not mention per diem rates.", template=True),
                status="not_in_document",
                nearest=(cite(1, "¶13"),),
                suggestions=("What is a migration crisis?",),
            )
        if "which" in words:
            return answer(
                question,
                Paragraph("Which crisis do you mean?", template=True),
                status="needs_clarification",
                choices=("What is critical in a health crisis?", "What is critical in a slow-onset natural disaster?"),
            )
        first = cite(1, "¶13", corpus().by_ref["¶13"].text.split(". ")[0])
        return answer(
            question,
            Paragraph("This is what the framework says.", (1,)),
            Quote(first.quote, 1),
            Bullets((Paragraph("A first point", (1,)), Paragraph("and a second one.", (2,)))),
            citations=(first, cite(2, "Annex I ¶3", corpus().by_ref["Annex I ¶3"].text.split(". ")[0])),
            suggestions=("What is critical in a health crisis?", "Who coordinates in a protracted crisis?"),
        )


def ratings(question: str) -> Answer:
    """Real cells with all that a row can carry."""
    cells = [c for c in corpus().matrix.cells if c.crisis == "man_made" and c.strongest][:6]
    citations, rows = [], []
    for n, cell in enumerate(cells, 1):
        e = cell.strongest
        assert e is not None
        citations.append(cite(n, e.ref, e.quote))
        name = corpus().sector(cell.sector_no).name
        text = f"{name}: {cell.level or 'no level'} ({cell.basis})"
        rows.append(
            RatingRow(
                cell.crisis,
                cell.phase,
                cell.sector_no,
                name,
                cell.level,
                cell.basis,
                e.word,
                e.condition,
                e.note,
                (n,),
                text,
            )
        )
    return answer(
        question,
        Paragraph("These sectors are rated in a man-made crisis.", (1,)),
        RatingTable("Ratings before a man-made crisis", tuple(rows)),
        citations=tuple(citations),
        notice="Ratings are illustrative and depend on the context (Annex I ¶4).",
        cells=tuple(cells),
        suggestions=("And after?",),
    )


_counter = itertools.count(1)


def message(text: str = "What is a migration crisis?", **values: Any) -> Incoming:
    """A direct message unless told otherwise."""
    n = next(_counter)
    made: dict[str, Any] = {
        "network": "slack",
        "event_id": f"Ev{n}",
        "channel": "C1",
        "message_id": f"m{n}",
        "user": "U1",
        "text": text,
        "direct": True,
    }
    return Incoming(**(made | values))


class MemoryPort:
    """A chat network in memory. It keeps what was posted; ``fail`` is a queue of errors, one an attempt.

    ``fail_after`` puts the message in the thread before it raises, as a network
    does that loses only the answer.
    """

    def __init__(
        self,
        network: Network = "slack",
        *,
        idempotent: bool = False,
        reads_threads: bool = True,
        looks: bool = True,
    ) -> None:
        self.network: Network = network
        self.idempotent, self.reads_threads, self.looks = idempotent, reads_threads, looks
        self.posted: list[tuple[Incoming, Mapping[str, Any], str]] = []
        self.thread: list[ThreadMessage] = []
        self.signs: list[bool] = []
        self.fail: list[BaseException] = []
        self.fail_after: list[BaseException] = []
        self.searched = 0

    async def history(self, event: Incoming, limit: int) -> Sequence[ThreadMessage]:
        return self.thread[-limit:]

    async def sign(self, event: Incoming, shown: bool) -> None:
        self.signs.append(shown)

    async def send(self, event: Incoming, message: Mapping[str, Any], key: str) -> str:
        await asyncio.sleep(0)
        if self.fail:
            raise self.fail.pop(0)
        if not (self.idempotent and any(k == key for _, _, k in self.posted)):
            self.posted.append((event, message, key))
        if self.fail_after:
            raise self.fail_after.pop(0)
        return f"r{len(self.posted)}"

    async def find(self, event: Incoming, key: str) -> str | None:
        self.searched += 1
        if not self.looks:
            raise CannotLookError("This network cannot be searched.")
        return next((f"r{n}" for n, (_, _, k) in enumerate(self.posted, 1) if k == key), None)

    def render(self, page: Sheet, event: Incoming, answer_id: str) -> Sequence[Mapping[str, Any]]:
        return ({"text": plain(page)},)

    @property
    def texts(self) -> list[str]:
        return [str(m["text"]) for _, m, _ in self.posted]


def lost() -> UncertainError:
    return UncertainError("The connection broke.")


class Sink:
    """Feedback kept in a list."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, Mapping[str, Any]]] = []

    def record(self, answer_id: str, verdict: str, comment: str, body: Mapping[str, Any]) -> None:
        self.rows.append((answer_id, verdict, comment, body))
