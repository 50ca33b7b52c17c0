"""All cells of the matrix, each asked about in plain words.

What is expected comes from a reading of the text that did not know the
assistant's own table, so a slip in that table does not vouch for itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.load import Corpus
from corpus.matrix import CellKey
from evals.metrics.answers import matrix_exactness
from evals.scoring import includes
from evals.systems import Asks

CELLS = Path(__file__).parent / "data" / "scpf-92-cells.csv"
#: The corpus that the committed reading is of.
READ_CORPUS = "scpf-92"

Values = Mapping[CellKey, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that is answered otherwise than the independent reading has it."""

    key: CellKey
    expected: str
    found: str


def read_cells(path: Path = CELLS) -> dict[CellKey, tuple[str, str]]:
    """Basis and level (empty: none) of every cell by the independent reading."""
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return {(r["crisis"], r["phase"], int(r["sector_no"])): (r["basis"], r["level"]) for r in rows}  # type: ignore[misc]


def cell_question(corpus: Corpus, key: CellKey) -> str:
    """The plainest question about one cell."""
    crisis, phase, sector = key
    return f"How is {corpus.sector(sector).name} rated {phase} a {corpus.crisis(crisis).name}?"


def cell_faults(assistant: Asks, corpus: Corpus, expected: Mapping[CellKey, tuple[str, str]]) -> list[CellFault]:
    """Ask about every cell and compare basis and level, and whether the reply says the level."""
    faults = []
    for key, (basis, level) in expected.items():
        answer = assistant.ask(cell_question(corpus, key))
        shown = next((c for c in answer.cells if c.key == key), None)
        wanted = f"{basis} {level}".strip()
        if shown is None:
            faults.append(CellFault(key, wanted, "nothing"))
        elif (shown.prose_basis, shown.prose_level or "") != (basis, level):
            faults.append(CellFault(key, wanted, f"{shown.prose_basis} {shown.prose_level or ''}".strip()))
        elif level and not includes(level, answer.text):
            faults.append(CellFault(key, wanted, "a reply that does not say the level"))
    return faults


def expected_for(corpus: Corpus) -> dict[CellKey, tuple[str, str]]:
    """The independent reading where it is of this corpus, else nothing."""
    return read_cells() if corpus.info.id == READ_CORPUS and corpus.has_matrix else {}


def exactness(faults: Sequence[CellFault], expected: Values) -> dict[str, object] | None:
    """Share of the cells that are answered as read, and the others by name; None where none is expected."""
    if not expected:
        return None
    wrong = {fault.key for fault in faults}
    shown = {key: value for key, value in expected.items() if key not in wrong}
    value = round(matrix_exactness(expected, shown), 4)
    return {"value": value, "n": len(expected), "wrong": ["/".join(map(str, f.key)) for f in faults]}
