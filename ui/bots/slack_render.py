"""Sheet -> Slack messages: Block Kit within Slack's limits, and nothing that Slack would execute.

Whatever others wrote stands in ``plain_text`` objects, where Slack parses
neither markup nor mentions; ``&``, ``<`` and ``>`` are escaped there too, as
Slack asks of every text. Links are buttons with an address of their own.

Limits, https://docs.slack.dev/reference/block-kit: a section 3,000 characters,
a field 2,000 and ten of them, a button's text and accessible label 75, its
value 2,000, an actions block 25 elements, a message 50 blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ui.bots.neutral import JOINER, defuse, shorten, split, utf16
from ui.bots.sheet import Row, Sheet, Source, Table, marks, plain, source_line

Block = dict[str, Any]
Message = dict[str, Any]

SECTION = 3000
FIELD = 2000
FIELDS = 10
BUTTON = 75
BUTTON_VALUE = 2000
BUTTON_URL = 3000
ACTIONS = 25
BLOCKS = 50
#: All text of one message. Slack names no figure; 13,200 characters are reported to be refused.
MESSAGE = 12_000
#: Fallback text: shown in notifications, cut off by Slack at 40,000 and advised to stay under 4,000.
FALLBACK = 3900

METADATA_TYPE = "mcof_reply"
ACTION_ASK = "mcof_ask"
ACTION_RATE = "mcof_rate"
ACTION_SHARE = "mcof_share"
ACTION_OPEN = "mcof_open"


@dataclass(frozen=True, slots=True)
class Buttons:
    """What the buttons under a reply carry. ``answer_id`` is empty where feedback is off."""

    answer_id: str = ""
    share: bool = False


def escape(text: str) -> str:
    """Text as Slack wants it: mentions and links defused, ``&``, ``<``, ``>`` as entities."""
    return defuse(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What a reader sees of ``escape``."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace(JOINER, "")


def _size(text: str) -> int:
    return utf16(escape(text))


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": escape(text), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text)]}


def _sections(text: str) -> list[Block]:
    return [_section(piece) for piece in split(text, SECTION, _size)]


def render(page: Sheet, buttons: Buttons = Buttons()) -> tuple[Message, ...]:
    """The messages of a reply, in order. Groups (a citation, a row) are never torn between two messages."""
    messages: list[list[Block]] = [[]]
    size = 0
    for group in _groups(page, buttons):
        weight = sum(map(_weight, group))
        if messages[-1] and (len(messages[-1]) + len(group) > BLOCKS or size + weight > MESSAGE):
            messages.append([])
            size = 0
        messages[-1].extend(group)
        size += weight
    texts = _fallbacks(page, len(messages), messages)
    return tuple({"text": text, "blocks": blocks} for text, blocks in zip(texts, messages, strict=True))


def _fallbacks(page: Sheet, count: int, messages: Sequence[Sequence[Block]]) -> list[str]:
    """Text for notifications and screen readers: the whole reply where it is one message, else each part's own."""
    if count == 1:
        return [_short_escape(plain(page) or page.stamp or "…")]
    return [
        _short_escape("\n".join(unescape(text) for block in blocks for text in _texts(block)) or "…")
        for blocks in messages
    ]


def _short_escape(text: str) -> str:
    """``escape`` within FALLBACK: cut before escaping, so that no entity is cut."""
    pieces = split(text[: 2 * FALLBACK], FALLBACK - 1, _size)
    return escape(pieces[0]) + ("…" if len(pieces) > 1 else "")


def _texts(block: Block) -> Iterator[str]:
    if block["type"] == "section":
        if "text" in block:
            yield block["text"]["text"]
        yield from (field["text"] for field in block.get("fields", ()))
    elif block["type"] == "context":
        yield from (element["text"] for element in block["elements"])


def _weight(block: Block) -> int:
    return sum(map(utf16, _texts(block)))


def _groups(page: Sheet, buttons: Buttons) -> Iterator[list[Block]]:
    """Blocks that stay together, in reading order."""
    run, size = "", 0
    for item in page.body:
        if isinstance(item, Table):
            yield from _flush(run)
            run, size = "", 0
            if item.caption:
                yield from _flush(item.caption)
            yield from _table(item.rows)
            continue
        if item.kind == "status":
            yield [_context(item.text)]
            continue
        text = f"“{item.text}”" if item.kind == "quote" else f"• {item.text}" if item.kind == "bullet" else item.text
        text = f"{text} {marks(item.citations)}".rstrip()
        joined, weight = f"{run}\n{text}" if run else text, _size(text) + 1
        if run and size + weight > SECTION:
            yield from _flush(run)
            joined, size = text, 0
        run, size = joined, size + weight
        if item.kind == "quote" and weight > SECTION:
            yield _sections(run)  # one group: a citation is never torn between messages
            run, size = "", 0
    yield from _flush(run)
    if page.notice:
        yield from ([_context(piece)] for piece in split(page.notice, FIELD, _size))
    for heading, sources in (("sources", page.sources), ("nearest", page.nearest)):
        for n, source in enumerate(sources):
            yield ([_context(page.say(heading))] if n == 0 else []) + _source(page, source)
    yield from _actions(page, buttons)
    if page.stamp:
        yield [_context(page.stamp)]


