"""Feedback: stored, replaced, listed, exported, forgotten."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import InputError, StorageError
from ui.feedback import DAY, Feedback, FeedbackFull, FeedbackStore, csv_safe, export

ROW = Feedback("a1", 1000.0, "page", "up", "", "What is X?", "X [1]", "grounded", ("¶3",), {"text": "abc"})


def store(path: Path, at: float = 2000.0, **options: int) -> FeedbackStore:
    return FeedbackStore(path / "f.sqlite3", now=lambda: at, **options)


def test_a_second_word_replaces_the_first(tmp_path: Path) -> None:
    s = store(tmp_path)
    s.add(ROW)
    s.add(replace(ROW, verdict="down", comment="no"))
    assert s.list() == [replace(ROW, verdict="down", comment="no")]


def test_newest_first_with_limit_and_verdict(tmp_path: Path) -> None:
    s = store(tmp_path)
    for n in range(3):
        s.add(replace(ROW, id=f"a{n}", at=1000.0 + n, verdict="down" if n == 1 else "up"))
    assert [r.id for r in s.list()] == ["a2", "a1", "a0"]
    assert [r.id for r in s.list(limit=1)] == ["a2"]
    assert [r.id for r in s.list(verdict="down")] == ["a1"]


def test_what_is_too_old_goes_for_good(tmp_path: Path) -> None:
    """30 days after 1000 s: gone, from the file's bytes too."""
    s = store(tmp_path, days=30)
    s.add(replace(ROW, question="unmistakable words"))
    later = store(tmp_path, at=1000.0 + 30 * DAY + 1, days=30)
    assert later.list() == []
    left = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"unmistakable words" not in left


def test_delete_by_id_time_and_everything(tmp_path: Path) -> None:
    s = store(tmp_path)
    for n in range(5):
        s.add(replace(ROW, id=f"a{n}", at=1000.0 + n))
    assert s.delete(["a0", "nothing"]) == 1
    assert s.delete(before=1003.0) == 2
    assert s.delete(everything=True) == 2
    assert s.list() == []


def test_the_file_is_in_wal_mode_and_its_owners_only(tmp_path: Path) -> None:
    s = store(tmp_path)
    s.add(ROW)
    with sqlite3.connect(s.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert s.path.stat().st_mode & 0o077 == 0


def _fill(s: FeedbackStore, size: int) -> None:
    for n in range(1000):
        s.add(replace(ROW, id=f"{size}x{n}", question="x" * size))


def test_a_full_disk_is_told_from_a_broken_file(tmp_path: Path) -> None:
    s = store(tmp_path, max_pages=8)
    with pytest.raises(FeedbackFull):
        _fill(s, 1000)
    assert len(s.list()) > 0
    s.path.write_bytes(b"nonsense" * 600)
    with pytest.raises(StorageError) as error:
        s.list()
    assert not isinstance(error.value, FeedbackFull)


def test_a_missing_folder_is_made_and_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    FeedbackStore(tmp_path / "deep" / "er" / "f.sqlite3").add(replace(ROW, at=9e9))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        FeedbackStore(tmp_path / "file" / "f.sqlite3").list()


def test_exports_hold_every_row_and_no_formula() -> None:
    out = io.StringIO()
    export([replace(ROW, question="=HYPERLINK(1)")], out, "csv")
    assert "'=HYPERLINK(1)" in out.getvalue()
    lines = io.StringIO()
    export([ROW, ROW], lines)
    assert len(lines.getvalue().splitlines()) == 2
    with pytest.raises(InputError):
        export([], out, "xml")
    assert csv_safe(3) == 3
