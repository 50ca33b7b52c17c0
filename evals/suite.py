"""One evaluation from start to end: the assistant, and where asked for the systems it is compared with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, Turn
from assistant.settings import Settings
from evals import baselines, cells, planted, store
from evals.curves import curves
from evals.dataset import Item
from evals.measure import Record, times
from evals.metrics.statistics import mcnemar, paired_bootstrap
from evals.probe import Probe
from evals.runner import determinism, run
from evals.systems import Asks, AssistantSystem, System

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.retrieval import HybridRetriever

#: Draws progress: gets the items and what they are asked of, yields the items.
Progress = Callable[[Sequence[Item], str], Iterator[Item]]


def quiet(items: Sequence[Item], what: str) -> Iterator[Item]:
    """No progress shown."""
    return iter(items)


class Keeping:
    """An assistant that keeps its answers."""

    def __init__(self, assistant: Asks) -> None:
        self._assistant = assistant
        self.answers: list[Answer] = []

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        answer = self._assistant.ask(question, history)
        self.answers.append(answer)
        return answer


def _change(before: Sequence[Record], after: Sequence[Record]) -> dict[str, float]:
    """Passing with ``after`` minus passing with ``before``, over the same items."""
    first, second = [r.verdict.passed for r in before], [r.verdict.passed for r in after]
    found = paired_bootstrap([float(p) for p in first], [float(p) for p in second])
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "p": round(mcnemar(first, second), 6),
    }


def _row(title: str, group: str, records: Sequence[Record], own: Sequence[Record]) -> dict[str, Any]:
    return {
        "title": title,
        "group": group,
        "all": store.totals(records)["all"],
        "kinds": {k: sum(r.verdict.passed for r in rs) for k, rs in store.by_kind(records).items()},
        "change": _change(own, records),
        "curves": curves(records).as_json(),
        "times": times(records),
    }


def _opened(assistant: Assistant) -> tuple[str, HybridRetriever]:
    """The index that an assistant has open, for another one."""
    retriever = assistant.retriever
    return assistant.index_id or "", retriever


def systems(assistant: Assistant, items: Sequence[Item], settings: Settings) -> Iterable[tuple[str, str, System]]:
    """Title, group and system of everything that the assistant is compared with."""
    from assistant.assistant import Assistant
    from assistant.features import Features
    from ingest.export import ensure_export

    encoder = ensure_export(settings.data_dir, settings.embedding_model)  # as published: a baseline was taught nothing
    for baseline in baselines.baselines(assistant.corpus, encoder):
        yield baseline.title, "baseline", baselines.fitted(baseline, items)
    for part, title in baselines.PARTS.items():
        features = Features(**{part: False})
        if part in baselines.SAME_INDEX:
            crippled = Assistant(assistant.corpus, settings, partial(_opened, assistant), features=features)
        else:
            crippled = Assistant.build(settings, features=features)
        yield title, "without", AssistantSystem(crippled, assistant.corpus, part, Probe(crippled))


@contextmanager
def expected_removals() -> Iterator[None]:
    """Keeps verification from warning about what is planted on purpose."""
    log = logging.getLogger("assistant.verify")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def compared(
    assistant: Assistant,
    own: Sequence[Record],
    answers: Sequence[Answer],
    settings: Settings,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """The rows of the table of baselines over the ``dev`` items of ``own``; errors are planted into ``answers``."""
    dev = [r for r in own if r.item.split == "dev"]
    items = [r.item for r in dev]
    rows = {}
    unanswerable: dict[str, list[bool]] = {}
    for title, group, system in systems(assistant, items, settings):
        records = list(run(system, progress(items, title), assistant.corpus))
        rows[system.name] = _row(title, group, records, dev)
        unanswerable[system.name] = [not r.reply.abstained for r in records if not r.item.answerable]
    answered = [a for a in answers if a.status in ("grounded", "partial")]
    with expected_removals():
        errors = planted.plant_all(answered, assistant.corpus)
    errors.append(
        planted.refusals((not r.reply.abstained for r in dev if not r.item.answerable), unanswerable["abstention"])
    )
    return {"baselines": rows, "planted": [p.as_json() for p in errors]}


def evaluate(
    assistant: Assistant,
    items: Sequence[Item],
    settings: Settings,
    *,
    dataset: str,
    with_baselines: bool = False,
    progress: Progress = quiet,
) -> tuple[list[Record], dict[str, Any]]:
    """Ask everything and return the records with the summary.

    Raises:
        IndexUnusableError, ModelError: the index or the model is missing.
    """
    assistant.warm()
    keeping = Keeping(assistant)
    system = AssistantSystem(keeping, assistant.corpus, ranks=Probe(assistant))
    records = list(run(system, progress(items, system.name), assistant.corpus))
    answers = tuple(keeping.answers)
    dev = [r for r in records if r.item.split == "dev"]
    expected = cells.expected_for(assistant.corpus)
    extra: dict[str, Any] = {
        "curves": curves(dev).as_json(),
        "determinism": determinism(system, records, assistant.corpus),
        "matrix_cells": cells.exactness(cells.cell_faults(assistant, assistant.corpus, expected), expected),
    }
    if with_baselines and dev:
        extra |= compared(assistant, records, answers, settings, progress)
    summary = store.summarise(
        records,
        assistant.corpus,
        dataset=dataset,
        system=system.name,
        index_id=assistant.index_id,
        settings=settings,
        extra=extra,
    )
    summary["times"] = summary.pop("times") | {
        name: row.pop("times") for name, row in extra.get("baselines", {}).items()
    }
    return records, summary
