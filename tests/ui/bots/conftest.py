"""Real servers on loopback for the bots' tests: PostgreSQL and Synapse."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    """A port of 127.0.0.1 that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(what: str) -> None:
    """Fail under CI, skip elsewhere, with a word that says what is missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it (.ci/run installs it)")
    pytest.skip(f"{what} is not installed here; CI runs this test")


def postgres_binaries() -> Path | None:
    """Folder of initdb and pg_ctl, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server of this test session alone."""
    binaries = postgres_binaries()
    if binaries is None:
        missing("PostgreSQL")
    assert binaries is not None
    folder = tmp_path_factory.mktemp("pg")
    user = _unprivileged(folder)
    port = free_port()
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*user, *command], check=True, capture_output=True, cwd="/", timeout=60)

    run(str(binaries / "initdb"), "-D", str(data), "-U", "mcof", "-A", "trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://mcof@127.0.0.1:{port}"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then as ``postgres`` or ``nobody``, who gets the folder."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, account.pw_uid, account.pw_gid)
        for parent in folder.parents:
            if parent == Path("/tmp") or not parent.is_dir() or parent.stat().st_mode & 0o001:
                continue
            parent.chmod(parent.stat().st_mode | 0o011)
        return ["setpriv", f"--reuid={name}", f"--regid={account.pw_gid}", "--clear-groups"]
    missing("an account for PostgreSQL that is not root")
    return []


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty database of its own."""
    import psycopg

    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    yield f"{postgres}/{name}"
