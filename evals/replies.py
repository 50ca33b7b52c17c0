"""Replies as they are recorded: ``answers.jsonl``, the form any other scorer reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from assistant.answer import ABSTENTIONS, Status
from corpus.errors import DatasetError
from evals.dataset import read_lines

STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of a reply: the label of a passage and the words quoted from it."""

    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to one item. ``citations[0]`` is what the marker ``[1]`` means."""

    id: str
    answer: str
    status: str
    citations: tuple[Cited, ...] = ()
    ms: float = 0.0

    @property
    def abstained(self) -> bool:
        return self.status in ABSTENTIONS

    @property
    def clarified(self) -> bool:
        """Whether the reply asks back: neither an answer nor an abstention."""
        return self.status == "needs_clarification"

    @property
    def cited_refs(self) -> tuple[str, ...]:
        """Distinct labels in order of first citation."""
        return tuple(dict.fromkeys(c.ref for c in self.citations))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "answer": self.answer,
            "status": self.status,
            "citations": [{"ref": c.ref, "quote": c.quote} for c in self.citations],
            "ms": self.ms,
        }


class _CitationLine(BaseModel):
    ref: str
    quote: str


class _ReplyLine(BaseModel):
    id: str
    answer: str
    status: str
    citations: tuple[_CitationLine, ...] = ()
    ms: float = 0.0


def dump_lines(rows: Iterable[dict[str, Any]]) -> str:
    """JSON Lines with keys in the given order, UTF-8 kept as it is."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_replies(path: Path) -> tuple[Reply, ...]:
    """Replies recorded by this runner or another program.

    Raises:
        DatasetError: a line is not in the form, or has an unknown status.
    """
    replies = []
    for number, row in read_lines(path):
        try:
            line = _ReplyLine.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise DatasetError(f"{path.name}, line {number}, field {field!r}: {first['msg'].lower()}.") from error
        if line.status not in STATUSES:
            raise DatasetError(
                f"{path.name}, line {number}: unknown status {line.status!r}; expected one of {', '.join(STATUSES)}."
            )
        cited = tuple(Cited(c.ref, c.quote) for c in line.citations)
        replies.append(Reply(line.id, line.answer, line.status, cited, line.ms))
    return tuple(replies)
