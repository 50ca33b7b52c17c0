"""A run as a folder: ``answers.jsonl``, ``verdicts.jsonl``, ``summary.json`` (and ``report.html``).

Items of the split ``final`` are in ``answers.jsonl``, so that another scorer
can be run on them, and in the totals of ``summary.json``, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from corpus.errors import DatasetError, InputError, StorageError
from corpus.load import Corpus
from evals.dataset import Item, fingerprint, kind_order, read_lines
from evals.measure import Record, aggregate, times
from evals.replies import dump_lines

ANSWERS, VERDICTS, SUMMARY, REPORT = "answers.jsonl", "verdicts.jsonl", "summary.json", "report.html"
FORMAT = 1

#: Settings that change an answer or its speed; the others name places, people or secrets.
SHOWN_SETTINGS = ("embedding_model", "top_k", "max_question_chars", "max_history_turns")
PACKAGES = ("mcof-assistant", "chromadb", "onnxruntime", "numpy", "PyStemmer", "rapidfuzz")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run read back: its summary and the verdicts of its ``dev`` items by id."""

    name: str
    summary: Mapping[str, Any]
    verdicts: Mapping[str, Mapping[str, Any]]


def shown_settings(settings: Settings | None) -> dict[str, object]:
    """Settings that belong to a report: no secret, no path, no address. A model folder is named without its path."""
    if settings is None:
        return {}
    values = settings.effective()
    shown = {key: values[key] for key in SHOWN_SETTINGS if key in values}
    if "embedding_model" in shown:
        shown["embedding_model"] = Path(str(shown["embedding_model"])).name
    return shown


def versions() -> dict[str, str]:
    """Versions of the packages that decide an answer, where they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def by_kind(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records of each kind, kinds in the order of the report."""
    return {k: [r for r in records if r.item.kind == k] for k in kind_order(r.item.kind for r in records)}


def totals(records: Sequence[Record]) -> dict[str, object]:
    """The numbers of all records and of each kind."""
    return {"all": aggregate(records), "kinds": {k: aggregate(rs) for k, rs in by_kind(records).items()}}


def summarise(
    records: Sequence[Record],
    corpus: Corpus,
    *,
    dataset: str,
    system: str,
    index_id: str | None = None,
    settings: Settings | None = None,
    extra: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Everything that ``summary.json`` holds. Only ``times`` differs between two runs of the same thing."""
    items: list[Item] = [r.item for r in records]
    dev = [r for r in records if r.item.split == "dev"]
    final = [r for r in records if r.item.split == "final"]
    return {
        "format": FORMAT,
        "system": system,
        "dataset": {
            "name": Path(dataset).name,
            "sha256": fingerprint(items),
            "items": len(items),
            "dev": len(dev),
            "final": len(final),
        },
        "corpus": {
            "id": corpus.info.id,
            "symbol": corpus.info.symbol,
            "text_sha256": corpus.source_sha256,
            "tables_sha256": corpus.fingerprint,
        },
        "index": index_id,
        "settings": shown_settings(settings),
        "versions": versions(),
        "dev": totals(dev) if dev else None,
        "final": totals(final) if final else None,
        **(extra or {}),
        "times": times(records),
    }


def verdict_line(record: Record) -> dict[str, Any]:
    """One line of ``verdicts.jsonl``: the judgement, its reasons, the numbers, and the trace of a failure."""
    verdict = record.verdict
    line: dict[str, Any] = {
        "id": verdict.id,
        "kind": verdict.kind,
        "answerable": verdict.answerable,
        "status": verdict.status,
        "passed": verdict.passed,
        "review": verdict.review,
        "reasons": list(verdict.reasons),
        "words": verdict.words,
        "confidence": record.response.confidence,
        "ranked": list(record.response.ranked),
        "numbers": {name: round(value, 6) for name, value in record.numbers.items()},
    }
    if not verdict.passed:
        line["trace"] = record.response.trace
    return line


def write_text(path: Path, text: str) -> None:
    """Write a file whole.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(f"{path.name} cannot be written: {error.strerror}.") from error


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, keys in their own order.

    Raises:
        StorageError: it cannot be written.
    """
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_run(folder: Path, records: Sequence[Record], summary: Mapping[str, Any]) -> None:
    """Write the run's three data files into ``folder``.

    Raises:
        StorageError: the folder cannot be written.
    """
    write_text(folder / ANSWERS, dump_lines(r.reply.as_json() for r in records))
    write_text(folder / VERDICTS, dump_lines(verdict_line(r) for r in records if r.item.split == "dev"))
    write_json(folder / SUMMARY, summary)


def read_run(folder: Path) -> StoredRun:
    """A run written by ``write_run``.

    Raises:
        InputError: the folder holds no run.
        DatasetError: one of its files is damaged or of another version.
    """
    path = folder / SUMMARY
    if not path.exists():
        raise InputError(f"The folder {folder.name!r} holds no run: it has no {SUMMARY}.")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        if summary["format"] != FORMAT:
            raise DatasetError(f"The run {folder.name!r} has format {summary['format']}; this version reads {FORMAT}.")
        empty = summary["dataset"]["dev"] == 0
        rows = [] if empty else [row for _, row in read_lines(folder / VERDICTS)]
        return StoredRun(folder.name, summary, {str(row["id"]): row for row in rows})
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"The run {folder.name!r} is damaged ({SUMMARY} or {VERDICTS}).") from error
