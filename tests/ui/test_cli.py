"""The command line: what it prints, what it says when something is wrong, and its exit status."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from corpus.load import Corpus
from tests.fakes import assistant_in_memory
from ui import chat, cli
from ui.logs import stop_logging

QUESTION = "Is health support critical during a health crisis?"
DATA = Path(__file__).parents[1] / "data"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run ``mcof`` in this process: exit status, output, error output. No index is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCOF_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    level = logging.getLogger().level

    def run(*args: str) -> tuple[int, str, str]:
        code = cli.run(list(args))
        said = capsys.readouterr()
        return code, said.out, said.err

    yield run
    stop_logging()
    logging.getLogger().setLevel(level)


# --- ask -----------------------------------------------------------------------------------------


def test_ask_shows_answer_sources_notice_and_stamp(run: Run) -> None:
    code, out, err = run("ask", QUESTION)
    assert (code, err) == (0, "")
    for part in (
        "Health Support (Sector 4) is critical",
        "[1] Annex I ¶33",
        "illustrative",
        "SCPF/92, 12 October 2012",
    ):
        assert part in " ".join(out.split())


def test_ask_json_is_a_line_of_recorded_answers_and_more(run: Run) -> None:
    code, out, _ = run("ask", "--json", "--id", "q7", QUESTION)
    reply = json.loads(out)
    assert code == 0
    assert out.count("\n") == 1
    assert {"id", "answer", "status", "citations", "ms"} <= set(reply)
    assert {"cells", "suggestions", "notice", "stamp"} <= set(reply)
    assert (reply["id"], reply["status"]) == ("q7", "grounded")
    assert reply["citations"][0]["ref"] == "Annex I ¶33"
    assert reply["citations"][0]["quote"] in reply["answer"]
    assert reply["cells"][0]["level"] == "critical"
    assert reply["stamp"]["symbol"] == "SCPF/92"


def test_ask_takes_earlier_questions(run: Run) -> None:
    code, out, _ = run("ask", "--json", "--turn", "What is critical during a health crisis?", "and before?")
    assert code == 0
    assert {(c["crisis"], c["phase"]) for c in json.loads(out)["cells"]} == {("health", "before")}


def test_ask_reads_the_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(QUESTION.encode() + b"\xff\n")))
    code, out, _ = run("ask", "--json", "-")
    assert (code, json.loads(out)["status"]) == (0, "grounded")


def test_an_abstention_is_an_answer(run: Run) -> None:
    code, out, _ = run("ask", "Is camp management critical during a health crisis?")
    assert code == 0
    assert "not rated in this text" in out


BAD = {
    "empty": ("", "The question is empty. Please type a question."),
    "long": ("x" * 100_000, "The question has 100,000 characters; at most 2,000 can be read. Please shorten it."),
    "control characters": ("\x07\x1b\x00", "The question is empty. Please type a question."),
}


@pytest.mark.parametrize(("question", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_questions(run: Run, question: str, sentence: str) -> None:
    assert run("ask", question) == (2, "", f"{sentence}\n")
    code, out, err = run("ask", "--json", question)
    assert (code, err) == (2, "")
    assert json.loads(out) == {"error": {"kind": "InputError", "message": sentence, "remedy": None}}


def test_a_question_that_needs_the_index_names_the_command_that_builds_it(run: Run) -> None:
    code, out, err = run("ask", "How many people were evacuated from Lebanon?")
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "mcof ingest" in err
    code, out, _ = run("ask", "--json", "How many people were evacuated from Lebanon?")
    assert code == 3
    assert "mcof ingest" in json.loads(out)["error"]["remedy"]


def test_escape_sequences_never_reach_the_terminal(run: Run) -> None:
    _, out, _ = run("ask", "Is \x1b[31mcholera\x1b]0;title\x07 critical \u202e during a health crisis?")
    assert "\x1b" not in out
    assert "\u202e" not in out


# --- usage, settings, bugs -----------------------------------------------------------------------------


USAGE = {
    "no such command": (("nope",), "No such command 'nope'."),
    "no question": (("ask",), "Missing argument 'question'."),
    "no such option": (("ask", "--nope", "x"), "No such option: --nope"),
    "a value that is none": (("matrix", "show", "--crisis", "war"), "'war' is not one of"),
}


@pytest.mark.parametrize(("args", "part"), USAGE.values(), ids=USAGE.keys())
def test_usage_errors_are_one_sentence(run: Run, args: tuple[str, ...], part: str) -> None:
    code, out, err = run(*args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part.lower().rstrip(".") in err.lower()
    assert "--help'" in err


def test_usage_errors_are_json_too(run: Run) -> None:
    code, out, err = run("ask", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["kind"] == "UsageError"


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    for command in ("ask", "chat", "ingest", "doctor", "matrix"):
        assert command in out


def test_a_misspelled_setting(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mcof.toml").write_text("topk = 3\n")
    assert run("ask", QUESTION) == (2, "", "mcof.toml: unknown setting 'topk'. Did you mean 'top_k'?\n")
    (tmp_path / "mine.toml").write_text("max_question_chars = 100\n")
    (tmp_path / "mcof.toml").unlink()
    code, _, err = run("--config", "mine.toml", "ask", "why " * 40)
    assert (code, "at most 100 can be read" in err) == (2, True)


def test_a_broken_row_is_one_sentence_wherever_it_is_met(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree(DATA / "plain", tmp_path / "broken")
    (tmp_path / "broken" / "acronyms.csv").write_text("acronym,expansion,ref,quote\nLH,x,¶9,y\n")
    monkeypatch.setenv("MCOF_CORPUS", str(tmp_path / "broken"))
    sentence = "acronyms.csv, row 2, column 'ref': '¶9' is not allowed; expected a label of the document, such as 'Annex I ¶15'."
    assert run("ask", "hello") == (3, "", f"{sentence}\n")
    assert run("matrix", "check") == (1, "", f"{sentence}\n")
    code, out, _ = run("doctor")
    assert code == 1
    assert f"FAILED  corpus: {sentence}" in out


def test_a_bug_is_one_sentence_and_its_traceback_in_the_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Assistant, "ask", fail)
    code, out, err = run("ask", QUESTION)
    log = tmp_path / "data" / "mcof.log"
    assert (code, out) == (1, "")
    assert err == f"Something went wrong inside (ZeroDivisionError); the log {str(log)!r} has the details.\n"
    assert "Traceback" in log.read_text()
    assert QUESTION not in log.read_text()
    code, out, _ = run("ask", "--json", QUESTION)
    assert json.loads(out)["error"]["kind"] == "InternalError"


def test_a_console_that_knows_only_ascii(run: Run) -> None:
    command = [sys.executable, "-m", "ui.cli", "ask", "--json", QUESTION]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert json.loads(done.stdout.decode("ascii"))["citations"][0]["ref"] == "Annex I ¶33"


# --- the matrix --------------------------------------------------------------------------------------


def test_matrix_show_draws_every_sector_and_tells_levels_without_colour(run: Run) -> None:
    code, out, _ = run("matrix", "show")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 100
    for no in range(1, 16):
        assert any(line.lstrip().startswith(f"{no} ") for line in out.splitlines())
    for sign in ("C", "(C)", "I", "(I)", "I*", "e", "m"):
        assert sign in out.split() or f"{sign} " in out
    code, out, _ = run("matrix", "show", "--crisis", "health", "--phase", "during")
    row = next(line for line in out.splitlines() if line.startswith(" 4 "))
    assert row.split("│")[1].strip() == "C"


def test_matrix_export_writes_all_cells(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("matrix", "export")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (0, 225)
    assert list(rows[0]) == (
        "crisis phase sector_no sector_name level basis word ref quote condition note prose_level prose_basis".split()
    )
    assert run("matrix", "export", "--format", "json", "--out", str(tmp_path / "m.json")) == (0, "", "")
    assert len(json.loads((tmp_path / "m.json").read_text())) == 225
    code, out, _ = run("matrix", "export", "--evidence", "--format", "md")
    assert out.count("\n") == 68
    code, _, err = run("matrix", "export", "--out", str(tmp_path / "no" / "folder.csv"))
    assert (code, "cannot be written" in err) == (3, True)


def test_matrix_import_lists_conflicts_and_answers_show_both(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    head = "crisis,phase,sector_no,level,read_by,read_on,edition\n"
    file.write_text(
        head + "health,during,4,recommended,A. Reader,2026-03-31,SCPF/92\nhealth,during,1,important,A,2026-03-31,E\n"
    )
    code, out, _ = run("matrix", "import", str(file))
    assert code == 0
    assert out.splitlines() == [
        "2 levels added, 0 changed, 0 unchanged.",
        "1 contradicts the prose; answers show both:",
        "- health, during, Sector 4 Health Support: diagram recommended; prose critical, stated (“critical”, "
        "Annex I ¶33)",
    ]
    _, out, _ = run("ask", QUESTION)
    assert "recommended" in out
    assert "is critical as well as" in " ".join(out.split())
    assert "[R]!" in run("matrix", "show")[1]
    assert run("matrix", "check")[0] == 0
    file.write_text(head + "health,during,4,vital,A,2026-03-31,E\n")
    code, _, err = run("matrix", "import", str(file))
    assert (code, err) == (
        2, "levels.csv, row 2, column 'level': 'vital' is not allowed; expected 'critical', 'important' or 'recommended'.\n"
    )  # fmt: skip
    assert run("matrix", "import", "nowhere.csv")[0] == 2


def test_matrix_check_counts_and_reports_findings(run: Run) -> None:
    code, out, _ = run("matrix", "check")
    assert code == 0
    assert "225 cells" in out
    assert "Finding: the prose calls no sector recommended." in out
    assert "Finding: Sector 14 Migration Policy and Legislation Support appears in the prose of no scenario." in out


def test_a_document_without_a_matrix(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCOF_CORPUS", str(DATA / "plain"))
    assert run("matrix", "show") == (2, "", "The corpus 'lighthouse' has no matrix.\n")


# --- doctor, ingest, chat ----------------------------------------------------------------------------------


def test_doctor_names_what_is_missing_and_the_command(run: Run) -> None:
    code, out, err = run("doctor")
    assert code == 1
    assert "checks failed" in err
    assert any(line.startswith("ok      corpus: SCPF/92") for line in out.splitlines())
    failed = [line for line in out.splitlines() if line.startswith("FAILED")]
    assert {line.split(":")[0] for line in failed} == {"FAILED  embedding model", "FAILED  index", "FAILED  reader"}
    assert all("mcof ingest" in line for line in failed)


def test_doctor_as_json_and_with_a_wrong_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCOF_DATADIR", "x")
    code, out, err = run("doctor", "--json")
    findings = json.loads(out)["findings"]
    assert (code, err) == (1, "")
    assert next(f for f in findings if f["what"] == "settings")["state"] == "failed"


@pytest.mark.model
def test_ingest_then_ask_then_doctor(run: Run, tmp_path: Path, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(exported, target_is_directory=True)
    monkeypatch.setenv("MCOF_CORPUS", str(DATA / "plain"))
    code, out, _ = run("ingest")
    assert code == 0
    assert "12 records" in out
    assert "is already there" in run("ingest")[1]
    code, out, _ = run("ask", "--json", "How many steps does the tower have?")
    reply = json.loads(out)
    assert (code, reply["status"]) == (0, "grounded")
    assert "214" in reply["answer"]
    assert reply["stamp"]["index_id"]
    code, out, _ = run("doctor")
    assert code == 0, out


def conversation(assistant: Assistant, *lines: str) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, highlight=False)
    chat.converse(assistant, console, lambda _: iter(lines))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_chat_remembers_takes_numbers_and_survives_errors(corpus: Corpus) -> None:
    assistant = assistant_in_memory(corpus)
    said = conversation(
        assistant, "What is critical during a health crisis?", "and before?", "x" * 3000, "/new", "1", "/quit", "no"
    )
    assert "Before a health crisis" in said
    assert "at most 2,000 can be read" in said
    assert "A new conversation." in said
    assert chat.FIRST[0] in said.split("A new conversation.")[1]


def test_the_command_starts_without_anything_heavy() -> None:
    """``mcof ask`` about the matrix answers in about a second because of this."""
    program = (
        "import sys; from ui.cli import run; run(['ask', 'Is health support critical during a health crisis?']); "
        "print([m for m in ('torch', 'transformers', 'chromadb', 'onnxruntime', 'gradio', 'langchain') if m in "
        "sys.modules])"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MCOF_")}
    environment |= {"MCOF_DATA_DIR": "nowhere", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"
