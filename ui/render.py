"""From an Answer to HTML, Markdown and plain text. Pure, and everything is escaped.

Whatever comes from a user, a document or a table is data: it reaches HTML
through ``esc`` and Markdown through ``md`` only, so markup inside it shows as
the characters it is made of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from urllib.parse import quote as url_quote

from assistant.answer import Answer, Block, Bullets, Citation, Paragraph, Quote, RatingRow, RatingTable, Stamp, Trace
from corpus.load import Corpus
from corpus.types import Basis, Language, Level, Passage
from ui.i18n import Texts

#: Signs that tell levels apart without colour.
LEVEL_SIGNS: dict[Level, str] = {"critical": "▲", "important": "◆", "recommended": "●"}
BASIS_SIGNS: dict[Basis, str] = {"emphasised": "❯", "mentioned": "·", "not_stated": ""}

#: Text of a passage kept before and after a quote in the evidence panel; more is one click away.
CONTEXT_CHARS = 280

_FOOTNOTE_MARK = re.compile(r"<sup>(\d{1,3})</sup>")
_ITEM = re.compile(r"^[ \t]*[-+][ \t]+|<li\b|^[ \t]*\((?:[a-z]|[ivx]{1,4})\)[ \t]", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n|[ ]{2}\n|</?p\b|</ul>")


def esc(text: object) -> str:
    """Text for HTML content and quoted attributes."""
    return escape(str(text), quote=True)


# --- passages -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph or list item of a passage: a half-open range of its text."""

    item: bool
    start: int
    end: int


def _layout(passage: Passage, source: str) -> tuple[list[_Part], dict[int, list[str]]]:
    """Parts of a passage as the source sets them, and footnote numbers by text offset.

    A page break or a footnote in the middle of a sentence breaks nothing: a new
    part begins between two spans only after the end of a sentence.
    """
    parts: list[_Part] = []
    notes: dict[int, list[str]] = {}
    borders = [end for _, end in passage.spans]
    begin, item = 0, False
    text, offsets = passage.text, passage.offsets
    for i in range(1, len(text)):
        if text[i - 1] == " ":
            continue
        nearest = offsets[i - 1] + 1
        following = offsets[i + 1] if text[i] == " " and i + 1 < len(text) else offsets[i]
        if following - nearest < 1:
            continue
        gap = source[nearest:following]
        jump = any(nearest <= border <= following for border in borders[:-1])
        if jump:
            gap = "\n" + source[max(passage.spans, key=lambda s: s[0] <= following < s[1])[0] : following]
        for mark in _FOOTNOTE_MARK.findall(gap):
            notes.setdefault(i, []).append(mark)
        starts_item = bool(_ITEM.search(gap)) or bool(_ITEM.match(source, following) and "\n" in gap)
        new = starts_item or (
            (text[i - 1] in ".:;!?" and text[i : i + 2].strip()[:1].isupper()) if jump else bool(_PARAGRAPH.search(gap))
        )
        if new and i > begin:
            parts.append(_Part(item, begin, i))
            begin = i + 1 if text[i] == " " else i
            item = starts_item
    parts.append(_Part(item, begin, len(text)))
    tail = source[offsets[-1] + 1 : passage.spans[-1][1]] if text else ""
    for mark in _FOOTNOTE_MARK.findall(tail):
        notes.setdefault(len(text), []).append(mark)
    return [p for p in parts if p.end > p.start], notes


def _marked(text: str, start: int, end: int, marks: Sequence[tuple[int, int]], inserts: dict[int, str]) -> str:
    """``text[start:end]`` escaped, with ``<mark>`` around the marks and ready HTML at the inserts."""
    cuts = sorted(
        {start, end, *(c for m in marks for c in m if start < c < end), *(c for c in inserts if start < c <= end)}
    )
    out: list[str] = []
    for a, b in pairwise(cuts):
        piece = esc(text[a:b])
        inside = any(m0 <= a and b <= m1 for m0, m1 in marks)
        out.append(f"<mark>{piece}</mark>" if inside and piece.strip() else piece)
        out.append(inserts.get(b, ""))
    return "".join(out)


