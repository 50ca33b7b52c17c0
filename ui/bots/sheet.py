"""Answer -> lines: what every network shows, in the same order and the same words.

A ``Sheet`` knows no markup. Each network's renderer escapes its lines, cuts
them to that network's limits and draws them; the parity test compares what each
of them says with the lines made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from assistant.answer import Answer, Bullets, Citation, Paragraph, Quote, RatingRow, RatingTable, Status
from corpus.types import Language
from ui.bots.neutral import ELISION, one_line, shorten
from ui.bots.texts import LANGUAGES, say, texts

LineKind = Literal["status", "text", "quote", "bullet", "caption", "notice"]

#: Longest quote shown whole, in characters. The longest passage of SCPF/92 has 4,681: none of its quotes is cut.
MAX_QUOTE = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the reply and the numbers of its citations."""

    kind: LineKind
    text: str
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One rating: subject, level with basis in words, and what must be said with it."""

    subject: str
    rating: str
    remarks: tuple[str, ...]
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A compact table of ratings."""

    caption: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered source. ``quote`` is empty where the reply shows it whole already, ``url`` without a page."""

    number: int
    ref: str
    quote: str
    url: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a reply shows, before any markup."""

    language: Language
    status: Status
    question: str
    body: tuple[Line | Table, ...]
    notice: str
    sources: tuple[Source, ...]
    nearest: tuple[Source, ...]
    choices: tuple[str, ...]
    suggestions: tuple[str, ...]
    stamp: str

    def say(self, key: str, **values: object) -> str:
        return say(self.language, key, **values)

    @property
    def options(self) -> tuple[str, ...]:
        """What a typed number chooses: the choices, or else the suggested questions."""
        return self.choices or self.suggestions


def document_link(page_url: str, anchor: str) -> str:
    """Address of a place in the page's document view, empty where no page is configured."""
    return f"{page_url.rstrip('/')}/document#{anchor}" if page_url else ""


def sheet(answer: Answer, *, page_url: str = "") -> Sheet:
    """The lines of an answer: status (if no plain answer), body, notice, sources, what to ask next, stamp."""
    lang = answer.language
    body: list[Line | Table] = []
    if answer.status not in ("grounded",):
        body.append(Line("status", say(lang, f"status_{answer.status}")))
    shown: set[int] = set()
    for block in answer.blocks:
        match block:
            case Paragraph(text, citations):
                body.extend(_paragraph("text", text, citations))
            case Quote(text, citation):
                body.append(Line("quote", _whole(one_line(text)), (citation,)))
                shown.add(citation)
            case Bullets(items):
                for item in items:
                    body.extend(_paragraph("bullet", item.text, item.citations))
            case RatingTable(caption, rows):
                body.append(Table(one_line(caption), tuple(_row(lang, row) for row in rows)))
    quoted = {block.text: block.citation for block in answer.blocks if isinstance(block, Quote)}
    return Sheet(
        language=lang,
        status=answer.status,
        question=one_line(answer.question),
        body=tuple(body),
        notice=one_line(answer.notice),
        sources=tuple(
            _source(c, page_url, c.number in shown and quoted.get(c.quote) == c.number) for c in answer.citations
        ),
        nearest=tuple(_source(c, page_url, False) for c in answer.nearest),
        choices=_distinct(answer.choices),
        suggestions=_distinct(answer.suggestions),
        stamp=say(lang, "stamp", symbol=one_line(answer.stamp.symbol), date=one_line(answer.stamp.date)),
    )


def note_sheet(language: Language, text: str) -> Sheet:
    """A message of the bot's own, such as the help or "please ask again": lines of text and nothing else."""
    lines = tuple(Line("text", one_line(part)) for part in text.split("\n") if part.strip())
    return Sheet(language, "grounded", "", lines, "", (), (), (), (), "")


def _distinct(questions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in map(one_line, questions) if text))


def _whole(quote: str) -> str:
    """The quote, or for one no network could carry its beginning with a mark that says so."""
    return shorten(quote, MAX_QUOTE, ELISION)


def _paragraph(kind: LineKind, text: str, citations: tuple[int, ...]) -> Iterator[Line]:
    parts = [one_line(part) for part in text.split("\n")]
    parts = [part for part in parts if part] or [""]
    for part in parts[:-1]:
        yield Line(kind, part)
    if parts[-1] or citations:
        yield Line(kind, parts[-1], citations)


def _row(lang: Language, row: RatingRow) -> Row:
    basis = row.basis.replace("_", " ")
    rating = f"{row.level or say(lang, 'no_level')} ({basis})"
    if row.word and row.word != row.level:
        rating += f" “{one_line(row.word)}”"
    remarks = []
    if row.condition:
        remarks.append(say(lang, "condition", text=f"“{one_line(row.condition)}”"))
    if row.note:
        remarks.append(say(lang, "note", text=one_line(row.note)))
    return Row(one_line(row.label), rating, tuple(remarks), row.citations)


def _source(citation: Citation, page_url: str, shown: bool) -> Source:
    return Source(
        citation.number,
        one_line(citation.ref),
        "" if shown else _whole(one_line(citation.quote)),
        document_link(page_url, citation.anchor),
    )


def marks(citations: tuple[int, ...]) -> str:
    """``(1, 3)`` as ``[1][3]``."""
    return "".join(f"[{n}]" for n in citations)


def row_line(row: Row) -> str:
    """A rating on one line, where a network has no table."""
    return "; ".join((f"{row.subject}: {row.rating}", *row.remarks))


def source_line(source: Source) -> str:
    """``[1] ¶13: “the quote”``, or the label alone where the reply shows the quote above."""
    return f"[{source.number}] {source.ref}" + (f": “{source.quote}”" if source.quote else "")


def plain(page: Sheet) -> str:
    """The reply as plain text: the fallback of every network, and what the thread's history reads back."""
    lines: list[str] = []
    for item in page.body:
        if isinstance(item, Table):
            lines.extend([item.caption] if item.caption else [])
            lines.extend(f"• {row_line(row)} {marks(row.citations)}".rstrip() for row in item.rows)
        elif item.kind == "quote":
            lines.append(f"“{item.text}” {marks(item.citations)}")
        else:
            lines.append(f"{'• ' if item.kind == 'bullet' else ''}{item.text} {marks(item.citations)}".rstrip())
    if page.notice:
        lines.append(page.notice)
    if page.sources:
        lines.append(page.say("sources"))
        lines.extend(source_line(s) for s in page.sources)
    if page.nearest:
        lines.append(page.say("nearest"))
        lines.extend(source_line(s) for s in page.nearest)
    if page.options:
        lines.append(page.say("choices_typed" if page.choices else "suggestions_typed"))
        lines.extend(f"{n}. {text}" for n, text in enumerate(page.options, 1))
    if page.stamp:
        lines.append(page.stamp)
    return "\n".join(lines)


@cache
def _headings() -> frozenset[str]:
    keys = ("sources", "nearest", "choices", "choices_typed", "suggestions", "suggestions_typed")
    return frozenset(texts(language)[key] for language in LANGUAGES for key in keys)


def spoken(text: str) -> str:
    """The reply itself out of ``plain`` text read back from a thread: without sources, questions and stamp."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip() in _headings():
            break
        lines.append(line)
    return "\n".join(lines).strip()
