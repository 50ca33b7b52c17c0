"""Whether the assistant refuses what it should, and only that.

An abstention is a reply with the status ``not_rated``, ``not_in_document`` or
``out_of_scope``. A reply that asks back is neither an answer nor an abstention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics import Undefined


def abstention_precision(answerable: Sequence[bool], abstained: Sequence[bool]) -> float:
    """Share of the abstentions that were right: on unanswerable items. Range 0 to 1, higher is better.

    Raises:
        ValueError: nothing was abstained from.
    """
    refused = [a for a, r in zip(answerable, abstained, strict=True) if r]
    if not refused:
        raise Undefined("undefined: the assistant never abstained")
    return sum(not a for a in refused) / len(refused)


def abstention_recall(answerable: Sequence[bool], abstained: Sequence[bool]) -> float:
    """Share of the unanswerable items that were abstained from. Range 0 to 1, higher is better.

    Raises:
        ValueError: no item is unanswerable.
    """
    should = [r for a, r in zip(answerable, abstained, strict=True) if not a]
    if not should:
        raise Undefined("undefined: no item is unanswerable")
    return sum(should) / len(should)


def false_refusal_rate(answerable: Sequence[bool], abstained: Sequence[bool]) -> float:
    """Share of the answerable items that were abstained from. Range 0 to 1, lower is better.

    Raises:
        ValueError: no item is answerable.
    """
    asked = [r for a, r in zip(answerable, abstained, strict=True) if a]
    if not asked:
        raise Undefined("undefined: no item is answerable")
    return sum(asked) / len(asked)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """At this threshold, which share of the items is answered and which share of those answers is wrong."""

    threshold: float
    coverage: float
    risk: float


def risk_coverage(confidence: Sequence[float], correct: Sequence[bool]) -> tuple[RiskPoint, ...]:
    """The risk-coverage curve: what answering only above a confidence would cost and save.

    One point for each distinct confidence, from the highest: all items at or
    above it are answered. Coverage is in (0, 1]; risk, the share of wrong ones
    among them, in [0, 1]. Items of equal confidence stand or fall together, so
    ties have no order.

    Raises:
        ValueError: there are no items.

    Source: Geifman, El-Yaniv, Selective Classification for Deep Neural
    Networks, NeurIPS 2017, https://arxiv.org/abs/1705.08500
    """
    pairs = sorted(zip(confidence, correct, strict=True), key=lambda p: -p[0])
    if not pairs:
        raise Undefined("undefined: no items")
    points, wrong = [], 0
    for n, (value, right) in enumerate(pairs, start=1):
        wrong += not right
        if n == len(pairs) or pairs[n][0] != value:
            points.append(RiskPoint(value, n / len(pairs), wrong / n))
    return tuple(points)


def area_under_risk_coverage(points: Sequence[RiskPoint]) -> float:
    """Area under the risk-coverage curve, as steps: mean risk over coverage. Range 0 to 1, lower is better.

    The step to each point has the risk of that point.

    Raises:
        ValueError: there are no points.
    """
    if not points:
        raise Undefined("undefined: no points")
    area, before = 0.0, 0.0
    for point in points:
        area += (point.coverage - before) * point.risk
        before = point.coverage
    return area / before
