"""From an Answer, or the matrix, to what a terminal shows. Pure; text of users and documents is never markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assistant.answer import Answer, Bullets, Citation, Paragraph, Quote, RatingRow, RatingTable, markers
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import CRISES, PHASES, SECTOR_NUMBERS, CrisisKey, PhaseKey

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LEVEL_STYLE = {"critical": "bold red", "important": "yellow", "recommended": "green"}

STATUS_WORDS = {
    "grounded": "",
    "partial": "answered in part",
    "not_rated": "not rated in this text",
    "not_in_document": "not in the document",
    "out_of_scope": "not about the document",
    "needs_clarification": "needs a word from you",
}


def plain(text: str) -> str:
    """Text without characters that steer a terminal."""
    return _CONTROL.sub("", text)


def _marked(text: str, numbers: tuple[int, ...], style: str = "") -> Text:
    return Text.assemble((plain(text), style), (markers(numbers), "cyan"))


def beginning(answer: Answer, shown: int) -> RenderableType:
    """The blocks of a growing answer after the first ``shown``."""
    return Group(*(part for block in answer.blocks[shown:] for part in (_block(block), Text())))


def answer_view(answer: Answer, *, quotes: bool = True, without: int = 0) -> RenderableType:
    """An answer with its sources.

    ``quotes`` shows the words of each source that the reply does not show
    itself; the first ``without`` blocks are on the screen already.
    """
    parts: list[RenderableType] = []
    if STATUS_WORDS[answer.status]:
        parts.append(Text(f"({STATUS_WORDS[answer.status]})", style="magenta"))
    shown = {b.citation for b in answer.blocks if isinstance(b, Quote)}
    for block in answer.blocks[without:]:
        parts += [_block(block), Text()]
    parts += [_numbered(answer.choices), Text()] if answer.choices else []
    if answer.citations:
        parts.append(Text("Sources", style="bold"))
        parts += [_source(c, f"[{c.number}]", quotes and c.number not in shown) for c in answer.citations]
        parts.append(Text())
    if answer.nearest:
        parts.append(Text("Nearest passages, which do not answer it", style="bold"))
        parts += [_source(c, "  -", True) for c in answer.nearest]
        parts.append(Text())
    if answer.notice:
        parts += [Text(plain(answer.notice), style="dim italic")]
    parts.append(Text(stamp(answer), style="dim"))
    if answer.suggestions:
        parts += [Text(), Text("You could also ask", style="bold"), _numbered(answer.suggestions)]
    return Group(*parts)


def stamp(answer: Answer) -> str:
    """The document stamp on one line."""
    index = f", index {answer.stamp.index_id}" if answer.stamp.index_id else ""
    return f"{answer.stamp.symbol}, {answer.stamp.date}, text {answer.stamp.text_sha256[:12]}{index}"


def _numbered(questions: Sequence[str]) -> RenderableType:
    return Group(*(Text(f"  {n}. {plain(q)}") for n, q in enumerate(questions, start=1)))


def _block(block: Any) -> RenderableType:  # noqa: ANN401 - one of assistant.answer.Block
    match block:
        case Paragraph(text, citations):
            return _marked(text, citations)
        case Quote(text, citation):
            return Padding(_marked(f"“{text}”", (citation,), "italic"), (0, 0, 0, 2))
        case Bullets(items):
            return Group(*(_hanging(_marked(i.text, i.citations)) for i in items))
        case RatingTable(caption, rows):
            return _ratings(caption, rows)
    raise TypeError(block)


def _hanging(text: Text) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(" -"), text)
    return grid


def _ratings(caption: str, rows: Sequence[RatingRow]) -> RenderableType:
    table = Table(title=plain(caption) or None, title_justify="left", title_style="bold", show_lines=False)
    for column in ("", "level", "where from", "the text's word", "source"):
        table.add_column(column, overflow="fold")
    for row in rows:
        level = row.level or "no level"
        said = f"“{plain(row.word)}”" if row.word else ""
        said += f"\nonly: {plain(row.condition)}" if row.condition else ""
        sources = markers(row.citations).strip()
        table.add_row(
            Text(plain(row.label)),
            Text(level, style=_LEVEL_STYLE.get(level, "dim")),
            Text(row.basis.replace("_", " ")),
            Text(said),
            Text(sources, style="cyan"),
        )
    return table


def _source(citation: Citation, mark: str, quote: bool) -> RenderableType:
    path = " › ".join(citation.heading_path)
    text = Text.assemble(
        (mark, "cyan"), " ", (plain(citation.ref), "bold"), (f"  {plain(path)}" if path else "", "dim")
    )
    if quote:
        text.append(f"\n    “{plain(citation.quote)}”")
    return text


# --- the matrix ----------------------------------------------------------------------------

LEGEND = (
    "C critical, I important, R recommended; nothing: this text does not rate it",
    "C    stated: the text's own word",
    "(C)  interpreted: this project's reading of essential, crucial, significant",
    "[C]  read off an original diagram; with ! where the prose says otherwise",
    "e    emphasised in other words, m mentioned: no level",
    "*    only on a condition",
    "The diagrams that may have rated the other cells are not part of this text.",
)
_CRISIS = 18  # columns of a crisis: three phases of six
_NAMES = 25  # columns of a sector's name at least


def cell_sign(cell: Cell) -> str:
    """A cell in at most four characters, level and basis told apart without colour."""
    letter = cell.level[0].upper() if cell.level else ""
    sign = {
        "stated": letter,
        "interpreted": f"({letter})",
        "emphasised": "e",
        "mentioned": "m",
        "not_stated": "",
        "diagram": f"[{letter}]",
    }[cell.basis]
    if cell.conflict:
        return f"{sign}!"
    condition = cell.diagram is None and cell.strongest is not None and cell.strongest.condition
    return f"{sign}*" if condition else sign


def matrix_view(
    corpus: Corpus, crises: Sequence[CrisisKey] = CRISES, phases: Sequence[PhaseKey] = PHASES, *, width: int = 120
) -> Text:
    """The matrix as a grid: crises and phases across, sectors down, at most ``width`` columns.

    Crises that do not fit beside each other go below.
    """
    block = _CRISIS + 1
    across = max(1, (width - _NAMES) // block)
    out = Text(no_wrap=True, overflow="ignore")
    for begin in range(0, len(crises), across):
        shown = crises[begin : begin + across]
        _grid(out, corpus, shown, phases, names=min(60, max(_NAMES, width - block * len(shown))))
        out.append("\n")
    return out.append("\n".join(LEGEND), style="dim")


def _grid(out: Text, corpus: Corpus, crises: Sequence[CrisisKey], phases: Sequence[PhaseKey], names: int) -> None:
    cell_width = _CRISIS // len(phases)
    out.append(" " * names)
    for crisis in crises:
        out.append("│", style="dim").append(_fit(corpus.crisis(crisis).name, _CRISIS).center(_CRISIS), style="bold")
    out.append("\n" + _fit("Sector", names).ljust(names), style="bold")
    for _ in crises:
        out.append("│" + "".join(f"{p[:3]}.".center(cell_width) for p in phases), style="dim")
    out.append("\n")
    for no in SECTOR_NUMBERS:
        out.append(_fit(f"{no:>2} {corpus.sector(no).name}", names - 1).ljust(names))
        for crisis in crises:
            out.append("│", style="dim")
            for phase in phases:
                cell = corpus.matrix.cell(crisis, phase, no)
                out.append(cell_sign(cell).center(cell_width), style=_LEVEL_STYLE.get(cell.level or "", "dim"))
        out.append("\n")


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