def passage_html(
    passage: Passage,
    source: str,
    marks: Sequence[tuple[int, int]] = (),
    *,
    note_href: str = "#fn-{no}",
    ids: bool = False,
) -> str:
    """A passage as paragraphs and lists, its footnote marks as links, its quotes marked.

    ``ids`` gives footnote marks an id to come back to (the document view; ids
    would repeat in the evidence panel).
    """
    parts, notes = _layout(passage, source)
    inserts = {}
    for place, numbers in notes.items():
        inserts[place] = "".join(_note_link(no, note_href.format(no=no), ids) for no in numbers)
    out: list[str] = []
    in_list = False
    for part in parts:
        body = _marked(passage.text, part.start, part.end, marks, inserts)
        if part.item != in_list:
            out.append("<ul>" if part.item else "</ul>")
            in_list = part.item
        out.append(f"<li>{body}</li>" if part.item else f"<p>{body}</p>")
    if in_list:
        out.append("</ul>")
    return "".join(out)


def _note_link(no: str, href: str, ids: bool) -> str:
    anchor = f' id="fnref-{no}"' if ids else ""
    return f'<sup><a{anchor} href="{esc(href)}"><span class="vh">fn </span>{no}</a></sup>'


def document_href(citation_anchor: str, quote: str = "") -> str:
    """Relative link to a place in the document view, which marks the quote where the browser can.

    The text directive (``:~:text=``) is the browsers' own and never reaches the server.
    """
    if not quote:
        return f"document#{citation_anchor}"
    words = quote.split()
    begin, end = " ".join(words[:5]), " ".join(words[-5:])
    pieces = [quote] if len(words) <= 10 else [begin, end]
    directive = ",".join(url_quote(piece, safe="").replace("-", "%2D") for piece in pieces)
    return f"document#{citation_anchor}:~:text={directive}"


# --- answers ------------------------------------------------------------------------------


def _level_name(level: Level | None, t: Texts) -> str:
    return t(f"level_{level}") if level else t("no_level")


def level_chip(level: Level | None, basis: Basis, t: Texts) -> str:
    """A level told by sign, word and pattern as well as colour."""
    sign = LEVEL_SIGNS[level] if level else BASIS_SIGNS.get(basis, "")
    kind = level or basis
    hatch = " hatch" if basis == "interpreted" else ""
    text = _level_name(level, t) if level else t(f"basis_{basis}")
    return f'<span class="chip l-{kind}{hatch}"><span aria-hidden="true">{sign}</span> {esc(text)}</span>'


@dataclass(frozen=True, slots=True)
class _Context:
    """What the pieces of one answer share: its key on the page, texts and evidence."""

    key: str
    t: Texts
    refs: dict[int, str]

    def marks(self, numbers: Iterable[int]) -> str:
        return "".join(self.mark(n) for n in numbers)

    def mark(self, number: int) -> str:
        label = f"{self.t('sources')} {number}: {self.refs.get(number, '?')}"
        return (
            f'<a class="cite" href="#e-{esc(self.key)}-{number}" data-n="{number}" '
            f'aria-label="{esc(label)}">[{number}]</a>'
        )


def block_html(block: Block, c: _Context) -> str:
    match block:
        case Paragraph(text, citations):
            return f'<p dir="auto">{_lines(text)}{_gap(citations)}{c.marks(citations)}</p>'
        case Quote(text, citation):
            return f'<blockquote dir="auto"><p lang="en">“{esc(text)}” {c.mark(citation)}</p></blockquote>'
        case Bullets(items):
            rows = (f'<li dir="auto">{_lines(i.text)}{_gap(i.citations)}{c.marks(i.citations)}</li>' for i in items)
            return f"<ul>{''.join(rows)}</ul>"
        case RatingTable():
            return _table_html(block, c)


def _gap(citations: tuple[int, ...]) -> str:
    return "&nbsp;" if citations else ""


def _lines(text: str) -> str:
    return esc(text).replace("\n", "<br>")


