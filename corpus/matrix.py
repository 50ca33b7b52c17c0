"""The sector matrix: 5 crises x 3 phases x 15 sectors, each cell with what is known and from where.

A lookup here is exact. Nothing in this module ever gives a cell a level that no
evidence states: there is no default, no neighbour, no similarity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from corpus.types import (
    CRISES,
    LEVELS,
    PHASES,
    PROSE_BASES,
    SECTOR_NUMBERS,
    Basis,
    CrisisKey,
    DiagramLevel,
    Evidence,
    Level,
    PhaseKey,
)

CellKey = tuple[CrisisKey, PhaseKey, int]


def _strength(evidence: Evidence) -> tuple[int, int]:
    """Sort key, strongest first: basis in the order of PROSE_BASES, then the higher level."""
    level = LEVELS.index(evidence.level) if evidence.level else len(LEVELS)
    return PROSE_BASES.index(evidence.basis), level


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its level, where that comes from, and all evidence, strongest first.

    ``level`` is None unless the text states or echoes one (``stated``,
    ``interpreted``) or a person read it off the diagram (``diagram``).
    """

    crisis: CrisisKey
    phase: PhaseKey
    sector_no: int
    evidence: tuple[Evidence, ...] = ()
    diagram: DiagramLevel | None = None

    def __post_init__(self) -> None:
        for row in self.evidence:
            if (row.crisis, row.phase, row.sector_no) != self.key:
                raise ValueError(f"evidence for {row.crisis}/{row.phase}/{row.sector_no} in cell {self.key}")

    @property
    def key(self) -> CellKey:
        return self.crisis, self.phase, self.sector_no

    @property
    def strongest(self) -> Evidence | None:
        return self.evidence[0] if self.evidence else None

    @property
    def prose_level(self) -> Level | None:
        return self.evidence[0].level if self.evidence else None

    @property
    def prose_basis(self) -> Basis:
        return self.evidence[0].basis if self.evidence else "not_stated"

    @property
    def level(self) -> Level | None:
        return self.diagram.level if self.diagram else self.prose_level

    @property
    def basis(self) -> Basis:
        return "diagram" if self.diagram else self.prose_basis

    @property
    def conflict(self) -> bool:
        """Whether a diagram level and a level of the prose are both known and differ."""
        return self.diagram is not None and self.prose_level not in (None, self.diagram.level)


@dataclass(frozen=True)
class Matrix:
    """All 225 cells, in document order: crisis, phase, sector."""

    cells: tuple[Cell, ...]

    @classmethod
    def build(cls, evidence: Iterable[Evidence], diagram: Iterable[DiagramLevel] = ()) -> Matrix:
        """The matrix that the evidence supports; cells without evidence are ``not_stated``."""
        rows: dict[CellKey, list[Evidence]] = {}
        for row in evidence:
            rows.setdefault((row.crisis, row.phase, row.sector_no), []).append(row)
        read = {(d.crisis, d.phase, d.sector_no): d for d in diagram}
        return cls(
            tuple(
                Cell(*key, evidence=tuple(sorted(rows.get(key, []), key=_strength)), diagram=read.get(key))
                for key in product(CRISES, PHASES, SECTOR_NUMBERS)
            )
        )

    def cell(self, crisis: CrisisKey, phase: PhaseKey, sector_no: int) -> Cell:
        """The cell at this place. Raises KeyError for a place outside the matrix."""
        if crisis not in CRISES or phase not in PHASES or sector_no not in SECTOR_NUMBERS:
            raise KeyError((crisis, phase, sector_no))
        width = len(SECTOR_NUMBERS)
        index = (CRISES.index(crisis) * len(PHASES) + PHASES.index(phase)) * width + sector_no - 1
        return self.cells[index]

    def select(
        self,
        *,
        crises: Collection[CrisisKey] = (),
        phases: Collection[PhaseKey] = (),
        sectors: Collection[int] = (),
        levels: Collection[Level] = (),
    ) -> Sequence[Cell]:
        """Cells in document order that match every filter; an empty filter matches all."""
        return [
            cell
            for cell in self.cells
            if (not crises or cell.crisis in crises)
            and (not phases or cell.phase in phases)
            and (not sectors or cell.sector_no in sectors)
            and (not levels or cell.level in levels)
        ]

    def conflicts(self) -> list[Cell]:
        """Cells whose diagram level differs from the level the prose gives."""
        return [cell for cell in self.cells if cell.conflict]
