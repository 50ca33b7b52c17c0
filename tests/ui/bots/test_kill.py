"""The process killed at every step between receipt and reply: no message answered twice, none lost without a word.

Each process recovers what the one before it left, then dies at its own step.
Eight deaths in the normal run, one at each step, 200 in the long one, whose figures are kept in
docs/bots/operating.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.ui.bots.conftest import Synapse
from tests.ui.bots.fake_slack import APP_TOKEN, BOT, TOKEN, FakeSlack
from tests.ui.bots.fake_teams import APP, TENANT, FakeTeams
from tests.ui.bots.kill_child import STEPS
from tests.ui.bots.test_matrix import Person, joined

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[3]
COMMON: dict[str, Any] = {
    "bot_person_limit": 0,
    "bot_channel_limit": 0,
    "bot_lease_seconds": 0.5,
    "bot_feedback": False,
}


class Child:
    """One life of the bot."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.address = ""

    @classmethod
    async def start(cls, network: str, step: str, settings: dict[str, Any], env: dict[str, str]) -> Child:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.ui.bots.kill_child", network, step, json.dumps(settings),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, **env},
        )  # fmt: skip
        child = cls(process)
        assert process.stdout
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()
        assert line[:1] == ["READY"], "the bot did not come up"
        child.address = line[1] if len(line) > 1 else ""
        return child

    async def arm(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"arm\n")
        await self._process.stdin.drain()
        await asyncio.wait_for(self._process.stdout.readline(), 10)

    async def dies(self, step: str) -> None:
        try:
            assert await asyncio.wait_for(self._process.wait(), 60) == -9
        except TimeoutError:
            pytest.fail(f"the bot never came to {step!r}")

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


Verdict = Counter[str]
Texts = Callable[[], Awaitable[list[str]]]
Ask = Callable[[str, Child], Awaitable[None]]


def judge(name: str, texts: list[str], *, looks: bool, step: str) -> str:
    """What became of question ``name``: how often its parts (three, by first and last sentence) and the notice came."""
    parts = Counter(mark for text in texts for mark in re.findall(rf"{name} part ([abc] sentence (?:0|309)) ", text))
    notices = sum("ask again" in text for text in texts)
    whole = len(parts) == 6
    assert max(parts.values(), default=0) <= 1, f"{name} killed at {step}: answered twice"
    assert whole or notices, f"{name} killed at {step}: lost without a word"
    if whole and notices:
        assert not looks, f"{name} killed at {step}: a notice after the answer, though the bot could look"
        assert step in ("sending", "sent"), name
        return "answer, then a notice that could not be avoided"
    assert notices <= 1, f"{name} killed at {step}: asked to ask again {notices} times"
    return "answer" if whole else "notice"


async def run_kills(
    network: str,
    deaths: Sequence[str],
    settings: dict[str, Any],
    env: dict[str, str],
    ask: Ask,
    texts: Texts,
    *,
    looks: bool,
    up: Callable[[Child], Awaitable[None]] | None = None,
) -> Verdict:
    """A death at each of these steps, one after another; then one life that is not killed. ``up`` is told of every new life."""
    verdicts: Verdict = Counter()
    seen = 0
    before: tuple[str, str] | None = None
    for n, step in enumerate([*deaths, ""]):
        child = await Child.start(network, step, settings, env)
        try:
            if up:
                await up(child)
            if before:
                name, died = before
                new = await _settled(texts, seen, name)
                verdicts[f"{died}: {judge(name, new, looks=looks, step=died)}"] += 1
                seen += len(new)
            if not step:
                break
            await child.arm()
            name = f"Q{n}x{uuid.uuid4().hex[:6]}"
            await ask(name, child)
            await child.dies(step)
            before = (name, step)
        finally:
            await child.end()
    return verdicts


async def _settled(texts: Texts, seen: int, name: str) -> list[str]:
    """The messages since the last question, once there is an answer or a notice and nothing more comes."""
    deadline = time.monotonic() + 90
    last: list[str] = []
    while time.monotonic() < deadline:
        now = (await texts())[seen:]
        done = any(f"{name} part c sentence 309 " in t or "ask again" in t for t in now)
        if done and now == last:
            return now
        last = now
        await asyncio.sleep(0.25)
    return last


