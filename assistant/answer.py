"""What the assistant hands back: one structured, cited, verifiable value.

An answer is a sequence of blocks. Every block that claims something points to
citations by number, so that a surface can draw it in its own way (terminal,
page, chat network) and the verification can check it piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.clean import Span
from corpus.matrix import Cell
from corpus.types import Basis, CrisisKey, Language, Level, PhaseKey

Role = Literal["user", "assistant"]
Status = Literal["grounded", "partial", "not_rated", "not_in_document", "out_of_scope", "needs_clarification"]
ABSTENTIONS: frozenset[Status] = frozenset({"not_rated", "not_in_document", "out_of_scope"})
#: Noes of the document to a question, the ratings' own apart.
REFUSALS: tuple[Status, ...] = ("not_in_document", "out_of_scope")


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation, oldest first: all that a chat network can give."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage and the half-open span of its text that is quoted.

    ``quote == passage.text[start:end]``; ``source_spans`` are the ranges of the
    source file behind it. ``number`` is what ``[1]`` in an answer refers to.
    """

    number: int
    ref: str
    quote: str
    start: int
    end: int
    source_spans: tuple[Span, ...]
    anchor: str
    heading_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two of the assistant's own.

    ``template`` marks fixed wording (abstentions, corrections, courtesies):
    only there may words of the question stand without a citation.
    """

    text: str
    citations: tuple[int, ...] = ()
    template: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """The document's own words: the quote of citation ``citation``, whole."""

    text: str
    citation: int


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One cell as shown: its level, where that comes from, the text's word and condition.

    ``label`` names the row in the reply's own language when it is not the
    sector (a phase, a crisis). ``prose_level`` is set when a level read off a
    diagram differs from the prose.
    """

    crisis: CrisisKey
    phase: PhaseKey
    sector_no: int
    label: str
    level: Level | None
    basis: Basis
    word: str
    condition: str
    note: str
    citations: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class RatingTable:
    """Ratings of one slice of the matrix, in document order."""

    caption: str
    rows: tuple[RatingRow, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each item carries its own citations."""

    items: tuple[Paragraph, ...]


Block = Paragraph | Quote | RatingTable | Bullets


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which document, text and index an answer was made from."""

    symbol: str
    date: str
    text_sha256: str
    index_id: str | None


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage as retrieval ranked it; a higher score is better."""

    ref: str
    score: float
    dense: float
    lexical: float
    via: str


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer was made, for "how this answer was made" and the evaluation report.

    ``model`` tells what a language model had to do with it; empty where none is configured.
    """

    understood: Mapping[str, object] = field(default_factory=dict)
    route: str = ""
    cells: tuple[tuple[str, str, int], ...] = ()
    ranked: tuple[RankedPassage, ...] = ()
    checks: tuple[str, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    model: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with everything needed to check it.

    ``nearest`` are passages offered as such beside an abstention: they are not
    claimed to answer the question. ``choices`` are the ready-made questions of
    a ``needs_clarification``. ``complete`` is False only for the beginnings of
    an answer that a stream gives.
    """

    question: str
    language: Language
    status: Status
    blocks: tuple[Block, ...]
    citations: tuple[Citation, ...]
    stamp: Stamp
    cells: tuple[Cell, ...] = ()
    suggestions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    notice: str = ""
    nearest: tuple[Citation, ...] = ()
    trace: Trace = field(default_factory=Trace)
    complete: bool = True

    @property
    def text(self) -> str:
        """The reply as plain text with ``[1]`` markers: what is shown, spoken and scored."""
        return shown(self.blocks)

    @property
    def abstained(self) -> bool:
        return self.status in ABSTENTIONS

    def pieces(self) -> Iterator[Paragraph | Quote | RatingRow]:
        """Every piece that can be checked alone, in reading order."""
        for block in self.blocks:
            if isinstance(block, RatingTable):
                yield from block.rows
            elif isinstance(block, Bullets):
                yield from block.items
            else:
                yield block


def shown(blocks: Sequence[Block]) -> str:
    """Blocks as plain text with ``[1]`` markers."""
    return "\n\n".join(_plain(block) for block in blocks)


def markers(numbers: tuple[int, ...]) -> str:
    """``(1, 3)`` as `` [1][3]``."""
    return " " + "".join(f"[{n}]" for n in numbers) if numbers else ""


def _plain(block: Block) -> str:
    match block:
        case Paragraph(text, citations):
            return text + markers(citations)
        case Quote(text, citation):
            return f"“{text}” [{citation}]"
        case RatingTable(caption, rows):
            lines = [f"- {row.text}{markers(row.citations)}" for row in rows]
            return "\n".join([caption, *lines] if caption else lines)
        case Bullets(items):
            return "\n".join(f"- {item.text}{markers(item.citations)}" for item in items)


def cited_numbers(block: Block) -> tuple[int, ...]:
    """Numbers of the citations that a block carries, in reading order."""
    match block:
        case Paragraph():
            return block.citations
        case Quote():
            return (block.citation,)
        case RatingTable():
            return tuple(n for row in block.rows for n in row.citations)
        case Bullets():
            return tuple(n for item in block.items for n in item.citations)
