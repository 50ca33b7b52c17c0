"""The evaluation set: one JSON object a line, validated where it enters.

The form is described in ``docs/evaluation.md``. A field that the form does not
know is ignored here and named by ``mcof eval lint``.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from corpus.errors import DatasetError, InputError, StorageError

Split = Literal["dev", "final"]

DEFAULT_DATASET = Path(__file__).parent / "data" / "scpf-92.jsonl"

#: Kinds that the report knows and orders; any other word is a kind too.
KINDS: tuple[str, ...] = (
    "matrix_cell",
    "matrix_list",
    "matrix_reverse",
    "matrix_not_stated",
    "definition",
    "fact",
    "coordination",
    "comparison",
    "follow_up",
    "hard_wording",
    "phrasing_noise",
    "french",
    "spanish",
    "near_miss",
    "false_premise",
    "off_topic",
    "injection",
    "unanswerable",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One question with what a right reply holds, must not hold, and rests on.

    ``must_include`` are groups: each needs one of its alternatives in the
    reply. ``gold_refs`` are labels; any one of them cited is a hit.
    """

    id: str
    question: str
    kind: str
    answerable: bool
    turns: tuple[str, ...] = ()
    split: Split = "dev"
    must_include: tuple[tuple[str, ...], ...] = ()
    must_not_include: tuple[str, ...] = ()
    gold_refs: tuple[str, ...] = ()
    gold_quotes: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_matrix(self) -> bool:
        return self.kind.startswith("matrix_")


class _Line(BaseModel):
    """A line as it may be written."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)

    id: str = Field(min_length=1)
    question: str
    kind: str = Field(min_length=1)
    answerable: StrictBool
    turns: tuple[str, ...] = ()
    split: Split = "dev"
    must_include: tuple[tuple[str, ...], ...]
    must_not_include: tuple[str, ...]
    gold_refs: tuple[str, ...]
    gold_quotes: tuple[str, ...] = ()
    note: str = ""


FIELDS: tuple[str, ...] = tuple(_Line.model_fields)


def read_lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The JSON objects of a JSON Lines file, each with its line number; blank lines are skipped.

    Raises:
        InputError: there is no such file.
        DatasetError: it is not UTF-8, a line is no JSON object, or there is none.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError(f"There is no file {str(path)!r}.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} is not UTF-8 text; save it as UTF-8.") from error
    except OSError as error:
        raise StorageError(f"{path.name} cannot be read: {error.strerror}.") from error
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise DatasetError(f"{path.name}, line {number}: not valid JSON ({error}).") from error
        if not isinstance(value, dict):
            raise DatasetError(f"{path.name}, line {number}: expected one JSON object, found {line.strip()[:40]!r}.")
        rows.append((number, value))
    if not rows:
        raise DatasetError(f"{path.name} is empty; expected one JSON object a line.")
    return rows


def parse_item(name: str, number: int, row: dict[str, Any]) -> Item:
    try:
        line = _Line.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        if first["type"] == "missing":
            close = difflib.get_close_matches(field, [k for k in row if k not in FIELDS], n=1)
            hint = f" Is it the field {close[0]!r}?" if close else ""
            raise DatasetError(f"{name}, line {number}: the field {field!r} is missing.{hint}") from error
        message = first["msg"][:1].lower() + first["msg"][1:]
        found = str(row.get(field))[:60]
        raise DatasetError(f"{name}, line {number}, field {field!r}: {message}; found {found!r}.") from error
    return Item(**{key: getattr(line, key) for key in FIELDS})


def check_labels(name: str, number: int, item: Item, labels: Collection[str]) -> None:
    """Every gold label is one of ``labels``.

    Raises:
        DatasetError: one is not, with the nearest that is.
    """
    for ref in item.gold_refs:
        if ref not in labels:
            close = difflib.get_close_matches(ref, sorted(labels), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise DatasetError(f"{name}, line {number}: the document has no label {ref!r}.{hint}")


def load_dataset(path: Path = DEFAULT_DATASET, *, labels: Collection[str] | None = None) -> tuple[Item, ...]:
    """The items of a file, in file order.

    Args:
        path: a JSON Lines file.
        labels: the labels of the document; with them, an unknown label is an error.

    Raises:
        DatasetError: one sentence that names file, line and field.
    """
    items: list[Item] = []
    seen: dict[str, int] = {}
    for number, row in read_lines(path):
        item = parse_item(path.name, number, row)
        if item.id in seen:
            raise DatasetError(
                f"{path.name}, line {number}: the id {item.id!r} is already used on line {seen[item.id]}."
            )
        seen[item.id] = number
        if labels is not None:
            check_labels(path.name, number, item, labels)
        items.append(item)
    return tuple(items)


def select(items: Iterable[Item], *, kinds: Collection[str] = (), split: str = "all") -> tuple[Item, ...]:
    """The items of the given kinds (none: all) and split (``dev``, ``final`` or ``all``).

    Raises:
        InputError: no item is left, or the split is unknown.
    """
    if split not in ("dev", "final", "all"):
        raise InputError(f"Unknown split {split!r}; expected dev, final or all.")
    items = tuple(items)
    known = sorted({item.kind for item in items})
    for kind in kinds:
        if kind not in known:
            raise InputError(f"No item is of kind {kind!r}; this set has {', '.join(known)}.")
    chosen = tuple(i for i in items if (not kinds or i.kind in kinds) and split in ("all", i.split))
    if not chosen:
        raise InputError(f"No item is left with split {split!r} and kinds {', '.join(kinds) or '(all)'}.")
    return chosen


def kind_order(kinds: Iterable[str]) -> list[str]:
    """Distinct kinds in the order of ``KINDS``, unknown ones last by name."""
    return sorted(set(kinds), key=lambda k: (KINDS.index(k) if k in KINDS else len(KINDS), k))


def fingerprint(items: Sequence[Item]) -> str:
    """SHA-256 over the items as loaded, so that white space in the file does not count."""
    lines = (repr(tuple(getattr(item, key) for key in FIELDS)) for item in items)
    return sha256("\n".join(lines).encode()).hexdigest()
