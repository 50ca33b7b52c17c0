"""The sector matrix as a heat map in HTML, as CSV and as a picture. Pure functions of the corpus."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import (
    CRISES,
    LEVELS,
    PHASES,
    SECTOR_NUMBERS,
    Basis,
    Crisis,
    CrisisKey,
    Level,
    Phase,
    PhaseKey,
    Sector,
)
from ui.feedback import csv_safe
from ui.i18n import Texts
from ui.render import BASIS_SIGNS, LEVEL_SIGNS, document_href, esc, level_chip
from ui.web.pages import frame


@dataclass(frozen=True, slots=True)
class Filter:
    """What the heat map shows; None shows all."""

    crisis: CrisisKey | None = None
    phase: PhaseKey | None = None
    sector: int | None = None
    level: Level | None = None

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Filter:
        """From query values; what is not known is not a filter."""
        sector = values.get("sector", "")
        return cls(
            next((c for c in CRISES if c == values.get("crisis")), None),
            next((p for p in PHASES if p == values.get("phase")), None),
            int(sector) if sector.isascii() and sector.isdigit() and int(sector) in SECTOR_NUMBERS else None,
            next((v for v in LEVELS if v == values.get("level")), None),
        )


def _named(row: Sector | Crisis | Phase, t: Texts) -> str:
    return str(getattr(row, "name" if t.language == "en" else f"name_{t.language}", "") or row.name)


def cell_id(cell: Cell) -> str:
    return f"c-{cell.crisis}-{cell.phase}-{cell.sector_no}".replace("_", "-")


def cell_question(corpus: Corpus, cell: Cell, t: Texts) -> str:
    """The question that asks the assistant about a cell."""
    phase = next(p for p in corpus.phases if p.key == cell.phase)
    preposition = {"antes": "antes de", "después": "después de"}.get(_named(phase, t), _named(phase, t))
    return t(
        "matrix_question",
        sector=_named(corpus.sector(cell.sector_no), t),
        phase=preposition,
        crisis=_named(corpus.crisis(cell.crisis), t),
    )


def ask_href(question: str) -> str:
    """Link that asks a question on the chat page; the question stays in the fragment."""
    data = json.dumps({"v": 1, "q": [question]}, ensure_ascii=False).encode()
    return f"./#a={base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def _cell_label(cell: Cell, t: Texts) -> str:
    """Level and basis in words: what a screen reader hears in a cell."""
    basis = t(f"basis_{cell.basis}")
    text = f"{t(f'level_{cell.level}')} ({basis})" if cell.level else basis
    return text + (f", {t('conditional')}" if cell.strongest and cell.strongest.condition else "")


def _cell_html(corpus: Corpus, cell: Cell, t: Texts) -> str:
    kind = cell.level or cell.basis
    hatch = " hatch" if cell.basis == "interpreted" else ""
    sign = LEVEL_SIGNS[cell.level] if cell.level else BASIS_SIGNS.get(cell.basis, "")
    word = t(f"level_{cell.level}") if cell.level else (t(f"basis_{cell.basis}") if cell.evidence else "")
    starred = " *" if cell.strongest and cell.strongest.condition else ""
    names = ", ".join(
        (
            _named(corpus.sector(cell.sector_no), t),
            _named(corpus.crisis(cell.crisis), t),
            _named(next(p for p in corpus.phases if p.key == cell.phase), t),
        )
    )
    target = cell_id(cell) if cell.evidence or cell.diagram else "c-none"
    return (
        f'<td data-crisis="{cell.crisis}" data-phase="{cell.phase}" data-level="{cell.level or ""}">'
        f'<a class="cell l-{kind}{hatch}" href="#{target}" data-q="{esc(cell_question(corpus, cell, t))}" '
        f'data-name="{esc(names)}" aria-label="{esc(names)}: {esc(_cell_label(cell, t))}">'
        f'<span class="sign" aria-hidden="true">{sign}</span><span class="word" '
        f'aria-hidden="true">{esc(word)}{starred}</span></a></td>'
    )


def table_html(corpus: Corpus, t: Texts, only: Filter = Filter()) -> str:
    """The heat map; ``only`` leaves out rows and columns, and blanks cells of other levels."""
    crises = [c for c in corpus.crises if only.crisis in (None, c.key)]
    phases = [p for p in corpus.phases if only.phase in (None, p.key)]
    top = "".join(
        f'<th scope="colgroup" colspan="{len(phases)}" data-crisis="{c.key}">{esc(_named(c, t))}</th>' for c in crises
    )
    second = "".join(
        f'<th scope="col" data-crisis="{c.key}" data-phase="{p.key}">{esc(_named(p, t))}</th>'
        for c in crises
        for p in phases
    )
    rows = []
    for sector in corpus.sectors:
        if only.sector not in (None, sector.no):
            continue
        cells = [corpus.matrix.cell(c.key, p.key, sector.no) for c in crises for p in phases]
        if only.level and not any(cell.level == only.level for cell in cells):
            continue
        tds = "".join(
            "<td></td>" if only.level and cell.level != only.level else _cell_html(corpus, cell, t) for cell in cells
        )
        rows.append(
            f'<tr data-sector="{sector.no}"><th scope="row"><span class="no">{sector.no}</span> '
            f"{esc(_named(sector, t))}</th>{tds}</tr>"
        )
    if not rows:
        return f"<p role='status'>{esc(t('matrix_none'))}</p>"
    return (
        f'<div class="matrixbox" tabindex="0" role="region" aria-label="{esc(t("matrix_caption"))}"><table '
        f'class="matrix"><caption class="vh">'
        f'{esc(t("matrix_caption"))}</caption><thead><tr><td rowspan="2"></td>{top}</tr><tr>{second}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def details_html(corpus: Corpus, t: Texts) -> str:
    """What stands behind each cell: quote, condition, label; one shared reason for the blank ones."""
    out = [
        f'<section class="celld" id="c-none" tabindex="-1"><h3>{esc(t("basis_not_stated"))}</h3>'
        f"<p>{esc(t('basis_help_not_stated'))}</p></section>"
    ]
    for cell in corpus.matrix.cells:
        if not cell.evidence and not cell.diagram:
            continue
        names = t(
            "matrix_cell",
            sector=_named(corpus.sector(cell.sector_no), t),
            phase=_named(next(p for p in corpus.phases if p.key == cell.phase), t),
            crisis=_named(corpus.crisis(cell.crisis), t),
        )
        question = cell_question(corpus, cell, t)
        out.append(
            f'<section class="celld" id="{cell_id(cell)}" tabindex="-1"><h3>{esc(names)}</h3>'
            f"<p>{level_chip(cell.level, cell.basis, t)} {esc(t(f'basis_{cell.basis}'))}. "
            f"{esc(t(f'basis_help_{cell.basis}'))}"
            f"{' ' + esc(t('prose_says')) + '.' if cell.conflict else ''}</p>{_evidence_rows(corpus, cell, t)}"
            f'<p class="acts"><a class="btn" href="{esc(ask_href(question))}" '
            f'data-ask="{esc(question)}">{esc(t("matrix_ask"))}</a></p></section>'
        )
    return "".join(out)


def _evidence_rows(corpus: Corpus, cell: Cell, t: Texts) -> str:
    out = []
    if cell.diagram:
        d = cell.diagram
        out.append(
            f"<p>{esc(t('basis_diagram'))}: {esc(t(f'level_{d.level}'))} ({esc(d.edition)}, {esc(d.read_on)})</p>"
        )
    for row in cell.evidence:
        anchor = corpus.by_ref[row.ref].anchor
        extra = "".join(
            f'<p class="cond">{esc(t(key))}: <span lang="en">{esc(text)}</span></p>'
            for key, text in (("condition", row.condition), ("note", row.note))
            if text
        )
        quote = esc(row.quote).replace(esc(row.word), f"<mark>{esc(row.word)}</mark>", 1)
        out.append(
            f'<blockquote><p lang="en">“{quote}”</p></blockquote>{extra}<p '
            f'class="path">{level_chip(row.level, row.basis, t)} '
            f'<a href="{esc(document_href(anchor, row.quote))}" target="mcof-document">{esc(row.ref)}'
            f'<span class="vh"> ({esc(t("new_window"))})</span></a></p>'
        )
    return "".join(out)


def legend_html(t: Texts) -> str:
    """What every sign and pattern means."""
    kinds: Sequence[tuple[Level | None, Basis]] = (
        ("critical", "stated"), ("important", "stated"), ("recommended", "stated"), ("critical", "interpreted"),
        (None, "emphasised"), (None, "mentioned"), (None, "not_stated"),
    )  # fmt: skip
    rows = []
    for level, basis in kinds:
        meaning = "" if basis == "stated" else f" {esc(t(f'basis_{basis}'))}: {esc(t(f'basis_help_{basis}'))}"
        rows.append(f"<li>{level_chip(level, basis, t)}{meaning}</li>")
    rows.append(f"<li><strong>*</strong> {esc(t('conditional'))}</li>")
    return f'<details class="legend"><summary>{esc(t("matrix_legend"))}</summary><ul>{"".join(rows)}</ul></details>'


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str, t: Texts) -> str:
    rows = "".join(
        f'<option value="{esc(value)}"{" selected" if value == chosen else ""}>{esc(text)}</option>'
        for value, text in [("", t("matrix_all")), *options]
    )
    return f'<label>{esc(label)} <select name="{name}">{rows}</select></label>'


def body_html(corpus: Corpus, t: Texts, only: Filter = Filter()) -> str:
    """Everything of the matrix view below the page's own heading."""
    if not corpus.has_matrix:
        return f"<p>{esc(t('matrix_absent'))}</p>"
    selects = (
        _select("crisis", t("matrix_crisis"), [(c.key, _named(c, t)) for c in corpus.crises], only.crisis or "", t)
        + _select("phase", t("matrix_phase"), [(p.key, _named(p, t)) for p in corpus.phases], only.phase or "", t)
        + _select(
            "sector",
            t("matrix_sector"),
            [(str(s.no), f"{s.no} {_named(s, t)}") for s in corpus.sectors],
            str(only.sector or ""),
            t,
        )
        + _select("level", t("matrix_level"), [(v, t(f"level_{v}")) for v in LEVELS], only.level or "", t)
    )
    return (
        f"<p>{esc(t('matrix_intro'))} {esc(t('matrix_worth'))}</p>"
        f'<form class="filters" method="get" action="matrix" aria-label="{esc(t("matrix_filter"))}">{selects}'
        f'<input type="hidden" name="lang" value="{t.language}"><button class="btn">{esc(t("matrix_apply"))}</button> '
        f'<a class="btn" href="matrix?lang={t.language}" data-act="reset">{esc(t("matrix_reset"))}</a></form>'
        f'<p class="exports">{esc(t("matrix_export"))}: <a href="matrix.csv" download>{esc(t("matrix_csv"))}</a> '
        f'<a href="matrix.png?lang={t.language}" download>{esc(t("matrix_png"))}</a></p>'
        f'{legend_html(t)}<div class="mx"><div class="mxt">{table_html(corpus, t, only)}</div>'
        f'<div class="mxd" role="group" aria-live="polite" aria-label="{esc(t("evidence"))}"><p '
        f'class="pick">{esc(t("matrix_pick"))}</p>'
        f"{details_html(corpus, t)}</div></div>"
    )