def _table_html(table: RatingTable, c: _Context) -> str:
    t = c.t
    head = "".join(
        f'<th scope="col">{esc(t(k))}</th>' for k in ("column_subject", "column_level", "column_words", "sources")
    )
    rows = "".join(_row_html(row, c) for row in table.rows)
    caption = f"<caption>{esc(table.caption)}</caption>" if table.caption else ""
    return f'<table class="ratings">{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row_html(row: RatingRow, c: _Context) -> str:
    t = c.t
    words = [f'<q lang="en">{esc(row.word)}</q>'] if row.word else []
    if row.level:
        help_text = t(f"basis_help_{row.basis}")
        words.append(f'<span class="basis" title="{esc(help_text)}">{esc(t(f"basis_{row.basis}"))}</span>')
    if row.condition:
        words.append(f'<span class="cond">{esc(t("condition"))}: <span lang="en">{esc(row.condition)}</span></span>')
    if row.note:
        words.append(f'<span class="cond">{esc(t("note"))}: <span lang="en">{esc(row.note)}</span></span>')
    cells = (
        (t("column_level"), level_chip(row.level, row.basis, t)),
        (t("column_words"), "<br>".join(words)),
        (t("sources"), c.marks(row.citations)),
    )
    tds = "".join(f'<td data-h="{esc(h)}">{body}</td>' for h, body in cells)
    return f'<tr><th scope="row" dir="auto">{esc(row.label)}</th>{tds}</tr>'


def evidence_html(citation: Citation, corpus: Corpus, key: str, t: Texts, *, nearest: bool = False) -> str:
    """One card of the evidence panel: label, heading path, the quote marked inside its passage."""
    passage = corpus.by_ref.get(citation.ref)
    head = f"e-{key}-{'n' if nearest else ''}{citation.number}"
    href = document_href(citation.anchor, citation.quote)
    path = " › ".join(citation.heading_path)
    if passage is None:
        body = f'<p lang="en"><mark>{esc(citation.quote)}</mark></p>'
    else:
        body = _excerpt_html(passage, corpus.source, (citation.start, citation.end), t)
    number = "" if nearest else f'<span class="no">[{citation.number}]</span> '
    return (
        f'<article class="card" id="{esc(head)}" tabindex="-1" aria-labelledby="{esc(head)}-h">'
        f'<h3 id="{esc(head)}-h">{number}{esc(citation.ref)}</h3>'
        f'<p class="path" lang="en">{esc(path)}</p>'
        f'<div class="passage" lang="en">{body}</div>'
        f'<div class="around" data-anchor="{esc(citation.anchor)}"></div>'
        f'<p class="acts"><button type="button" class="link" data-act="around" data-anchor="{esc(citation.anchor)}" '
        f'aria-expanded="false">{esc(t("context_show"))}</button> '
        f'<a href="{esc(href)}" target="mcof-document">{esc(t("open_in_document"))}'
        f'<span class="vh"> ({esc(t("new_window"))})</span></a> '
        f'<button type="button" class="link back" data-act="back">{esc(t("back_to_answer"))}</button></p></article>'
    )


def _excerpt_html(passage: Passage, source: str, quote: tuple[int, int], t: Texts) -> str:
    """The passage with its quote marked; the text far from the quote is folded away."""
    text = passage.text
    near_start = 0 if quote[0] <= CONTEXT_CHARS else text.rfind(" ", 0, quote[0] - CONTEXT_CHARS + 60) + 1
    near_end = len(text) if len(text) - quote[1] <= CONTEXT_CHARS else text.find(" ", quote[1] + CONTEXT_CHARS - 60)
    near_end = len(text) if near_end < 0 else near_end
    whole = passage_html(passage, source, [quote], note_href="document#fn-{no}")
    if near_start == 0 and near_end == len(text):
        return whole
    short = (
        ("… " if near_start else "")
        + _marked(text, near_start, near_end, [quote], {})
        + (" …" if near_end < len(text) else "")
    )
    summary = f"<summary>{esc(t('whole_passage'))}</summary>"
    return f'<p class="near">{short}</p><details class="whole">{summary}{whole}</details>'


def around_html(corpus: Corpus, anchor: str, t: Texts) -> str | None:
    """The passages before and after the one at ``anchor``, or None for an unknown anchor."""
    place = next((i for i, p in enumerate(corpus.passages) if p.anchor == anchor), None)
    if place is None:
        return None
    out = []
    for key, index in (("context_before", place - 1), ("context_after", place + 1)):
        if 0 <= index < len(corpus.passages):
            p = corpus.passages[index]
            body = passage_html(p, corpus.source, note_href="document#fn-{no}")
            out.append(f'<section class="nb"><h4>{esc(t(key, ref=p.ref))}</h4><div lang="en">{body}</div></section>')
    return "".join(out)


