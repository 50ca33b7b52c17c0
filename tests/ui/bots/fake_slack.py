"""A Slack on loopback: Web API, Socket Mode and HTTP events, strict about what Slack is strict about.

It refuses a wrong token, text and blocks over the limits, unescaped text and an
unknown thread; it measures how long an event waits for its acknowledgement and
sends it again, with the same event id, when three seconds pass without one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tests.ui.bots.limits import LimitError, check_slack

BOT, BOT_ID, TOKEN, APP_TOKEN, SECRET = "UBOT", "BBOT", "xoxb-test", "xapp-test", "shhh"
SCOPES = "app_mentions:read,channels:history,chat:write,commands,groups:history,im:history,mpim:history,reactions:write"


class FakeSlack:
    """One workspace. ``messages`` holds every message by channel, oldest first."""

    def __init__(self, *, retry_seconds: float = 3.0) -> None:
        self.retry_seconds = retry_seconds
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.reactions: set[tuple[str, str, str]] = set()
        self.reaction_log: list[tuple[str, str]] = []
        self.ephemeral: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.errors: list[str] = []
        self.ack_seconds: list[float] = []
        self.payloads: list[Any] = []
        #: One entry an attempt to post: "429", "500", "drop" (posts, then breaks the line), "refuse:code".
        self.trouble: list[str] = []
        self.not_in: set[str] = set()
        self.retries = 0
        self.url = ""
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._ts = itertools.count(1)
        self._triggers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> FakeSlack:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/respond/{id}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in self._sockets:
            await socket.close()
        assert self._runner
        await self._runner.cleanup()

    # -- what the workspace sees ------------------------------------------------

    def posts(self, channel: str = "C1") -> list[dict[str, Any]]:
        """Messages of the bot."""
        return [m for m in self.messages.get(channel, []) if m["user"] == BOT]

    async def posted(self, count: int, channel: str = "C1", seconds: float = 10.0) -> list[dict[str, Any]]:
        """The bot's messages once there are ``count``; a little later there must not be more."""
        await self.until(lambda: len(self.posts(channel)) >= count, seconds)
        await asyncio.sleep(0.2)
        found = self.posts(channel)
        assert len(found) == count, [m["text"] for m in found]
        assert self.errors == []
        return found

    async def until(self, condition: Any, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; errors: {self.errors}, calls: {self.calls[-9:]}"
            await asyncio.sleep(0.02)

    # -- what people do -----------------------------------------------------------

    def next_ts(self) -> str:
        return f"{int(time.time())}.{next(self._ts):06d}"

    def written(
        self, text: str, *, channel: str = "C1", user: str = "U1", thread: str = "", **more: Any
    ) -> dict[str, Any]:
        """A message that a person posts, kept in its channel; the event that Slack would send of it."""
        ts = self.next_ts()
        message = {
            "type": "message",
            "user": user,
            "text": text,
            "ts": ts,
            **({"thread_ts": thread} if thread else {}),
            **more,
        }
        self.messages.setdefault(channel, []).append(message)
        return {**message, "channel": channel, "channel_type": "im" if channel.startswith("D") else "channel"}

    def body(self, event: Mapping[str, Any], event_id: str) -> dict[str, Any]:
        return {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": event_id,
            "event": dict(event),
        }

    async def say(self, text: str, **values: Any) -> str:
        """Somebody writes; Slack sends ``message``, and ``app_mention`` too where the bot is mentioned."""
        event = self.written(text, **values)
        kinds = ["message"] + (["app_mention"] if f"<@{BOT}>" in text else [])
        for kind in kinds:
            self.deliver(self.body({**event, "type": kind}, f"Ev{event['ts']}{kind}"))
        return str(event["ts"])

    def deliver(self, body: Mapping[str, Any], *, kind: str = "events_api") -> asyncio.Task[Any]:
        """Send an envelope, and again while it is not acknowledged, at most three times."""
        task = asyncio.create_task(self._deliver(dict(body), kind))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _deliver(self, body: dict[str, Any], kind: str) -> Any:
        attempt = 0
        while attempt < 4:
            envelope = f"env{next(self._ts)}"
            payload = {
                "envelope_id": envelope,
                "type": kind,
                "payload": body,
                "accepts_response_payload": kind != "events_api",
            }
            if attempt:
                payload |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            self._acks[envelope] = asyncio.get_running_loop().create_future()
            await self.until(lambda: any(not s.closed for s in self._sockets), 60)
            began = time.monotonic()
            try:
                await next(s for s in reversed(self._sockets) if not s.closed).send_json(payload)
            except (ConnectionError, StopIteration):
                await asyncio.sleep(0.05)  # the line is broken: Slack uses the next one
                continue
            try:
                answer = await asyncio.wait_for(self._acks[envelope], self.retry_seconds)
            except TimeoutError:
                attempt += 1
                self.retries += 1
                continue
            self.ack_seconds.append(time.monotonic() - began)
            return answer
        return None

    def trigger(self) -> str:
        return f"trigger{next(self._triggers)}"

    async def command(self, text: str, *, channel: str = "C1", user: str = "U1") -> Any:
        body = {
            "command": "/mcof", "text": text, "channel_id": channel, "user_id": user, "team_id": "T1",
            "trigger_id": self.trigger(), "response_url": f"{self.url}/respond/{next(self._ts)}",
        }  # fmt: skip
        return await self.deliver(body, kind="slash_commands")

    async def click(
        self,
        message: Mapping[str, Any],
        action_id: str,
        *,
        channel: str = "C1",
        user: str = "U1",
        private: bool = False,
    ) -> Any:
        """Somebody presses the button ``action_id`` of ``message``."""
        buttons = [e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
        button = next(b for b in buttons if b["action_id"] == action_id)
        body = {
            "type": "block_actions",
            "user": {"id": user},
            "team": {"id": "T1"},
            "channel": {"id": channel},
            "trigger_id": self.trigger(),
            "response_url": f"{self.url}/respond/{next(self._ts)}",
            "container": {
                "type": "message", "message_ts": message.get("ts", "1.0"), "channel_id": channel,
                "is_ephemeral": private,
                **({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}),
            },
            "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": button["value"]}],
            **({} if private else {"message": dict(message)}),
        }  # fmt: skip
        return await self.deliver(body, kind="interactive")

    async def submit(self, view: Mapping[str, Any], text: str) -> Any:
        """Somebody sends the dialog with ``text``."""
        state = {"values": {"comment": {"text": {"type": "plain_text_input", "value": text}}}}
        body = {
            "type": "view_submission",
            "user": {"id": "U1"},
            "team": {"id": "T1"},
            "view": {**view, "state": state, "id": "V1"},
        }
        return await self.deliver(body, kind="interactive")

    async def disconnect(self) -> None:
        """Tell the bot to come back on another socket, as Slack does every few hours."""
        for socket in [s for s in self._sockets if not s.closed]:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def cut(self) -> None:
        """Break every socket without a word."""
        for socket in self._sockets:
            if not socket.closed and socket._req and socket._req.transport:
                socket._req.transport.abort()

    async def post_http(self, url: str, body: Mapping[str, Any], *, secret: str = SECRET, age: float = 0.0) -> int:
        """An event over HTTP with the signature Slack makes; returns the status."""
        text, stamp = json.dumps(body), str(int(time.time() - age))
        signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{text}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
            "Content-Type": "application/json",
        }
        async with aiohttp.ClientSession() as session, session.post(url, data=text, headers=headers) as answer:
            return answer.status

    # -- the servers -----------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                answer = json.loads(message.data)
                waiting = self._acks.get(answer.get("envelope_id", ""))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.get("payload", {}))
        return socket

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            check_slack(body)
        except (LimitError, KeyError) as error:
            self.errors.append(str(error))
        self.responses.append(body)
        return web.Response(text="ok")

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        expected = APP_TOKEN if method == "apps.connections.open" else TOKEN
        if request.headers.get("Authorization") != f"Bearer {expected}":
            return _answer(ok=False, error="invalid_auth")
        if request.content_type == "application/json":
            args = await request.json()
        else:
            args = {k: _parsed(k, v) for k, v in urllib.parse.parse_qsl(await request.text())}
            args |= {k: _parsed(k, v) for k, v in request.query.items()}
        handler = getattr(self, "_" + method.replace(".", "_"))
        result = handler(args)
        if method == "chat.postMessage" and self.trouble:
            result = await self._troubled(request, self.trouble.pop(0), args)
        if isinstance(result, web.StreamResponse):
            return result
        headers = {"x-oauth-scopes": SCOPES, "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
        return web.json_response(result, headers=headers)

    async def _troubled(self, request: web.Request, trouble: str, args: dict[str, Any]) -> Any:
        """Undo or keep the post that ``_api`` has made, and answer as the trouble has it."""
        channel = args["channel"]
        if trouble != "drop" and trouble != "500 after":
            self.messages[channel].pop()
        if trouble == "429":
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})
        if trouble.startswith("500"):
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        if trouble.startswith("refuse:"):
            return {"ok": False, "error": trouble.partition(":")[2]}
        assert request.transport
        request.transport.abort()
        return web.Response()

    def _auth_test(self, args: Any) -> Any:
        return {
            "ok": True,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "team_id": "T1",
            "team": "Field",
            "user": "mcof",
            "url": "https://x/",
        }

    def _apps_connections_open(self, args: Any) -> Any:
        return {"ok": True, "url": f"{self.url.replace('http', 'ws')}/socket"}

    def _chat_postMessage(self, args: dict[str, Any]) -> Any:
        self.payloads.append(args)
        if args["channel"] in self.not_in:
            return {"ok": False, "error": "not_in_channel"}
        try:
            check_slack(args)
        except (LimitError, KeyError) as error:
            self.errors.append(str(error))
            return {"ok": False, "error": str(error)}
        thread = args.get("thread_ts")
        known = {m["ts"] for m in self.messages.get(args["channel"], [])}
        if thread and thread not in known:
            return {"ok": False, "error": "thread_not_found"}
        message = {"type": "message", "user": BOT, "bot_id": BOT_ID, "ts": self.next_ts(), **args}
        self.messages.setdefault(args["channel"], []).append(message)
        event = {**message, "channel_type": "channel"}
        event.pop("metadata", None)
        if any(not s.closed for s in self._sockets):  # Slack tells the bot of its own words too
            self.deliver(self.body(event, f"Ev{message['ts']}"))
        return {"ok": True, "ts": message["ts"], "channel": args["channel"], "message": message}

    def _chat_postEphemeral(self, args: Any) -> Any:
        self.ephemeral.append(args)
        return {"ok": True}

    def _conversations_replies(self, args: dict[str, Any]) -> Any:
        found = [m for m in self.messages.get(args["channel"], []) if args["ts"] in (m["ts"], m.get("thread_ts"))]
        if not found:
            return {"ok": False, "error": "thread_not_found"}
        begin = int(args.get("cursor") or 0)
        page, rest = found[begin : begin + 3], found[begin + 3 :]  # small pages: cursors must be followed
        more = {"next_cursor": str(begin + 3)} if rest else {}
        return {
            "ok": True,
            "messages": [self._seen(m, args) for m in page],
            "has_more": bool(rest),
            "response_metadata": more,
        }

    def _conversations_history(self, args: dict[str, Any]) -> Any:
        found = [m for m in self.messages.get(args["channel"], []) if m.get("thread_ts", m["ts"]) == m["ts"]]
        return {"ok": True, "messages": [self._seen(m, args) for m in reversed(found)]}

    def _seen(self, message: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
        asked = str(args.get("include_all_metadata", "")).lower() in ("true", "1")
        return {k: v for k, v in message.items() if k != "metadata" or asked}

    def _reactions_add(self, args: dict[str, Any]) -> Any:
        mark = (args["channel"], args["timestamp"], args["name"])
        self.reaction_log.append(("add", args["name"]))
        if mark in self.reactions:
            return {"ok": False, "error": "already_reacted"}
        self.reactions.add(mark)
        return {"ok": True}

    def _reactions_remove(self, args: dict[str, Any]) -> Any:
        self.reaction_log.append(("remove", args["name"]))
        self.reactions.discard((args["channel"], args["timestamp"], args["name"]))
        return {"ok": True}

    def _views_open(self, args: dict[str, Any]) -> Any:
        self.views.append(args["view"])
        return {"ok": True, "view": args["view"]}


def _parsed(key: str, value: str) -> Any:
    return json.loads(value) if key in ("blocks", "metadata", "view") else value


def _answer(**values: Any) -> web.Response:
    return web.json_response(values)
