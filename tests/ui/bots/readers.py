"""What a person reads of each network's messages, so that surfaces can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

from ui.bots import slack_render
from ui.bots.neutral import undo

Messages = Sequence[Mapping[str, Any]]


def slack_text(messages: Messages) -> str:
    """Text of all blocks that are no buttons, in order."""
    return "\n".join(
        slack_render.unescape(text) for m in messages for block in m["blocks"] for text in slack_render._texts(block)
    )


class _Text(HTMLParser):
    """Text of HTML; elements that break a line do so. ``tags`` and ``links`` collect what was markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag in ("p", "li", "blockquote", "td", "th", "br", "tr"):
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        self.out.append(data)


def parse_html(markup: str) -> _Text:
    parser = _Text()
    parser.feed(markup)
    parser.close()
    return parser


def matrix_text(messages: Messages) -> str:
    return undo("\n".join("".join(parse_html(m["formatted_body"]).out) for m in messages))


def markdown_tokens(text: str) -> Iterator[Any]:
    """All tokens of a text as a Markdown reader with tables and strikethrough sees them, inline ones too."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def teams_text(messages: Messages) -> str:
    """Text of the message through a Markdown reader, then what the card shows."""
    out: list[str] = []
    for activity in messages:
        for token in markdown_tokens(activity["text"]):
            if token.type in ("text", "code_inline"):
                out.append(token.content)
            elif token.type in ("paragraph_close", "softbreak", "hardbreak"):
                out.append("\n")
        for attachment in activity.get("attachments", ()):
            out.extend("\n" + line for line in _card(attachment["content"]["body"]))
    return undo("".join(out))


def _card(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.get("type") == "RichTextBlock":
            yield "".join(run["text"] for run in value["inlines"])
            return
        for inner in value.values():
            yield from _card(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _card(inner)


def squeeze(text: str) -> str:
    """Text with all white space removed: where a network breaks a line is its own affair."""
    return "".join(text.split())
