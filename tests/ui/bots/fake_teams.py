"""Teams on loopback: a Bot Connector, tokens signed with a key of its own, activities as Teams sends them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWK
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import PyJWKClientError

from tests.ui.bots.limits import LimitError, check_teams

APP, TENANT, BOT = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555", "28:bot"
ISSUER = "https://api.botframework.com"


class Keys:
    """Stands in for the fixed addresses that the SDK takes Microsoft's public keys from."""

    def __init__(self) -> None:
        self.private = {
            name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("good", "unknown")
        }
        jwk = RSAAlgorithm.to_jwk(self.private["good"].public_key(), as_dict=True)
        self.jwk = {**jwk, "kid": "good", "alg": "RS256"}
        self._public = PyJWK(self.jwk)
        self.asked: list[str] = []

    async def get_signing_key(self, jwks_uri: str, header: Mapping[str, Any]) -> PyJWK:
        self.asked.append(jwks_uri)
        if header.get("kid") != "good":
            raise PyJWKClientError("unable to find a signing key that matches")
        return self._public

    def token(self, key: str = "good", kid: str = "good", **claims: Any) -> str:
        now = int(time.time())
        made = {"iss": ISSUER, "aud": APP, "iat": now, "nbf": now - 60, "exp": now + 3600, **claims}
        return jwt.encode(made, self.private[key], algorithm="RS256", headers={"kid": kid})


class FakeTeams:
    """A tenant. ``sent`` holds every activity of the bot that arrived, in order."""

    def __init__(self) -> None:
        self.keys = Keys()
        self.sent: list[dict[str, Any]] = []
        self.typing = 0
        self.errors: list[str] = []
        self.trouble: list[str] = []
        self.tokens_seen: set[str] = set()
        self.url = ""
        self.bot_url = ""
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> FakeTeams:
        app = web.Application()
        app.router.add_post("/v3/conversations/{conversation}/activities", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        self._session = aiohttp.ClientSession()
        return self

    async def stop(self) -> None:
        assert self._runner
        assert self._session
        await self._session.close()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.tokens_seen.add(request.headers.get("Authorization", ""))
        activity = await request.json()
        if activity["type"] == "typing":
            self.typing += 1
            return web.json_response({"id": "t"}, status=201)
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "429":
            return web.json_response({}, status=429, headers={"Retry-After": "1"})
        if trouble == "502":
            return web.json_response({}, status=502)
        if trouble == "403":
            return web.json_response({}, status=403)
        try:
            check_teams(
                {k: v for k, v in activity.items() if k not in ("conversation", "from", "recipient", "channelId")}
            )
        except (LimitError, KeyError) as error:
            self.errors.append(f"{type(error).__name__} {error}")
        number = f"r{next(self._ids)}"
        self.sent.append({**activity, "id": number, "to": request.match_info["conversation"]})
        if trouble == "drop":
            assert request.transport
            request.transport.abort()
        return web.json_response({"id": number}, status=201)

    def activity(
        self, text: str = "", *, kind: str = "personal", root: str = "", mention: bool = False, **more: Any
    ) -> dict[str, Any]:
        """An activity as Teams posts it: in a personal chat, a channel's thread (``root``) or a group chat."""
        number = f"a{next(self._ids)}-{time.time_ns()}"
        conversation = {"personal": "a:1personal", "groupChat": "19:group@thread.v2"}.get(kind)
        conversation = conversation or f"19:channel@thread.tacv2;messageid={root or number}"
        entities = []
        if mention:
            text = f"<at>MCOF</at> {text}"
            entities.append({"type": "mention", "text": "<at>MCOF</at>", "mentioned": {"id": BOT, "name": "MCOF"}})
        return {
            "type": "message",
            "id": number,
            "timestamp": datetime.now(UTC).isoformat(),
            "serviceUrl": self.url,
            "channelId": "msteams",
            "from": {"id": "29:alice", "name": "Alice", "aadObjectId": "alice"},
            "conversation": {"id": conversation, "conversationType": kind, "tenantId": TENANT},
            "recipient": {"id": BOT, "name": "MCOF"},
            "textFormat": "plain",
            "text": text,
            "entities": entities,
            **more,
        }

    async def post(self, activity: Mapping[str, Any], token: str | None = "good") -> tuple[int, Any]:
        """Post an activity to the bot; ``token`` "good" is a valid one, None sends none."""
        headers = (
            {} if token is None else {"Authorization": f"Bearer {self.keys.token() if token == 'good' else token}"}
        )
        assert self._session
        url = f"{self.bot_url}/api/messages"
        async with self._session.post(url, json=dict(activity), headers=headers) as answer:
            body = await answer.json() if answer.content_type == "application/json" and await answer.read() else None
            return answer.status, body

    async def arrived(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        """What the bot sent once there are ``count``; a little later there must not be more."""
        deadline = time.monotonic() + seconds
        while len(self.sent) < count:
            assert time.monotonic() < deadline, f"only {len(self.sent)} of {count}; {self.errors}"
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert len(self.sent) == count, [a["text"] for a in self.sent]
        assert self.errors == []
        return self.sent
