"""Slack: Bolt events in, Block Kit out, over Socket Mode or signed HTTP. Nothing is decided here.

An event is acknowledged after it was claimed, which takes milliseconds: Bolt is
told to run the listener first (``process_before_response``), so an event that
could not be claimed is not acknowledged and Slack sends it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from assistant.text import detect_language
from ui.bots import logs, slack_render
from ui.bots.core import Incoming, Network, ThreadMessage
from ui.bots.engine import Engine
from ui.bots.errors import CannotLookError, RefusedError, SendError, ThrottledError, UncertainError
from ui.bots.settings import BotSettings
from ui.bots.sheet import Line, Sheet, note_sheet
from ui.bots.texts import say, texts

logger = logging.getLogger(__name__)

#: Reaction that shows that the bot is at work.
SIGN = "eyes"
#: Web API answers after which nobody knows whether the message was posted.
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
#: Answers that mean that the sign of life is as it should be, or cannot be.
_SIGN_FINE = frozenset({"already_reacted", "no_reaction", "message_not_found", "missing_scope", "not_reactable"})
#: Kinds of message events that a person wrote.
_WRITTEN = frozenset({None, "", "thread_broadcast", "file_share", "me_message"})
_CHANGED = frozenset({"message_changed", "message_deleted"})
#: Seconds between looks at the connection, and the longest pause between attempts.
WATCH, LONGEST_PAUSE = 1.0, 60.0
SECONDS = 20

_LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#[^|>]*(?:\|([^>]*))?>")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_SPECIAL = re.compile(r"<!([^|>]*)(?:\|([^>]*))?>")


class SlackPort:
    """What the engine needs of Slack's Web API."""

    network: Network = "slack"
    idempotent = False
    reads_threads = True

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self.bot_user = ""
        self.bot_id = ""

    async def identify(self) -> None:
        """Learn who the bot is. Raises SendError where the token is not accepted."""
        who = await self._call(self._client.auth_test())
        self.bot_user, self.bot_id = str(who["user_id"]), str(who.get("bot_id", ""))

    async def history(self, event: Incoming, limit: int) -> Sequence[ThreadMessage]:
        if not event.thread and not event.direct:
            return []  # a mention outside a thread begins one
        found = await self._messages(event, latest=event.message_id, include_metadata=False)
        return [m for raw in found if raw.get("ts") != event.message_id and (m := self._message(raw))][-limit:]

    async def _messages(self, event: Incoming, **more: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
        """Messages of the conversation, oldest first: of the thread, or of a direct chat's main line."""
        if not event.reply_thread:
            page = await self._call(
                self._client.conversations_history(channel=event.channel, limit=100, **_metadata(more))
            )
            return [m for m in reversed(page.get("messages", [])) if m.get("thread_ts", m.get("ts")) == m.get("ts")]
        found: list[Mapping[str, Any]] = []
        cursor = ""
        for _ in range(5):
            page = await self._call(
                self._client.conversations_replies(
                    channel=event.channel, ts=event.reply_thread, limit=200, cursor=cursor or None, **_metadata(more)
                )
            )
            found.extend(page.get("messages", []))
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                break
        return found

    def _message(self, raw: Mapping[str, Any]) -> ThreadMessage | None:
        if raw.get("subtype") not in (*_WRITTEN, "bot_message"):
            return None
        if raw.get("user") == self.bot_user or (self.bot_id and raw.get("bot_id") == self.bot_id):
            return ThreadMessage("self", slack_render.unescape(str(raw.get("text", ""))))
        if raw.get("bot_id"):
            return ThreadMessage("bot", "")
        return ThreadMessage("person", read_text(str(raw.get("text", "")), self.bot_user))

    async def sign(self, event: Incoming, shown: bool) -> None:
        if event.private or not event.message_id or "kind" in json.loads(event.data):
            return
        change = self._client.reactions_add if shown else self._client.reactions_remove
        try:
            await self._call(change(channel=event.channel, timestamp=event.message_id, name=SIGN))
        except RefusedError as error:
            if error.code not in _SIGN_FINE:
                raise

    async def send(self, event: Incoming, message: Mapping[str, Any], key: str) -> str:
        data = json.loads(event.data)
        if event.private:
            await self._respond(
                data["response_url"], {"response_type": "ephemeral", "replace_original": False, **message}
            )
            return ""
        try:
            posted = await self._call(
                self._client.chat_postMessage(
                    channel=event.channel,
                    thread_ts=event.reply_thread or None,
                    unfurl_links=False,
                    unfurl_media=False,
                    parse="none",
                    link_names=False,
                    mrkdwn=False,
                    metadata={"event_type": slack_render.METADATA_TYPE, "event_payload": {"key": key}},
                    **message,
                )
            )
        except RefusedError as error:
            if error.code in ("not_in_channel", "channel_not_found") and "response_url" in data:
                page = note_sheet("en", say(detect_language(event.text), "not_member"))
                with contextlib.suppress(SendError):
                    first = slack_render.render(page)[0]
                    await self._respond(
                        data["response_url"], {"response_type": "ephemeral", "replace_original": False, **first}
                    )
            raise
        return str(posted["ts"])

    async def _respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Post to a private reply link, valid for half an hour and five messages."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, json=body) as answer:
                if answer.status == 429:
                    raise ThrottledError(_seconds(answer.headers))
                if answer.status >= 500:
                    raise UncertainError(f"Slack answered {answer.status}.")
                if answer.status >= 400:
                    raise RefusedError(f"http_{answer.status}")
        except aiohttp.ClientConnectorError as error:
            raise ThrottledError(1.0) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UncertainError(f"Slack did not answer ({type(error).__name__}).") from error

    async def find(self, event: Incoming, key: str) -> str | None:
        if event.private:
            raise CannotLookError("A private reply cannot be read back.")
        for raw in await self._messages(event, include_metadata=True):
            metadata = raw.get("metadata") or {}
            if (
                metadata.get("event_type") == slack_render.METADATA_TYPE
                and metadata.get("event_payload", {}).get("key") == key
            ):
                return str(raw["ts"])
        return None

    def render(self, page: Sheet, event: Incoming, answer_id: str) -> Sequence[Mapping[str, Any]]:
        kind = json.loads(event.data).get("kind")
        if kind in ("button", "share"):
            asked = page.say("shared_by" if kind == "share" else "asked", question=page.question or event.text)
            page = replace(page, body=(Line("status", asked), *page.body))
        return slack_render.render(page, slack_render.Buttons(answer_id, share=event.private))

    async def _call(self, request: Awaitable[Any]) -> Any:  # noqa: ANN401 - Slack's answers
        """One Web API call, its failures told apart by whether something was posted."""
        try:
            return await request
        except SlackApiError as error:
            data = getattr(error.response, "data", None)  # a proxy's error page is no JSON
            code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
            status = getattr(error.response, "status_code", 200)
            if status == 429 or code == "ratelimited":
                raise ThrottledError(_seconds(getattr(error.response, "headers", {}))) from error
            if status >= 500 or code in _UNSURE:
                raise UncertainError(f"Slack answered {code or status}.") from error
            raise RefusedError(code or str(status)) from error
        except aiohttp.ClientConnectorError as error:
            raise ThrottledError(1.0) from error  # never connected: nothing was posted
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UncertainError(f"Slack did not answer ({type(error).__name__}).") from error


def _metadata(more: Mapping[str, Any]) -> dict[str, Any]:
    values = {"include_all_metadata": True} if more.get("include_metadata") else {}
    return values | ({"latest": more["latest"], "inclusive": True} if more.get("latest") else {})


def _seconds(headers: Mapping[str, Any]) -> float:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "1")
    try:
        return max(0.1, float(value[0] if isinstance(value, list | tuple) else value))
    except ValueError:
        return 1.0