async def kill_slack(deaths: Sequence[str], tmp_path: Path) -> Verdict:
    slack = await FakeSlack().start()
    settings = COMMON | {
        "slack_bot_token": TOKEN,
        "slack_app_token": APP_TOKEN,
        "slack_api_url": f"{slack.url}/api/",
        "data_dir": str(tmp_path),
    }

    async def ask(name: str, child: Child) -> None:
        await slack.say(f"<@{BOT}> {name} what is it?")

    async def texts() -> list[str]:
        return [" ".join(_strings(m["blocks"])) for m in slack.posts()]

    try:
        verdicts = await run_kills("slack", deaths, settings, {}, ask, texts, looks=True)
        assert slack.errors == []
        return verdicts
    finally:
        await slack.stop()


async def kill_teams(deaths: Sequence[str], tmp_path: Path) -> Verdict:
    teams = await FakeTeams().start()
    settings = COMMON | {
        "teams_app_id": APP,
        "teams_tenant_id": TENANT,
        "teams_app_secret": "s",
        "teams_service_hosts": teams.url,
        "data_dir": str(tmp_path),
    }
    pending: dict[str, Any] = {}

    async def ask(name: str, child: Child) -> None:
        teams.bot_url = child.address
        pending["activity"] = teams.activity(f"{name} what is it?")
        await again()

    async def again() -> None:
        """Teams sends an activity again that was not accepted."""
        try:
            status, _ = await teams.post(pending["activity"])
            if status == 202:
                pending.pop("activity")
        except aiohttp.ClientError:
            pass

    async def texts() -> list[str]:
        return [a["text"] for a in teams.sent]

    async def up(child: Child) -> None:
        teams.bot_url = child.address
        if "activity" in pending:
            await again()

    env = {"TEST_PUBLIC_KEY": json.dumps(teams.keys.jwk)}
    try:
        verdicts = await run_kills("teams", deaths, settings, env, ask, texts, looks=False, up=up)
        assert teams.errors == []
        return verdicts
    finally:
        await teams.stop()


async def kill_matrix(deaths: Sequence[str], tmp_path: Path, synapse: Synapse) -> Verdict:
    user, token = synapse.register(f"mcof-{uuid.uuid4().hex[:8]}", device="MCOFBOT")
    settings = COMMON | {
        "matrix_homeserver": synapse.url,
        "matrix_user": user,
        "matrix_access_token": token,
        "data_dir": str(tmp_path),
    }
    async with aiohttp.ClientSession() as session:
        alice = Person(synapse, session, "alice")
        room = await alice.room(user, is_direct=True)
        first = await Child.start("matrix", "", settings, {})
        await joined(alice, room, user)
        await first.end()

        async def ask(name: str, child: Child) -> None:
            await alice.say(room, f"{name} what is it?")

        async def texts() -> list[str]:
            return [m["content"]["body"] for m in await alice.messages(room, user)]

        return await run_kills("matrix", deaths, settings, {}, ask, texts, looks=True)


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in _strings(v)]
    if isinstance(value, list):
        return [s for v in value for s in _strings(v)]
    return [value] if isinstance(value, str) else []


def report(record_property: Any, network: str, verdicts: Verdict) -> None:
    record_property(network, dict(verdicts))
    for line, count in sorted(verdicts.items()):
        sys.stderr.write(f"{network}: killed at {line} x {count}\n")


async def all_networks(deaths: Sequence[Sequence[str]], tmp_path: Path, synapse: Synapse, record_property: Any) -> None:
    """Slack, Teams and Matrix beside each other, each with deaths at these steps."""
    slack, teams, matrix = await asyncio.gather(
        kill_slack(deaths[0], tmp_path / "slack"),
        kill_teams(deaths[1], tmp_path / "teams"),
        kill_matrix(deaths[2], tmp_path / "matrix", synapse),
    )
    for network, verdicts in (("slack", slack), ("teams", teams), ("matrix", matrix)):
        report(record_property, network, verdicts)


async def test_eight_deaths(tmp_path: Path, synapse: Synapse, record_property: Any) -> None:
    """One at each step, on one of the networks; the long form has each of them on every network."""
    await all_networks([STEPS[network::3] for network in range(3)], tmp_path, synapse, record_property)


@pytest.mark.slow
async def test_two_hundred_deaths(tmp_path: Path, synapse: Synapse, record_property: Any) -> None:
    await all_networks(
        [list(islice(cycle(STEPS), count)) for count in (72, 64, 64)], tmp_path, synapse, record_property
    )
