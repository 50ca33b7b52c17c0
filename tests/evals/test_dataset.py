"""Loading evaluation sets: what is accepted, and one sentence for what is not."""

import json
from pathlib import Path

import pytest

from corpus.errors import DatasetError, InputError
from evals.dataset import Item, fingerprint, kind_order, load_dataset, select

LINE = {
    "id": "a",
    "question": "Who?",
    "kind": "fact",
    "answerable": True,
    "must_include": [["iom"]],
    "must_not_include": [],
    "gold_refs": ["¶1"],
}


def write(path: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    file = path / "set.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_line_becomes_an_item(tmp_path: Path) -> None:
    extra = LINE | {"turns": ["Hello"], "split": "final", "gold_quotes": ["q"], "note": "n", "author": "me"}
    assert load_dataset(write(tmp_path, LINE, "", extra | {"id": "b"}), labels={"¶1"}) == (
        Item("a", "Who?", "fact", True, must_include=(("iom",),), gold_refs=("¶1",)),
        Item(
            "b",
            "Who?",
            "fact",
            True,
            turns=("Hello",),
            split="final",
            must_include=(("iom",),),
            gold_refs=("¶1",),
            gold_quotes=("q",),
            note="n",
        ),
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([""], "set.jsonl is empty; expected one JSON object a line."),
        (['{"id": "a"'], "set.jsonl, line 1: not valid JSON (Expecting ',' delimiter: line 1 column 11 (char 10))."),
        ([LINE, "[1]"], "set.jsonl, line 2: expected one JSON object, found '[1]'."),
        ([LINE, LINE], "set.jsonl, line 2: the id 'a' is already used on line 1."),
        ([LINE | {"gold_refs": ["¶ 1"]}], "set.jsonl, line 1: the document has no label '¶ 1'. Did you mean '¶1'?"),
        (
            [LINE | {"answerable": "yes"}],
            "set.jsonl, line 1, field 'answerable': input should be a valid boolean; found 'yes'.",
        ),
        (
            [LINE | {"split": "test"}],
            "set.jsonl, line 1, field 'split': input should be 'dev' or 'final'; found 'test'.",
        ),
        (
            [{k: v for k, v in LINE.items() if k != "must_include"} | {"must_inlcude": []}],
            "set.jsonl, line 1: the field 'must_include' is missing. Is it the field 'must_inlcude'?",
        ),
    ],
    ids=["empty", "broken", "list", "duplicate", "label", "bool", "split", "misspelled"],
)
def test_bad_input_is_one_sentence(tmp_path: Path, lines: list[object], message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load_dataset(write(tmp_path, *lines), labels={"¶1"})
    assert str(caught.value) == message


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        load_dataset(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(DatasetError, match=r"latin\.jsonl is not UTF-8 text; save it as UTF-8\."):
        load_dataset(tmp_path / "latin.jsonl")


def test_select_by_kind_and_split() -> None:
    items = (Item("a", "?", "fact", True), Item("b", "?", "x", True, split="final"), Item("c", "?", "fact", True))
    assert [i.id for i in select(items, kinds=["fact"])] == ["a", "c"]
    assert [i.id for i in select(items, split="final")] == ["b"]
    with pytest.raises(InputError, match=r"No item is of kind 'facts'; this set has fact, x\."):
        select(items, kinds=["facts"])
    with pytest.raises(InputError, match="No item is left"):
        select(items, kinds=["x"], split="dev")
    with pytest.raises(InputError, match="Unknown split 'test'"):
        select(items, split="test")


def test_kinds_are_ordered_as_in_the_report() -> None:
    assert kind_order(["zebra", "fact", "apple", "matrix_cell", "fact"]) == ["matrix_cell", "fact", "apple", "zebra"]


def test_the_fingerprint_is_of_the_items() -> None:
    one = (Item("a", "?", "fact", True),)
    assert fingerprint(one) == fingerprint(tuple(one))
    assert fingerprint(one) != fingerprint((Item("a", "!", "fact", True),))
