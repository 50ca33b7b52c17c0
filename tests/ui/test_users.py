"""The users file."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import InputError, StorageError
from ui.web.users import UsersFile, basic_credentials, read_users, remove_user, write_user


def test_added_checked_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "in" / "users.txt"
    write_user(path, "amina", "correct horse battery")
    write_user(path, "bo", "another password")
    assert list(read_users(path)) == ["amina", "bo"]
    assert "correct" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    users = UsersFile(path)
    assert users.check("amina", "correct horse battery")
    assert users.check("amina", "correct horse battery")  # the remembered one
    assert not users.check("amina", "another password")
    assert not users.check("nobody", "correct horse battery")
    remove_user(path, "amina")
    assert not users.check("amina", "correct horse battery")
    with pytest.raises(InputError, match="no user 'amina'"):
        remove_user(path, "amina")


@pytest.mark.parametrize(
    ("name", "password"),
    [("a:b", "long enough here"), ("", "long enough here"), ("a" * 65, "long enough here"), ("a", "short")],
)
def test_names_and_passwords_that_cannot_be_used(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(InputError):
        write_user(tmp_path / "users.txt", name, password)


def test_a_missing_or_broken_file_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="mcof users add"):
        UsersFile(tmp_path / "users.txt")
    (tmp_path / "users.txt").write_text("amina:plaintext\n")
    with pytest.raises(StorageError, match="line 1"):
        UsersFile(tmp_path / "users.txt")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic YTpiOmM=", ("a", "b:c")),
        ("basic YTpi", ("a", "b")),
        ("Bearer YTpi", None),
        ("Basic ??", None),
        ("Basic YQ==", None),
        ("", None),
    ],
)
def test_basic_credentials(header: str, expected: tuple[str, str] | None) -> None:
    assert basic_credentials(header) == expected
