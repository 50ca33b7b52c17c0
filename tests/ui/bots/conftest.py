"""Real servers on loopback for the bots' tests: PostgreSQL and Synapse."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        # at the end of the session: a server that has gone already is no failure
        with contextlib.suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
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
def postgres_url(postgres: str) -> str:
    """An empty database of its own."""
    import psycopg

    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"{postgres}/{name}"


class Synapse:
    """A real homeserver on loopback, its users and a minimal client for them."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self._secret = url, secret

    def register(self, name: str, *, device: str = "D") -> tuple[str, str]:
        """A new user: full id and access token of ``device``."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        password = "pw"
        text = "\x00".join((nonce, name, password, "notadmin"))
        mac = hmac.new(self._secret.encode(), text.encode(), hashlib.sha1).hexdigest()
        body = {
            "nonce": nonce,
            "username": name,
            "password": password,
            "admin": False,
            "mac": mac,
            "inhibit_login": True,
        }
        user = self.call("POST", "/_synapse/admin/v1/register", body)["user_id"]
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": password,
            "device_id": device,
        }
        return user, self.call("POST", "/_matrix/client/v3/login", login)["access_token"]

    def call(self, method: str, path: str, body: object = None, token: str = "") -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return dict(json.load(response))


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """One Synapse for the session: SQLite, no federation, no rate limits."""
    if importlib.util.find_spec("synapse") is None:
        missing("Synapse (pip install matrix-synapse)")
    folder, port, secret = tmp_path_factory.mktemp("synapse"), free_port(), "test"
    many = {"per_second": 10_000, "burst_count": 10_000}
    config = {
        "server_name": "localhost",
        "pid_file": str(folder / "pid"),
        "listeners": [
            {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "key"),
        "macaroon_secret_key": "test",
        "registration_shared_secret": secret,
        "report_stats": False,
        "trusted_key_servers": [],
        "log_config": str(folder / "log.yaml"),
        "rc_message": many,
        "rc_registration": many,
        "rc_login": {"address": many, "account": many, "failed_attempts": many},
        "rc_joins": {"local": many, "remote": many},
        "rc_joins_per_room": many,
        "rc_invites": {"per_room": many, "per_user": many, "per_issuer": many},
        "rc_room_creation": many,
    }
    (folder / "log.yaml").write_text("version: 1\nroot: {level: ERROR}\n")
    (folder / "homeserver.yaml").write_text(json.dumps(config))  # JSON is YAML
    command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]
    subprocess.run([*command, "--generate-keys"], check=True, capture_output=True, cwd=folder, timeout=120)
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    try:
        server = Synapse(f"http://127.0.0.1:{port}", secret)
        for _ in range(240):
            try:
                server.call("GET", "/_matrix/client/versions")
                break
            except OSError:
                assert process.poll() is None, (folder / "out").read_text()[-2000:]
                time.sleep(0.25)
        yield server
    finally:
        process.terminate()
        process.wait(20)
