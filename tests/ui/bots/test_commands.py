"""``mcof bot``: settings alone, --check, and messages an administrator can act on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.settings import load_settings
from corpus.errors import SettingsError
from tests.ui.bots.conftest import Synapse, free_port
from tests.ui.bots.fake_slack import APP_TOKEN, TOKEN, FakeSlack
from ui.bots.check import SLACK_SCOPES, check_matrix, check_slack, check_teams, clock
from ui.bots.settings import BotSettings, refuse_secrets, require, secret_names

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "bots"


def test_secrets_are_masked_everywhere() -> None:
    settings = BotSettings(slack_bot_token="xoxb-hunter2", bot_database_url="postgresql://u:hunter2@h/d")
    for shown in (repr(settings), str(settings), str(settings.effective()), settings.model_dump_json()):
        assert "hunter2" not in shown
    assert set(secret_names()) == {
        "bot_database_url", "slack_bot_token", "slack_app_token", "slack_signing_secret", "teams_app_secret",
        "matrix_access_token", "chat_api_key",
    }  # fmt: skip


def test_missing_settings_are_named_together() -> None:
    with pytest.raises(SettingsError, match="MCOF_MATRIX_HOMESERVER and MCOF_MATRIX_USER"):
        require(BotSettings(), "matrix_homeserver", "matrix_user")


def test_a_model_may_not_take_longer_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot gives an answer up as a whole after its time, the composer's part with it."""
    monkeypatch.setenv("MCOF_CHAT_TIMEOUT", "60")
    assert load_settings(kind=BotSettings).chat_timeout == 60
    monkeypatch.setenv("MCOF_CHAT_MODEL", "openai:some-model")
    with pytest.raises(SettingsError, match="MCOF_CHAT_TIMEOUT, must be less than MCOF_BOT_ANSWER_SECONDS"):
        load_settings(kind=BotSettings)


def test_a_misspelled_variable_is_named_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCOF_SLACK_BOT_TOKN", "xoxb-secret")
    with pytest.raises(SettingsError, match="MCOF_SLACK_BOT_TOKEN") as error:
        load_settings(kind=BotSettings)
    assert "xoxb" not in str(error.value)


def test_secrets_in_a_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mcof.toml"
    file.write_text('slack_bot_token = "xoxb-secret"\n')
    with pytest.raises(SettingsError, match="MCOF_SLACK_BOT_TOKEN") as error:
        refuse_secrets(file)
    assert "xoxb" not in str(error.value)


def test_lists_of_channels_are_read_from_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCOF_BOT_DENY_CHANNELS", "C1, C2,,")
    assert load_settings(kind=BotSettings).bot_deny_channels == {"C1", "C2"}


@pytest.mark.parametrize(("off", "ok"), [(0, True), (59, True), (-61, False), (3600, False)])
def test_a_wrong_clock_is_found(off: int, ok: bool) -> None:
    """Slack refuses requests that are five minutes off, and tokens expire by the clock."""
    now = 1_000_000_000.0
    assert clock("Sun, 09 Sep 2001 01:46:40 GMT", now + off).ok is ok
    assert clock(None, now).ok


async def findings(source: Any) -> dict[str, bool]:
    return {f.what: f.ok async for f in source}


async def test_check_slack() -> None:
    slack = await FakeSlack().start()
    try:
        base = {"slack_api_url": f"{slack.url}/api/", "slack_app_token": APP_TOKEN}
        good = await findings(check_slack(BotSettings(slack_bot_token=TOKEN, **base)))
        assert good == dict.fromkeys(("connection", "clock", "bot token", "scopes", "app token"), True)
        bad = await findings(check_slack(BotSettings(slack_bot_token="x", **(base | {"slack_app_token": "y"}))))
        assert (bad["bot token"], bad["app token"]) == (False, False)
    finally:
        await slack.stop()
    gone = await findings(check_slack(BotSettings(slack_bot_token=TOKEN, **base)))
    assert gone == {"connection": False}


@pytest.mark.server
async def test_check_matrix(synapse: Synapse) -> None:
    user, token = synapse.register(f"check-{os.urandom(4).hex()}", device="MCOFBOT")
    base = {"matrix_homeserver": synapse.url, "matrix_user": user}
    good = await findings(check_matrix(BotSettings(matrix_access_token=token, **base)))
    assert good == dict.fromkeys(("connection", "clock", "access token", "user", "device", "encryption"), True)
    bad = await findings(check_matrix(BotSettings(matrix_access_token="wrong", **base)))
    assert bad["access token"] is False
    other = BotSettings(
        matrix_access_token=token, matrix_homeserver=synapse.url, matrix_user="@x:y", matrix_device_id="Z"
    )
    found = await findings(check_matrix(other))
    assert (found["user"], found["device"]) == (False, False)
    assert await findings(check_matrix(BotSettings(matrix_homeserver="http://127.0.0.1:9"))) == {"connection": False}


