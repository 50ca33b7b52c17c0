"""Ranking metrics against hand-worked numbers and against ranx."""

import json
import math
import os
import random
import subprocess
import sys

import pytest

from evals.metrics import Undefined
from evals.metrics.ranking import (
    average_precision,
    evidence_recall,
    hit_at_k,
    merge_spans,
    ndcg_at_k,
    overlap,
    recall_at_k,
    reciprocal_rank,
)

RANKING = ["a", "b", "c", "d", "e"]


def test_by_hand() -> None:
    """Relevant b and d of five: ranks 2 and 4, and x is never found."""
    relevant = {"b", "d", "x"}
    assert recall_at_k(RANKING, relevant, 1) == 0
    assert recall_at_k(RANKING, relevant, 2) == pytest.approx(1 / 3)
    assert recall_at_k(RANKING, relevant, 5) == pytest.approx(2 / 3)
    assert hit_at_k(RANKING, relevant, 1) == 0
    assert hit_at_k(RANKING, relevant, 2) == 1
    assert reciprocal_rank(RANKING, relevant) == 1 / 2
    assert reciprocal_rank(RANKING, relevant, k=1) == 0
    # (1/2 + 2/4 + 0) / 3
    assert average_precision(RANKING, relevant) == pytest.approx(1 / 3)
    # found 1/log2(3) + 1/log2(5) = 0.6309 + 0.4307; best 1 + 0.6309 + 0.5
    gains = dict.fromkeys(relevant, 1.0)
    assert ndcg_at_k(RANKING, gains) == pytest.approx((0.63093 + 0.43068) / 2.13093, abs=1e-5)


def test_graded_gains() -> None:
    """Gains 3 and 1 in the wrong order: (1 + 3/log2(3)) / (3 + 1/log2(3))."""
    assert ndcg_at_k(["one", "three"], {"one": 1, "three": 3}) == pytest.approx(
        (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    )


def test_a_repeated_id_counts_once() -> None:
    assert recall_at_k(["a", "a", "b"], {"b"}, 2) == 1
    assert reciprocal_rank(["a", "a", "b"], {"b"}) == 1 / 2
    assert average_precision(["b", "b"], {"b"}) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: recall_at_k(["a"], set(), 5),
        lambda: hit_at_k(["a"], set(), 5),
        lambda: reciprocal_rank(["a"], set()),
        lambda: ndcg_at_k(["a"], {}),
        lambda: ndcg_at_k(["a"], {"a": 0.0}),
        lambda: average_precision(["a"], set()),
        lambda: evidence_recall([], [], 100),
    ],
)
def test_nothing_relevant_is_undefined(call: object) -> None:
    """Unanswerable questions have no recall; a silent 0.0 would drag the mean."""
    with pytest.raises(Undefined, match="undefined"):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("call", [lambda: recall_at_k(["a"], {"a"}, 0), lambda: evidence_recall([], [(0, 1)], 0)])
def test_a_cut_below_one_is_an_error(call: object) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        call()  # type: ignore[operator]


#: Run on its own, because the compiler inside ranx must be off before anything imports it.
RANX = """
import json, sys, warnings
warnings.simplefilter("ignore")
from ranx import Qrels, Run, evaluate
given = json.load(sys.stdin)
found = evaluate(Qrels(given["qrels"]), Run(given["runs"]), given["names"])
json.dump({name: float(value) for name, value in found.items()}, sys.stdout)
"""


def test_against_ranx() -> None:
    """The library ranx computes the same numbers for the same runs, graded gains included.

    Its functions are compiled on first use, which takes over a minute on a
    fresh machine; without the compiler they are plain Python.
    """
    rng = random.Random(1)
    ids = [f"d{i}" for i in range(30)]
    qrels = {f"q{q}": {d: rng.randint(1, 3) for d in rng.sample(ids, rng.randint(1, 6))} for q in range(25)}
    rankings = {q: rng.sample(ids, 20) for q in qrels}
    runs = {q: {d: 1.0 - i / 100 for i, d in enumerate(order)} for q, order in rankings.items()}

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    ours = {
        "recall@5": mean([recall_at_k(rankings[q], qrels[q], 5) for q in qrels]),
        "mrr@10": mean([reciprocal_rank(rankings[q], qrels[q], 10) for q in qrels]),
        "ndcg@10": mean([ndcg_at_k(rankings[q], {d: float(g) for d, g in qrels[q].items()}, 10) for q in qrels]),
        "map": mean([average_precision(rankings[q], qrels[q]) for q in qrels]),
        "hit_rate@5": mean([hit_at_k(rankings[q], qrels[q], 5) for q in qrels]),
    }
    given = json.dumps({"qrels": qrels, "runs": runs, "names": list(ours)})
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RANX], input=given, capture_output=True, text=True, check=True, env=environment
    )
    assert ours == pytest.approx(json.loads(done.stdout))


def test_spans() -> None:
    assert merge_spans([(5, 9), (0, 3), (2, 4), (7, 7), (9, 10)]) == [(0, 4), (5, 10)]
    # 0-4 and 5-10 against 3-6: characters 3 and 5
    assert overlap([(0, 4), (5, 10)], [(3, 6)]) == 2


def test_evidence_recall_is_fair_across_chunkers() -> None:
    """The same text retrieved in one piece, in two, or overlapping: only the characters within the budget count."""
    gold = [(100, 200)]
    assert evidence_recall([[(0, 400)]], gold, 400) == 1
    assert evidence_recall([[(0, 200)], [(200, 400)]], gold, 400) == 1
    # the budget ends at character 150: half of the evidence
    assert evidence_recall([[(0, 400)]], gold, 150) == 0.5
    # an overlapping piece uses the budget twice: 0-150, then 50-200 up to 250 characters, that is 50-150
    assert evidence_recall([[(0, 150)], [(50, 200)]], gold, 250) == 0.5
    # a passage in two spans, as around a footnote
    assert evidence_recall([[(90, 150), (180, 210)]], gold, 90) == pytest.approx(0.7)
    assert evidence_recall([], gold, 400) == 0
