"""The gate: a change that makes the answers worse does not land.

What the assistant does now is compared with committed values: ``gate.toml``
(thresholds, edited by hand), ``data/gate.jsonl`` (each ``dev`` item as it was
when they were last accepted) and ``data/scpf-92-cells.csv`` (all 225 cells, from
a reading of the text that is independent of the assistant's own table). Every
failure is one sentence that names the items.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answer import Turn
from corpus.errors import DatasetError, InputError
from evals import cells
from evals.checks import (
    WORDS_MRR,
    Measured,
    Reference,
    Thresholds,
    check_cells,
    check_quotes,
    counted,
    named,
    newly_failed,
    require,
)
from evals.dataset import Item, read_lines
from evals.measure import BY_NAME
from evals.metrics.ranking import reciprocal_rank
from evals.probe import Probe, WordsProbe
from evals.replies import dump_lines
from evals.runner import run
from evals.suite import Progress, quiet
from evals.systems import AssistantSystem

if TYPE_CHECKING:
    from assistant.assistant import Assistant

THRESHOLDS = Path(__file__).parent / "gate.toml"
REFERENCE = Path(__file__).parent / "data" / "gate.jsonl"


def read_thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """The committed thresholds.

    Raises:
        DatasetError: the file is missing, no TOML, or names an unknown number.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DatasetError(f"{path.name} cannot be read: {error}.") from error
    known = {*BY_NAME, "abstention_precision", "abstention_recall", "false_refusal_rate", "words_median", WORDS_MRR}
    for part in ("minimum", "maximum"):
        for name in data.get(part, {}):
            if name not in known:
                raise DatasetError(f"{path.name}, [{part}]: there is no number {name!r}.")
    return Thresholds(data.get("minimum", {}), data.get("maximum", {}))


def read_reference(path: Path = REFERENCE) -> Reference:
    """The accepted result of each ``dev`` item by id."""
    return {str(row["id"]): row for _, row in read_lines(path)}


def words_mrr(assistant: Assistant, items: Sequence[Item]) -> dict[str, float]:
    """Reciprocal rank at 10 of each answerable item, searched by its words alone."""
    by_words = WordsProbe(assistant)
    return {
        item.id: reciprocal_rank(by_words(item.question, [Turn("user", t) for t in item.turns]), item.gold_refs)
        for item in items
        if item.answerable and item.gold_refs
    }


def measure_gate(assistant: Assistant, items: Sequence[Item], progress: Progress = quiet) -> Measured:
    """Ask every ``dev`` item and every cell."""
    corpus = assistant.corpus
    assistant.warm()
    dev = [item for item in items if item.split == "dev"]
    system = AssistantSystem(assistant, corpus, ranks=Probe(assistant))
    records = tuple(run(system, progress(dev, "gate"), corpus))
    expected = cells.expected_for(corpus)
    faults = tuple(cells.cell_faults(assistant, corpus, expected))
    return Measured(records, words_mrr(assistant, dev), faults, len(expected))


def reference_lines(now: Measured) -> list[dict[str, Any]]:
    """One line a ``dev`` item, as ``data/gate.jsonl`` holds it."""
    return [
        {
            "id": r.item.id,
            "answerable": r.item.answerable,
            "refused": r.reply.abstained,
            **now.numbers[r.item.id],
        }
        for r in now.records
    ]


def losses(now: Measured, before: Reference) -> list[str]:
    """Ids of the items that passed before and fail now."""
    return [r.item.id for r in newly_failed(now, before, lambda r: True)]


def accept(now: Measured, before: Reference, reason: str, *, path: Path = REFERENCE, toml: Path = THRESHOLDS) -> None:
    """Make the present result the reference.

    Raises:
        InputError: items that were right are wrong now and no reason is given.
        CheckFailedError: a cell or a quote is wrong; no reason can make that acceptable.
    """
    require([*check_cells(now), *check_quotes(now)])
    lost = losses(now, before)
    if lost and not reason:
        raise InputError(f"{counted(len(lost), 'item')} would be given up ({named(lost)}); say why with --reason.")
    path.write_text(dump_lines(reference_lines(now)), encoding="utf-8", newline="\n")
    if lost:
        entry = f"\n[[lowered]]\nreason = {json.dumps(reason, ensure_ascii=False)}\nitems = {json.dumps(lost)}\n"
        toml.write_text(toml.read_text(encoding="utf-8").rstrip("\n") + "\n" + entry, encoding="utf-8", newline="\n")
