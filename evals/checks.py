"""The checks of the gate: pure functions from what was measured to sentences that name the items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from corpus.errors import CheckFailedError
from evals.cells import CellFault
from evals.measure import BY_NAME, Record, aggregate
from evals.metrics.answers import mean
from evals.metrics.statistics import paired_bootstrap

#: Numbers compared item by item with the reference; a drop beyond the 95% interval fails.
GUARDED = ("passed", "fact_recall", "gold_hit", "mrr@10", "recall@5", "evidence_recall", "citation_recall", "words_mrr")
#: Names shown in one sentence.
NAMED = 12
WORDS_MRR = "words_mrr"


@dataclass(frozen=True)
class Measured:
    """What the gate looks at: the records of the ``dev`` items, and the cells that are answered wrongly."""

    records: tuple[Record, ...]
    words_mrr: Mapping[str, float]
    faults: tuple[CellFault, ...] = ()
    cells: int = 0

    @cached_property
    def numbers(self) -> dict[str, dict[str, float]]:
        """The guarded numbers of each item, rounded as the reference holds them."""
        found = {}
        for record in self.records:
            found[record.item.id] = {k: round(v, 4) for k, v in record.numbers.items() if k in GUARDED}
        for identifier, value in self.words_mrr.items():
            found.setdefault(identifier, {})[WORDS_MRR] = round(value, 4)
        return found


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``minimum`` and ``maximum`` of totals by name, as ``gate.toml`` holds them."""

    minimum: Mapping[str, float] = field(default_factory=dict)
    maximum: Mapping[str, float] = field(default_factory=dict)


Reference = Mapping[str, Mapping[str, Any]]


def named(entries: Iterable[str]) -> str:
    """The entries in one line, the first twelve of many."""
    entries = list(entries)
    more = f" and {len(entries) - NAMED} more" if len(entries) > NAMED else ""
    return ", ".join(entries[:NAMED]) + more


