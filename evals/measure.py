"""From one reply to its numbers, and from the numbers of many replies to a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from corpus.load import Corpus
from evals.dataset import Item
from evals.metrics import Undefined, abstention, answers, citations, ranking, statistics
from evals.replies import Reply
from evals.scoring import Verdict, score
from evals.systems import Response

#: Characters of retrieved text within which evidence recall is measured: what
#: the usual pipeline of four pieces of 1000 characters hands to its model.
EVIDENCE_BUDGET = 4000


@dataclass(frozen=True, slots=True)
class Metric:
    """How a number is called and read. ``share`` numbers are 0 or 1 for one item."""

    name: str
    title: str
    explanation: str
    share: bool = False
    higher_is_better: bool = True


#: Every number measured for one item, in the order of the report.
METRICS: tuple[Metric, ...] = (
    Metric("passed", "Right", "replies that pass: right facts, nothing false, refused where due", share=True),
    Metric("fact_recall", "Facts found", "of the facts asked for, the share that is in the reply"),
    Metric("gold_hit", "Right source", "answers that cite at least one of the places that support them", share=True),
    Metric("gold_recall", "Sources found", "of the supporting places, the share that is cited"),
    Metric("gold_precision", "Sources to the point", "of the places cited, the share that the test set names"),
    Metric("citation_validity", "Citations that exist", "of the citations, the share whose place exists"),
    Metric("quote_fidelity", "Quotes word for word", "of the quotes, the share that stands verbatim at its place"),
    Metric("citation_recall", "Claims backed", "of the claims, the share that the cited places support, word by word"),
    Metric("citation_precision", "Citations needed", "of the citations, the share that backs its claim"),
    Metric("recall@1", "Found first", "of the supporting places, the share ranked first"),
    Metric("recall@5", "Found in 5", "of the supporting places, the share among the first 5 passages"),
    Metric("recall@10", "Found in 10", "of the supporting places, the share among the first 10 passages"),
    Metric("hit@5", "Any found in 5", "questions with at least one supporting place in the first 5", share=True),
    Metric("mrr@10", "MRR@10", "one divided by the rank of the first supporting place, at most 10"),
    Metric("ndcg@10", "nDCG@10", "how near to the top the supporting places stand"),
    Metric("map", "MAP", "mean precision at the ranks of the supporting places"),
    Metric("evidence_recall", "Evidence retrieved", "of the gold quotes, the share in the first 4,000 characters"),
)
BY_NAME: dict[str, Metric] = {m.name: m for m in METRICS}


@dataclass(frozen=True, slots=True)
class Record:
    """One item with its reply, its verdict and its numbers; a number that is undefined is not there."""

    item: Item
    reply: Reply
    response: Response
    verdict: Verdict
    numbers: Mapping[str, float]


def gold_spans(item: Item, corpus: Corpus) -> list[tuple[int, int]]:
    """Source ranges of the item's gold quotes, found at its gold labels."""
    spans: list[tuple[int, int]] = []
    for quote in item.gold_quotes:
        for ref in item.gold_refs:
            passage = corpus.by_ref.get(ref)
            found = passage.find(quote) if passage else None
            if passage and found:
                spans.extend(passage.source_spans(*found))
                break
    return spans


def ranking_numbers(item: Item, response: Response, corpus: Corpus) -> dict[str, Callable[[], float]]:
    """The ranking metrics of one item, not yet computed; unanswerable items have none."""
    if not item.answerable or not response.ranked:
        return {}
    order, gold = response.ranked, item.gold_refs
    return {
        "recall@1": lambda: ranking.recall_at_k(order, gold, 1),
        "recall@5": lambda: ranking.recall_at_k(order, gold, 5),
        "recall@10": lambda: ranking.recall_at_k(order, gold, 10),
        "hit@5": lambda: ranking.hit_at_k(order, gold, 5),
        "mrr@10": lambda: ranking.reciprocal_rank(order, gold, 10),
        "ndcg@10": lambda: ranking.ndcg_at_k(order, dict.fromkeys(gold, 1.0), 10),
        "map": lambda: ranking.average_precision(order, gold),
        "evidence_recall": lambda: ranking.evidence_recall(response.pieces, gold_spans(item, corpus), EVIDENCE_BUDGET),
    }


