"""Asks every item and keeps what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from assistant.answer import Turn
from corpus.errors import InputError
from corpus.load import Corpus
from evals.dataset import Item
from evals.measure import Record, measure
from evals.metrics.answers import agreement
from evals.replies import Reply
from evals.systems import Response, System, pieces_of

Clock = Callable[[], float]


def ask(system: System, question: str, history: Sequence[Turn]) -> Response:
    """One reply. A message that the assistant turns away is answered by the sentence a user would read."""
    try:
        return system.ask(question, history)
    except InputError as error:
        return Response(str(error), "needs_clarification")


def converse(system: System, item: Item, corpus: Corpus, clock: Clock = time.perf_counter) -> tuple[Reply, Response]:
    """Ask the earlier turns in order, then the question; the time is that of the question alone.

    Where the reply retrieved nothing, the system's own ranking stands in.
    """
    history: list[Turn] = []
    for turn in item.turns:
        earlier = ask(system, turn, tuple(history))
        history += [Turn("user", turn), Turn("assistant", earlier.answer)]
    start = clock()
    response = ask(system, item.question, tuple(history))
    ms = round((clock() - start) * 1000, 1)
    if not response.ranked:
        ranked = system.rank(item.question, tuple(history))
        response = replace(response, ranked=ranked, pieces=pieces_of(ranked, corpus))
    return Reply(item.id, response.answer, response.status, response.citations, ms), response


def run(system: System, items: Iterable[Item], corpus: Corpus, *, clock: Clock = time.perf_counter) -> Iterator[Record]:
    """Ask and measure each item, in order, as it is consumed."""
    for item in items:
        reply, response = converse(system, item, corpus, clock)
        yield measure(item, reply, response, corpus)


#: Every so many-th item is asked a second time.
AGAIN = 5


def determinism(system: System, records: Sequence[Record], corpus: Corpus) -> dict[str, object] | None:
    """Ask a fifth of the items again and compare the replies, times left out; None where nothing was asked.

    ``ids`` names the ``dev`` items whose second reply differs.
    """
    sample = records[::AGAIN]
    if not sample:
        return None
    again = [replace(converse(system, r.item, corpus)[0], ms=0.0) for r in sample]
    before = [replace(r.reply, ms=0.0) for r in sample]
    differing = [r.item.id for r, a, b in zip(sample, before, again, strict=True) if a != b and r.item.split == "dev"]
    return {"value": round(agreement(before, again), 4), "n": len(sample), "ids": differing}


def rescore(items: Iterable[Item], replies: Iterable[Reply], corpus: Corpus) -> list[Record]:
    """Measure recorded replies of any program; items without a reply count as not passed."""
    by_id = {reply.id: reply for reply in replies}
    records = []
    for item in items:
        reply = by_id.get(item.id) or Reply(item.id, "", "needs_clarification")
        records.append(measure(item, reply, Response(reply.answer, reply.status, reply.citations), corpus))
    return records
