"""Two runs over the same items: what became better, what became worse, how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.errors import DatasetError
from evals.measure import METRICS, Metric
from evals.metrics.statistics import Interval, mcnemar, paired_bootstrap
from evals.store import StoredRun


@dataclass(frozen=True, slots=True)
class Difference:
    """One number in both runs, over the ``n`` items that have it in both; ``change`` is second minus first."""

    metric: Metric
    n: int
    first: float
    second: float
    change: Interval

    @property
    def judgement(self) -> str:
        """``better`` or ``worse`` where the 95% interval leaves 0 out, else ``no clear difference``."""
        if self.change.low <= 0 <= self.change.high:
            return "no clear difference"
        return "better" if (self.change.value > 0) == self.metric.higher_is_better else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``first`` is the earlier run. ``gained`` and ``lost`` are ids that pass in one run only."""

    first: str
    second: str
    items: int
    differences: tuple[Difference, ...]
    p_value: float
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    other_status: tuple[tuple[str, str, str], ...]


def check_comparable(first: StoredRun, second: StoredRun) -> None:
    """Both runs are about the same text.

    Raises:
        DatasetError: they are not.
    """
    ours, theirs = second.summary["corpus"], first.summary["corpus"]
    if ours["text_sha256"] != theirs["text_sha256"]:
        raise DatasetError(
            f"The run {first.name!r} was made with another corpus ({_named(theirs)}) than {second.name!r} "
            f"({_named(ours)}); the two cannot be compared."
        )


def _named(corpus: Mapping[str, Any]) -> str:
    return f"{corpus['symbol']}, text {corpus['text_sha256'][:8]}"


def paired(
    first: Mapping[str, Mapping[str, Any]], second: Mapping[str, Mapping[str, Any]], name: str
) -> tuple[list[float], list[float]]:
    """The values of one number for the items that have it in both runs, in the second run's order."""
    ids = [i for i in second if i in first and name in first[i]["numbers"] and name in second[i]["numbers"]]
    return [first[i]["numbers"][name] for i in ids], [second[i]["numbers"][name] for i in ids]


def compare(first: StoredRun, second: StoredRun) -> Comparison:
    """The second run against the first, item by item over the ``dev`` items of both.

    Raises:
        DatasetError: they are about different texts or have no item in common.
    """
    check_comparable(first, second)
    common: Sequence[str] = [i for i in second.verdicts if i in first.verdicts]
    if not common:
        raise DatasetError(f"The runs {first.name!r} and {second.name!r} have no dev item in common.")
    differences = []
    for metric in METRICS:
        before, after = paired(first.verdicts, second.verdicts, metric.name)
        if before:
            change = paired_bootstrap(before, after)
            n = len(before)
            differences.append(Difference(metric, n, sum(before) / n, sum(after) / n, change))
    old = [bool(first.verdicts[i]["passed"]) for i in common]
    new = [bool(second.verdicts[i]["passed"]) for i in common]
    statuses = [(i, str(first.verdicts[i]["status"]), str(second.verdicts[i]["status"])) for i in common]
    return Comparison(
        first=first.name,
        second=second.name,
        items=len(common),
        differences=tuple(differences),
        p_value=mcnemar(old, new),
        gained=tuple(i for i, a, b in zip(common, old, new, strict=True) if b and not a),
        lost=tuple(i for i, a, b in zip(common, old, new, strict=True) if a and not b),
        other_status=tuple(s for s in statuses if s[1] != s[2]),
    )
