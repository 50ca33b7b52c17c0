"""Microsoft Teams through the Microsoft 365 Agents SDK: activities in, activities out. Nothing is decided here.

The SDK checks every token (signature, audience, expiry, and, because it is
switched on here, the issuer) and the service address; replies are sent after
the request was acknowledged, so Teams never waits for an answer. The Bot
Connector cannot read a thread back: the conversation is kept in the ledger for
some hours, and a reply that may have been lost can only be asked for again.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import aiohttp
from microsoft_agents.activity import Activity, ActivityTypes, InvokeResponse, Mention
from microsoft_agents.hosting.aiohttp import CloudAdapter
from microsoft_agents.hosting.core import OutboundHostValidator, TurnContext
from microsoft_agents.hosting.core.authorization import AgentAuthConfiguration, ClaimsIdentity
from microsoft_agents.hosting.core.connector import ConnectorClientBase, UserTokenClientBase
from microsoft_agents.hosting.core.connector.client import UserTokenClient
from microsoft_agents.hosting.core.connector.teams import TeamsConnectorClient
from yarl import URL

from ui.bots import logs, teams_render
from ui.bots.core import Incoming, Network, ThreadMessage
from ui.bots.engine import Engine
from ui.bots.errors import CannotLookError, RefusedError, ThrottledError, UncertainError
from ui.bots.settings import BotSettings
from ui.bots.sheet import Sheet, plain

logger = logging.getLogger(__name__)

AUDIENCE = "https://api.botframework.com"
_AT = re.compile(r"<at\b[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
#: Characters of the preview of a message extension's result.
PREVIEW = 140


class Tokens(Protocol):
    """Where the token for the Bot Connector comes from."""

    async def get_access_token(self, resource_url: str, scopes: list[str], force_refresh: bool = False) -> str: ...


class ServiceHosts(OutboundHostValidator):
    """The service addresses replies may go to: the SDK's check over the configured hosts, HTTPS only.

    An entry that is a whole address on loopback (``http://127.0.0.1:3978``) is
    allowed exactly: the emulator and the tests use it.
    """

    def __init__(self, hosts: frozenset[str]) -> None:
        self._origins = {h.rstrip("/") for h in hosts if re.match(r"http://(127\.0\.0\.1|localhost):\d+/?$", h)}
        named = [h for h in hosts if "://" not in h]
        super().__init__(named, enabled=True, include_default_microsoft_hosts=False)

    def is_allowed(self, url: str | URL) -> bool:
        parsed = URL(str(url))
        try:
            if str(parsed.origin()) in self._origins:
                return True
        except ValueError:
            return False
        return bool(super().is_allowed(url))


class _Factory:
    """Clients for a turn. Replies do not use them, so no token is asked for."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id

    async def create_connector_client(
        self,
        context: TurnContext | None,
        claims_identity: ClaimsIdentity,
        service_url: str,
        audience: str,
        scopes: list[str] | None = None,
        use_anonymous: bool = False,
    ) -> ConnectorClientBase:
        return TeamsConnectorClient(service_url, "")

    async def create_user_token_client(
        self, context: TurnContext, claims_identity: ClaimsIdentity, use_anonymous: bool = False
    ) -> UserTokenClientBase:
        return UserTokenClient(app_id=self._app_id, endpoint=AUDIENCE, token="")


class TeamsPort:
    """What the engine needs of the Bot Connector."""

    network: Network = "teams"
    idempotent = False
    reads_threads = False

    def __init__(self, tokens: Tokens, hosts: ServiceHosts) -> None:
        self._tokens, self._hosts = tokens, hosts
        #: Turns whose replies are returned in the answer to their request.
        self.live: dict[str, TurnContext] = {}

    async def history(self, event: Incoming, limit: int) -> Sequence[ThreadMessage]:
        return []

    async def sign(self, event: Incoming, shown: bool) -> None:
        """Teams shows "typing" for some seconds or until a message comes: it clears itself."""
        if shown and event.key not in self.live:
            await self._post(event, {"type": "typing"})

    async def send(self, event: Incoming, message: Mapping[str, Any], key: str) -> str:
        turn = self.live.get(event.key)
        if turn is not None:
            answer = await turn.send_activity(Activity.model_validate(dict(message)))
            return (answer.id or "") if answer else ""
        return await self._post(event, message)

    async def _post(self, event: Incoming, message: Mapping[str, Any]) -> str:
        """One activity to the conversation that the event came from.

        Raises:
            ThrottledError: nothing was sent; 429 with its wait, or never connected.
            RefusedError: any other 4xx, or an address that is not on the list.
            UncertainError: no answer, or 5xx.
        """
        to = json.loads(event.data)
        if not self._hosts.is_allowed(to["service_url"]):
            raise RefusedError("service address not allowed")
        try:
            token = await self._tokens.get_access_token(AUDIENCE, [f"{AUDIENCE}/.default"])
        except Exception as error:
            logs.event(logger, "no token", logging.ERROR, error=type(error).__name__)
            raise ThrottledError(5.0) from error
        full = {
            **message,
            "conversation": to["conversation"],
            "from": to["bot"],
            "recipient": to["user"],
            "channelId": "msteams",
        }
        activity = Activity.model_validate(full)
        timeout = aiohttp.ClientTimeout(total=20)
        base = to["service_url"] if to["service_url"].endswith("/") else to["service_url"] + "/"
        client = TeamsConnectorClient(base, token, session=aiohttp.ClientSession(base_url=base, timeout=timeout))
        try:
            answer = await client.conversations.send_to_conversation(to["conversation"]["id"], activity)
        except aiohttp.ClientResponseError as error:
            if error.status == 429:
                raise ThrottledError(_seconds(error.headers)) from error
            if error.status >= 500:
                raise UncertainError(f"The Bot Connector answered {error.status}.") from error
            raise RefusedError(f"http_{error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise ThrottledError(1.0) from error  # never connected: nothing was sent
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UncertainError(f"The Bot Connector did not answer ({type(error).__name__}).") from error
        finally:
            await client.close()
        return str(answer.id or "")

    async def find(self, event: Incoming, key: str) -> str | None:
        raise CannotLookError("The Bot Connector cannot read a conversation back.")

    def render(self, page: Sheet, event: Incoming, answer_id: str) -> Sequence[Mapping[str, Any]]:
        return teams_render.render(page, feedback=bool(answer_id))


def _seconds(headers: Any) -> float:  # noqa: ANN401 - a mapping or None
    try:
        return max(0.1, float((headers or {}).get("Retry-After", "1")))
    except ValueError:
        return 1.0


def incoming(activity: Activity) -> Incoming:
    """A message activity in neutral terms.

    A channel's thread is named in the conversation id (``…;messageid=…``). A
    group chat has no threads: the chat is one conversation, and what does not
    mention the bot there is meant for the others.
    """
    conversation, person, bot = activity.conversation, activity.from_property, activity.recipient
    channel, _, root = conversation.id.partition(";messageid=")
    kind = conversation.conversation_type or ("groupChat" if conversation.is_group else "personal")
    people = [str(e.mentioned.id) for e in activity.entities or () if isinstance(e, Mention) and e.mentioned]
    me = bot.id if bot else ""
    chosen = activity.value if isinstance(activity.value, Mapping) else {}
    button = chosen.get("mcof") == "ask"
    mentioned = me in people or button
    thread = "chat" if kind == "groupChat" else root
    return Incoming(
        network="teams",
        event_id=f"{conversation.id}:{activity.id}",
        channel=channel,
        message_id=str(activity.id or ""),
        user=str(person.aad_object_id or person.id),
        text=str(chosen.get("question", "")) if button else read_text(activity),
        thread=thread if thread != activity.id else "",
        direct=kind == "personal",
        mentioned=mentioned,
        mentions_others=any(p != me for p in people) or (kind == "groupChat" and not mentioned),
        from_self=bool(me) and person.id == me,
        from_bot=person.role == "bot" or str(person.id).startswith("28:"),
        edited=activity.type == ActivityTypes.message_update,
        sent_at=activity.timestamp.timestamp() if activity.timestamp else 0.0,
        data=json.dumps(
            {
                "service_url": activity.service_url,
                "conversation": conversation.model_dump(mode="json", by_alias=True, exclude_none=True),
                "bot": _account(bot),
                "user": _account(person),
            }
        ),
    )


def _account(account: Any) -> dict[str, str]:  # noqa: ANN401 - the SDK's ChannelAccount
    """Id alone: a reply needs no name."""
    return {"id": str(account.id)} if account else {"id": ""}


def read_text(activity: Activity) -> str:
    """Words as a person typed them, without mentions and markup."""
    text = _AT.sub(" ", activity.text or "")
    if (activity.text_format or "").lower() == "xml":
        text = _TAG.sub(" ", text)
    return html.unescape(text).replace("\u00a0", " ").strip()


class TeamsBot:
    """One registration in one process. ``process`` handles what is posted to ``/api/messages``."""

    def __init__(
        self, settings: BotSettings, make_engine: Callable[[TeamsPort], Engine], *, tokens: Tokens | None = None
    ) -> None:
        self.auth = auth_of(settings)
        hosts = ServiceHosts(settings.teams_service_hosts)
        self.tokens = tokens or msal_tokens(self.auth)
        self.port = TeamsPort(self.tokens, hosts)
        self.engine = make_engine(self.port)
        self.adapter = CloudAdapter(
            channel_service_client_factory=_Factory(settings.teams_app_id), host_validator=hosts
        )
        self.adapter.on_turn_error = self._on_error
        self.connected = False

    async def start(self) -> None:
        await self.engine.start()
        self.connected = True
        self.engine.metrics.connected.set(1)

    async def stop(self) -> None:
        """Finish what was begun; the server in front takes no more in."""
        self.connected = False
        await self.engine.stop()

    async def _on_error(self, context: TurnContext, error: Exception) -> None:
        """The SDK would post the exception to the conversation; here it goes to the log and Teams is told to retry."""
        logger.error(
            "an activity was not handled",
            exc_info=(type(error), RuntimeError(type(error).__name__), error.__traceback__),
        )
        raise error

    async def on_turn(self, context: TurnContext) -> None:
        """One activity: words, a verdict, a question of the message extension; everything else is left alone."""
        activity = context.activity
        if activity.type in (ActivityTypes.message, ActivityTypes.message_update):
            await self._message(context)
        elif activity.type == ActivityTypes.invoke and activity.name == "message/submitAction":
            await self._feedback(activity)
            await self._invoked(context, None)
        elif activity.type == ActivityTypes.invoke and activity.name == "composeExtension/query":
            await self._invoked(context, await self._extension(activity))

    async def _message(self, context: TurnContext) -> None:
        event = incoming(context.activity)
        if context.activity.delivery_mode != "expectReplies":
            await self.engine.receive(event)
            return
        self.port.live[event.key] = context
        try:
            await self.engine.receive(event, wait=True)
        finally:
            del self.port.live[event.key]

    async def _invoked(self, context: TurnContext, body: Mapping[str, Any] | None) -> None:
        value = InvokeResponse(status=200, body=dict(body) if body is not None else None)
        await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=value))

    async def _feedback(self, activity: Activity) -> None:
        """Thumb and comment as Teams' own buttons send them; the answer is the message they stand under."""
        value = activity.value if isinstance(activity.value, Mapping) else {}
        action = value.get("actionValue") or {}
        rating = {"like": "up", "dislike": "down"}.get(str(action.get("reaction")))
        if value.get("actionName") != "feedback" or rating is None:
            return
        said = action.get("feedback") or "{}"
        try:
            words = json.loads(said) if isinstance(said, str) else said
            comment = str(words.get("feedbackText") or "") if isinstance(words, Mapping) else str(words)
        except ValueError:
            comment = str(said)
        channel = activity.conversation.id.partition(";messageid=")[0]
        message = str(value.get("replyToId") or activity.reply_to_id or "")
        answer_id = await self.engine.db(self.engine.ledger.answer_of, "teams", channel, message)
        await self.engine.rate(answer_id, rating, comment.strip()[:2000])

    async def _extension(self, activity: Activity) -> Mapping[str, Any]:
        """The message extension: the answer as a card to put into a message one is writing."""
        value = activity.value if isinstance(activity.value, Mapping) else {}
        words = [str(p.get("value", "")) for p in value.get("parameters") or () if p.get("name") == "question"]
        event = replace(incoming(activity), text=words[0] if words else "", private=True)
        page = await self.engine.preview(event) if event.text.strip() else None
        if page is None:
            return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}}
        card = teams_render.as_card(page)
        lines = [line for line in plain(page).split("\n") if line]
        title, rest = teams_render.preview(page.question or lines[0], PREVIEW), teams_render.preview(lines[0], PREVIEW)
        preview = {"contentType": "application/vnd.microsoft.card.thumbnail", "content": {"title": title, "text": rest}}
        return {
            "composeExtension": {
                "type": "result",
                "attachmentLayout": "list",
                "attachments": [{"contentType": teams_render.CARD_TYPE, "content": card, "preview": preview}],
            }
        }


def auth_of(settings: BotSettings) -> AgentAuthConfiguration:
    """The registration; issuers are validated, which the SDK leaves off by default, and nobody is anonymous."""
    return AgentAuthConfiguration(
        client_id=settings.teams_app_id,
        tenant_id=settings.teams_tenant_id,
        client_secret=settings.teams_app_secret.get_secret_value(),
        connection_name="SERVICE_CONNECTION",
        anonymous_allowed=False,
        validate_issuer=True,
    )


def msal_tokens(auth: AgentAuthConfiguration) -> Tokens:
    """Tokens for the Bot Connector by client secret; MSAL keeps them until they expire."""
    from microsoft_agents.authentication.msal import MsalAuth

    return MsalAuth(auth)