def _flush(run: str) -> Iterator[list[Block]]:
    yield from ([block] for block in _sections(run))


def _table(rows: Sequence[Row]) -> Iterator[list[Block]]:
    """Pairs of fields, two columns: subject and remarks, rating and numbers. Long ones become sections."""
    fields: list[Block] = []
    for row in rows:
        left = "\n".join((row.subject, *row.remarks))
        right = f"{row.rating} {marks(row.citations)}".rstrip()
        if not left or max(_size(left), _size(right)) > FIELD:
            if fields:
                yield [{"type": "section", "fields": fields}]
                fields = []
            yield _sections(f"{left}\n{right}".strip())
            continue
        fields = [*fields, _plain(left), _plain(right)]
        if len(fields) >= FIELDS:
            yield [{"type": "section", "fields": fields}]
            fields = []
    if fields:
        yield [{"type": "section", "fields": fields}]


def _source(page: Sheet, source: Source) -> list[Block]:
    blocks = _sections(source_line(source))
    if source.url and len(source.url) <= BUTTON_URL:
        blocks[0]["accessory"] = {
            "type": "button",
            "action_id": f"{ACTION_OPEN}_{source.number}",
            "text": _label(page.say("open", ref=source.ref)),
            "url": source.url,
            "accessibility_label": shorten(page.say("open_label", ref=source.ref), BUTTON),
        }
    return blocks


def _label(text: str) -> Block:
    """Text of a button: within 75 even after escaping."""
    short = shorten(text, BUTTON)
    while utf16(escape(short)) > BUTTON:
        short = shorten(text, max(1, utf16(short) - 8))
        if utf16(short) <= 9:
            short = "…"
            break
    return {"type": "plain_text", "text": escape(short), "emoji": True}


def _actions(page: Sheet, buttons: Buttons) -> Iterator[list[Block]]:
    asks: list[Block] = []
    lines = [page.say("choices")] if page.choices else []
    for n, question in enumerate(page.options[:ACTIONS], 1):
        lines.append(f"{n}. {question}") if page.choices else None
        if utf16(question) <= BUTTON_VALUE:
            key = "choice_label" if page.choices else "ask_label"
            asks.append(
                {
                    "type": "button",
                    "action_id": f"{ACTION_ASK}_{n}",
                    "text": _label(f"{n}. {question}" if page.choices else question),
                    "value": question,
                    "accessibility_label": shorten(page.say(key, text=question), BUTTON),
                }
            )
    group = [block for line in lines for block in _sections(line)]
    if asks and not page.choices:
        group.append(_context(page.say("suggestions")))
    if asks:
        group.append({"type": "actions", "elements": asks})
    if group:
        yield group
    last: list[Block] = []
    if buttons.answer_id:
        for value, key in (("up", "useful"), ("down", "not_useful")):
            last.append(
                {
                    "type": "button",
                    "action_id": f"{ACTION_RATE}_{value}",
                    "text": _label(page.say(key)),
                    "value": f"{value}:{buttons.answer_id}",
                    "accessibility_label": page.say(f"{key}_label"),
                }
            )
    if buttons.share and page.question and utf16(page.question) <= BUTTON_VALUE:
        last.append(
            {
                "type": "button",
                "action_id": ACTION_SHARE,
                "text": _label(page.say("share")),
                "value": page.question,
                "accessibility_label": page.say("share_label"),
            }
        )
    if last:
        yield [{"type": "actions", "elements": last}]


def comment_view(page_texts: Mapping[str, str], answer_id: str, rating: str) -> dict[str, Any]:
    """The dialog that asks for a comment. Titles at most 24 characters, the comment at most 2,000."""
    return {
        "type": "modal",
        "callback_id": "mcof_comment",
        "private_metadata": f"{rating}:{answer_id}",
        "title": {"type": "plain_text", "text": shorten(page_texts["comment_title"], 24)},
        "submit": {"type": "plain_text", "text": shorten(page_texts["comment_send"], 24)},
        "close": {"type": "plain_text", "text": shorten(page_texts["comment_skip"], 24)},
        "blocks": [
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": {"type": "plain_text", "text": shorten(page_texts["comment_label"], 2000)},
                "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 2000},
            }
        ],
    }
