"""Matrix: matrix-nio events in, message contents out. Nothing is decided here.

End-to-end encryption is not supported and said so: in an encrypted room the bot
says once a day that it cannot read there. Its device holds no keys and is not
verified.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
from nio import (
    AsyncClient,
    AsyncClientConfig,
    Event,
    InviteMemberEvent,
    JoinError,
    MatrixRoom,
    MegolmEvent,
    ReactionEvent,
    RoomEncryptionEvent,
    RoomMessageFormatted,
    SyncError,
    SyncResponse,
    WhoamiResponse,
)

from corpus.errors import SetupError
from ui.bots import logs, matrix_render
from ui.bots.core import Incoming, Network, ThreadMessage
from ui.bots.engine import Engine
from ui.bots.errors import RefusedError, SendError, ThrottledError, UncertainError
from ui.bots.settings import BotSettings
from ui.bots.sheet import Sheet, note_sheet
from ui.bots.texts import say

logger = logging.getLogger(__name__)

#: Milliseconds a sync waits for news; a typing notice ends by itself after the second figure.
SYNC_MS = 30_000
TYPING_MS = 30_000
#: Longest pause between two attempts to reach the server, in seconds.
LONGEST_PAUSE = 60.0
#: The part of a thread that one request reads.
PAGE = 50
#: Pages of 100 events that are read back after a gap; what is older is left unanswered.
MOST_PAGES = 10

_THUMBS = {"👍": "up", "👎": "down"}


class MatrixPort:
    """What the engine needs of Matrix. A transaction id makes sending twice deliver once."""

    network: Network = "matrix"
    idempotent = True
    reads_threads = True

    def __init__(self, client: AsyncClient, user_id: str) -> None:
        self._client, self._user_id = client, user_id

    async def history(self, event: Incoming, limit: int) -> Sequence[ThreadMessage]:
        if event.thread:
            found = await self._thread(event.channel, event.thread, limit)
        elif event.direct:
            found = await self._recent(event.channel, limit)
        else:
            return []  # a mention outside a thread begins one
        return [m for raw in found if raw.get("event_id") != event.message_id and (m := self._message(raw))]

    async def _thread(self, room: str, root: str, limit: int) -> list[Mapping[str, Any]]:
        path = (
            f"/_matrix/client/v1/rooms/{_quote(room)}/relations/{_quote(root)}/m.thread?dir=b&limit={min(limit, PAGE)}"
        )
        chunk = (await self._get(path)).get("chunk", [])
        first = await self._get(f"/_matrix/client/v3/rooms/{_quote(room)}/event/{_quote(root)}")
        return [first, *reversed(chunk)]

    async def _recent(self, room: str, limit: int) -> list[Mapping[str, Any]]:
        chunk = (await self._get(f"/_matrix/client/v3/rooms/{_quote(room)}/messages?dir=b&limit={PAGE}")).get(
            "chunk", []
        )
        return list(reversed([raw for raw in chunk if not _relation(raw).get("rel_type") == "m.thread"][:limit]))

    def _message(self, raw: Mapping[str, Any]) -> ThreadMessage | None:
        content = raw.get("content", {})
        if raw.get("type") != "m.room.message" or _relation(raw).get("rel_type") == "m.replace":
            return None
        body = str(content.get("body", ""))
        if raw.get("sender") == self._user_id:
            return ThreadMessage("self", body)
        if content.get("msgtype") == "m.text":
            return ThreadMessage("person", strip_mention(strip_reply(body), self._user_id, ""))
        return ThreadMessage("bot", body) if content.get("msgtype") == "m.notice" else None

    async def sign(self, event: Incoming, shown: bool) -> None:
        path = f"/_matrix/client/v3/rooms/{_quote(event.channel)}/typing/{_quote(self._user_id)}"
        await self._request("PUT", path, {"typing": shown, **({"timeout": TYPING_MS} if shown else {})})

    async def send(self, event: Incoming, message: Mapping[str, Any], key: str) -> str:
        content = {**message, **_relates(event)}
        path = f"/_matrix/client/v3/rooms/{_quote(event.channel)}/send/m.room.message/{key}"
        return str((await self._request("PUT", path, content))["event_id"])

    async def find(self, event: Incoming, key: str) -> str | None:
        """The server shows a device the transaction ids of its own messages.

        It forgets them after a day; within it, sending again with the same id delivers once anyway.
        """
        if event.reply_thread:
            found = await self._thread(event.channel, event.reply_thread, PAGE)
        else:
            found = await self._recent(event.channel, PAGE)
        ids = [raw["event_id"] for raw in found if raw.get("unsigned", {}).get("transaction_id") == key]
        return str(ids[0]) if ids else None

    def render(self, page: Sheet, event: Incoming, answer_id: str) -> Sequence[Mapping[str, Any]]:
        return matrix_render.render(page, feedback=bool(answer_id))

    async def _get(self, path: str) -> dict[str, Any]:
        return await self._request("GET", path)

    async def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request with the bot's token.

        Raises:
            ThrottledError: 429, with the wait the server asks for.
            RefusedError: any other 4xx.
            UncertainError: no answer, or 5xx.
        """
        data = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self._client.access_token}", "Content-Type": "application/json"}
        try:
            response = await self._client.send(method, path, data, headers, timeout=30)
            answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UncertainError(f"The homeserver did not answer ({type(error).__name__}).") from error
        if response.status == 429:
            raise ThrottledError(float(answer.get("retry_after_ms", 1000)) / 1000)
        if response.status >= 500:
            raise UncertainError(f"The homeserver answered {response.status}.")
        if response.status >= 400:
            raise RefusedError(str(answer.get("errcode", response.status)))
        return dict(answer)


