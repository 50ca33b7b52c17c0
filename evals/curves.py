"""The series behind the charts, from the records of ``dev`` items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.load import Corpus
from corpus.types import CRISES, PHASES
from evals.measure import Record
from evals.metrics import Undefined
from evals.metrics.abstention import area_under_risk_coverage, risk_coverage
from evals.metrics.answers import mean
from evals.metrics.ranking import recall_at_k

DEPTH = 10
#: Upper ends of the latency bars in milliseconds; the last bar is open.
LATENCY_BINS = (2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Curves:
    """Points of each chart; empty where the run has nothing to draw.

    ``risk_coverage`` holds (share of all questions answered, share of those
    answers that is wrong) while the required confidence falls; the last point
    is the assistant as it runs. ``aurc`` is the area under it.
    """

    recall_at_k: tuple[tuple[float, float], ...]
    risk_coverage: tuple[tuple[float, float], ...]
    aurc: float | None

    def as_json(self) -> dict[str, object]:
        return {
            "recall_at_k": [[k, round(v, 4)] for k, v in self.recall_at_k],
            "risk_coverage": [[round(c, 4), round(r, 4)] for c, r in self.risk_coverage],
            "aurc": None if self.aurc is None else round(self.aurc, 4),
        }


def curves(records: Sequence[Record]) -> Curves:
    """Recall at 1 to 10 over answerable items, and risk against coverage over all items."""
    searched = [r for r in records if r.item.answerable and r.item.gold_refs and r.response.ranked]
    points: list[tuple[float, float]] = []
    for k in range(1, DEPTH + 1) if searched else ():
        recalls = [recall_at_k(r.response.ranked, r.item.gold_refs, k) for r in searched]
        points.append((float(k), mean(recalls)))
    answered = [r for r in records if not r.reply.abstained and not r.reply.clarified]
    certain = 1.0 + max((r.response.confidence or 0.0 for r in answered), default=0.0)
    confidence = [certain if r.response.confidence is None else r.response.confidence for r in answered]
    try:
        risk = risk_coverage(confidence, [r.verdict.passed for r in answered])
        area = area_under_risk_coverage(risk)
    except Undefined:
        return Curves(tuple(points), (), None)
    share = len(answered) / len(records)
    return Curves(tuple(points), tuple((p.coverage * share, p.risk) for p in risk), area)


def latency_bars(records: Sequence[Record]) -> list[tuple[str, int]]:
    """How many replies took how many milliseconds."""
    edges = (0, *LATENCY_BINS)
    bars = [(f"{low}–{high}", sum(low <= r.reply.ms < high for r in records)) for low, high in pairwise(edges)]
    return [*bars, (f"{edges[-1]}+", sum(r.reply.ms >= edges[-1] for r in records))]


def scenario_places(corpus: Corpus) -> dict[str, set[tuple[int, int]]]:
    """For each label with evidence for the matrix, the (crisis, phase) it speaks of, as indices."""
    places: dict[str, set[tuple[int, int]]] = {}
    for row in corpus.evidence:
        places.setdefault(row.ref, set()).add((CRISES.index(row.crisis), PHASES.index(row.phase)))
    return places


def matrix_cells(records: Sequence[Record], corpus: Corpus) -> dict[tuple[int, int], tuple[int, int]]:
    """Matrix questions (right, all) by crisis and phase of their gold labels; one that spans several counts in each."""
    places = scenario_places(corpus)
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for record in records:
        if record.item.is_matrix:
            for place in sorted(set().union(*(places.get(ref, set()) for ref in record.item.gold_refs))):
                right, total = cells.get(place, (0, 0))
                cells[place] = (right + record.verdict.passed, total + 1)
    return cells
