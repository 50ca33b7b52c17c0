"""The matrix as files: export for a spreadsheet, import of levels read off a diagram, proof against the text."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Literal
from uuid import uuid4

from corpus.clean import clean_spans
from corpus.errors import CorpusError, InputError, StorageError
from corpus.load import Corpus, read_diagram
from corpus.matrix import Cell, CellKey
from corpus.types import LEVELS, Basis, DiagramLevel, Evidence, Level, Passage

ExportFormat = Literal["csv", "json", "md"]

COLUMNS = (
    "crisis", "phase", "sector_no", "sector_name", "level", "basis", "word", "ref", "quote", "condition", "note",
    "prose_level", "prose_basis",
)  # fmt: skip

ExportRow = dict[str, str | int | None]


def _row(corpus: Corpus, cell: Cell, level: Level | None, basis: Basis, evidence: Evidence | None) -> ExportRow:
    return {
        "crisis": cell.crisis,
        "phase": cell.phase,
        "sector_no": cell.sector_no,
        "sector_name": corpus.sector(cell.sector_no).name,
        "level": level,
        "basis": basis,
        "word": evidence.word if evidence else "",
        "ref": evidence.ref if evidence else "",
        "quote": evidence.quote if evidence else "",
        "condition": evidence.condition if evidence else "",
        "note": evidence.note if evidence else "",
        "prose_level": cell.prose_level,
        "prose_basis": cell.prose_basis,
    }


def _read_off(diagram: DiagramLevel) -> str:
    return f"read off the diagram by {diagram.read_by} on {diagram.read_on} ({diagram.edition})"


def cell_rows(corpus: Corpus) -> list[ExportRow]:
    """One row for each of the 225 cells, in document order: its level and its strongest evidence."""
    rows = []
    for cell in corpus.matrix.cells:
        row = _row(corpus, cell, cell.level, cell.basis, cell.strongest)
        if cell.diagram is not None:
            row["note"] = "; ".join(n for n in (_read_off(cell.diagram), str(row["note"])) if n)
        rows.append(row)
    return rows


def evidence_rows(corpus: Corpus) -> list[ExportRow]:
    """Every piece of evidence behind the cells, level and basis being its own; cells without any have no row."""
    rows = []
    for cell in corpus.matrix.cells:
        if cell.diagram is not None:
            rows.append(_row(corpus, cell, cell.diagram.level, "diagram", None) | {"note": _read_off(cell.diagram)})
        rows.extend(_row(corpus, cell, e.level, e.basis, e) for e in cell.evidence)
    return rows


def inert(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before one that begins like it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and text.strip() else text


def render(rows: Iterable[ExportRow], form: ExportFormat) -> str:
    """Rows as CSV, JSON or a Markdown table."""
    if form == "json":
        return json.dumps(list(rows), ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([inert(row[c]) for c in COLUMNS] for row in rows)
        return out.getvalue()
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(_markdown(row[c]) for c in COLUMNS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _markdown(value: object) -> str:
    text = " ".join(("" if value is None else str(value)).split())
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", text)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; ``conflicts`` are all cells whose diagram level now differs from the prose."""

    added: int
    changed: int
    unchanged: int
    conflicts: tuple[Cell, ...]


def import_levels(corpus: Corpus, file: Path, store: Path, *, replace: bool = False) -> Imported:
    """Take over levels read off original diagrams; they are kept in ``store``, cell by cell.

    A cell that was read before takes the new reading; with ``replace`` all
    earlier readings go. The evidence of the prose is not touched.

    Raises:
        InputError: the file cannot be used, with its row, column and value; nothing is changed.
        StorageError: ``store`` cannot be written; nothing is changed.
    """
    try:
        new = read_diagram(file)
    except CorpusError as error:
        raise InputError(error.message) from error
    old = {_key(d): d for d in corpus.diagram}
    kept = {} if replace else dict(old)
    kept.update({_key(d): d for d in new})
    order = {cell.key: i for i, cell in enumerate(corpus.matrix.cells)}
    rows = sorted(kept.values(), key=lambda d: order[_key(d)])
    _write(store, rows)
    changed = sum(_key(d) in old and old[_key(d)] != d for d in new)
    unchanged = sum(old.get(_key(d)) == d for d in new)
    conflicts = type(corpus.matrix).build(corpus.evidence, rows).conflicts()
    return Imported(len(new) - changed - unchanged, changed, unchanged, tuple(conflicts))


def _key(diagram: DiagramLevel) -> CellKey:
    return diagram.crisis, diagram.phase, diagram.sector_no


