"""Sheet -> Teams message activities: text with citations, an Adaptive Card for table, sources and buttons.

Text is Markdown of which nothing that others wrote can be parsed; the card
holds such text in ``TextRun``, which knows no markup. Citations follow
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content:
at most 20 in a message, name 80 and abstract 160 characters. The whole quote
stands in the card, so the short abstract cuts nothing off.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from ui.bots.neutral import defuse, shorten, split, utf16
from ui.bots.sheet import Line, Row, Sheet, Source, Table, marks, plain, source_line

Activity = dict[str, Any]

CITATIONS = 20
NAME = 80
ABSTRACT = 160
#: Bytes of one activity as JSON, counted in UTF-16 as Teams does; its limit is about 28 KB with everything around.
ACTIVITY = 22_000
UNIT = 5_000
#: Buttons in one card; more become unreadable on a phone.
BUTTONS = 6
TITLE = 120

CARD_TYPE = "application/vnd.microsoft.card.adaptive"

_MARKDOWN = re.compile(r"([\\`*_~\[\]|#])")
_LINE_START = re.compile(r"^([-+=]|\d{1,9}[.)])(?=\s|$|[-+=])")


def escape(text: str) -> str:
    """One line of Markdown that shows ``text`` and does nothing."""
    text = _MARKDOWN.sub(r"\\\1", html.escape(defuse(text), quote=False))
    return _LINE_START.sub(lambda m: m.group()[:-1] + "\\" + m.group()[-1], text)


def _weigh(value: object) -> int:
    return 2 * utf16(json.dumps(value, ensure_ascii=False))


def _size(text: str) -> int:
    return 2 * utf16(escape(text))


def render(page: Sheet, *, feedback: bool = False) -> tuple[Activity, ...]:
    """The activities of a reply, in order: first the words with their citations, then what the card shows."""
    wanted = {s.number: s for s in page.sources}
    parts: list[_Part] = [_Part()]
    for unit in _units(page):
        if not parts[-1].takes(unit, wanted):
            parts.append(_Part())
        parts[-1].add(unit, wanted)
    return tuple(part.activity(page, feedback and n == len(parts) - 1) for n, part in enumerate(parts))


class _Unit:
    """Something that stays together: Markdown for the text, elements for the card, numbers cited, or card actions."""

    __slots__ = ("actions", "cited", "elements", "text")

    def __init__(
        self,
        text: str = "",
        cited: tuple[int, ...] = (),
        elements: tuple[Activity, ...] = (),
        actions: tuple[Activity, ...] = (),
    ) -> None:
        self.text, self.cited, self.elements, self.actions = text, cited, elements, actions


class _Part:
    """One activity in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.body: list[Activity] = []
        self.actions: list[Activity] = []
        self.cited: dict[int, Source] = {}
        self.weight = 1500  # what surrounds the content

    def _extra(self, unit: _Unit, wanted: dict[int, Source]) -> tuple[int, int]:
        new = [wanted[n] for n in dict.fromkeys(unit.cited) if n in wanted and n not in self.cited]
        weight = _weigh(unit.text) + sum(map(_weigh, (*unit.elements, *unit.actions)))
        return weight + sum(_weigh(_citation(s)) for s in new), len(new)

    def takes(self, unit: _Unit, wanted: dict[int, Source]) -> bool:
        weight, citations = self._extra(unit, wanted)
        empty = not (self.lines or self.body or self.actions)
        return empty or (self.weight + weight <= ACTIVITY and len(self.cited) + citations <= CITATIONS)

    def add(self, unit: _Unit, wanted: dict[int, Source]) -> None:
        self.weight += self._extra(unit, wanted)[0]
        for number in unit.cited:
            if number in wanted and len(self.cited) < CITATIONS:
                self.cited[number] = wanted[number]
        if unit.text:
            self.lines.append(unit.text)
        self.body.extend(unit.elements)
        self.actions.extend(unit.actions)

    def activity(self, page: Sheet, feedback: bool) -> Activity:
        out: Activity = {
            "type": "message",
            "textFormat": "markdown",
            "text": "\n\n".join(self.lines) or "…",
            "summary": shorten(defuse(" ".join(plain(page).split())), 200) or "…",
        }
        if self.cited:
            out["entities"] = [
                {
                    "type": "https://schema.org/Message",
                    "@type": "Message",
                    "@context": "https://schema.org",
                    "@id": "",
                    "citation": [_citation(source) for source in self.cited.values()],
                }
            ]
        if feedback:
            out["channelData"] = {"feedbackLoop": {"type": "default"}}
        if self.body or self.actions:
            card: Activity = {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.5",
                "msteams": {"width": "Full"},
                "body": _tables(self.body),
            }
            if self.actions:
                card["actions"] = self.actions
            out["attachments"] = [{"contentType": CARD_TYPE, "content": card}]
        return out


def _citation(source: Source) -> Activity:
    quote = source.quote or source.ref
    appearance: Activity = {
        "@type": "DigitalDocument",
        "name": shorten(defuse(source.ref), NAME),
        "abstract": shorten(defuse(quote), ABSTRACT),
    }
    if source.url:
        appearance["url"] = source.url
    return {"@type": "Claim", "position": source.number, "appearance": appearance}