def stamp_text(stamp: Stamp, t: Texts) -> str:
    """The document stamp: symbol, date, the text's hash and the index it was searched in."""
    index = (stamp.index_id or t("stamp_no_index"))[:12]
    return t("stamp", symbol=stamp.symbol, date=stamp.date, text=stamp.text_sha256[:12], index=index)


def _value_html(value: object) -> str:
    if isinstance(value, str):
        return esc(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return esc(", ".join(str(v) for v in value))
    if isinstance(value, (int, float)) or value is None:
        return esc(value)
    return esc(json.dumps(value, ensure_ascii=False, default=str))


def how_html(trace: Trace, corpus: Corpus, t: Texts) -> str:
    """What was understood, looked up, ranked and checked."""
    none = f"<p>{esc(t('how_none'))}</p>"
    known = [(k, v) for k, v in trace.understood.items() if v not in (None, "", (), [], {}, frozenset())]
    understood = "".join(f"<dt>{esc(k)}</dt><dd>{_value_html(v)}</dd>" for k, v in known)
    cells = "".join(f"<li>{esc(_cell_name(corpus, *cell))}</li>" for cell in trace.cells)
    ranked = "".join(
        f'<tr><th scope="row">{esc(r.ref)}</th><td>{r.score:.3f}</td><td>{r.dense:.3f}</td><td>{r.lexical:.3f}</td>'
        f"<td>{esc(r.via)}</td></tr>"
        for r in trace.ranked
    )
    heads = "".join(
        f'<th scope="col">{esc(t(k))}</th>' for k in ("sources", "how_score", "how_dense", "how_lexical", "how_via")
    )
    checks = "".join(f"<li>{esc(c)}</li>" for c in trace.checks)
    removed = "".join(f"<li>{esc(k)}: {int(v)}</li>" for k, v in trace.removed.items() if v)
    parts = [
        (t("how_understood"), f"<dl>{understood}</dl>" if understood else none),
        (t("how_route"), f"<p>{esc(trace.route) or esc(t('how_none'))}</p>"),
        (t("how_cells"), f"<ul>{cells}</ul>" if cells else none),
        (t("how_ranked"), f"<table><thead><tr>{heads}</tr></thead><tbody>{ranked}</tbody></table>" if ranked else none),
        (t("how_checks"), f'<ul class="checks">{checks}</ul>' if checks else none),
        (t("how_removed"), f"<ul>{removed}</ul>" if removed else none),
    ]
    if trace.model:
        told = "".join(f"<dt>{esc(k)}</dt><dd>{_value_html(v)}</dd>" for k, v in trace.model.items())
        parts.append((t("how_model"), f"<dl>{told}</dl>"))
    body = "".join(f"<h4>{esc(h)}</h4>{b}" for h, b in parts)
    title = esc(t("how"))
    scroll = f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">{body}</div>'
    return f'<details class="how"><summary>{title}</summary>{scroll}</details>'


def _cell_name(corpus: Corpus, crisis: str, phase: str, sector_no: int) -> str:
    sector = next((s.name for s in corpus.sectors if s.no == sector_no), "")
    name = next((c.name for c in corpus.crises if c.key == crisis), crisis.replace("_", " "))
    return f"{name}, {phase}: Sector {sector_no} {sector}".strip()


@dataclass(frozen=True, slots=True)
class AnswerHtml:
    """The parts of one answer on the page, in reading order. ``text`` is what Copy copies."""

    status: str
    status_text: str
    notice: str
    blocks: tuple[str, ...]
    sources: str
    evidence: str
    choices: tuple[str, ...]
    suggestions: tuple[str, ...]
    how: str
    stamp: str
    text: str
    language: Language


def answer_html(answer: Answer, corpus: Corpus, t: Texts, key: str = "a") -> AnswerHtml:
    """An answer's parts as HTML; ``key`` makes its ids unique on the page."""
    context = _Context(key, t, {c.number: c.ref for c in answer.citations})
    listed = "".join(
        f'<li><a class="cite" href="#e-{esc(key)}-{c.number}" data-n="{c.number}">[{c.number}] {esc(c.ref)}</a></li>'
        for c in answer.citations
    )
    sources = f'<ul class="sources" aria-label="{esc(t("source_list"))}">{listed}</ul>' if listed else ""
    cards = [evidence_html(c, corpus, key, t) for c in answer.citations]
    if answer.nearest:
        near = "".join(evidence_html(c, corpus, key, t, nearest=True) for c in answer.nearest)
        links = "".join(
            f'<li><a class="cite" href="#e-{esc(key)}-n{c.number}" data-n="n{c.number}">{esc(c.ref)}</a></li>'
            for c in answer.nearest
        )
        sources += (
            f'<div class="nearest"><p><strong>{esc(t("nearest"))}</strong>. {esc(t("nearest_text"))}</p>'
            f'<ul class="sources">{links}</ul></div>'
        )
        cards.append(f'<h3 class="near-h">{esc(t("nearest"))}</h3><p class="path">{esc(t("nearest_text"))}</p>{near}')
    return AnswerHtml(
        status=answer.status,
        status_text=t(f"status_{answer.status}"),
        notice=answer.notice,
        blocks=tuple(block_html(b, context) for b in answer.blocks),
        sources=sources,
        evidence="".join(cards),
        choices=answer.choices,
        suggestions=answer.suggestions,
        how=how_html(answer.trace, corpus, t),
        stamp=stamp_text(answer.stamp, t),
        text=answer.text,
        language=answer.language,
    )


# --- Markdown and plain text -----------------------------------------------------------------

_MD_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$&:@])")


