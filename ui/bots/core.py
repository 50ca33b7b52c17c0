"""What a chat message means to the bot: addressed or not, which words, which history. No network here.

Everything is a frozen value or a pure function. An adapter fills ``Incoming``
from what its network sends; nothing else about a network reaches this module.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from assistant.answer import Turn
from ui.bots.neutral import clean

Network = Literal["slack", "teams", "matrix"]
Command = Literal["ask", "help", "choose", "comment", "leave", "nothing"]
IgnoreReason = Literal[
    "own", "bot", "edit", "not_a_message", "not_addressed", "denied", "to_another", "duplicate", "old"
]

_HELP = re.compile(r"(?i)^\W*(?:help|aide|ayuda|hilfe|\?)\W*$")
_LEAVE = re.compile(r"(?i)^\W*(?:stop|leave|be quiet|arr[êe]te|para|silencio)\W*$")
_CHOICE = re.compile(r"^\W*(\d{1,2})\W*$")
_COMMENT = re.compile(r"(?is)^\s*(?:feedback|comment|commentaire|comentario)\s*:\s*(.+)$")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event of a network, in neutral terms.

    ``event_id`` is the same in every retry of the event. ``thread`` is the id of
    the thread's first message, empty outside a thread. ``text`` is without the
    mention of the bot. ``sent_at`` is seconds since 1970 by the network's clock.
    ``data`` holds what the adapter needs to reply (an address, a private reply
    link), as JSON text, opaque here.
    """

    network: Network
    event_id: str
    channel: str
    message_id: str
    user: str
    text: str
    thread: str = ""
    direct: bool = False
    mentioned: bool = False
    mentions_others: bool = False
    from_self: bool = False
    from_bot: bool = False
    edited: bool = False
    private: bool = False
    sent_at: float = 0.0
    data: str = "{}"

    @property
    def key(self) -> str:
        """Stable name of the event: the idempotency key is made from it."""
        return f"{self.network}:{self.event_id}"

    @property
    def conversation(self) -> tuple[str, str, str]:
        """Where the conversation is kept together: network, channel and thread ("" for a direct chat's main line)."""
        return self.network, self.channel, self.reply_thread

    @property
    def reply_thread(self) -> str:
        """The thread a reply goes to: the message's own, else one that starts at it, else a direct chat's main line.

        A private question, seen by its asker only, has a conversation of its own.
        """
        if self.private:
            return "~" + hashlib.sha256(self.user.encode()).hexdigest()[:12]
        if self.thread:
            return self.thread
        return "" if self.direct else self.message_id

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Incoming:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One earlier message of a thread, oldest first. ``by`` is ``self``, another ``bot``, or a ``person``."""

    by: Literal["self", "bot", "person"]
    text: str


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """Which channels are served. With an allow list only those; a denied one never. Direct chats count as channels."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    def serves(self, channel: str) -> bool:
        return channel not in self.deny and (not self.allow or channel in self.allow)


@dataclass(frozen=True, slots=True)
class Ignore:
    """The event is not for the bot."""

    reason: IgnoreReason


@dataclass(frozen=True, slots=True)
class Serve:
    """The event is for the bot: what is asked of it, and the words."""

    command: Command
    text: str


def decide(event: Incoming, policy: ChannelPolicy, *, taking_part: bool) -> Ignore | Serve:
    """Whether and how the event is served.

    ``taking_part`` says that the bot has answered in this thread before: then a
    follow-up needs no mention, unless it is addressed to somebody else.
    """
    if event.from_self:
        return Ignore("own")
    if event.from_bot:
        return Ignore("bot")
    if event.edited:
        return Ignore("edit")
    if not policy.serves(event.channel):
        return Ignore("denied")
    if not (event.direct or event.mentioned or event.private):
        if not taking_part:
            return Ignore("not_addressed")
        if event.mentions_others:
            return Ignore("to_another")
    return understand(event.text)


def understand(text: str) -> Serve:
    """The command in the words, ``ask`` for everything that is none."""
    words = clean(text)
    if not words:
        return Serve("nothing", "")
    if _HELP.match(words):
        return Serve("help", "")
    if _LEAVE.match(words):
        return Serve("leave", "")
    if match := _CHOICE.match(words):
        return Serve("choose", match.group(1))
    if match := _COMMENT.match(words):
        return Serve("comment", match.group(1).strip())
    return Serve("ask", words)


def history(messages: Sequence[ThreadMessage], *, limit: int) -> tuple[Turn, ...]:
    """The last ``limit`` turns of a thread; other bots are left out, parts of one reply are joined."""
    turns: list[Turn] = []
    for message in messages:
        if message.by == "bot" or not message.text.strip():
            continue
        role: Literal["user", "assistant"] = "assistant" if message.by == "self" else "user"
        if turns and role == "assistant" and turns[-1].role == role:
            turns[-1] = Turn(role, f"{turns[-1].text}\n\n{message.text}")
        else:
            turns.append(Turn(role, message.text))
    return tuple(turns[-limit:]) if limit > 0 else ()


def send_key(event_key: str, part: int | str) -> str:
    """Idempotency key of one part of a reply: the same in every attempt, 32 hexadecimal digits."""
    return hashlib.sha256(f"{event_key}/{part}".encode()).hexdigest()[:32]


def person_key(salt: str, network: str, user: str) -> str:
    """What stands for a user in the ledger: counts can be kept, the name cannot be read back."""
    return hashlib.sha256(f"{salt}/{network}/{user}".encode()).hexdigest()[:16]
