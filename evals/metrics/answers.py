"""Whether replies say what they must, and only that."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from statistics import median
from typing import TypeVar

from evals.metrics import Undefined

Place = TypeVar("Place", bound=Hashable)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise Undefined("undefined: no values")
    return sum(values) / len(values)


def fact_recall(found: int, groups: int) -> float:
    """Share of the groups of alternatives that a reply meets. Range 0 to 1, higher is better.

    Raises:
        ValueError: no group is asked for.
    """
    if groups < 1:
        raise Undefined("undefined: no group is asked for")
    if not 0 <= found <= groups:
        raise ValueError(f"{found} of {groups} groups is impossible")
    return found / groups


def pass_rate(passed: Sequence[bool]) -> float:
    """Share of items that passed. Range 0 to 1, higher is better.

    Raises:
        ValueError: there are no items.
    """
    return mean([float(p) for p in passed])


def matrix_exactness(expected: Mapping[Place, object], shown: Mapping[Place, object]) -> float:
    """Share of the cells, of those expected or shown, whose value is the expected one. Range 0 to 1.

    A value is whatever a cell is said to be, for instance ``("stated",
    "critical")``. A cell that is missing and one that should not be there both
    count as wrong; nothing is partly right.

    Raises:
        ValueError: no cell is expected and none is shown.
    """
    cells = expected.keys() | shown.keys()
    if not cells:
        raise Undefined("undefined: no cell is expected or shown")
    return sum(c in expected and c in shown and expected[c] == shown[c] for c in cells) / len(cells)


def agreement(first: Sequence[object], second: Sequence[object]) -> float:
    """Determinism: share of places where two runs of the same thing are equal. Range 0 to 1; 1 is wanted.

    Raises:
        ValueError: the runs differ in length or are empty.
    """
    if len(first) != len(second):
        raise ValueError(f"runs of {len(first)} and {len(second)} replies cannot be compared")
    return mean([float(a == b) for a, b in zip(first, second, strict=True)])


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least a share ``q`` of the values does not exceed (nearest rank).

    Used for latency (milliseconds) and length (words): a value that occurred,
    never one between two. ``q`` is above 0 and at most 1.

    Raises:
        ValueError: there are no values, or ``q`` is out of range.
    """
    if not values:
        raise Undefined("undefined: no values")
    if not 0 < q <= 1:
        raise ValueError(f"q must be above 0 and at most 1, not {q}")
    ordered = sorted(values)
    rank = -(-len(ordered) * q // 1)
    return ordered[int(rank) - 1]


def middle(values: Sequence[float]) -> float:
    """The median.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise Undefined("undefined: no values")
    return float(median(values))