def md(text: str) -> str:
    """Text that Markdown shows as the characters it is made of, on one line."""
    return _MD_SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _numbers(numbers: Iterable[int]) -> str:
    return "".join(f" \\[{n}\\]" for n in numbers)


def block_markdown(block: Block, t: Texts) -> str:
    match block:
        case Paragraph(text, citations):
            return md(text) + _numbers(citations)
        case Quote(text, citation):
            return f"> “{md(text)}”{_numbers([citation])}"
        case Bullets(items):
            return "\n".join(f"- {md(i.text)}{_numbers(i.citations)}" for i in items)
        case RatingTable(caption, rows):
            head = [
                f"| {md(t('column_subject'))} | {md(t('column_level'))} | {md(t('column_words'))} | "
                f"{md(t('sources'))} |"
            ]
            head.append("|---|---|---|---|")
            lines = [
                f"| {md(r.label)} | {md(row_level(r, t))} | {md(row_words(r, t))} |{_numbers(r.citations)} |"
                for r in rows
            ]
            return "\n".join([*([md(caption), ""] if caption else []), *head, *lines])


def row_level(row: RatingRow, t: Texts) -> str:
    """A row's level with its basis, or the basis alone where there is no level."""
    basis = t(f"basis_{row.basis}")
    return f"{_level_name(row.level, t)} ({basis})" if row.level else basis


def row_words(row: RatingRow, t: Texts) -> str:
    """The text's own words for a row: the weighing word, its condition and a note."""
    parts = [f"“{row.word}”" if row.word else ""]
    parts.append(f"{t('condition')}: {row.condition}" if row.condition else "")
    parts.append(f"{t('note')}: {row.note}" if row.note else "")
    return "; ".join(p for p in parts if p)


def answer_markdown(answer: Answer, t: Texts) -> str:
    """An answer with its numbered sources as Markdown."""
    out = [f"*{md(t(f'status_{answer.status}'))}*"]
    out += [block_markdown(b, t) for b in answer.blocks]
    if answer.notice:
        out.append(md(answer.notice))
    if answer.choices:
        out.append("\n".join(f"- {md(c)}" for c in answer.choices))
    if answer.citations:
        rows = (
            f"{c.number}. **{md(c.ref)}**, {md(' › '.join(c.heading_path))}: “{md(c.quote)}”" for c in answer.citations
        )
        out.append(f"{md(t('sources'))}:\n\n" + "\n".join(rows))
    if answer.nearest:
        rows = (f"- **{md(c.ref)}**: “{md(c.quote)}”" for c in answer.nearest)
        out.append(f"{md(t('nearest'))}. {md(t('nearest_text'))}\n\n" + "\n".join(rows))
    out.append(md(stamp_text(answer.stamp, t)))
    return "\n\n".join(out)