def read_text(text: str, bot_user: str) -> str:
    """Words as a person typed them: links by their label or address, the bot's mention and others' left out."""
    text = _LINK.sub(lambda m: m.group(2) or m.group(1), text)
    text = _CHANNEL.sub(lambda m: f"#{m.group(1)}" if m.group(1) else "", text)
    text = _SPECIAL.sub(lambda m: m.group(2) or "", _PERSON.sub("", text))
    return slack_render.unescape(text).strip()


def incoming(event: Mapping[str, Any], bot_user: str, bot_id: str) -> Incoming | None:
    """A ``message`` or ``app_mention`` event; None for joins, topics and the like.

    Slack sends a mention twice, as ``message`` and as ``app_mention`` with two
    event ids, and any event again if it was not acknowledged: channel and
    timestamp name the message in all of them.
    """
    subtype = event.get("subtype")
    if subtype not in (*_WRITTEN, *_CHANGED, "bot_message") or "channel" not in event:
        return None
    text, ts = str(event.get("text", "")), str(event.get("ts", ""))
    people = _PERSON.findall(text)
    thread = str(event.get("thread_ts", ""))
    return Incoming(
        network="slack",
        event_id=f"{event['channel']}:{ts}",
        channel=str(event["channel"]),
        message_id=ts,
        user=str(event.get("user", "")),
        text=read_text(text, bot_user),
        thread=thread if thread != ts else "",
        direct=event.get("channel_type") == "im" or str(event["channel"]).startswith("D"),
        mentioned=bot_user in people,
        mentions_others=any(p != bot_user for p in people),
        from_self=event.get("user") == bot_user or (bool(bot_id) and event.get("bot_id") == bot_id),
        from_bot=bool(event.get("bot_id")) or subtype == "bot_message",
        edited=subtype in _CHANGED or "edited" in event,
        sent_at=float(ts) if re.fullmatch(r"\d+(\.\d+)?", ts) else 0.0,
    )


