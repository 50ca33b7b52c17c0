"""What a model is sent: one JSON object between bounds that nothing inside can close."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assistant.answer import Answer, Block, Bullets, Citation, Paragraph, Quote, RatingTable
from assistant.text import sentence_spans
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import Passage


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered passage: ``text`` may be a part of it, cut at sentences."""

    n: int
    label: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Rating:
    """A cell of the matrix as the model may repeat it."""

    crisis: str
    phase: str
    sector: str
    level: str
    basis: str
    word: str
    condition: str


@dataclass(frozen=True, slots=True)
class Request:
    """Everything the model is told about one question."""

    question: str
    understood: Mapping[str, object]
    already_said: tuple[str, ...]
    ratings: tuple[Rating, ...]
    passages: tuple[Source, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def bounded(data: Mapping[str, Any]) -> str:
    """The data as JSON on one line between two lines that name a digest of it.

    JSON leaves no line break inside, and a text cannot hold the digest of a
    whole that it is a part of: nothing in the data can end the data.
    """
    line = json.dumps(data, ensure_ascii=False, default=str)
    mark = hashlib.sha256(line.encode()).hexdigest()[:16]
    return f"<<data {mark}>>\n{line}\n<<end {mark}>>"


def build(question: str, answer: Answer, lead: Sequence[str], corpus: Corpus, *, limit: int) -> Request:
    """The request for an answer that the composer has made; ``lead`` is what is shown of it already.

    The passages the composer cites come first, then those that were ranked,
    until ``limit`` characters are full.
    """
    cells = answer.cells
    understood = {k: v for k, v in answer.trace.understood.items() if k not in ("searched", "confidence", "language")}
    return Request(
        question=question,
        understood=understood,
        already_said=tuple(lead),
        ratings=tuple(_rating(c, corpus) for c in cells if c.basis != "not_stated"),
        passages=sources(answer, corpus, limit),
    )


def sources(answer: Answer, corpus: Corpus, limit: int) -> tuple[Source, ...]:
    """Numbered passages within ``limit`` characters; the first is cut to fit, later ones that do not fit are left out."""
    quotes: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        quotes.setdefault(citation.ref, []).append(citation)
    refs = dict.fromkeys([*quotes, *(r.ref for r in answer.trace.ranked[:4])])
    found: list[Source] = []
    left = limit
    for ref in refs:
        passage = corpus.by_ref[ref]
        text = passage.text
        if len(text) > left:
            text = around(passage, quotes.get(ref, ()), left) if ref in quotes else ""
        if not text:
            continue
        left -= len(text)
        found.append(Source(len(found) + 1, ref, " › ".join(passage.heading_path), text))
    return tuple(found)


def around(passage: Passage, citations: Sequence[Citation], limit: int) -> str:
    """The sentences of a passage that hold its quotes and those around them, in order, within ``limit`` characters."""
    spans = sentence_spans(passage.text)
    wanted = [i for i, (a, b) in enumerate(spans) if any(c.start < b and a < c.end for c in citations)]
    if not wanted:
        return ""
    first, last = wanted[0], wanted[0]
    if spans[last][1] - spans[first][0] > limit:
        return ""
    while True:
        if last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= limit:
            last += 1
        elif first and spans[last][1] - spans[first - 1][0] <= limit:
            first -= 1
        else:
            return passage.text[spans[first][0] : spans[last][1]]


def _rating(cell: Cell, corpus: Corpus) -> Rating:
    strongest = cell.strongest
    return Rating(
        crisis=corpus.crisis(cell.crisis).name,
        phase=cell.phase,
        sector=f"Sector {cell.sector_no}: {corpus.sector(cell.sector_no).name}",
        level=cell.level or "no level",
        basis=cell.basis,
        word=strongest.word if strongest else "",
        condition=strongest.condition if strongest else "",
    )


def said(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The texts of blocks, in order."""
    out: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(text) | Quote(text):
                out.append(text)
            case Bullets(items):
                out += [item.text for item in items]
            case RatingTable(_, rows):
                out += [row.text for row in rows]
    return tuple(out)