def _write(store: Path, rows: Sequence[DiagramLevel]) -> None:
    """Replace the file in one step, so that a crash leaves the old or the new one."""
    part = store.with_name(f"{store.name}.{uuid4().hex[:8]}.part")
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(f.name for f in fields(DiagramLevel))
            writer.writerows(astuple(row) for row in rows)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(store)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"The levels cannot be kept in {str(store.parent)!r}: {error.strerror}.") from error


# --- proof ---------------------------------------------------------------------------------

#: Words that echo a definition of Annex I ¶3, and the level they echo.
ECHOES: dict[str, Level] = {"essential": "critical", "crucial": "critical", "significant": "important"}
_WEIGHING = re.compile(rf"\b(?:{'|'.join([*LEVELS, *ECHOES])})\b", re.IGNORECASE)


def check_matrix(corpus: Corpus) -> list[str]:
    """Everything about the matrix that the text does not bear out, a sentence each; empty when it all holds.

    Every quote is derived again from the source file; every row must stand in
    the right scenario and phase, its word and condition in its own sentence, its
    level follow from its word; and no sentence of a scenario that applies a word
    of weight to a sector may be without a row.
    """
    found: list[str] = []
    for number, row in enumerate(corpus.evidence, start=2):
        found += [f"evidence.csv, row {number}: {problem}." for problem in _row_problems(corpus, row)]
    order = [_place(corpus, row) for row in corpus.evidence]
    found += [
        f"evidence.csv, row {number}: the row is not in document order."
        for number, (before, after) in enumerate(pairwise(order), start=3)
        if after < before
    ]
    found += _unread_sentences(corpus)
    if len(corpus.matrix.cells) != len({cell.key for cell in corpus.matrix.cells}):
        found.append("The matrix holds a cell twice.")
    return found


def _place(corpus: Corpus, row: Evidence) -> tuple[int, int]:
    span = corpus.by_ref[row.ref].find(row.quote)
    return corpus.position[row.ref], span[0] if span else 0


def _row_problems(corpus: Corpus, row: Evidence) -> list[str]:
    passage = corpus.by_ref[row.ref]
    span = passage.find(row.quote)
    if span is None:
        return [f"the quote does not stand in {row.ref}"]
    problems = []
    spans = passage.source_spans(*span)
    if _squeezed(clean_spans(corpus.source, spans).text) != _squeezed(row.quote):
        problems.append("the quote cannot be derived from the source file again")
    home = corpus.by_ref[corpus.crisis(row.crisis).ref].heading_path[:2]
    if passage.heading_path[:2] != home:
        problems.append(f"{row.ref} does not stand under {home[-1]!r}")
    phase = next((p.name for p in corpus.phases if p.key == row.phase), row.phase)
    if not passage.text.lower().startswith(phase):
        problems.append(f"{row.ref} does not speak of the phase {phase!r}")
    sentence = _sentence_around(passage, *span)
    if row.condition and row.condition not in sentence:
        problems.append("the condition does not stand in the sentence of the quote")
    word = row.word.lower()
    if row.basis == "interpreted" and row.level not in [level for echo, level in ECHOES.items() if echo in word]:
        problems.append(f"the word {row.word!r} echoes no definition of {row.level}")
    if row.basis in ("emphasised", "mentioned") and _WEIGHING.search(word):
        problems.append(f"the word {row.word!r} gives a level, yet the basis is {row.basis}")
    return problems


def _squeezed(text: str) -> str:
    """Text without white space: where spans are joined, a line break or a hyphen may stand."""
    return re.sub(r"\s+", "", text)


def _sentence_around(passage: Passage, start: int, end: int) -> str:
    begin = max(passage.text.rfind(". ", 0, start) + 1, 0)
    stop = passage.text.find(". ", max(start, end - 1))
    return passage.text[begin : stop + 1 if stop >= 0 else len(passage.text)]


def _unread_sentences(corpus: Corpus) -> list[str]:
    """Sentences about sectors in a scenario that weigh something, and that no row quotes."""
    found = []
    quotes: dict[str, list[str]] = {}
    for row in corpus.evidence:
        quotes.setdefault(row.ref, []).append(row.quote)
    for ref, used in quotes.items():
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", corpus.by_ref[ref].text):
            weight = _WEIGHING.search(sentence)
            if weight and not any(q in sentence or sentence in q for q in used):
                found.append(
                    f"{ref} weighs something with the word {weight[0]!r} that no row reads: {sentence[:80]!r}."
                )
    return found
