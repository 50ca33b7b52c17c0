"""From feedback to test cases: drafts that a person completes.

Feedback never changes an answer or a ranking by itself. What a thumbs-down
says is that a person should look; what the right answer is, that person writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from corpus.errors import DatasetError
from evals.dataset import Item, read_lines
from evals.scoring import normalise

#: Verdicts that ask for a look, as the page and the bots write them.
DOWN = frozenset({"down", "thumbs_down", "dislike", "bad", "wrong", "no", "-1", "👎"})


class _Turn(BaseModel):
    role: Literal["user", "assistant"]
    text: str


class _Cited(BaseModel):
    model_config = ConfigDict(extra="ignore")

    ref: str
    quote: str = ""


class Feedback(BaseModel):
    """One recorded opinion about one reply. Fields of a record that are not named here are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    question: str
    history: tuple[_Turn | str, ...] = ()
    answer: str = ""
    verdict: str = ""
    comment: str | None = ""
    citations: tuple[_Cited | str, ...] = ()
    versions: dict[str, Any] = {}

    @property
    def earlier(self) -> tuple[str, ...]:
        """The user's messages before the question; a bare string counts as the user's."""
        return tuple(
            t if isinstance(t, str) else t.text for t in self.history if isinstance(t, str) or t.role == "user"
        )

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c if isinstance(c, str) else c.ref for c in self.citations))

    @property
    def wants_a_look(self) -> bool:
        return self.verdict.strip().lower() in DOWN or bool((self.comment or "").strip())


@dataclass(frozen=True, slots=True)
class Drafts:
    """Draft items, and how many records led to none and why."""

    items: tuple[dict[str, Any], ...]
    praised: int
    repeated: int
    known: int


def read_feedback(path: Path) -> list[Feedback]:
    """Feedback records, one JSON object a line.

    Raises:
        DatasetError: a line is no record.
    """
    records = []
    for number, row in read_lines(path):
        try:
            records.append(Feedback.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise DatasetError(f"{path.name}, line {number}, field {field!r}: {first['msg'].lower()}.") from error
    return records


def draft(record: Feedback) -> dict[str, Any]:
    """One draft in the form of the evaluation set; the lint names what a person still has to fill in.

    The id derives from the conversation, so the same feedback gives the same id.
    """
    asked = "\n".join(normalise(text) for text in (*record.earlier, record.question))
    note = [f"Draft from feedback ({record.verdict.strip() or 'comment'})."]
    if (record.comment or "").strip():
        note.append(f"Comment: {' '.join(str(record.comment).split())}")
    note.append(f"Replied: {' '.join(record.answer.split())[:400]}")
    if record.versions:
        note.append("Versions: " + ", ".join(f"{k} {v}" for k, v in sorted(record.versions.items())))
    item: dict[str, Any] = {"id": f"draft-{sha256(asked.encode()).hexdigest()[:10]}", "kind": "draft", "split": "dev"}
    if record.earlier:
        item["turns"] = list(record.earlier)
    return item | {
        "question": record.question,
        "answerable": True,
        "must_include": [],
        "must_not_include": [],
        "gold_refs": list(record.refs),
        "gold_quotes": [],
        "note": " ".join(note),
    }


def drafts(records: Iterable[Feedback], items: Sequence[Item] = ()) -> Drafts:
    """Drafts of the records that want a look, each conversation once, those of ``items`` left out."""
    known = {tuple(normalise(t) for t in (*i.turns, i.question)) for i in items}
    made: dict[str, dict[str, Any]] = {}
    praised = repeated = already = 0
    for record in records:
        asked = tuple(normalise(t) for t in (*record.earlier, record.question))
        if not record.wants_a_look:
            praised += 1
        elif asked in known:
            already += 1
        elif (found := draft(record))["id"] in made:
            repeated += 1
        else:
            made[found["id"]] = found
    return Drafts(tuple(made.values()), praised, repeated, already)
