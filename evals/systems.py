"""What can be evaluated: anything that answers a question in a conversation.

The assistant is one system; the baselines and its own crippled forms are
others. All are asked in the same way and judged by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from assistant.answer import Answer, Paragraph, Quote, RatingTable, Turn
from corpus.clean import Span
from corpus.load import Corpus
from corpus.matrix import CellKey
from evals.metrics.citations import Statement
from evals.replies import Cited


@dataclass(frozen=True, slots=True)
class Response:
    """A reply with what the metrics need beside its text.

    ``statements`` are its claims with the texts they cite, fixed wording left
    out. ``ranked`` are the labels retrieved, best first, and ``pieces`` the
    source ranges of each retrieved piece of text, best first. ``confidence``
    orders replies by how sure the system was; None where it does not say.
    """

    answer: str
    status: str
    citations: tuple[Cited, ...] = ()
    statements: tuple[Statement, ...] = ()
    ranked: tuple[str, ...] = ()
    pieces: tuple[tuple[Span, ...], ...] = ()
    cells: Mapping[CellKey, tuple[str, str]] = field(default_factory=dict)
    confidence: float | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


class System(Protocol):
    """Answers questions. ``name`` heads its column in a report."""

    @property
    def name(self) -> str: ...

    def ask(self, question: str, history: Sequence[Turn]) -> Response: ...

    def rank(self, question: str, history: Sequence[Turn]) -> tuple[str, ...]:
        """Labels as the system's retrieval ranks them, best first; empty where it has none."""
        ...


class Asks(Protocol):
    """The part of ``Assistant`` that the evaluation uses."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...


class Ranks(Protocol):
    """Ranks labels for a question in a conversation."""

    def __call__(self, question: str, history: Sequence[Turn], /) -> tuple[str, ...]: ...


def no_ranking(question: str, history: Sequence[Turn]) -> tuple[str, ...]:
    """The ranking of a system that has no retrieval."""
    return ()


@dataclass(frozen=True)
class AssistantSystem:
    """The assistant, asked exactly as the page asks it.

    ``ranks`` asks its retriever directly, because a rating is looked up and
    leaves nothing retrieved to measure.
    """

    assistant: Asks
    corpus: Corpus
    name: str = "assistant"
    ranks: Ranks = no_ranking

    def ask(self, question: str, history: Sequence[Turn]) -> Response:
        return response_of(self.assistant.ask(question, history), self.corpus)

    def rank(self, question: str, history: Sequence[Turn]) -> tuple[str, ...]:
        return self.ranks(question, history)


def statements_of(answer: Answer, corpus: Corpus) -> tuple[Statement, ...]:
    """The claims of an answer with the passages they cite; fixed wording claims nothing."""
    texts = {c.number: corpus.by_ref[c.ref].text if c.ref in corpus.by_ref else c.quote for c in answer.citations}

    def sources(numbers: Sequence[int]) -> tuple[str, ...]:
        return tuple(texts.get(n, "") for n in numbers)

    found: list[Statement] = []
    for piece in answer.pieces():
        match piece:
            case Paragraph(text, citations, template):
                if not template:
                    found.append(Statement(text, sources(citations)))
            case Quote(text, citation):
                found.append(Statement(text, sources((citation,))))
            case _:
                if piece.citations:
                    found.append(Statement(piece.word or piece.text, sources(piece.citations)))
    return tuple(found)


def cells_of(answer: Answer) -> dict[CellKey, tuple[str, str]]:
    """The cells that the reply's rating tables show, each with its basis and level (empty: none)."""
    shown: dict[CellKey, tuple[str, str]] = {}
    for block in answer.blocks:
        if isinstance(block, RatingTable):
            for row in block.rows:
                shown[row.crisis, row.phase, row.sector_no] = (row.basis, row.level or "")
    return shown


def confidence_of(answer: Answer) -> float | None:
    """The assistant's own confidence where its trace holds one, else the score of the best passage."""
    own = answer.trace.understood.get("confidence")
    if isinstance(own, (int, float)):
        return float(own)
    return answer.trace.ranked[0].score if answer.trace.ranked else None


def plain_value(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """``value`` as JSON knows it: mappings, lists, strings, numbers."""
    if isinstance(value, Mapping):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain_value(v) for v in value), key=str)
    if isinstance(value, (list, tuple)):
        return [plain_value(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return round(value, 6) if isinstance(value, float) else value
    if hasattr(value, "__dataclass_fields__"):
        return plain_value(asdict(value))  # type: ignore[call-overload]
    return str(value)


def pieces_of(refs: Sequence[str], corpus: Corpus) -> tuple[tuple[Span, ...], ...]:
    """Source ranges of whole passages, in the given order."""
    return tuple(corpus.by_ref[ref].spans for ref in refs if ref in corpus.by_ref)


def response_of(answer: Answer, corpus: Corpus) -> Response:
    """An ``Answer`` as the metrics see it."""
    ranked = tuple(r.ref for r in answer.trace.ranked)
    return Response(
        answer=answer.text,
        status=answer.status,
        citations=tuple(Cited(c.ref, c.quote) for c in answer.citations),
        statements=statements_of(answer, corpus),
        ranked=ranked,
        pieces=pieces_of(ranked, corpus),
        cells=cells_of(answer),
        confidence=confidence_of(answer),
        trace=plain_value(answer.trace),
    )
