"""Which parts of the assistant are switched on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """Parts that the evaluation can switch off one at a time; all are on in use."""

    lexicon: bool = True
    matrix: bool = True
    fusion: bool = True
    entry_points: bool = True
    facts: bool = True
    verification: bool = True
    abstention: bool = True


#: As the assistant is used.
ALL = Features()
