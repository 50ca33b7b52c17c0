"""What the lint finds in an evaluation set, one finding at a time."""

import json
from pathlib import Path

import pytest

from corpus.errors import DatasetError
from corpus.load import Corpus
from evals.dataset import DEFAULT_DATASET, load_dataset
from evals.lint import lint

GOOD = {
    "id": "a",
    "question": "Quake: do people need roofs?",
    "kind": "matrix_cell",
    "answerable": True,
    "must_include": [["crucial"]],
    "must_not_include": ["shelter is recommended"],
    "gold_refs": ["Annex I ¶15"],
    "gold_quotes": ["addressing the immediate needs of crisis-affected populations is crucial"],
}


def findings(tmp_path: Path, corpus: Corpus, *lines: dict[str, object]) -> list[str]:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return [f.shown("set.jsonl") for f in lint(path, corpus)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"kind": "matrix_cel"}, ["warning: the kind 'matrix_cel' is new; is 'matrix_cell' meant?"]),
        ({"kind": "my_own"}, []),
        ({"notes": "x"}, ["warning: the field 'notes' is not part of the form; is 'note' meant?"]),
        (
            {"gold_refs": ["Annex 1 ¶15"]},
            ["error: the document has no label 'Annex 1 ¶15'. Did you mean 'Annex I ¶15'?"],
        ),
        ({"answerable": 1}, ["error: field 'answerable': input should be a valid boolean; found '1'."]),
        (
            {"gold_quotes": ["is very crucial"]},
            ["error: the quote 'is very crucial' is not in the text"],
        ),
        (
            {"gold_refs": ["¶13"], "gold_quotes": ["addressing the immediate needs of crisis-affected"]},
            [
                "error: the quote 'addressing the immediate needs of crisis-affected' stands in Annex I ¶15, "
                "which is not among gold_refs"
            ],
        ),
        (
            {"question": "Is addressing the immediate needs of crisis-affected populations vital?"},
            ["error: the words 'addressing the immediate needs of crisis' are copied from the document"],
        ),
        ({"question": " "}, ["error: a message is empty"]),
        (
            {"must_include": []},
            ["error: any answer would pass: must_include is empty"],
        ),
        ({"must_include": [[]]}, ["error: no answer could pass: a group of must_include has no alternative"]),
        ({"must_include": [["[1]", "crucial"]]}, ["warning: the alternative '[1]' is nothing but markup"]),
        ({"must_include": [["is"]]}, ["warning: the alternative 'is' is found in almost any reply"]),
        ({"must_include": [["7"]]}, []),
        (
            {"must_include": [["shelter is recommended now"]]},
            ["error: no answer could pass: 'shelter is recommended now' holds what must_not_include forbids"],
        ),
        ({"must_include": [["roofs"]]}, ["warning: a reply that repeats the question would pass"]),
        (
            {"must_not_include": ["is crucial"]},
            ["error: no answer that quotes the evidence could pass: it holds 'is crucial', which is forbidden"],
        ),
        ({"must_not_include": ["**"]}, ["warning: the forbidden '**' is nothing but markup"]),
        (
            {"gold_refs": [], "gold_quotes": []},
            ["error: an answerable item needs gold_refs: the places that support the answer"],
        ),
        ({"answerable": False, "must_include": [], "gold_refs": [], "gold_quotes": []}, []),
    ],
)
def test_one_item(tmp_path: Path, corpus: Corpus, changes: dict[str, object], expected: list[str]) -> None:
    assert findings(tmp_path, corpus, GOOD | changes) == [f"set.jsonl, line 1 (a): {text}" for text in expected]


def test_a_name_is_no_copied_wording(tmp_path: Path, corpus: Corpus) -> None:
    """Whoever asks about the Personal Information and Registration System has to name it."""
    question = "Where is the Personal Information and Registration System used?"
    assert findings(tmp_path, corpus, GOOD | {"question": question}) == []


def test_several_lines(tmp_path: Path, corpus: Corpus) -> None:
    """All findings come at once, so that a set is mended in one go."""
    same, twice = GOOD | {"id": "b"}, GOOD | {"question": "Another?"}
    assert findings(tmp_path, corpus, GOOD, same, twice, {"id": "c"}) == [
        "set.jsonl, line 2 (b): error: the same question as a",
        "set.jsonl, line 3 (a): error: the id 'a' is already used on line 1",
        "set.jsonl, line 4 (c): error: the field 'question' is missing.",
    ]


def test_a_broken_or_empty_file(tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"set\.jsonl is empty"):
        lint(path, corpus)


def test_the_committed_set_is_clean_and_large_enough(corpus: Corpus) -> None:
    """The sizes that the set promises: over all kinds, refusals, conversations, hard and noisy wording."""
    assert lint(DEFAULT_DATASET, corpus) == []
    items = load_dataset(labels=corpus.by_ref)
    count = {kind: sum(i.kind == kind for i in items) for kind in {i.kind for i in items}}
    assert len(items) >= 300
    refuse = ("off_topic", "near_miss", "false_premise", "injection", "unanswerable", "matrix_not_stated")
    assert sum(count[kind] for kind in refuse) >= 100
    assert min(count[kind] for kind in ("off_topic", "near_miss", "false_premise", "injection")) >= 20
    assert sum(bool(i.turns) for i in items) >= 40
    assert count["hard_wording"] >= 40
    assert count["phrasing_noise"] >= 30
    assert 0.2 < sum(i.split == "final" for i in items) / len(items) < 0.5


def test_the_committed_set_is_balanced(corpus: Corpus) -> None:
    """Every crisis and phase has matrix questions, and every sector is the gold place of some question."""
    from evals.curves import scenario_places

    items = load_dataset(labels=corpus.by_ref)
    places = scenario_places(corpus)
    seen = {p for i in items if i.is_matrix for ref in i.gold_refs for p in places.get(ref, ())}
    assert len(seen) == 15
    cited = {ref for i in items for ref in i.gold_refs}
    assert {f"Sector {n}" for n in range(1, 16)} <= cited
