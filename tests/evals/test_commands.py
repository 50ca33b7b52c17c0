"""The command line: what it writes, and one sentence for what it cannot use."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.settings import Settings
from corpus.errors import AssistantError
from corpus.load import Corpus
from evals import store
from evals.commands import app, main
from evals.dataset import DEFAULT_DATASET, load_dataset
from tests.evals.fakes import GOOD, WRONG, item, record


def invoke(*arguments: object, obj: object = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], obj=obj)


def write_set(path: Path, *items: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(i) for i in items), encoding="utf-8")
    return path


LINE: dict[str, object] = {
    "id": "a",
    "question": "Tents when a quake strikes?",
    "kind": "matrix_cell",
    "answerable": True,
    "must_include": [["crucial"]],
    "must_not_include": [],
    "gold_refs": ["Annex I ¶15"],
}


def test_lint_prints_findings_and_fails(tmp_path: Path) -> None:
    file = write_set(tmp_path / "set.jsonl", LINE, LINE | {"must_include": []})
    found = invoke("lint", file, obj=Settings(data_dir=tmp_path))
    assert "set.jsonl, line 2 (a): error: any answer would pass: must_include is empty" in found.stdout
    assert isinstance(found.exception, AssistantError)
    assert str(found.exception) == "set.jsonl: 3 errors."


def test_score_judges_another_programs_replies(tmp_path: Path) -> None:
    file = write_set(tmp_path / "set.jsonl", LINE, LINE | {"id": "b", "question": "And camps?"})
    replies = write_set(
        tmp_path / "answers.jsonl",
        {"id": "a", "answer": "Crucial.", "status": "grounded", "citations": [], "ms": 3},
        {"id": "b", "answer": "Vital.", "status": "grounded", "citations": [], "ms": 3},
    )
    found = invoke("score", replies, "--dataset", file, "--failures", 5, obj=Settings(data_dir=tmp_path))
    assert found.exit_code == 0
    assert "matrix_cell      2      1  50.0%" in found.stdout
    assert "b [matrix_cell] And camps?\n    lacks 'crucial'" in found.stdout


def test_compare_two_runs(tmp_path: Path, corpus: Corpus) -> None:
    for name, response in (("one", WRONG), ("two", GOOD)):
        records = [record(corpus, item("a"), response)]
        store.write_run(tmp_path / name, records, store.summarise(records, corpus, dataset="s", system="x"))
    found = invoke("compare", tmp_path / "one", tmp_path / "two")
    assert "right now, wrong before (1): a" in found.stdout


def test_drafts_are_written(tmp_path: Path) -> None:
    feedback = write_set(tmp_path / "f.jsonl", {"question": "Why?", "answer": "So.", "verdict": "down"})
    out = tmp_path / "drafts.jsonl"
    found = invoke("drafts", feedback, "--out", out)
    assert found.stdout.startswith("1 draft written to ")
    assert [i.question for i in load_dataset(out)] == ["Why?"]


def test_export_writes_samples(tmp_path: Path, corpus: Corpus) -> None:
    records = [record(corpus, item("a"))]
    store.write_run(tmp_path / "run", records, store.summarise(records, corpus, dataset="s", system="x"))
    file = write_set(tmp_path / "set.jsonl", LINE)
    out = tmp_path / "ragas.jsonl"
    found = invoke("export", tmp_path / "run", "--dataset", file, "--out", out, obj=Settings(data_dir=tmp_path))
    assert found.exit_code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["response"] == GOOD.answer


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (("lint", "{tmp}/none.jsonl"), "There is no file '{tmp}/none.jsonl'.", 2),
        (("lint", "{tmp}/empty.jsonl"), "empty.jsonl is empty; expected one JSON object a line.", 2),
        (("run", "--dataset", "{tmp}/broken.jsonl"), "broken.jsonl, line 1: not valid JSON", 2),
        (("run", "--dataset", "{tmp}/label.jsonl"), "label.jsonl, line 1: the document has no label '¶99'.", 2),
        (("run", "--against", "{tmp}/none"), "The folder 'none' holds no run: it has no summary.json.", 2),
        (("run", "--kinds", "fakt"), "No item is of kind 'fakt'; this set has ", 2),
        (("compare", "{tmp}/none", "{tmp}/none"), "The folder 'none' holds no run", 2),
        (("documents", "--data", "{tmp}"), "No folder in ", 2),
        (("retrieval", "--beir", "{tmp}", "--method", "magic"), "Unknown method 'magic'", 2),
        (("drafts", "{tmp}/none.jsonl"), "There is no file ", 2),
        (
            ("run", "--dataset", "{tmp}/good.jsonl", "--out", "{tmp}/run"),
            "The embedding model has not been exported",
            3,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
    status: int,
) -> None:
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    (tmp_path / "broken.jsonl").write_text('{"id": ', encoding="utf-8")
    write_set(tmp_path / "label.jsonl", LINE | {"gold_refs": ["¶99"]})
    write_set(tmp_path / "good.jsonl", LINE)
    monkeypatch.setenv("MCOF_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "argv", ["evals", *(a.format(tmp=tmp_path) for a in arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    shown = capsys.readouterr().err
    assert caught.value.code == status
    assert shown.startswith(message.format(tmp=tmp_path))
    assert shown.count("\n") == 1


@pytest.mark.model
def test_run_writes_everything(tmp_path: Path, settings: Settings) -> None:
    """The real assistant over a few items: replies, verdicts, summary, report, and the comparison with itself."""
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(DEFAULT_DATASET.read_text(encoding="utf-8").splitlines()[::60]), encoding="utf-8")
    first, second = tmp_path / "first", tmp_path / "second"
    assert invoke("run", "--dataset", file, "--out", first, obj=settings).exit_code == 0
    found = invoke("run", "--dataset", file, "--out", second, "--against", first, "--failures", 2, obj=settings)
    assert found.exit_code == 0
    assert "wrong now, right before (0): none" in found.stdout
    assert {p.name for p in second.iterdir()} == {"answers.jsonl", "verdicts.jsonl", "summary.json", "report.html"}
    for name in ("verdicts.jsonl", "report.html", "summary.json"):
        assert str(tmp_path) not in (second / name).read_text(encoding="utf-8")
    assert (first / "verdicts.jsonl").read_bytes() == (second / "verdicts.jsonl").read_bytes()
    one, two = (json.loads((p / "summary.json").read_text(encoding="utf-8")) | {"times": 0} for p in (first, second))
    assert one == two
