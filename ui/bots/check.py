"""``mcof bot … --check``: tokens, scopes, connectivity, clock, index and ledger, before a bot goes live."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from corpus.errors import AssistantError
from ui.bots.ledger import Ledger
from ui.bots.settings import BotSettings

#: Slack refuses signatures older than 300 s and tokens of Teams live 5 minutes past their end: far below that.
MOST_SECONDS_OFF = 60.0
SECONDS = 15

SLACK_SCOPES = frozenset(
    {
        "app_mentions:read", "channels:history", "chat:write", "commands", "groups:history", "im:history",
        "mpim:history", "reactions:write",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` says what mends it."""

    what: str
    ok: bool
    text: str
    remedy: str = ""


def clock(date: str | None, now: float) -> Finding:
    """Whether this machine's clock agrees with the ``Date`` header of the network's server."""
    parsed = email.utils.parsedate_to_datetime(date) if date else None
    if parsed is None:
        return Finding("clock", True, "the server does not say its time")
    off = now - parsed.timestamp()
    remedy = "" if abs(off) <= MOST_SECONDS_OFF else "Set this machine's clock, for example with systemd-timesyncd."
    return Finding("clock", not remedy, f"{off:+.0f} s from the network's", remedy)


async def check_common(settings: BotSettings, ask: Callable[[], object]) -> AsyncIterator[Finding]:
    """What every bot needs: the assistant answers, the ledger can be written, the page is there."""
    try:
        await asyncio.to_thread(ask)
        yield Finding("assistant", True, "answers")
    except AssistantError as error:
        yield Finding("assistant", False, error.message, error.remedy or "Run 'mcof doctor'.")
    try:
        ledger = Ledger(settings.ledger_url())
        ledger.put("check", "")
        kind = "SQLite on this host" if ledger.sqlite else "PostgreSQL"
        ledger.close()
        yield Finding("ledger", True, f"{kind}, writable")
    except AssistantError as error:
        yield Finding("ledger", False, error.message, error.remedy or "Check MCOF_BOT_DATABASE_URL and MCOF_DATA_DIR.")
    if settings.bot_page_url:
        found = await _fetch("GET", f"{settings.bot_page_url.rstrip('/')}/document")
        text = "document view reachable" if found.status == 200 else f"document view answers {found.said}"
        yield Finding("page", found.status == 200, text, "" if found.status == 200 else "Check MCOF_BOT_PAGE_URL.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP answer, status 0 where none came."""

    status: int
    headers: Mapping[str, str]
    body: Any
    error: str = ""

    @property
    def said(self) -> str:
        return self.error or str(self.status)


async def _fetch(method: str, url: str, token: str = "") -> Fetched:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, url, headers=headers) as answer,
        ):
            text = await answer.text()
            try:
                body = json.loads(text)
            except ValueError:
                body = None
            return Fetched(answer.status, {k.lower(): v for k, v in answer.headers.items()}, body)
    except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
        return Fetched(0, {}, None, type(error).__name__)


async def check_slack(settings: BotSettings) -> AsyncIterator[Finding]:
    """Bot token with its scopes, app token or signing secret, clock."""
    who = await _fetch("POST", f"{settings.slack_api_url}auth.test", settings.slack_bot_token.get_secret_value())
    if not who.status:
        yield Finding("connection", False, f"no answer ({who.error})", "Check the network, proxy and firewall.")
        return
    yield Finding("connection", True, "Slack answers")
    yield clock(who.headers.get("date"), time.time())
    ok = bool(who.body and who.body.get("ok"))
    error = "" if ok else str((who.body or {}).get("error", who.said))
    remedy = "" if ok else "Copy the bot token (xoxb-…) from OAuth & Permissions into MCOF_SLACK_BOT_TOKEN."
    yield Finding("bot token", ok, "accepted" if ok else error, remedy)
    if ok:
        given = {s.strip() for s in who.headers.get("x-oauth-scopes", "").split(",")}
        lacking = sorted(SLACK_SCOPES - given)
        text = f"lacking {', '.join(lacking)}" if lacking else f"all {len(SLACK_SCOPES)} granted"
        yield Finding("scopes", not lacking, text, "Paste the manifest again and reinstall the app." if lacking else "")
    app_token = settings.slack_app_token.get_secret_value()
    if app_token:
        socket = await _fetch("POST", f"{settings.slack_api_url}apps.connections.open", app_token)
        ok = bool(socket.body and socket.body.get("ok"))
        error = "" if ok else str((socket.body or {}).get("error", socket.said))
        remedy = "" if ok else "Create an app-level token (xapp-…) with connections:write; switch Socket Mode on."
        yield Finding("app token", ok, "Socket Mode opens" if ok else error, remedy)
    else:
        yield Finding("signing secret", True, "set; events come over HTTP to /slack/events")


