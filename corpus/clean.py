"""The one way from marked-up source to the plain text that people read and quote.

``clean`` removes markup and footnote marks and collapses white space; it never
changes, adds or reorders a visible character. Every character of its result
remembers the place in the source it came from, which is what makes a citation
checkable down to the original file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]

_TOKEN = re.compile(
    r"""
    (?P<mark><sup>\d+</sup>)                            # footnote mark: nothing is left of it
  | (?P<tag></?[A-Za-z][^<>]*>)                         # other markup tag: a word boundary
  | (?P<entity>&(?:[A-Za-z]+|\#\d+);)
  | \[(?P<link>[^\[\]]*)\]\([^()\s]*\)                  # link: its text stays
  | (?P<escape>\\+[_*\#\[\]`~\\-])
  | (?P<number>(?m:^)[ \t]*\d{1,3}\.[ \t]+)             # number of a paragraph: it is in the label
  | (?P<bullet>(?m:^)[ \t]*[-+][ \t]+)
  | (?P<emphasis>\*+)
  | (?P<space>\s+)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class CleanText:
    """Plain text and, for each of its characters, the source offset it came from."""

    text: str
    offsets: tuple[int, ...]

    def source_spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Half-open source ranges behind ``text[start:end]``, in order, neighbours merged; () for white space alone.

        A range begins and ends with a visible character: a space may stand for
        markup or for the border of two spans. What is not visible is in a range
        only where it is one character of white space inside a run; a footnote
        or page break between two spans never is.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"span {start}:{end} is outside the text (0:{len(self.text)}) or empty")
        spans: list[Span] = []
        step = 1
        for character, offset in zip(self.text[start:end], self.offsets[start:end], strict=True):
            if character == " ":
                step = 2
                continue
            if spans and offset - spans[-1][1] < step:
                spans[-1] = (spans[-1][0], offset + 1)
            else:
                spans.append((offset, offset + 1))
            step = 1
        return tuple(spans)


def _tokens(source: str, start: int, end: int) -> list[tuple[str, int]]:
    """Visible characters of ``source[start:end]`` with their offsets; runs of white space are one space."""
    out: list[tuple[str, int]] = []
    position = start
    while position < end:
        match = _TOKEN.match(source, position, end)
        if match is None:
            out.append((source[position], position))
            position += 1
            continue
        kind = match.lastgroup
        value = match.group(kind) if kind else ""
        if kind in ("space", "tag"):
            out.append((" ", position))
        elif kind == "entity":
            out.extend((character, position) for character in html.unescape(value))
        elif kind == "escape":
            out.append((value[-1], match.end() - 1))
        elif kind == "link":
            inner = match.start("link")
            out.extend(_tokens(source, inner, match.end("link")))
        position = match.end()
    return out


def clean_spans(source: str, spans: Sequence[Span]) -> CleanText:
    """Plain text of the ``spans`` of ``source``, which are joined in order.

    Two spans are joined by one space, or by nothing after a hyphen that breaks
    a word ("inter-" + "agency"). White space at both ends is removed.
    """
    characters: list[tuple[str, int]] = []
    for start, end in spans:
        part = _tokens(source, start, end)
        while part and part[0][0] == " ":
            part.pop(0)
        while part and part[-1][0] == " ":
            part.pop()
        if not part:
            continue
        if characters and not (
            characters[-1][0] == "-" and len(characters) > 1 and characters[-2][0].isalpha() and part[0][0].isalpha()
        ):
            characters.append((" ", characters[-1][1]))
        characters.extend(part)
    collapsed: list[tuple[str, int]] = []
    for character, offset in characters:
        if character == " " and (not collapsed or collapsed[-1][0] == " "):
            continue
        collapsed.append((character, offset))
    while collapsed and collapsed[-1][0] == " ":
        collapsed.pop()
    return CleanText("".join(c for c, _ in collapsed), tuple(o for _, o in collapsed))


def clean(text: str) -> str:
    """Plain text of a whole marked-up string."""
    return clean_spans(text, [(0, len(text))]).text
