"""Sheet -> Matrix message contents: plain body and formatted body, both harmless.

``m.mentions`` is always present and empty, so nobody is notified by words in
the text (https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions).
An event may have 65,536 bytes with everything the server adds; a content here
stays below ``CONTENT``.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

from ui.bots.neutral import defuse, split, undo
from ui.bots.sheet import Line, Row, Sheet, Source, Table, marks, source_line

Content = dict[str, Any]

#: Bytes of one content as JSON, ASCII-escaped: the server adds ids, hashes and signatures of about 2 KB.
CONTENT = 40_000
#: Bytes of one unit: a line, a row or a citation. A longer line is split at sentences.
UNIT = 12_000


def escape(text: str) -> str:
    """Text for ``formatted_body``: mentions and links defused, HTML as entities."""
    return html.escape(defuse(text), quote=True)


def unescape(text: str) -> str:
    """What a reader sees of ``escape``."""
    return undo(html.unescape(text))


def _bytes(text: str) -> int:
    return len(json.dumps(text))


def _size(text: str) -> int:
    return _bytes(escape(text)) + _bytes(defuse(text))


Unit = tuple[str, str, str]  # (HTML element that holds it, HTML, plain)


def render(page: Sheet, *, feedback: bool = False) -> tuple[Content, ...]:
    """The contents of a reply, in order; a citation or a row is never torn between two messages."""
    parts: list[list[Unit]] = [[]]
    size = 0
    for unit in _units(page, feedback):
        weight = _bytes(unit[1]) + _bytes(unit[2]) + 60
        if parts[-1] and size + weight > CONTENT:
            parts.append([])
            size = 0
        parts[-1].append(unit)
        size += weight
    return tuple(_content(units) for units in parts)


def _content(units: list[Unit]) -> Content:
    out: list[str] = []
    open_tag = ""
    for tag, markup, _ in units:
        if tag != open_tag:
            out.append(_CLOSE.get(open_tag, ""))
            out.append(_OPEN.get(tag, ""))
            open_tag = tag
        out.append(markup)
    out.append(_CLOSE.get(open_tag, ""))
    return {
        "msgtype": "m.notice",
        "body": "\n".join(text for _, _, text in units if text) or "…",
        "format": "org.matrix.custom.html",
        "formatted_body": "".join(out) or "…",
        "m.mentions": {},
    }


_OPEN = {"ul": "<ul>", "ol": "<ol>", "table": "<table><tbody>", "dl": "<ul>"}
_CLOSE = {"ul": "</ul>", "ol": "</ol>", "table": "</tbody></table>", "dl": "</ul>"}


def _units(page: Sheet, feedback: bool) -> Iterator[Unit]:
    for item in page.body:
        yield from _table(page, item) if isinstance(item, Table) else _line(item)
    if page.notice:
        for piece in split(page.notice, UNIT, _size):
            yield "", f"<p><em>{escape(piece)}</em></p>", defuse(piece)
    for heading, sources in (("sources", page.sources), ("nearest", page.nearest)):
        for n, source in enumerate(sources):
            if n == 0:
                yield "", f"<p><strong>{escape(page.say(heading))}</strong></p>", page.say(heading)
            yield _source(source)
    if page.options:
        title = page.say("choices_typed" if page.choices else "suggestions_typed")
        yield "", f"<p>{escape(title)}</p>", title
        for n, question in enumerate(page.options, 1):
            for piece in split(question, UNIT, _size):
                yield "ol", f'<li value="{n}">{escape(piece)}</li>', f"{n}. {defuse(piece)}"
    if feedback:
        yield "", f"<p><small>{escape(page.say('comment_hint'))}</small></p>", page.say("comment_hint")
    if page.stamp:
        yield "", f"<p><small>{escape(page.stamp)}</small></p>", defuse(page.stamp)


def _line(line: Line) -> Iterator[Unit]:
    numbers = f" {marks(line.citations)}" if line.citations else ""
    if line.kind == "quote":
        yield "", f"<blockquote>“{escape(line.text)}”{numbers}</blockquote>", f"“{defuse(line.text)}”{numbers}"
        return
    pieces = split(line.text, UNIT, _size) or ("",)
    for n, piece in enumerate(pieces):
        tail = numbers if n == len(pieces) - 1 else ""
        if line.kind == "bullet":
            yield "ul", f"<li>{escape(piece)}{tail}</li>", f"• {defuse(piece)}{tail}"
        elif line.kind == "status":
            yield "", f"<p><strong>{escape(piece)}</strong></p>", defuse(piece)
        else:
            yield "", f"<p>{escape(piece)}{tail}</p>", f"{defuse(piece)}{tail}".strip()


def _table(page: Sheet, table: Table) -> Iterator[Unit]:
    for piece in split(table.caption, UNIT, _size):
        yield "", f"<p>{escape(piece)}</p>", defuse(piece)
    for n, row in enumerate(table.rows):
        if n == 0:
            heads = "".join(f"<th>{escape(page.say(key))}</th>" for key in ("subject", "level", "source"))
            yield "table", f"<tr>{heads}</tr>", ""
        yield _row(row)


def _row(row: Row) -> Unit:
    subject, rating = "<br>".join(map(escape, (row.subject, *row.remarks))), escape(row.rating)
    text = "; ".join(map(defuse, (f"{row.subject}: {row.rating}", *row.remarks)))
    numbers = marks(row.citations)
    return "table", f"<tr><td>{subject}</td><td>{rating}</td><td>{numbers}</td></tr>", f"• {text} {numbers}".rstrip()


def _source(source: Source) -> Unit:
    text = source_line(source)
    label = f"[{source.number}] {source.ref}"
    shown = f'<a href="{html.escape(source.url, quote=True)}">{escape(label)}</a>' if source.url else escape(label)
    address = f" {source.url}" if source.url else ""
    return "dl", f"<li>{shown}{escape(text[len(label) :])}</li>", defuse(text) + address
