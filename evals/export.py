"""A recorded run in the form of another evaluation library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.errors import DatasetError, InputError
from corpus.load import Corpus
from evals.dataset import Item
from evals.replies import Reply, read_replies
from evals.store import ANSWERS, read_run

FORMATS = ("ragas",)


def ragas_line(item: Item, reply: Reply, ranked: Sequence[str], corpus: Corpus) -> dict[str, Any]:
    """One ``SingleTurnSample`` of ragas 0.4, as JSON.

    ``retrieved_contexts`` are the passages cited, or where none is, those
    ranked; earlier messages of the conversation precede the question.
    """
    refs = [ref for ref in (reply.cited_refs or tuple(ranked)) if ref in corpus.by_ref]
    gold = [ref for ref in item.gold_refs if ref in corpus.by_ref]
    return {
        "user_input": "\n".join((*item.turns, item.question)),
        "response": reply.answer,
        "retrieved_contexts": [corpus.by_ref[ref].text for ref in refs],
        "retrieved_context_ids": refs,
        "reference_contexts": [corpus.by_ref[ref].text for ref in gold],
        "reference_context_ids": gold,
        "reference": " ".join(item.gold_quotes) if item.answerable else "The document does not say.",
    }


def export_run(folder: Path, items: Sequence[Item], corpus: Corpus, form: str = "ragas") -> list[dict[str, Any]]:
    """The ``dev`` items of a run in the form of another library.

    Raises:
        InputError: the form is unknown, or the folder holds no run.
        DatasetError: the run is of another corpus, or has no ``dev`` item of this data set.
    """
    if form not in FORMATS:
        raise InputError(f"Unknown format {form!r}; expected {', '.join(FORMATS)}.")
    run = read_run(folder)
    if run.summary["corpus"]["text_sha256"] != corpus.source_sha256:
        raise DatasetError(f"The run {run.name!r} was made with another corpus ({run.summary['corpus']['symbol']}).")
    replies = {reply.id: reply for reply in read_replies(folder / ANSWERS)}
    lines = [
        ragas_line(item, replies[item.id], run.verdicts[item.id]["ranked"], corpus)
        for item in items
        if item.id in replies and item.id in run.verdicts
    ]
    if not lines:
        raise DatasetError(f"The run {run.name!r} and the data set have no dev item in common.")
    return lines
