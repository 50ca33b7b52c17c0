"""The users file: one ``name:hash`` a line, Argon2id hashes, readable by its owner only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from corpus.errors import InputError, StorageError

_NAME = re.compile(r"^[A-Za-z0-9._@+-]{1,64}$")
MIN_PASSWORD = 10
#: A hash nobody's password has: checking an unknown name takes as long as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$wqDjmSCYZ2lRgcvyzgAWNvqKn/Lgi3Zm0ZzkBhKZ3Vw"


def read_users(path: Path) -> Mapping[str, str]:
    """Hashes by name.

    Raises:
        StorageError: the file is missing, unreadable or a line is not ``name:hash``.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"The users file {path.name} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.",
            remedy="Make it with 'mcof users add NAME'.",
        ) from error
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, hashed = line.strip().partition(":")
        if not _NAME.match(name) or not hashed.startswith("$argon2"):
            raise StorageError(f"The users file {path.name}, line {number}, is not of the form name:hash.")
        users[name] = hashed
    return users


def write_user(path: Path, name: str, password: str) -> None:
    """Add a user or replace their password; the file is replaced in one step.

    Raises:
        InputError: the name or the password cannot be used.
    """
    from argon2 import PasswordHasher

    if not _NAME.match(name):
        raise InputError(f"The user name {name!r} cannot be used: letters, digits and . _ @ + - only, at most 64.")
    if len(password) < MIN_PASSWORD:
        raise InputError(f"The password is too short: it needs at least {MIN_PASSWORD} characters.")
    users = dict(read_users(path)) if path.exists() else {}
    users[name] = PasswordHasher().hash(password)
    _write(path, users)


def remove_user(path: Path, name: str) -> None:
    """Remove a user. Raises InputError for an unknown name."""
    users = dict(read_users(path))
    if users.pop(name, None) is None:
        raise InputError(f"There is no user {name!r} in {path.name}.")
    _write(path, users)


def _write(path: Path, users: Mapping[str, str]) -> None:
    text = "".join(f"{name}:{hashed}\n" for name, hashed in sorted(users.items()))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"The users file {path.name} cannot be written: {error.strerror}.") from error


class UsersFile:
    """Checks HTTP Basic credentials against a users file, which may change while the page runs.

    Argon2 is slow on purpose, so a right password is remembered, under a key of
    this process, until the file changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._users: Mapping[str, str] = {}
        self._known: set[bytes] = set()
        self._load()

    def _load(self) -> None:
        stat = self._path.stat() if self._path.exists() else None
        stamp = (stat.st_mtime_ns, stat.st_ino) if stat else None
        if stamp is None or stamp != self._stamp:
            self._users, self._known, self._stamp = read_users(self._path), set(), stamp

    def check(self, name: str, password: str) -> bool:
        """Whether the password is this user's. An unreadable file lets nobody in."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._lock:
            try:
                self._load()
            except (StorageError, OSError):
                return False
            digest = hmac.new(self._key, f"{name}\0{password}".encode(), hashlib.sha256).digest()
            if digest in self._known:
                return True
            hashed, known = self._users.get(name, _NOBODY), self._known
        try:
            good = PasswordHasher().verify(hashed, password) and name in self._users
        except (VerificationError, InvalidHashError):
            good = False
        if good:
            known.add(digest)
        return good


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Name and password of an Authorization header (RFC 7617), or None."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None
