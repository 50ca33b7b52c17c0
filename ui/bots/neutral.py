"""Text that others wrote, made harmless, and cut to measure. Pure functions.

Two stages. ``clean`` removes what no reader can see and every parser trips
over. ``defuse`` puts an invisible word joiner (U+2060) where a chat client
would otherwise see a mention or a link. Escaping for a network's own markup is
the business of that network's renderer. ``undo`` takes the joiners out again:
what is shown is the same text, character for character.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.text import sentence_spans

#: Word joiner: invisible, no white space, no line break, and no part of any mention or address.
JOINER = "\u2060"
ELLIPSIS = "…"
#: What stands for the rest of a quote that is longer than a network can carry in one piece.
ELISION = " […]"

#: Size of a text in a network's own unit, after escaping.
Measure = Callable[[str], int]

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 without tab and newline
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction overrides: they disguise what a line says
    "\u2060\ufeff\ufff9-\ufffb]"  # our own joiner and other invisible controls
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[\t \u00a0]*\n[\t ]*|[\t ]+")
_LIVE = re.compile(
    r"(?P<at>[@＠﹫](?=\S))"  # @channel, @room, @user:server, <@U1>
    r"|(?P<hash>[#!](?=[\w.\-]*:))"  # Matrix room aliases and ids
    r"|(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]{1,20}:(?=//|\\\\))"  # https://
    r"|(?P<pseudo>\b(?:mailto|tel|sms|xmpp|matrix|javascript|data|slack|msteams|sip|callto):)"
    r"|(?P<domain>(?<=\w)\.(?=[a-z]{2,24}\b))"  # example.org without a scheme
    r"|(?P<braces>\{(?=\{))"  # {{DATE(...)}} in cards
    r"|(?P<emoji>:(?=[a-z0-9_+\-']+:))",  # :wave:
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Printable text: controls, direction overrides and lone surrogates gone, runs of blanks made one.

    Newlines stay; the other line ends become newlines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))
    return _SPACE.sub(lambda m: "\n" if "\n" in m.group() else " ", text).strip()


def one_line(text: str) -> str:
    """``clean`` on a single line."""
    return " ".join(clean(text).split())


def defuse(text: str) -> str:
    """A joiner inside everything a client would turn into a mention, link, emoji or function.

    The text reads the same; ``undo`` restores it.
    """
    return _LIVE.sub(lambda m: m.group() + JOINER, text)


def undo(text: str) -> str:
    """The text without the joiners of ``defuse``."""
    return text.replace(JOINER, "")


def utf16(text: str) -> int:
    """Length in UTF-16 code units: what Slack and Teams may count; never below ``len``."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, limit: int, mark: str = ELLIPSIS) -> str:
    """At most ``limit`` UTF-16 units, cut at a word with ``mark`` where it does not fit whole."""
    if utf16(text) <= limit:
        return text
    cut = _longest(text[:limit], limit - utf16(mark), utf16)
    space = text.rfind(" ", 0, cut + 1)
    cut = space if space > cut // 2 else cut
    return text[:cut].rstrip() + mark


def _longest(text: str, limit: int, measure: Measure) -> int:
    """Length of the longest prefix that measures at most ``limit``; at least 1."""
    low, high = 1, max(1, min(len(text), limit))
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def split(text: str, limit: int, measure: Measure) -> tuple[str, ...]:
    """Pieces that each measure at most ``limit``, cut between sentences; a sentence too long alone between words.

    ``measure`` must grow with the text, never be below its length, and be within
    ``limit`` for any single character. Joined with single spaces the pieces give
    the text back, white space apart.
    """
    if not text:
        return ()
    if len(text) <= limit and measure(text) <= limit:
        return (text,)
    out: list[str] = []
    begin, size = 0, 0
    last = 0
    for start, end in sentence_spans(text):
        weight = measure(text[last:end]) if end - last <= limit else limit + 1
        if size + weight <= limit:
            size, last = size + weight, end
            continue
        if last > begin:
            out.append(text[begin:last].strip())
        begin = start
        while end - begin > limit or measure(text[begin:end]) > limit:
            cut = begin + _longest(text[begin : begin + limit], limit, measure)
            space = text.rfind(" ", begin + 1, cut)
            cut = space if space > begin + (cut - begin) // 2 else cut
            out.append(text[begin:cut].strip())
            begin = cut + (text[cut : cut + 1] == " ")
        size, last = measure(text[begin:end]), end
    if text[begin:].strip():
        out.append(text[begin:].strip())
    return tuple(piece for piece in out if piece)
