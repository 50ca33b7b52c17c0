"""mcof serve, users and feedback, as a user types them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ui.cli import run
from ui.feedback import Feedback, FeedbackStore


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MCOF_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_users_are_added_listed_and_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert run(["users", "add", "amina", "--stdin"]) == 0
    assert "MCOF_AUTH=users" in capsys.readouterr().out
    assert run(["users", "list"]) == 0
    assert capsys.readouterr().out == "amina\n"
    assert run(["users", "remove", "amina"]) == 0
    assert run(["users", "remove", "amina"]) == 2
    assert "no user 'amina'" in capsys.readouterr().err


def test_a_password_needs_a_keyboard_or_stdin(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run(["users", "add", "amina"]) == 2
    assert run(["users", "add", "amina", "--stdin"]) == 2
    assert "at least 10 characters" in capsys.readouterr().err


def test_feedback_is_listed_exported_and_deleted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = FeedbackStore(folder / "feedback.sqlite3", days=90)
    assert run(["feedback", "list"]) == 0
    assert capsys.readouterr().out == "There is no feedback.\n"
    for n, verdict in enumerate(("up", "down", "up")):
        store.add(
            Feedback(
                f"a{n}", 4e9 + n, "page", verdict, "why", "What is X?", "X [1]", "grounded", ("¶3",), {"text": "a"}
            )  # type: ignore[arg-type]
        )
    assert run(["feedback", "list", "--limit", "2"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if "grounded" in line] == ["a2", "a1"]
    assert run(["feedback", "list", "--verdict", "down"]) == 0
    assert capsys.readouterr().out.startswith("a1")
    assert run(["feedback", "export", "out.jsonl"]) == 0
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert {r["id"] for r in rows} == {"a0", "a1", "a2"}
    assert run(["feedback", "export", "out.csv", "--format", "csv"]) == 0
    assert run(["feedback", "delete"]) == 2
    assert run(["feedback", "delete", "a0"]) == 0
    assert run(["feedback", "delete", "--before", "2100-01-01"]) == 0
    capsys.readouterr()
    assert store.list() == []


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["feedback", "list", "--verdict", "meh"], "no verdict"),
        (["feedback", "delete", "--before", "yesterday"], "no date"),
        (["feedback", "export", "x", "--format", "xml"], "jsonl and csv"),
        (["serve", "--host", "0.0.0.0"], "allowed_hosts"),
        (["serve", "--port", "70000"], "port"),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], args: list[str], part: str
) -> None:
    assert run(args) == 2
    error = capsys.readouterr().err
    assert part in error
    assert "Traceback" not in error


def test_a_taken_port_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 3
    assert "cannot listen on" in capsys.readouterr().err
