"""Asking items and keeping what comes back."""

import itertools
import json
from pathlib import Path

import pytest

from assistant.answer import Turn
from corpus.errors import DatasetError, InputError
from corpus.load import Corpus
from evals import store
from evals.curves import curves
from evals.replies import read_replies
from evals.report import render
from evals.runner import determinism, rescore, run
from evals.systems import Response
from tests.evals.fakes import GOOD, REFUSED, WRONG, TableSystem, item, record, refusal

ITEMS = (item("a"), item("b"), item("c", split="final"), refusal("r"))


def system() -> TableSystem:
    return TableSystem({ITEMS[0].question: GOOD, ITEMS[1].question: WRONG, ITEMS[2].question: WRONG})


def test_earlier_turns_are_really_asked_in_order(corpus: Corpus) -> None:
    """A follow-up is only as good as the replies before it, so nothing stands in for them."""
    asked = TableSystem({"And after?": GOOD})
    list(run(asked, [item("a", question="And after?", turns=("First?", "Second?"))], corpus))
    said = "The document does not say."
    first = (Turn("user", "First?"), Turn("assistant", said))
    assert asked.asked == [
        ("First?", ()),
        ("Second?", first),
        ("And after?", (*first, Turn("user", "Second?"), Turn("assistant", said))),
    ]


def test_the_time_is_that_of_the_last_question(corpus: Corpus) -> None:
    ticks = itertools.count()
    clock = lambda: next(ticks) * 0.25  # noqa: E731
    records = list(run(system(), [item("a", turns=("First?",))], corpus, clock=clock))
    assert records[0].reply.ms == 250.0


def test_a_message_that_is_turned_away_is_a_reply(corpus: Corpus) -> None:
    """Too long a question is answered by the sentence that a user would read, and does not end the run."""

    class Strict(TableSystem):
        def ask(self, question: str, history: object) -> Response:
            raise InputError("The question is empty.")

    found = next(iter(run(Strict({}), [item()], corpus)))
    assert (found.reply.answer, found.reply.status, found.verdict.passed) == (
        "The question is empty.",
        "needs_clarification",
        False,
    )


def test_a_bug_is_not_hidden(corpus: Corpus) -> None:
    class Broken(TableSystem):
        def ask(self, question: str, history: object) -> Response:
            raise KeyError("bug")

    with pytest.raises(KeyError):
        list(run(Broken({}), [item()], corpus))


def test_numbers_of_one_item(corpus: Corpus) -> None:
    """The gold passage is ranked first; of its citation everything holds."""
    numbers = record(corpus, item()).numbers
    assert numbers["passed"] == numbers["gold_hit"] == numbers["quote_fidelity"] == numbers["mrr@10"] == 1
    assert record(corpus, item(), WRONG).numbers["mrr@10"] == 1 / 2
    assert "mrr@10" not in record(corpus, refusal(), REFUSED).numbers
    assert "citation_recall" not in numbers  # no statements were recorded: undefined, not 0


def run_into(folder: Path, corpus: Corpus) -> store.StoredRun:
    records = list(run(system(), ITEMS, corpus))
    dev = [r for r in records if r.item.split == "dev"]
    extra = {"curves": curves(dev).as_json(), "determinism": determinism(system(), records, corpus)}
    summary = store.summarise(records, corpus, dataset="/somewhere/set.jsonl", system="table", extra=extra)
    store.write_run(folder, records, summary)
    (folder / store.REPORT).write_text(render(records, summary, corpus), encoding="utf-8")
    return store.read_run(folder)


def without_times(folder: Path) -> list[str]:
    replies = [r.as_json() | {"ms": 0} for r in read_replies(folder / store.ANSWERS)]
    summary = json.loads((folder / store.SUMMARY).read_text(encoding="utf-8")) | {"times": {}}
    return [json.dumps(replies), json.dumps(summary), (folder / store.VERDICTS).read_text(encoding="utf-8")]


def test_two_runs_are_identical_but_for_times(tmp_path: Path, corpus: Corpus) -> None:
    run_into(tmp_path / "one", corpus)
    run_into(tmp_path / "two", corpus)
    assert without_times(tmp_path / "one") == without_times(tmp_path / "two")


def test_a_run_reads_back(tmp_path: Path, corpus: Corpus) -> None:
    found = run_into(tmp_path / "one", corpus)
    assert {i: row["passed"] for i, row in found.verdicts.items()} == {"a": True, "b": False, "r": True}
    assert found.verdicts["b"]["reasons"] == ["lacks 'crucial'"]
    assert found.summary["dev"]["all"]["passed"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found.summary["dev"]["kinds"]["near_miss"]["mrr@10"] is None
    assert found.summary["final"]["all"]["items"] == 1


def test_final_items_are_in_the_replies_and_totals_only(tmp_path: Path, corpus: Corpus) -> None:
    run_into(tmp_path, corpus)
    assert [r.id for r in read_replies(tmp_path / store.ANSWERS)] == ["a", "b", "c", "r"]
    for name in (store.VERDICTS, store.REPORT, store.SUMMARY):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert ITEMS[2].question not in text
        assert '"c"' not in text


def test_the_summary_names_no_place_and_no_secret(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report is sent around: it says what was measured, not where or for whom."""
    from assistant.settings import Settings

    settings = Settings(
        data_dir=tmp_path / "private",
        chroma_url="http://user:secret@chroma.example:8000",
        emergency_contact="duty officer 555",
        embedding_model=str(tmp_path / "models" / "mine"),
    )
    records = [record(corpus, item())]
    text = json.dumps(
        store.summarise(records, corpus, dataset=str(tmp_path / "s.jsonl"), system="x", settings=settings)
    )
    for private in (str(tmp_path), "secret", "chroma.example", "555"):
        assert private not in text
    assert '"embedding_model": "mine"' in text
    assert '"name": "s.jsonl"' in text


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (None, "The folder 'run' holds no run: it has no summary.json."),
        ("{", "The run 'run' is damaged (summary.json or verdicts.jsonl)."),
        ("{}", "The run 'run' is damaged (summary.json or verdicts.jsonl)."),
        ('{"format": 99}', "The run 'run' has format 99; this version reads 1."),
    ],
    ids=["none", "broken", "empty", "version"],
)
def test_a_folder_that_is_no_run(tmp_path: Path, summary: str | None, message: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    if summary is not None:
        (folder / store.SUMMARY).write_text(summary, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        store.read_run(folder)
    assert str(caught.value) == message


def test_determinism_names_what_changed(corpus: Corpus) -> None:
    records = list(run(system(), ITEMS, corpus))
    assert determinism(system(), records, corpus) == {"value": 1.0, "n": 1, "ids": []}
    changed = TableSystem({})
    assert determinism(changed, records, corpus) == {"value": 0.0, "n": 1, "ids": ["a"]}
    assert determinism(system(), [], corpus) is None


def test_replies_of_another_program_are_scored(tmp_path: Path, corpus: Corpus) -> None:
    """An item without a reply is not passed; a status that does not exist is an error."""
    line = {"id": "a", "answer": "It is crucial.", "status": "grounded", "citations": [], "ms": 1}
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    records = rescore(ITEMS[:2], read_replies(path), corpus)
    assert [r.verdict.passed for r in records] == [True, False]
    path.write_text(json.dumps(line | {"status": "fine"}), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"answers\.jsonl, line 1: unknown status 'fine'; expected one of grounded"):
        read_replies(path)
