"""What the networks refuse, written from their documentation: the fakes and the properties both use it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ui.bots.neutral import utf16

#: Characters that would begin a mention, link or command if Slack parsed the text: only as entities are they allowed.
_SLACK_SPECIAL = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")


class LimitError(Exception):
    """The network would answer with this error."""


def check_slack(message: Mapping[str, Any]) -> None:
    """Raise what Slack answers to a message outside its limits, or that could notify somebody."""
    _need(isinstance(message.get("text"), str) and message["text"].strip(), "no_text")
    _need(utf16(message["text"]) <= 4000, "msg_too_long")
    _need(not _SLACK_SPECIAL.search(message["text"]), "markup in text")
    blocks = message.get("blocks", [])
    _need(0 < len(blocks) <= 50, "invalid_blocks: number of blocks")
    total = 0
    for block in blocks:
        kind = block["type"]
        if kind == "section":
            if "text" in block:
                total += _slack_text(block["text"], 3000)
            _need("text" in block or "fields" in block, "invalid_blocks: empty section")
            _need(len(block.get("fields", ())) <= 10, "invalid_blocks: fields")
            total += sum(_slack_text(field, 2000) for field in block.get("fields", ()))
            if "accessory" in block:
                _slack_button(block["accessory"])
        elif kind == "context":
            _need(1 <= len(block["elements"]) <= 10, "invalid_blocks: context")
            total += sum(_slack_text(element, 2000) for element in block["elements"])
        elif kind == "actions":
            _need(1 <= len(block["elements"]) <= 25, "invalid_blocks: actions")
            ids = [element["action_id"] for element in block["elements"]]
            _need(len(ids) == len(set(ids)), "invalid_blocks: action_id")
            for element in block["elements"]:
                _slack_button(element)
        else:
            raise LimitError(f"invalid_blocks: {kind}")
    _need(total <= 13_200, "msg_blocks_too_long")
    json.dumps(message).encode()


def _slack_text(value: Mapping[str, Any], limit: int) -> int:
    _need(value["type"] == "plain_text", "only plain text may hold what others wrote")
    _need(1 <= utf16(value["text"]) <= limit, f"invalid_blocks: text must be 1 to {limit}, has {utf16(value['text'])}")
    _need(not _SLACK_SPECIAL.search(value["text"]), "unescaped text")
    return utf16(value["text"])


def _slack_button(button: Mapping[str, Any]) -> None:
    _need(button["type"] == "button", "invalid_blocks: element")
    _slack_text(button["text"], 75)
    _need(utf16(button.get("value", "")) <= 2000, "invalid_blocks: value")
    _need(0 < utf16(button["accessibility_label"]) <= 75, "invalid_blocks: accessibility_label")
    _need(len(button["action_id"]) <= 255 and len(button.get("url", "")) <= 3000, "invalid_blocks: button")


def check_matrix(content: Mapping[str, Any]) -> None:
    """Raise what a homeserver answers to an event that is too large, or that would notify somebody."""
    _need(len(json.dumps(content)) <= 62_000, "M_TOO_LARGE")
    _need(content["msgtype"] == "m.notice" and content["format"] == "org.matrix.custom.html", "msgtype")
    _need(bool(content["body"].strip()) and bool(content["formatted_body"].strip()), "empty body")
    _need(content["m.mentions"] == {}, "somebody is mentioned")


def check_teams(activity: Mapping[str, Any]) -> None:
    """Raise what Teams answers, or silently drops: too large, too many citations, long names and abstracts."""
    _need(utf16(json.dumps(activity, ensure_ascii=False)) * 2 <= 28 * 1024, "RequestEntityTooLarge")
    _need(activity["type"] == "message" and bool(activity["text"].strip()), "empty")
    entities = activity.get("entities", [])
    _need(sum(e["type"] == "https://schema.org/Message" for e in entities) <= 1, "multiple root message entities")
    _need(all(e["type"] == "https://schema.org/Message" for e in entities), "somebody is mentioned")
    for entity in entities:
        _need(entity["@type"] == "Message" and entity["@context"] == "https://schema.org", "entity")
        _need(1 <= len(entity["citation"]) <= 20, "citations")
        positions = [c["position"] for c in entity["citation"]]
        _need(len(positions) == len(set(positions)), "position used twice")
        for citation in entity["citation"]:
            look = citation["appearance"]
            _need(citation["@type"] == "Claim" and look["@type"] == "DigitalDocument", "citation type")
            _need(0 < utf16(look["name"]) <= 80, "citation name")
            _need(0 < utf16(look["abstract"]) <= 160, "citation abstract")
            _need(f"[{citation['position']}]" in activity["text"], "citation without a mark in the text")
    for attachment in activity.get("attachments", []):
        _need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "attachment")
        for element in walk(attachment["content"]):
            kind = element.get("type")
            _need(kind != "TextBlock", "TextBlock parses markup")
            _need(kind != "mention", "somebody is mentioned")
            if kind == "Action.Submit":
                _need(bool(element["title"]) and bool(element["tooltip"]), "button without a name")


def walk(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object inside a JSON value."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from walk(inner)


def _need(condition: object, error: str) -> None:
    if not condition:
        raise LimitError(error)
