"""Feedback in one SQLite file: what was asked, answered and cited, and what the reader thought of it.

Nothing else about the reader is kept: no address, no name, no session. Rows
older than ``days`` are deleted whenever the file is used, and deleted for good
(``secure_delete``, and the write-ahead log is emptied).
"""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Literal

from corpus.errors import InputError, StorageError

Verdict = Literal["up", "down"]
DAY = 86_400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
  id TEXT PRIMARY KEY, at REAL NOT NULL, surface TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
  comment TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, status TEXT NOT NULL, citations TEXT NOT NULL,
  versions TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feedback_at ON feedback (at);
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reader's word on one answer. ``at`` is seconds since 1970, UTC; ``id`` names the answer shown."""

    id: str
    at: float
    surface: str
    verdict: Verdict
    comment: str
    question: str
    answer: str
    status: str
    citations: tuple[str, ...]
    versions: dict[str, str]


class FeedbackFull(StorageError):
    """The disk or the file has no room left."""


class FeedbackStore:
    """Feedback in ``path``. Every call opens the file anew, so a moved or emptied file harms nothing."""

    def __init__(
        self, path: Path, *, days: int = 90, now: Callable[[], float] = time.time, max_pages: int | None = None
    ) -> None:
        self.path = path
        self.days = days
        self._now = now
        self._max_pages = max_pages

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=5.0)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA secure_delete=ON")
                if self._max_pages is not None:
                    connection.execute(f"PRAGMA max_page_count={int(self._max_pages)}")
                connection.executescript(_SCHEMA)
                with connection:
                    old = connection.execute("DELETE FROM feedback WHERE at < ?", (self._now() - self.days * DAY,))
                    yield connection
                if old.rowcount:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error, "errno", 0) == 28
            kind = FeedbackFull if full else StorageError
            raise kind(f"The feedback file {self.path.name} cannot be used: {error}.") from error

    def add(self, feedback: Feedback) -> None:
        """Store feedback; a second word on the same answer replaces the first."""
        row = asdict(feedback) | {
            "citations": json.dumps(feedback.citations, ensure_ascii=False),
            "versions": json.dumps(feedback.versions, ensure_ascii=False),
        }
        names = [f.name for f in fields(Feedback)]
        with self._open() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO feedback ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})",
                row,
            )

    def list(self, *, limit: int | None = None, verdict: Verdict | None = None) -> Sequence[Feedback]:
        """What is kept, newest first; ``limit`` None means all."""
        with self._open() as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                "SELECT * FROM feedback WHERE ?1 IS NULL OR verdict = ?1 ORDER BY at DESC, id LIMIT ?2",
                (verdict, -1 if limit is None else limit),
            ).fetchall()
        return [_row(dict(row)) for row in rows]

    def delete(self, ids: Sequence[str] = (), *, everything: bool = False, before: float | None = None) -> int:
        """Delete by id, everything, or all before a time; how many rows went."""
        with self._open() as connection:
            total = connection.total_changes
            if everything:
                connection.execute("DELETE FROM feedback")
            if before is not None:
                connection.execute("DELETE FROM feedback WHERE at < ?", (before,))
            connection.executemany("DELETE FROM feedback WHERE id = ?", [(i,) for i in ids])
            gone = connection.total_changes - total
        self._truncate()
        return gone

    def purge(self) -> None:
        """Delete what is older than the set number of days; using the file in any way does it too."""
        if self.path.exists():
            with self._open():
                pass

    def _truncate(self) -> None:
        with self._open() as connection:
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _row(row: dict[str, object]) -> Feedback:
    values = row | {
        "citations": tuple(json.loads(str(row["citations"]))),
        "versions": json.loads(str(row["versions"])),
    }
    return Feedback(**values)  # type: ignore[arg-type]


def export(rows: Sequence[Feedback], out: IO[str], form: str = "jsonl") -> None:
    """Write feedback as ``jsonl`` or ``csv`` (a cell that a spreadsheet would run as a formula is quoted)."""
    if form == "jsonl":
        for row in rows:
            out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    elif form == "csv":
        writer = csv.writer(out)
        writer.writerow([f.name for f in fields(Feedback)])
        for row in rows:
            values = asdict(row) | {"citations": "; ".join(row.citations), "versions": json.dumps(row.versions)}
            writer.writerow([csv_safe(v) for v in values.values()])
    else:
        raise InputError(f"{form!r} is no form of export; known are jsonl and csv.")


def csv_safe(value: object) -> object:
    """Text that a spreadsheet would read as a formula, with an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