def counted(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def check_cells(now: Measured) -> list[str]:
    """Every cell is answered as the independent reading has it."""
    if not now.faults:
        return []
    shown = named(f"{f.key[0]}/{f.key[1]}/{f.key[2]} ({f.expected} expected, {f.found} found)" for f in now.faults)
    return [f"{counted(len(now.faults), 'matrix cell')} of {now.cells} answered wrongly: {shown}."]


def newly_failed(now: Measured, before: Reference, wanted: Callable[[Record], bool]) -> list[Record]:
    """Records that fail now and passed before, of those wanted."""
    return [
        r for r in now.records if wanted(r) and not r.verdict.passed and before.get(r.item.id, {}).get("passed") == 1
    ]


def _with_reasons(records: Iterable[Record]) -> str:
    return named(f"{r.item.id} ({'; '.join(r.verdict.reasons)})" for r in records)


def check_matrix(now: Measured, before: Reference) -> list[str]:
    """No matrix question that was right is wrong now."""
    failed = newly_failed(now, before, lambda r: r.item.is_matrix and r.item.answerable)
    if not failed:
        return []
    return [f"{counted(len(failed), 'matrix question')} that was right is wrong now: {_with_reasons(failed)}."]


def check_quotes(now: Measured) -> list[str]:
    """Every citation exists and every quote stands verbatim at its label."""
    wrong = [r for r in now.records if min(r.numbers.get(k, 1.0) for k in ("citation_validity", "quote_fidelity")) < 1]
    if not wrong:
        return []
    shown = named(f"{r.item.id} ({', '.join(r.reply.cited_refs)})" for r in wrong)
    what = "reply cites" if len(wrong) == 1 else "replies cite"
    return [f"{len(wrong)} {what} words that do not stand at the place named: {shown}."]


def check_refusals(now: Measured, before: Reference) -> list[str]:
    """No question that was refused rightly is answered now."""
    failed = newly_failed(now, before, lambda r: not r.item.answerable)
    if not failed:
        return []
    return [f"{counted(len(failed), 'question')} that was refused rightly is not any more: {_with_reasons(failed)}."]


def check_false_refusals(now: Measured, before: Reference) -> list[str]:
    """No more answerable questions are refused than before."""
    refused = [r for r in now.records if r.item.answerable and r.reply.abstained]
    known = {r.item.id for r in now.records}
    old = sum(bool(row.get("refused")) for i, row in before.items() if i in known and row.get("answerable"))
    if len(refused) <= old:
        return []
    new = named(r.item.id for r in refused if not before.get(r.item.id, {}).get("refused"))
    return [f"False refusals rose from {old} to {len(refused)}; new: {new}."]


def check_numbers(now: Measured, before: Reference) -> list[str]:
    """No guarded number is lower than before beyond its 95% interval."""
    failures = []
    for name in GUARDED:
        pairs = [
            (i, float(before[i][name]), values[name])
            for i, values in now.numbers.items()
            if name in values and name in before.get(i, {})
        ]
        if not pairs:
            continue
        change = paired_bootstrap([b for _, b, _ in pairs], [n for _, _, n in pairs])
        if change.high < 0:
            worse = sorted((p for p in pairs if p[2] < p[1]), key=lambda p: p[2] - p[1])
            old, new = mean([b for _, b, _ in pairs]), mean([n for _, _, n in pairs])
            limits = f"95% interval of the change {change.low:+.3f} to {change.high:+.3f}"
            items = named(i for i, _, _ in worse)
            failures.append(f"{title(name)} fell from {old:.3f} to {new:.3f} ({limits}): {items}.")
    return failures


def title(name: str) -> str:
    """The number in words."""
    if name == WORDS_MRR:
        return "MRR@10 of the search by words alone (tokeniser, stemmer, BM25)"
    return f"{BY_NAME[name].title} ({name})" if name in BY_NAME else name.replace("_", " ").capitalize()


def totals_of(now: Measured) -> dict[str, float]:
    """The totals that thresholds speak of; an undefined one is left out."""
    table = aggregate(now.records)
    found: dict[str, float] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found[name] = float(value["value"])
        elif isinstance(value, (int, float)):
            found[name] = float(value)
    if now.words_mrr:
        found[WORDS_MRR] = sum(now.words_mrr.values()) / len(now.words_mrr)
    return found


def check_thresholds(now: Measured, thresholds: Thresholds) -> list[str]:
    """Every total is at or above its minimum and at or below its maximum; an undefined total fails."""
    totals, failures = totals_of(now), []
    for name, least in thresholds.minimum.items():
        if totals.get(name, float("-inf")) < least:
            found = f"{totals[name]:.3f}" if name in totals else "undefined"
            failures.append(f"{title(name)} is {found}, below the minimum of {least:.3f}{_culprits(now, name)}.")
    for name, most in thresholds.maximum.items():
        if totals.get(name, float("inf")) > most:
            found = f"{totals[name]:.3f}" if name in totals else "undefined"
            failures.append(f"{title(name)} is {found}, above the maximum of {most:.3f}.")
    return failures


def _culprits(now: Measured, name: str) -> str:
    low = [i for i, values in now.numbers.items() if values.get(name, 1.0) < 1]
    return f"; not perfect: {named(low)}" if low else ""


def check(now: Measured, before: Reference, thresholds: Thresholds) -> list[str]:
    """Everything that is worse than it was, one sentence each; empty where the gate is green."""
    return [
        *check_cells(now),
        *check_quotes(now),
        *check_matrix(now, before),
        *check_refusals(now, before),
        *check_false_refusals(now, before),
        *check_numbers(now, before),
        *check_thresholds(now, thresholds),
    ]


def require(failures: Sequence[str]) -> None:
    """Raise CheckFailedError with every failure where there is one."""
    if failures:
        raise CheckFailedError("The gate is red. " + " ".join(failures))
