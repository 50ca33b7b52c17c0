"""How well a ranking finds what is relevant.

In every function ``ranking`` holds ids, best first, and ``relevant`` the ids
that should be found. Relevance is binary unless said otherwise. A repeated id
counts at its first place only. Ties do not exist in a ranking: whoever makes
one breaks them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from evals.metrics import Undefined

Span = tuple[int, int]


def _checked(ranking: Sequence[str], relevant: Collection[str], k: int | None = None) -> list[str]:
    if not relevant:
        raise Undefined("undefined: nothing is relevant")
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    distinct = list(dict.fromkeys(ranking))
    return distinct if k is None else distinct[:k]


def recall_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant ids among the first ``k``. Range 0 to 1, higher is better.

    Raises:
        ValueError: nothing is relevant.

    Source: Manning, Raghavan, Schütze, Introduction to Information Retrieval, 2008, 8.3.
    """
    top = set(_checked(ranking, relevant, k))
    return len(top & set(relevant)) / len(set(relevant))


def hit_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """1.0 when any relevant id is among the first ``k``, else 0.0 (also called success@k).

    Raises:
        ValueError: nothing is relevant.
    """
    return float(not set(relevant).isdisjoint(_checked(ranking, relevant, k)))


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """1 / rank of the first relevant id among the first ``k``, else 0. Range 0 to 1, higher is better.

    Its mean over questions is MRR@k.

    Raises:
        ValueError: nothing is relevant.

    Source: Voorhees, TREC-8 Question Answering Track Report, 1999.
    """
    for rank, identifier in enumerate(_checked(ranking, relevant, k), start=1):
        if identifier in relevant:
            return 1 / rank
    return 0.0


def ndcg_at_k(ranking: Sequence[str], gains: Mapping[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains. Range 0 to 1, higher is better.

    ``gains`` gives each relevant id a gain above 0 (1.0 for binary relevance).
    The gain at rank r is divided by ``log2(r + 1)``; the sum is divided by that
    of the best possible ranking.

    Raises:
        ValueError: no id has a gain.

    Source: Järvelin, Kekäläinen, ACM TOIS 20(4), 2002, https://doi.org/10.1145/582415.582418
    """
    relevant = {i: g for i, g in gains.items() if g > 0}
    top = _checked(ranking, relevant, k)
    found = sum(relevant.get(i, 0.0) / math.log2(rank + 1) for rank, i in enumerate(top, start=1))
    best = sorted(relevant.values(), reverse=True)[:k]
    return found / sum(gain / math.log2(rank + 1) for rank, gain in enumerate(best, start=1))


def average_precision(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Mean over the relevant ids of the precision at their rank, 0 for one not found. Range 0 to 1.

    Its mean over questions is MAP.

    Raises:
        ValueError: nothing is relevant.

    Source: Manning, Raghavan, Schütze, Introduction to Information Retrieval, 2008, 8.4.
    """
    found, total = 0, 0.0
    for rank, identifier in enumerate(_checked(ranking, relevant), start=1):
        if identifier in relevant:
            found += 1
            total += found / rank
    return total / len(set(relevant))


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The same characters as disjoint half-open ranges in order."""
    merged: list[Span] = []
    for start, end in sorted(s for s in spans if s[0] < s[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def overlap(a: Iterable[Span], b: Iterable[Span]) -> int:
    """Number of characters that stand in both sets of half-open ranges."""
    right = merge_spans(b)
    return sum(max(0, min(e1, e2) - max(s1, s2)) for s1, e1 in merge_spans(a) for s2, e2 in right)


def evidence_recall(ranking: Sequence[Sequence[Span]], evidence: Sequence[Span], budget: int) -> float:
    """Share of the evidence's characters among the first ``budget`` characters retrieved. Range 0 to 1.

    ``ranking`` holds, best first, the source ranges of each retrieved piece;
    ``evidence`` the source ranges of the gold quotes. Because what is counted
    is characters of the source within a budget of characters, and not pieces
    among the first k, a chunker gains nothing by making its pieces longer,
    and nothing by letting them overlap: a character retrieved twice uses the
    budget twice.

    The piece that exceeds the budget is cut where the budget ends.

    Raises:
        ValueError: there is no evidence, or the budget is below 1.

    Source: the token-level recall of Smith, Troynikov, Evaluating Chunking
    Strategies for Retrieval, Chroma 2024, https://research.trychroma.com/evaluating-chunking
    """
    gold = merge_spans(evidence)
    if not gold:
        raise Undefined("undefined: there is no evidence")
    if budget < 1:
        raise ValueError(f"the budget must be at least 1, not {budget}")
    kept: list[Span] = []
    left = budget
    for piece in ranking:
        for start, end in piece:
            if left <= 0:
                break
            kept.append((start, min(end, start + left)))
            left -= end - start
    return overlap(kept, gold) / sum(end - start for start, end in gold)