async def check_teams(settings: BotSettings, get_token: Callable[[], Any]) -> AsyncIterator[Finding]:
    """Registration and secret (a token is fetched), Microsoft's public keys, clock, service addresses."""
    keys = await _fetch("GET", TEAMS_KEYS)
    if keys.status:
        yield Finding("connection", keys.status == 200, f"Microsoft's public keys: {keys.said}")
        yield clock(keys.headers.get("date"), time.time())
    else:
        yield Finding("connection", False, f"no answer ({keys.error})", "Check the network, proxy and firewall.")
    try:
        await asyncio.wait_for(get_token(), SECONDS)
        yield Finding("registration", True, "a token for the Bot Connector was issued")
    except Exception as error:
        remedy = "Check MCOF_TEAMS_APP_ID, MCOF_TEAMS_TENANT_ID, MCOF_TEAMS_APP_SECRET, and the secret's expiry."
        yield Finding("registration", False, f"no token ({type(error).__name__})", remedy)
    hosts = ", ".join(sorted(settings.teams_service_hosts))
    yield Finding("service addresses", bool(settings.teams_service_hosts), f"replies go only to {hosts or 'nowhere'}")
    yield Finding("tokens", True, "signature, issuer, audience and expiry of every incoming token are checked")


TEAMS_KEYS = "https://login.botframework.com/v1/.well-known/keys"


async def check_matrix(settings: BotSettings) -> AsyncIterator[Finding]:
    """Homeserver, access token, user, device and its verification, clock."""
    server = settings.matrix_homeserver.rstrip("/")
    versions = await _fetch("GET", f"{server}/_matrix/client/versions")
    if not versions.status:
        yield Finding(
            "connection", False, f"no answer ({versions.error})", "Check MCOF_MATRIX_HOMESERVER and the network."
        )
        return
    ok = versions.status == 200 and isinstance(versions.body, dict) and "versions" in versions.body
    yield Finding("connection", ok, "a homeserver answers" if ok else f"no homeserver there ({versions.said})")
    yield clock(versions.headers.get("date"), time.time())
    who = await _fetch(
        "GET", f"{server}/_matrix/client/v3/account/whoami", settings.matrix_access_token.get_secret_value()
    )
    body = who.body if isinstance(who.body, dict) else {}
    if who.status != 200:
        said = str(body.get("errcode", who.said))
        yield Finding(
            "access token", False, said, "Log in again (docs/bots/matrix.md) and set MCOF_MATRIX_ACCESS_TOKEN."
        )
        return
    yield Finding("access token", True, "accepted")
    same = body.get("user_id") == settings.matrix_user
    text = f"{body.get('user_id')}" + ("" if same else f", and MCOF_MATRIX_USER is {settings.matrix_user}")
    yield Finding("user", same, text, "" if same else "Set MCOF_MATRIX_USER to the owner of the token.")
    device = body.get("device_id")
    same = device == settings.matrix_device_id
    text = f"{device}" + ("" if same else f", and MCOF_MATRIX_DEVICE_ID is {settings.matrix_device_id}")
    yield Finding("device", same, text, "" if same else "Set MCOF_MATRIX_DEVICE_ID to the device of the token.")
    yield Finding(
        "encryption", True, "not supported: this device is unverified and holds no keys; encrypted rooms get a word"
    )