def matrix_page(corpus: Corpus, t: Texts, only: Filter) -> str:
    """The matrix as a page of its own, which works without JavaScript."""
    body = f"<h1>{esc(t('matrix_title'))}</h1>{body_html(corpus, t, only)}"
    return frame(t("matrix_title"), body, t, here="matrix")


def stamp_line(corpus: Corpus) -> str:
    return f"{corpus.info.symbol}, {corpus.info.date}; text {corpus.source_sha256[:12]}"


def matrix_csv(corpus: Corpus) -> str:
    """One row for every piece of evidence, one for every cell without; the last column is the document stamp."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow("crisis phase sector_no sector level basis word condition note ref quote document".split())
    for cell in corpus.matrix.cells:
        head = [cell.crisis, cell.phase, cell.sector_no, corpus.sector(cell.sector_no).name]
        tails: list[list[Any]] = []
        if cell.diagram:
            d = cell.diagram
            tails.append([d.level, "diagram", "", "", f"read by {d.read_by} on {d.read_on}, {d.edition}", "", ""])
        tails += [[e.level or "", e.basis, e.word, e.condition, e.note, e.ref, e.quote] for e in cell.evidence]
        for tail in tails or [["", "not_stated", "", "", "", "", ""]]:
            writer.writerow([csv_safe(v) for v in [*head, *tail, stamp_line(corpus)]])
    return out.getvalue()


_COLOURS: Mapping[str, tuple[str, str]] = {
    "critical": ("#17365f", "#ffffff"), "important": ("#8fb3de", "#0d1f38"), "recommended": ("#dce8f6", "#0d1f38"),
    "emphasised": ("#f3f1ea", "#333333"), "mentioned": ("#fafafa", "#333333"), "not_stated": ("#ffffff", "#333333"),
}  # fmt: skip


def matrix_png(corpus: Corpus, t: Texts) -> bytes:
    """The heat map as a picture, 1900 pixels wide, with legend and document stamp."""
    from PIL import Image, ImageDraw

    left, top, width, height, columns = 430, 150, 97, 46, len(CRISES) * len(PHASES)
    size = (left + columns * width + 20, top + len(SECTOR_NUMBERS) * height + 90)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    fonts = {n: _font(n) for n in (13, 15, 16, 24)}
    ink = "#1b2733"
    draw.text((20, 16), f"{t('matrix_title')}, {corpus.info.title}", fill=ink, font=fonts[24])
    draw.text((20, 52), t("matrix_worth"), fill=ink, font=fonts[15])
    for i, crisis in enumerate(corpus.crises):
        x = left + i * len(PHASES) * width
        draw.text((x + 4, top - 56), _named(crisis, t), fill=ink, font=fonts[16])
        for j, phase in enumerate(corpus.phases):
            draw.text((x + j * width + 6, top - 26), _named(phase, t), fill=ink, font=fonts[15])
    for row, sector in enumerate(corpus.sectors):
        y = top + row * height
        draw.text(
            (20, y + 14),
            _fit(draw, f"{sector.no}  {_named(sector, t)}", left - 30, fonts[15]),
            fill=ink,
            font=fonts[15],
        )
        for i, crisis in enumerate(corpus.crises):
            for j, phase in enumerate(corpus.phases):
                cell = corpus.matrix.cell(crisis.key, phase.key, sector.no)
                _draw_cell(draw, cell, (left + (i * len(PHASES) + j) * width, y, width, height), t, fonts)
    foot = top + len(SECTOR_NUMBERS) * height + 16
    hatched = f"{t('basis_interpreted')}: {t('basis_help_interpreted')}"
    draw.text((20, foot), f"/// {hatched}", fill=ink, font=fonts[13])
    draw.text(
        (20, foot + 20),
        f"* {t('conditional')}.  {t('basis_not_stated')}: {t('basis_help_not_stated')}",
        fill=ink,
        font=fonts[13],
    )
    draw.text((20, foot + 42), f"{stamp_line(corpus)}. {t('unofficial')}", fill=ink, font=fonts[13])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _font(size: int) -> Any:  # noqa: ANN401 - Pillow's own types
    """A face with accents: one that Gradio ships, else Pillow's own, which has none."""
    from PIL import ImageFont

    try:
        folder = resources.files("gradio") / "templates" / "frontend" / "static" / "fonts"
        return ImageFont.truetype(str(folder / "SourceSansPro" / "SourceSansPro-Regular.woff2"), size)
    except (OSError, ModuleNotFoundError):
        return ImageFont.load_default(size)