async def test_check_teams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is fetched, as the running bot would; Microsoft's address is stood in for by a server that answers."""
    slack = await FakeSlack().start()
    monkeypatch.setattr("ui.bots.check.TEAMS_KEYS", f"{slack.url}/api/auth.test")

    async def granted() -> str:
        return "token"

    async def refused() -> str:
        raise ValueError("AADSTS7000215: the secret is wrong")

    try:
        settings = BotSettings()
        good = await findings(check_teams(settings, granted))
        assert good == dict.fromkeys(("connection", "clock", "registration", "service addresses", "tokens"), True)
        found = [f async for f in check_teams(settings, refused)]
        assert [(f.what, f.ok) for f in found if not f.ok] == [("registration", False)]
        assert "AADSTS" not in found[2].text
    finally:
        await slack.stop()


def mcof(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MCOF_")}
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", "bot", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean | env,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("network", "named"),
    [("slack", "MCOF_SLACK_BOT_TOKEN"), ("teams", "MCOF_TEAMS_APP_ID"), ("matrix-org", "MCOF_MATRIX_HOMESERVER")],
)
def test_a_bot_without_settings_says_which_are_missing(network: str, named: str, tmp_path: Path) -> None:
    done = mcof(network, MCOF_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.server
def test_the_matrix_bot_runs_from_settings_alone_and_stops_on_request(synapse: Synapse, tmp_path: Path) -> None:
    """Start, readiness, a question to the real assistant, SIGTERM, exit status 0."""
    user, token = synapse.register(f"run-{os.urandom(4).hex()}", device="MCOFBOT")
    _, alice_token = synapse.register(f"alice-{os.urandom(4).hex()}")
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("MCOF_")} | {
        "MCOF_MATRIX_HOMESERVER": synapse.url,
        "MCOF_MATRIX_USER": user,
        "MCOF_MATRIX_ACCESS_TOKEN": token,
        "MCOF_DATA_DIR": str(tmp_path),
        "MCOF_BOT_PORT": str(port),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ui.cli", "bot", "matrix-org"], cwd=ROOT, env=env, stderr=log)
    try:
        wait_for(lambda: fetch(port, "/ready").get("ready"))
        room = synapse.call(
            "POST", "/_matrix/client/v3/createRoom", {"invite": [user], "is_direct": True}, alice_token
        )["room_id"]
        members = f"/_matrix/client/v3/rooms/{room}/joined_members"
        wait_for(lambda: user in synapse.call("GET", members, token=alice_token)["joined"])
        say = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/1"
        synapse.call("PUT", say, {"msgtype": "m.text", "body": "What is critical during a health crisis?"}, alice_token)
        recent = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=5"

        def replies() -> list[str]:
            chunk = synapse.call("GET", recent, token=alice_token)["chunk"]
            return [e["content"]["body"] for e in chunk if e["sender"] == user and e["type"] == "m.room.message"]

        wait_for(lambda: replies())
        assert "critical" in replies()[0]
        assert "SCPF/92" in replies()[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    lines = (tmp_path / "log").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    assert events[0] == "settings"
    assert events[-1] == "stopped"
    assert "replied" in events
    text = "\n".join(lines)
    assert token not in text
    assert "health crisis" not in text


def wait_for(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def fetch(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return dict(json.load(answer))


# --- the documentation cannot drift -----------------------------------------------------


def test_every_setting_is_in_the_table_with_its_default() -> None:
    from assistant.settings import PREFIX, Settings

    table = (DOCS / "settings.md").read_text()
    own = [name for name in BotSettings.model_fields if name not in Settings.model_fields]
    assert re.findall(r"^\| `(MCOF_[A-Z_]+)`", table, re.MULTILINE) == [PREFIX + name.upper() for name in own]
    for name in own:
        assert str(BotSettings.model_fields[name].description) in table, name


def test_the_slack_manifest_asks_for_the_scopes_that_are_checked() -> None:
    text = (DOCS / "slack-manifest.yaml").read_text()
    manifest = yaml.safe_load(text)
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SLACK_SCOPES
    assert manifest["features"]["slash_commands"][0]["command"] == "/mcof"
    assert manifest["features"]["shortcuts"][0]["callback_id"] == "mcof_message"
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_mention", "message.channels", "message.groups", "message.im", "message.mpim",
    }  # fmt: skip
    page = (DOCS / "slack.md").read_text()
    for scope in SLACK_SCOPES:
        assert f"`{scope}`" in page, f"{scope} has no reason in slack.md"


def test_the_teams_manifest_is_complete() -> None:
    manifest = json.loads((DOCS / "teams-manifest" / "manifest.json").read_text())
    assert manifest["bots"][0]["scopes"] == ["personal", "team", "groupChat"]
    assert manifest["composeExtensions"][0]["commands"][0]["parameters"][0]["name"] == "question"
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["description"]["short"]) <= 80
    assert len(manifest["description"]["full"]) <= 4000
    for name in ("color.png", "outline.png"):
        assert (DOCS / "teams-manifest" / name).read_bytes().startswith(b"\x89PNG")
    page = (DOCS / "teams.md").read_text()
    for permission in manifest["authorization"]["permissions"]["resourceSpecific"]:
        assert f"`{permission['name']}`" in page
