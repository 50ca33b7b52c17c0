"""What a question names of crises, phases and sectors, beyond the slots themselves."""

from __future__ import annotations

from assistant.text import fold
from assistant.understanding import Understanding
from corpus.types import CrisisKey, Sector

#: Content words beside the slots that a question whose crisis, phase and sector are all named may hold and be about ratings.
FEW = 2


def surely_names(u: Understanding, kind: str) -> bool:
    """Whether a certain word of the lexicon names one of a kind."""
    return any(m.kind == kind and not m.weak for m in u.matches)


def crises_meant(u: Understanding) -> tuple[CrisisKey, ...]:
    """The crises of a question, or the only one that an ambiguous word suggests."""
    return u.crises or (u.weak_crises if len(u.weak_crises) == 1 else ())


def own_sectors(u: Understanding) -> tuple[int, ...]:
    """The sectors of the message itself, not those of the turn before."""
    return u.sectors if "sectors" not in u.inherited else ()


def numbered_sectors(u: Understanding) -> list[int]:
    """The sectors that a question names by their numbers."""
    return [int(m.key) for m in u.matches if m.kind == "sector" and fold(m.term).startswith("sector ")]


def names_itself(term: str, sector: Sector) -> bool:
    """Whether a term is the sector's own name or number rather than something it does."""
    name = fold(sector.name)
    return fold(term).startswith("sector") or fold(term) in name or name in fold(term)