def _units(page: Sheet) -> Iterator[_Unit]:
    for item in page.body:
        yield from _table(page, item) if isinstance(item, Table) else _line(item)
    if page.notice:
        for piece in split(page.notice, UNIT, _size):
            yield _Unit(f"*{escape(piece)}*" if piece.strip("*_ ") else escape(piece))
    for heading, sources in (("sources", page.sources), ("nearest", page.nearest)):
        for n, source in enumerate(sources):
            heads = [_runs(page.say(heading), weight="Bolder")] if n == 0 else []
            yield _Unit(elements=(*heads, _source(page, source)))
    if page.options:
        title = _runs(page.say("choices" if page.choices else "suggestions"), weight="Bolder")
        listed = tuple(_runs(f"{n}. {text}") for n, text in enumerate(page.options, 1)) if page.choices else ()
        yield _Unit(elements=(title,))
        yield from (_Unit(elements=(line,)) for line in listed)
        for n, question in enumerate(page.options[:BUTTONS], 1):
            if _weigh(question) <= UNIT:
                yield _Unit(actions=(_ask(page, n, question),))
    if page.stamp:
        yield _Unit(elements=(_runs(page.stamp, size="Small", subtle=True),))


def _line(line: Line) -> Iterator[_Unit]:
    numbers = f" {marks(line.citations)}" if line.citations else ""
    if line.kind == "quote":
        yield _Unit(f"“{escape(line.text)}”{numbers}", line.citations)
        return
    pieces = split(line.text, UNIT, _size) or ("",)
    for n, piece in enumerate(pieces):
        last = n == len(pieces) - 1
        text = escape(piece)
        text = f"- {text}" if line.kind == "bullet" else f"**{text}**" if line.kind == "status" else text
        yield _Unit(f"{text}{numbers if last else ''}".strip(), line.citations if last else ())


def _table(page: Sheet, table: Table) -> Iterator[_Unit]:
    """The caption with its numbers in the text; head and rows in the card, which join into one table a message."""
    cited = tuple(dict.fromkeys(n for row in table.rows for n in row.citations))
    for k in range(0, max(1, len(cited)), CITATIONS):
        numbers = cited[k : k + CITATIONS]
        caption = escape(shorten(table.caption, 600)) if k == 0 else "…"
        yield _Unit(f"{caption} {marks(numbers)}".strip(), numbers)
    for n, row in enumerate(table.rows):
        head = (_cells(*(page.say(k) for k in ("subject", "level", "source")), head=True),) if n == 0 else ()
        yield _Unit(elements=(*head, _row(row)))


def _row(row: Row) -> Activity:
    return _cells("\n".join((row.subject, *row.remarks)), row.rating, marks(row.citations))


def _cells(*texts: str, head: bool = False) -> Activity:
    """One row of the table; ``_tables`` gathers the rows of one message into one table."""
    return {
        "type": "TableRow",
        "cells": [
            {
                "type": "TableCell",
                "items": [_runs(line, weight="Bolder" if head else "") for line in text.split("\n") if line]
                or [_runs("–")],
            }
            for text in texts
        ],
    }


def _tables(elements: list[Activity]) -> list[Activity]:
    """Runs of rows as tables, so that a screen reader announces columns."""
    out: list[Activity] = []
    for element in elements:
        if element["type"] != "TableRow":
            out.append(element)
            continue
        if not (out and out[-1]["type"] == "Table"):
            head = element["cells"][0]["items"][0]["inlines"][0].get("weight") == "Bolder"
            columns = [{"width": width} for width in (5, 4, 2)]
            out.append(
                {"type": "Table", "firstRowAsHeader": head, "gridStyle": "default", "columns": columns, "rows": []}
            )
        out[-1]["rows"].append(element)
    return out


def _runs(text: str, *, weight: str = "", size: str = "", subtle: bool = False) -> Activity:
    run: Activity = {"type": "TextRun", "text": defuse(text)}
    if weight:
        run["weight"] = weight
    if size:
        run["size"] = size
    if subtle:
        run["isSubtle"] = True
    return {"type": "RichTextBlock", "inlines": [run]}


def _source(page: Sheet, source: Source) -> Activity:
    label = f"[{source.number}] {source.ref}"
    rest = source_line(source)[len(label) :]
    first: Activity = {"type": "TextRun", "text": defuse(label), "weight": "Bolder"}
    if source.url:
        title = shorten(page.say("open_label", ref=source.ref), TITLE)
        first["selectAction"] = {"type": "Action.OpenUrl", "url": source.url, "title": title, "tooltip": title}
    inlines = [first, *([{"type": "TextRun", "text": defuse(rest)}] if rest else [])]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": inlines}


def _ask(page: Sheet, n: int, question: str) -> Activity:
    label = shorten(page.say("choice_label" if page.choices else "ask_label", text=question), TITLE)
    title = shorten(f"{n}. {question}" if page.choices else question, TITLE)
    return {
        "type": "Action.Submit",
        "title": defuse(title),
        "tooltip": label,
        "data": {
            "mcof": "ask",
            "question": question,
            "msteams": {
                "type": "messageBack",
                "text": question,
                "displayText": defuse(title),
                "value": {"mcof": "ask", "question": question},
            },
        },
    }


def as_card(page: Sheet) -> Activity:
    """A reply as one card, for places that take no text beside it; what does not fit is said to be left out."""
    body: list[Activity] = []
    size = 0
    for line in filter(str.strip, plain(page).split("\n")):
        element = _runs(line)
        size += _weigh(element)
        if size > ACTIVITY:
            body.append(_runs("…"))
            break
        body.append(element)
    return {"type": "AdaptiveCard", "version": "1.5", "body": body}


def preview(text: str, limit: int) -> str:
    """A line of a thumbnail card, which knows some HTML."""
    return html.escape(defuse(shorten(text, limit)), quote=False)