def _fit(draw: Any, text: str, width: int, font: Any) -> str:  # noqa: ANN401 - Pillow's own types
    while draw.textlength(text, font=font) > width:
        text = text[:-2].rstrip("…") + "…"
    return text


def _draw_cell(draw: Any, cell: Cell, box: tuple[int, int, int, int], t: Texts, fonts: Mapping[int, Any]) -> None:  # noqa: ANN401
    x, y, w, h = box
    fill, ink = _COLOURS[cell.level or cell.basis]
    draw.rectangle((x, y, x + w, y + h), fill=fill, outline="#9aa7b5")
    if cell.basis == "interpreted":
        for k in range(-h, w, 9):
            a, b = max(0, k), min(w, k + h)
            draw.line(
                (x + a, y + h - (a - k), x + b, y + h - (b - k)),
                fill="#6d87ab" if cell.level == "critical" else "#55759f",
            )
    if not cell.evidence and not cell.diagram:
        return
    word = t(f"level_{cell.level}") if cell.level else t(f"basis_{cell.basis}")
    word += " *" if cell.strongest and cell.strongest.condition else ""
    length = draw.textlength(word, font=fonts[13])
    cx, ty = x + w / 2, y + 24
    draw.rectangle((cx - length / 2 - 3, ty - 1, cx + length / 2 + 3, ty + 16), fill=fill)
    draw.text((cx - length / 2, ty), word, fill=ink, font=fonts[13])
    if cell.level == "critical":
        draw.polygon([(cx, y + 6), (cx - 7, y + 19), (cx + 7, y + 19)], fill=ink)
    elif cell.level == "important":
        draw.polygon([(cx, y + 5), (cx - 7, y + 12), (cx, y + 19), (cx + 7, y + 12)], fill=ink)
    elif cell.level == "recommended":
        draw.ellipse((cx - 6, y + 6, cx + 6, y + 18), fill=ink)
