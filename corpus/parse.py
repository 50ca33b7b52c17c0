"""From the marked-up document to its passages: labels, heading path, source spans.

Two readings are known, chosen by ``parser`` in ``corpus.toml``:

- ``scpf``: a paper of the IOM Standing Committee. Numbered paragraphs, a cover, 15
  sectors, Annex I with diagrams, Annex II with a draft resolution, footnotes that
  stand wherever a page ended.
- ``paragraphs``: any text whose paragraphs are separated by blank lines; they are
  numbered from 1 after the title. Markdown headings give the heading path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from corpus.clean import Span, clean, clean_spans
from corpus.types import Passage, PassageKind


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the source: its half-open range without the line break, and its text."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Draft:
    """A passage while its lines are being gathered."""

    ref: str
    kind: PassageKind
    headings: tuple[str, ...]
    spans: list[Span] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)

    def add(self, line: _Line, *, joins: bool) -> None:
        """Append a line; ``joins`` when nothing but blank lines stands since the last one."""
        if joins and self.spans:
            self.spans[-1] = (self.spans[-1][0], line.end)
        else:
            self.spans.append((line.start, line.end))


def _lines(source: str) -> Iterator[_Line]:
    position = 0
    for raw in source.splitlines(keepends=True):
        text = raw.rstrip("\r\n")
        yield _Line(position, position + len(text), text)
        position += len(raw)


_HEADING = re.compile(r"^(#{1,6})\s+(.*\S)\s*$")
_FOOTNOTE = re.compile(r"^<sup>(\d+)</sup>\s+\S")
_FOOTNOTE_MARK = re.compile(r"<sup>(\d+)</sup>")
_NUMBERED = re.compile(r"^(\d{1,3})\.\s+\S")
_SECTOR = re.compile(r"^\*\*Sector (\d{1,2})\b")
_DIAGRAM = re.compile(r"^\*\*Diagram for an? ([^:*]+)")
_RULE = re.compile(r"^\s*-{3,}\s*$")
_TABLE_RULE = re.compile(r"^[\s|:-]*--[\s|:-]*$")
_ANNEX_TWO = re.compile(r"^(?:#+\s*)?\**Annex II\**\s*$")


def _heading_level(marks: str, title: str) -> int:
    """Depth of a heading. Bold-italic headings are sub-headings whatever their marks say."""
    return 4 if "***" in title else len(marks)


def parse_scpf(source: str) -> tuple[Passage, ...]:
    """Passages of a Standing Committee paper, in document order.

    Every non-blank line belongs to exactly one passage, or is a heading, a
    page break or the ruling of a table.
    """
    drafts: list[_Draft] = [_Draft("Cover", "cover", ())]
    current = drafts[0]
    headings: dict[int, str] = {}
    region = "body"
    joins = True

    def open_passage(ref: str, kind: PassageKind) -> _Draft:
        draft = _Draft(ref, kind, tuple(headings[level] for level in sorted(headings)))
        drafts.append(draft)
        return draft

    for line in _lines(source):
        if not line.text.strip():
            continue
        footnote = _FOOTNOTE.match(line.text)
        heading = _HEADING.match(line.text)
        if footnote:
            note = _Draft(f"fn {footnote[1]}", "footnote", current.headings)
            note.add(line, joins=False)
            drafts.append(note)
            joins = False
            continue
        if _ANNEX_TWO.match(line.text):
            region, headings = "resolution", {2: "Annex II"}
            current = open_passage("Annex II", "resolution")
            joins = False
            continue
        if heading:
            level, title = _heading_level(heading[1], heading[2]), clean(heading[2])
            headings = {k: v for k, v in headings.items() if k < level} | {level: title}
            if title == "Annex I":
                region = "annex"
            joins = False
            continue
        if _RULE.match(line.text) or _TABLE_RULE.match(line.text):
            joins = False
            continue
        numbered, sector, diagram = (r.match(line.text) for r in (_NUMBERED, _SECTOR, _DIAGRAM))
        if sector and region == "body":
            current = open_passage(f"Sector {sector[1]}", "sector")
        elif diagram and region == "annex":
            current = open_passage(f"Annex I diagram, {diagram[1].strip()}", "diagram")
        elif numbered and region == "body":
            current = open_passage(f"¶{numbered[1]}", "paragraph")
        elif numbered and region == "annex":
            current = open_passage(f"Annex I ¶{numbered[1]}", "annex_paragraph")
        elif numbered:
            current = open_passage(f"Annex II ¶{numbered[1]}", "resolution")
        current.add(line, joins=joins)
        current.footnotes.extend(f"fn {n}" for n in _FOOTNOTE_MARK.findall(line.text))
        joins = True
    return _finish(source, drafts)


def parse_paragraphs(source: str) -> tuple[Passage, ...]:
    """Passages of any text: its blank-line separated paragraphs, ``¶1`` upwards."""
    drafts: list[_Draft] = []
    headings: dict[int, str] = {}
    open_paragraph = False
    for line in _lines(source):
        heading = _HEADING.match(line.text)
        if not line.text.strip():
            open_paragraph = False
            continue
        if heading:
            level = len(heading[1])
            headings = {k: v for k, v in headings.items() if k < level} | {level: clean(heading[2])}
            open_paragraph = False
            continue
        if not open_paragraph:
            if _RULE.match(line.text):
                continue
            path = tuple(headings[level] for level in sorted(headings))
            drafts.append(_Draft(f"¶{len(drafts) + 1}", "paragraph", path))
        drafts[-1].add(line, joins=open_paragraph)
        open_paragraph = True
    return _finish(source, drafts)


def _finish(source: str, drafts: list[_Draft]) -> tuple[Passage, ...]:
    owners = {note: draft.ref for draft in drafts for note in draft.footnotes}
    passages = []
    for draft in drafts:
        aligned = clean_spans(source, draft.spans)
        if not aligned.text:
            continue
        passages.append(
            Passage(
                ref=draft.ref,
                kind=draft.kind,
                text=aligned.text,
                heading_path=draft.headings,
                spans=tuple(draft.spans),
                offsets=aligned.offsets,
                footnotes=tuple(draft.footnotes),
                belongs_to=owners.get(draft.ref),
            )
        )
    return tuple(passages)


PARSERS: dict[str, Callable[[str], tuple[Passage, ...]]] = {
    "scpf": parse_scpf,
    "paragraphs": parse_paragraphs,
}
