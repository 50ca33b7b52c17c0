"""From feedback to draft items."""

import json
from pathlib import Path

import pytest

from corpus.errors import DatasetError
from evals.dataset import Item, load_dataset
from evals.drafts import drafts, read_feedback

DOWN = {
    "question": "Who leads?",
    "history": [{"role": "user", "text": "CCCM?"}, {"role": "assistant", "text": "A sector."}],
    "answer": "IOM leads\nalways [1].",
    "verdict": "down",
    "comment": "Only in <b>natural</b> disasters",
    "citations": [{"ref": "¶13", "quote": "q", "start": 1}, {"ref": "¶13", "quote": "r"}],
    "versions": {"index": "ab12", "app": "0.1.0"},
    "user": "ignored",
}


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    return path


def test_a_thumbs_down_becomes_a_draft(tmp_path: Path) -> None:
    found = drafts(read_feedback(write(tmp_path / "f.jsonl", DOWN)))
    assert found.items == (
        {
            "id": "draft-" + found.items[0]["id"][6:],
            "kind": "draft",
            "split": "dev",
            "turns": ["CCCM?"],
            "question": "Who leads?",
            "answerable": True,
            "must_include": [],
            "must_not_include": [],
            "gold_refs": ["¶13"],
            "gold_quotes": [],
            "note": (
                "Draft from feedback (down). Comment: Only in <b>natural</b> disasters "
                "Replied: IOM leads always [1]. Versions: app 0.1.0, index ab12"
            ),
        },
    )


def test_what_leads_to_no_draft(tmp_path: Path) -> None:
    """Praise, the same conversation again, and what the set already asks; a comment counts without a verdict."""
    praise = DOWN | {"question": "Fine?", "verdict": "up", "comment": None}
    comment = DOWN | {"question": "So?", "verdict": "up", "comment": "Could be shorter", "history": ["bare text"]}
    known = DOWN | {"question": "Known?", "history": []}
    rows = read_feedback(write(tmp_path / "f.jsonl", DOWN, DOWN, praise, comment, known))
    found = drafts(rows, [Item("k", "known?", "fact", True)])
    assert [(i["question"], i["turns"]) for i in found.items] == [("Who leads?", ["CCCM?"]), ("So?", ["bare text"])]
    assert (found.praised, found.repeated, found.known) == (1, 1, 1)


def test_drafts_load_as_items(tmp_path: Path) -> None:
    found = drafts(read_feedback(write(tmp_path / "f.jsonl", DOWN, DOWN | {"question": "Other?"})))
    assert len(load_dataset(write(tmp_path / "d.jsonl", *found.items))) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"verdict": "down"}, "f.jsonl, line 1, field 'question': field required."),
        ({"question": "?", "history": [{"role": "robot", "text": "x"}]}, "f.jsonl, line 1, field 'history.0"),
    ],
)
def test_a_line_that_is_no_record(tmp_path: Path, row: dict[str, object], message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_feedback(write(tmp_path / "f.jsonl", row))
    assert str(caught.value).startswith(message)