def measure(item: Item, reply: Reply, response: Response, corpus: Corpus) -> Record:
    """Judge and measure one reply."""
    verdict = score(item, reply)
    passages = {p.ref: p.text for p in corpus.passages}
    refs = [c.ref for c in reply.citations]
    candidates: dict[str, Callable[[], float]] = {
        "passed": lambda: float(verdict.passed),
        "citation_validity": lambda: citations.citation_validity(refs, passages),
        "quote_fidelity": lambda: citations.quote_fidelity([(c.ref, c.quote) for c in reply.citations], passages),
        "citation_recall": lambda: citations.citation_recall(response.statements),
        "citation_precision": lambda: citations.citation_precision(response.statements),
    }
    if item.answerable:
        candidates["fact_recall"] = lambda: answers.fact_recall(verdict.groups_found, verdict.groups)
        if not reply.abstained and not reply.clarified:
            candidates["gold_hit"] = lambda: citations.gold_hit(refs, item.gold_refs)
            candidates["gold_recall"] = lambda: citations.gold_recall(refs, item.gold_refs)
            candidates["gold_precision"] = lambda: citations.gold_precision(refs, item.gold_refs)
    candidates |= ranking_numbers(item, response, corpus)
    numbers: dict[str, float] = {}
    for metric in METRICS:
        if metric.name in candidates:
            try:
                numbers[metric.name] = candidates[metric.name]()
            except Undefined:
                continue
    return Record(item, reply, response, verdict, numbers)


def interval(values: Sequence[float], *, share: bool) -> statistics.Interval:
    """Mean with its 95% interval: Wilson's for a share, resampled otherwise.

    Raises:
        Undefined: there are no values.
    """
    if share:
        return statistics.wilson(round(sum(values)), len(values))
    return statistics.paired_bootstrap([0.0] * len(values), values)


def number(values: Sequence[float], *, share: bool) -> dict[str, float | int] | None:
    """A mean, its interval and how many items it stands on; None where it is undefined."""
    try:
        found = interval(values, share=share)
    except Undefined:
        return None
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "n": len(values),
    }


def _share(function: Callable[[Sequence[bool], Sequence[bool]], float], records: Sequence[Record]) -> float | None:
    try:
        value = function([r.item.answerable for r in records], [r.reply.abstained for r in records])
    except Undefined:
        return None
    return round(value, 4)


def aggregate(records: Sequence[Record]) -> dict[str, object]:
    """The numbers of a group of replies. None: undefined for this group."""
    table: dict[str, object] = {
        "items": len(records),
        "review": sum(r.verdict.review for r in records),
        "asked_back": sum(r.verdict.clarified for r in records),
        "refused": sum(r.verdict.abstained for r in records),
    }
    for metric in METRICS:
        values = [r.numbers[metric.name] for r in records if metric.name in r.numbers]
        table[metric.name] = number(values, share=metric.share)
    table["abstention_precision"] = _share(abstention.abstention_precision, records)
    table["abstention_recall"] = _share(abstention.abstention_recall, records)
    table["false_refusal_rate"] = _share(abstention.false_refusal_rate, records)
    lengths = [float(r.verdict.words) for r in records]
    table["words_median"] = answers.quantile(lengths, 0.5) if lengths else None
    table["words_p95"] = answers.quantile(lengths, 0.95) if lengths else None
    return table


def times(records: Sequence[Record]) -> dict[str, float]:
    """Milliseconds a reply took: the only numbers that differ between two runs of the same thing."""
    taken = [r.reply.ms for r in records]
    return {f"p{round(q * 100)}": answers.quantile(taken, q) for q in (0.5, 0.95, 0.99, 1.0)} if taken else {}