class SlackBot:
    """One Slack app in one process."""

    def __init__(self, settings: BotSettings, make_engine: Callable[[SlackPort], Engine]) -> None:
        token = settings.slack_bot_token.get_secret_value()
        # no retries inside the client: a post that was lost on the way back would be made twice
        self._client = AsyncWebClient(token, base_url=settings.slack_api_url, timeout=SECONDS, retry_handlers=[])
        self.port = SlackPort(self._client)
        self.engine = make_engine(self.port)
        secret = settings.slack_signing_secret.get_secret_value()
        self.app = AsyncApp(
            client=self._client,
            signing_secret=secret or "unused in Socket Mode",
            process_before_response=True,
            ssl_check_enabled=bool(secret),
        )
        self._app_token = settings.slack_app_token.get_secret_value()
        self._handler: AsyncSocketModeHandler | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._listen()

    @property
    def connected(self) -> bool:
        """Whether events can come in: the socket is open, or there is no socket because they come over HTTP."""
        if not self._app_token:
            return bool(self.port.bot_user)
        session = self._handler.client.current_session if self._handler else None
        return session is not None and not session.closed

    async def start(self) -> None:
        """Check the token, begin to take over what was left, and connect.

        Raises:
            SendError: Slack cannot be reached or refuses the token.
        """
        await self.port.identify()
        await self.engine.start()
        if self._app_token:
            self._handler = AsyncSocketModeHandler(self.app, self._app_token, web_client=self._client, ping_interval=5)
            await self._handler.connect_async()  # type: ignore[no-untyped-call]
            self._watcher = asyncio.create_task(self._watch(self._handler.client))

    async def stop(self) -> None:
        """Take no more in, then finish what was begun."""
        if self._watcher:
            self._watcher.cancel()
        if self._handler:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.engine.stop()

    async def _watch(self, client: Any) -> None:  # noqa: ANN401 - Bolt's socket client
        """Count reconnections; after a failure take a fresh address and wait twice as long, to a minute."""
        usual, was = client.ping_interval, False
        while True:
            if self.connected != was:
                was = not was
                self.engine.metrics.connected.set(int(was))
                if was:
                    self.engine.metrics.reconnected()
                    client.ping_interval = usual
            elif not was:
                client.wss_uri = None
                client.ping_interval = min(LONGEST_PAUSE, client.ping_interval * 2)
            await asyncio.sleep(WATCH if was else client.ping_interval)

    def _later(self, work: Awaitable[None]) -> None:
        """Do something after the acknowledgement; its failure is logged."""

        async def run() -> None:
            try:
                await work
            except SendError as error:
                logs.event(logger, "not sent", logging.WARNING, error=type(error).__name__)
            except Exception:
                logger.exception("work after the acknowledgement failed")

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _listen(self) -> None:
        app = self.app
        app.event("message")(self._on_message)
        app.event("app_mention")(self._on_message)
        app.command("/mcof")(self._on_command)
        app.shortcut("mcof_message")(self._on_shortcut)
        app.action(re.compile(f"^{slack_render.ACTION_ASK}_"))(self._on_ask)
        app.action(re.compile(f"^{slack_render.ACTION_RATE}_"))(self._on_rate)
        app.action(slack_render.ACTION_SHARE)(self._on_share)
        app.action(re.compile(f"^{slack_render.ACTION_OPEN}_"))(self._on_open)
        app.view("mcof_comment")(self._on_comment)
        app.error(self._on_error)

    async def _on_error(self, error: Exception) -> None:
        logger.error(
            "a Slack event was not handled",
            exc_info=(type(error), RuntimeError(type(error).__name__), error.__traceback__),
        )

    async def _on_message(self, event: dict[str, Any]) -> None:
        found = incoming(event, self.port.bot_user, self.port.bot_id)
        if found is not None:
            await self.engine.receive(found)

    async def _on_command(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        await self.engine.receive(
            self._private(command, str(command.get("text", "")) or "help", str(command["channel_id"]))
        )
        await ack()

    async def _on_shortcut(self, ack: AsyncAck, shortcut: dict[str, Any]) -> None:
        text = str(shortcut.get("message", {}).get("text", ""))
        await self.engine.receive(self._private(shortcut, text, str(shortcut["channel"]["id"])))
        await ack()

    def _private(self, body: Mapping[str, Any], text: str, channel: str) -> Incoming:
        """A question whose answer only the asker sees."""
        user = body["user_id"] if "user_id" in body else body["user"]["id"]
        return Incoming(
            network="slack",
            event_id=f"trigger:{body['trigger_id']}",
            channel=channel,
            message_id="",
            user=str(user),
            text=read_text(text, self.port.bot_user),
            private=True,
            data=json.dumps({"response_url": body["response_url"], "kind": "slash"}),
        )

    def _clicked(self, body: Mapping[str, Any], text: str, kind: str) -> Incoming:
        """A question asked by a button: answered where the button stood, privately if that was private."""
        container, message = body.get("container", {}), body.get("message", {})
        channel = str(container.get("channel_id") or body["channel"]["id"])
        private = bool(container.get("is_ephemeral")) and kind != "share"
        ts = str(container.get("message_ts", ""))
        thread = "" if kind == "share" else str(container.get("thread_ts") or message.get("thread_ts") or "")
        direct = channel.startswith("D")
        return Incoming(
            network="slack",
            event_id=f"trigger:{body['trigger_id']}",
            channel=channel,
            message_id="" if kind == "share" else ts,
            user=str(body["user"]["id"]),
            text=text,
            thread=thread,
            direct=direct or kind == "share",
            mentioned=True,
            private=private,
            data=json.dumps({"response_url": body.get("response_url", ""), "kind": kind}),
        )

    async def _on_ask(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await self.engine.receive(self._clicked(body, str(action["value"]), "button"))
        await ack()

    async def _on_share(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await self.engine.receive(self._clicked(body, str(action["value"]), "share"))
        await ack()

    async def _on_open(self, ack: AsyncAck) -> None:
        await ack()

    async def _on_rate(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        rating, _, answer_id = str(action["value"]).partition(":")
        self._later(self._rate(body, rating, answer_id))

    async def _rate(self, body: Mapping[str, Any], rating: str, answer_id: str) -> None:
        """Store the thumb at once; the dialog for a comment may then be dismissed without losing it."""
        rated = await self.engine.rate(answer_id, rating, "")
        if not rated.stored:
            await self.port._call(self._tell(body, rated.text))
            return
        view = slack_render.comment_view(texts(rated.language), answer_id, rating)
        await self.port._call(self._client.views_open(trigger_id=body["trigger_id"], view=view))

    def _tell(self, body: Mapping[str, Any], text: str) -> Awaitable[Any]:
        channel = body.get("container", {}).get("channel_id") or body["channel"]["id"]
        escaped = slack_render.escape(text)
        return self._client.chat_postEphemeral(channel=channel, user=body["user"]["id"], text=escaped)

    async def _on_comment(self, ack: AsyncAck, view: dict[str, Any]) -> None:
        rating, _, answer_id = str(view.get("private_metadata", "")).partition(":")
        comment = (view["state"]["values"]["comment"]["text"].get("value") or "").strip()
        rated = await self.engine.rate(answer_id, rating, comment) if comment else None
        if rated is None or rated.stored:
            await ack()
        else:
            await ack(response_action="errors", errors={"comment": rated.text})