class MatrixBot:
    """Keeps one account in sync and hands its events to the engine."""

    def __init__(self, settings: BotSettings, make_engine: Callable[[MatrixPort], Engine]) -> None:
        self._settings = settings
        config = AsyncClientConfig(
            max_limit_exceeded=0, max_timeouts=0, encryption_enabled=False, store_sync_tokens=False
        )
        self._client = AsyncClient(
            settings.matrix_homeserver, settings.matrix_user, settings.matrix_device_id, config=config
        )
        self._client.access_token = settings.matrix_access_token.get_secret_value()
        self._client.user_id = settings.matrix_user
        self.port = MatrixPort(self._client, settings.matrix_user)
        self.engine = make_engine(self.port)
        self._ledger = self.engine.ledger
        self._stopping = asyncio.Event()
        self._note = f"matrix:since:{settings.matrix_user}:{settings.matrix_device_id}"
        self.connected = False

    async def start(self) -> None:
        """Check the token and begin to take over what was left.

        Raises:
            SetupError: the server refuses the token, or it belongs to somebody else.
        """
        who = await self._client.whoami()
        if not isinstance(who, WhoamiResponse):
            raise SetupError(
                f"The homeserver does not accept the token ({getattr(who, 'status_code', '') or 'no answer'}).",
                remedy="Run 'mcof bot matrix-org --check'.",
            )
        if who.user_id != self._settings.matrix_user:
            raise SetupError(
                f"The access token belongs to {who.user_id}, and MCOF_MATRIX_USER is {self._settings.matrix_user}."
            )
        await self.engine.start()

    async def run(self) -> None:
        """Sync until ``stop``; every sync is claimed before its token is kept, so none is lost and none repeated."""
        since = await self.engine.db(self._ledger.get, self._note)
        fresh = since is None
        full, pause = True, 1.0
        while not self._stopping.is_set():
            try:
                response = await self._until_stopped(
                    self._client.sync(timeout=0 if full else SYNC_MS, since=since, full_state=full, sync_filter=_FILTER)
                )
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                response = SyncError(type(error).__name__)
            if response is None:
                break
            if not isinstance(response, SyncResponse):
                self._set_connected(False)
                wait = min(LONGEST_PAUSE, (getattr(response, "retry_after_ms", 0) or 0) / 1000 or pause)
                logs.event(
                    logger, "sync failed", logging.WARNING, wait=wait, code=str(getattr(response, "status_code", ""))
                )
                pause = min(LONGEST_PAUSE, pause * 2)
                await self._pause(wait)
                continue
            if not self.connected:
                self._set_connected(True)
            pause = 1.0
            await self._handle(response, replayed=fresh)
            since, fresh, full = response.next_batch, False, False
            await self.engine.db(self._ledger.put, self._note, since)

    async def stop(self) -> None:
        """Take no more in, finish what was begun, close the connection."""
        self._stopping.set()
        await self.engine.stop()
        await self._client.close()

    def _set_connected(self, connected: bool) -> None:
        self.connected = connected
        self.engine.metrics.connected.set(int(connected))
        if connected:
            self.engine.metrics.reconnected()

    async def _until_stopped(self, work: Any) -> Any:  # noqa: ANN401 - nio's responses
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        done, _ = await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task in done:
            return task.result()
        task.cancel()
        return None

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _handle(self, response: SyncResponse, *, replayed: bool) -> None:
        """Everything of one sync. ``replayed``: the first sync ever, whose messages are history."""
        for room_id, invited in response.rooms.invite.items():
            for event in invited.invite_state:
                if isinstance(event, InviteMemberEvent) and event.state_key == self._settings.matrix_user:
                    await self._invited(room_id, event)
        if replayed:
            return
        for room_id, joined in response.rooms.join.items():
            room = self._client.rooms.get(room_id)
            if room is None:
                continue
            missed = await self._missed(room_id, joined.timeline.prev_batch) if joined.timeline.limited else []
            for event in (*missed, *joined.timeline.events):
                await self._event(room, event)

    async def _again(self, call: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - nio's responses
        """The response of a call; a connection that the server dropped is tried again, thrice, then given up: None."""
        for attempt in range(3):
            try:
                return await call()
            except (aiohttp.ClientError, TimeoutError) as error:
                logs.event(logger, "connection dropped", logging.WARNING, error=type(error).__name__)
                await self._pause(0.2 * 2**attempt)
        return None

    async def _missed(self, room_id: str, before: str) -> list[Any]:
        """Events between the last sync and a timeline that was cut short, oldest first."""
        since = await self.engine.db(self._ledger.get, self._note)
        found: list[Any] = []
        for _ in range(MOST_PAGES if since else 0):
            query = f"dir=b&limit=100&from={_quote(before)}&to={_quote(since or '')}"
            path = f"/_matrix/client/v3/rooms/{_quote(room_id)}/messages?{query}"
            try:
                page = await self.port._get(path)
            except SendError as error:
                logs.event(
                    logger, "gap not read", logging.WARNING, room=logs.ident(room_id), error=type(error).__name__
                )
                break
            found.extend(Event.parse_event(raw) for raw in page.get("chunk", ()))
            before = page.get("end", "")
            if not before or not page.get("chunk"):
                break
        return found[::-1]

    async def _invited(self, room_id: str, event: InviteMemberEvent) -> None:
        server = event.sender.partition(":")[2]
        allowed = self._settings.matrix_invite_servers
        if event.content.get("membership") != "invite":
            return
        if allowed and server not in allowed:
            logs.event(logger, "invitation declined", room=logs.ident(room_id))
            await self._again(lambda: self._client.room_leave(room_id))
            return
        if event.content.get("is_direct"):
            await self.engine.db(self._ledger.put, f"matrix:direct:{room_id}", event.sender)
        answer = await self._again(lambda: self._client.join(room_id))
        if answer is None or isinstance(answer, JoinError):
            logs.event(
                logger,
                "could not join",
                logging.WARNING,
                room=logs.ident(room_id),
                code=str(getattr(answer, "status_code", "")),
            )

    async def _event(self, room: MatrixRoom, event: Any) -> None:  # noqa: ANN401 - nio's events
        if event.sender == self._settings.matrix_user:
            return
        if isinstance(event, MegolmEvent | RoomEncryptionEvent) or event.source.get("type") == "m.room.encrypted":
            await self._encrypted(room, event.event_id)
        elif isinstance(event, ReactionEvent):
            await self._reaction(room, event)
        elif isinstance(event, RoomMessageFormatted) and event.source["content"].get("msgtype") in (
            "m.text",
            "m.notice",
        ):
            if room.encrypted:
                await self._encrypted(room, event.event_id)
                return
            await self.engine.receive(await self._incoming(room, event))

    async def _incoming(self, room: MatrixRoom, event: RoomMessageFormatted) -> Incoming:
        content = event.source["content"]
        relation = content.get("m.relates_to", {})
        body = strip_reply(event.body)
        me = self._settings.matrix_user
        name = room.user_name(me) or ""
        mentioned, others = mentions(content, me, name)
        return Incoming(
            network="matrix",
            event_id=event.event_id,
            channel=room.room_id,
            message_id=event.event_id,
            user=event.sender,
            text=strip_mention(body, me, name),
            thread=relation.get("event_id", "") if relation.get("rel_type") == "m.thread" else "",
            direct=await self._direct(room),
            mentioned=mentioned,
            mentions_others=others,
            from_bot=content.get("msgtype") == "m.notice",
            edited=relation.get("rel_type") == "m.replace",
            sent_at=event.server_timestamp / 1000,
        )

    async def _direct(self, room: MatrixRoom) -> bool:
        """A chat of two: marked so when the bot was invited, or without name and with two members."""
        if room.member_count > 2:
            return False
        if not room.name and not room.canonical_alias:
            return True
        return await self.engine.db(self._ledger.get, f"matrix:direct:{room.room_id}") is not None

    async def _encrypted(self, room: MatrixRoom, event_id: str) -> None:
        """Say that encrypted rooms cannot be read: refused with a message, never with silence; once a day a room."""
        if not await self.engine.db(lambda: self._ledger.once(f"matrix:encrypted:{room.room_id}", within=86_400)):
            return
        event = Incoming("matrix", f"encrypted:{event_id}", room.room_id, event_id, "", "", direct=True)
        text = say("en", "encrypted")
        for content in self.port.render(note_sheet("en", text), event, ""):
            try:
                await self.port.send(event, content, f"enc{logs.ident(event_id)}")
            except SendError as error:
                logs.event(logger, "refusal not sent", logging.WARNING, error=type(error).__name__)

    async def _reaction(self, room: MatrixRoom, event: ReactionEvent) -> None:
        rating = _THUMBS.get(event.key.replace("\ufe0f", "")[:1])
        if rating is None or not await self.engine.db(self._ledger.once, f"rated-event:{event.event_id}"):
            return
        answer_id = await self.engine.db(self._ledger.answer_of, "matrix", room.room_id, event.reacts_to)
        if answer_id:
            await self.engine.rate(answer_id, rating, "")


_FILTER: dict[str, Any] = {"room": {"timeline": {"limit": 100}, "ephemeral": {"types": []}}, "presence": {"types": []}}


def _quote(value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="")


def _relation(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    relation = raw.get("content", {}).get("m.relates_to", {})
    return relation if isinstance(relation, Mapping) else {}


def _relates(event: Incoming) -> dict[str, Any]:
    """The relation of a reply: in its thread, or a plain reply in a direct chat's main line."""
    reply = {"m.in_reply_to": {"event_id": event.message_id}}
    if event.reply_thread:
        return {
            "m.relates_to": {"rel_type": "m.thread", "event_id": event.reply_thread, "is_falling_back": True, **reply}
        }
    return {"m.relates_to": reply}


def strip_reply(body: str) -> str:
    """A body without the quoted lines that older clients put before a reply."""
    lines = body.split("\n")
    if not lines[0].startswith("> <"):
        return body
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    return "\n".join(lines).strip()


def mentions(content: Mapping[str, Any], user_id: str, name: str) -> tuple[bool, bool]:
    """Whether a message mentions the bot, and whether it mentions only others.

    ``m.mentions`` decides where it is present; older clients write a link or begin with the name.
    """
    listed = content.get("m.mentions")
    users = listed.get("user_ids", []) if isinstance(listed, Mapping) else []
    body, markup = str(content.get("body", "")), str(content.get("formatted_body", ""))
    linked = re.findall(r'href="https://matrix\.to/#/(@[^"]+)"', markup)
    mine = user_id in users or user_id in linked or user_id in body
    if not mine and name and not isinstance(listed, Mapping):
        mine = re.match(rf"\W*{re.escape(name)}\b\s*[:,]", body, re.IGNORECASE) is not None
    others = any(u != user_id for u in (*users, *linked))
    return mine, others and not mine


def strip_mention(body: str, user_id: str, name: str) -> str:
    """The words without the bot's own id or name at the beginning, and without its id elsewhere."""
    body = body.replace(user_id, " ")
    for known in (name, user_id.partition(":")[0].lstrip("@")):
        if known:
            body = re.sub(rf"^\W*{re.escape(known)}\b\s*[:,]?\s*", "", body, count=1, flags=re.IGNORECASE)
    return re.sub(r"^\s*[:,]\s*", "", body).strip()
