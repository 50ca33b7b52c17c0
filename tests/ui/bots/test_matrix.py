"""The Matrix bot against a real Synapse on loopback."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.ui.bots.conftest import Synapse
from tests.ui.bots.fakes import ABOUT, FakeAssistant, Sink
from ui.bots.engine import Engine
from ui.bots.ledger import Ledger
from ui.bots.matrix_org import MatrixBot, mentions, strip_mention, strip_reply
from ui.bots.settings import BotSettings

pytestmark = pytest.mark.server


class Person:
    """A user with a client that does just enough."""

    def __init__(self, synapse: Synapse, session: aiohttp.ClientSession, name: str) -> None:
        self.user, self._token = synapse.register(f"{name}-{uuid.uuid4().hex[:8]}")
        self._url, self._session = synapse.url, session

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._url}/_matrix/client/{path}"
        async with self._session.request(
            method, url, json=body if body is not None or method == "GET" else {}, headers=headers
        ) as r:
            answer: dict[str, Any] = await r.json()
            assert r.status == 200, answer
            return answer

    async def room(self, *invite: str, name: str = "Field office", **more: Any) -> str:
        body = {"invite": list(invite), "name": name, **more}
        return str((await self.call("POST", "v3/createRoom", body))["room_id"])

    async def say(self, room: str, text: str, *, mention: str = "", thread: str = "", **content: Any) -> str:
        body: dict[str, Any] = {"msgtype": "m.text", "body": text, **content}
        if mention:
            body["body"] = f"{mention}: {text}"
            body["m.mentions"] = {"user_ids": [mention]}
        if thread:
            body["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread}
        path = f"v3/rooms/{quote(room)}/send/m.room.message/{uuid.uuid4().hex}"
        return str((await self.call("PUT", path, body))["event_id"])

    async def messages(self, room: str, sender: str) -> list[dict[str, Any]]:
        """Messages of ``sender``, oldest first."""
        chunk = (await self.call("GET", f"v3/rooms/{quote(room)}/messages?dir=b&limit=1000"))["chunk"]
        return [e for e in reversed(chunk) if e["type"] == "m.room.message" and e["sender"] == sender]

    async def replies(self, room: str, sender: str, count: int, seconds: float = 15.0) -> list[dict[str, Any]]:
        """The messages of ``sender`` once there are ``count``; a little later there must not be more."""
        deadline = time.monotonic() + seconds
        while len(found := await self.messages(room, sender)) < count:
            assert time.monotonic() < deadline, f"only {len(found)} of {count} replies"
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        found = await self.messages(room, sender)
        assert len(found) == count
        return found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


class Running:
    """A bot that runs in this process."""

    def __init__(self, bot: MatrixBot, asker: FakeAssistant, sink: Sink) -> None:
        self.bot, self.asker, self.sink = bot, asker, sink
        self.user = bot._settings.matrix_user


@pytest.fixture
def account(synapse: Synapse) -> tuple[str, str]:
    return synapse.register(f"mcof-{uuid.uuid4().hex[:8]}", device="MCOFBOT")


@pytest.fixture
def start(synapse: Synapse, account: tuple[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Starts a bot; a second one shares account and ledger with the first."""

    @asynccontextmanager
    async def run(asker: FakeAssistant | None = None, **values: Any) -> AsyncIterator[Running]:
        asker, sink = asker or FakeAssistant(), Sink()
        given: dict[str, Any] = {
            "matrix_homeserver": synapse.url,
            "matrix_user": account[0],
            "matrix_access_token": account[1],
            "bot_person_limit": 0,
            "bot_channel_limit": 0,
            "bot_page_url": "https://mcof.example.org",
        }
        settings = BotSettings(**(given | values))
        ledger = Ledger(settings.ledger_url(tmp_path), lease_seconds=settings.bot_lease_seconds)
        bot = MatrixBot(settings, lambda port: Engine(port, asker, ledger, settings, about=ABOUT, feedback=sink))
        await bot.start()
        task = asyncio.create_task(bot.run())
        for _ in range(200):
            if bot.connected:
                break
            await asyncio.sleep(0.05)
        try:
            yield Running(bot, asker, sink)
        finally:
            await bot.stop()
            await asyncio.wait_for(task, 10)
            ledger.close()

    return run


async def joined(person: Person, room: str, user: str) -> None:
    for _ in range(200):
        members = (await person.call("GET", f"v3/rooms/{quote(room)}/joined_members"))["joined"]
        if user in members:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the bot did not accept the invitation")


async def test_invited_mentioned_answered_in_the_thread_and_followed_up(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    """The whole way of one conversation, with a restart in it."""
    alice, bob = Person(synapse, session, "alice"), Person(synapse, session, "bob")
    async with start() as bot:
        room = await alice.room(bot.user, bob.user)
        await bob.call("POST", f"v3/join/{quote(room)}")
        await joined(alice, room, bot.user)
        await alice.say(room, "Good morning, has anybody seen the report?")
        root = await alice.say(room, "What is critical?", mention=bot.user)
        (reply,) = await alice.replies(room, bot.user, 1)
        content = reply["content"]
        assert content["m.relates_to"]["rel_type"] == "m.thread"
        assert content["m.relates_to"]["event_id"] == root
        assert content["msgtype"] == "m.notice"
        assert content["m.mentions"] == {}
        assert "These sectors are rated in a man-made crisis. [1]" in content["body"]
        assert "https://mcof.example.org/document#annex-i-8" in content["formatted_body"]
        await alice.say(room, "And after?", thread=root)
        await alice.replies(room, bot.user, 2)
        assert bot.asker.asked[-1][0] == "And after?"
        history = bot.asker.asked[-1][1]
        assert [t.role for t in history] == ["user", "assistant"]
        assert history[0].text == "What is critical?"
        assert "Sources" not in history[1].text
        await bob.say(room, "I will ask my office.", thread=root, **{"m.mentions": {"user_ids": [alice.user]}})
        await bob.say(room, "stop", thread=root)
        await alice.replies(room, bot.user, 3)
        await alice.say(room, "Thank you all.", thread=root)
    async with start() as bot:
        """A restart replays nothing."""
        await asyncio.sleep(0.5)
        await alice.replies(room, bot.user, 3)
        assert bot.asker.asked == []


async def test_what_was_said_while_the_bot_was_away_is_answered_once(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True)
        await joined(alice, room, bot.user)
        await alice.say(room, "What is a migration crisis?")
        await alice.replies(room, bot.user, 1)
    await alice.say(room, "What is critical?")
    async with start() as bot:
        await alice.replies(room, bot.user, 2)
        assert [q for q, _ in bot.asker.asked] == ["What is critical?"]
    await asyncio.sleep(1.1)
    late = await alice.say(room, "And what is important?")
    await asyncio.sleep(1.1)
    async with start(bot_catch_up_seconds=0) as bot:
        (*_, word) = await alice.replies(room, bot.user, 3)
        assert word["content"]["body"].startswith("I was not running when you wrote this.")
        assert word["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == late
        assert bot.asker.asked == []


async def test_history_at_the_first_start_is_not_answered(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession, account: tuple[str, str]
) -> None:
    alice = Person(synapse, session, "alice")
    room = await alice.room(account[0])
    synapse.call("POST", f"/_matrix/client/v3/join/{quote(room)}", {}, account[1])
    await alice.say(room, "What is critical?", mention=account[0])
    async with start() as bot:
        await asyncio.sleep(0.5)
        assert await alice.messages(room, bot.user) == []


async def test_edits_notices_and_its_own_words_are_left_alone(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True)
        await joined(alice, room, bot.user)
        first = await alice.say(room, "What is a migration crisis?")
        await alice.replies(room, bot.user, 1)
        new = {"msgtype": "m.text", "body": "What is critical?"}
        await alice.say(
            room,
            "* What is critical?",
            **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": first}},
        )
        await alice.say(room, "I am a bot too. What is critical?", msgtype="m.notice")
        await alice.replies(room, bot.user, 1)


async def test_a_direct_chat_needs_no_mention_and_a_number_chooses(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True, name="")
        await joined(alice, room, bot.user)
        await alice.say(room, "Which one?")
        (reply,) = await alice.replies(room, bot.user, 1)
        assert "2. What is critical in a slow-onset natural disaster?" in reply["content"]["body"]
        assert "rel_type" not in reply["content"]["m.relates_to"]
        await alice.say(room, "2")
        await alice.replies(room, bot.user, 2)
        assert bot.asker.asked[-1][0] == "What is critical in a slow-onset natural disaster?"
        await alice.say(room, "help")
        (*_, help_text) = await alice.replies(room, bot.user, 3)
        assert "not an official IOM product" in help_text["content"]["body"]


async def test_thumbs_and_comments_are_feedback(start: Any, synapse: Synapse, session: aiohttp.ClientSession) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True)
        await joined(alice, room, bot.user)
        await alice.say(room, "What is a migration crisis?")
        (reply,) = await alice.replies(room, bot.user, 1)
        thumb = {"m.relates_to": {"rel_type": "m.annotation", "event_id": reply["event_id"], "key": "👍"}}
        await alice.call("PUT", f"v3/rooms/{quote(room)}/send/m.reaction/{uuid.uuid4().hex}", thumb)
        for _ in range(100):
            if bot.sink.rows:
                break
            await asyncio.sleep(0.05)
        await alice.say(room, "feedback: please add the year")
        await alice.replies(room, bot.user, 2)
    assert [(verdict, comment) for _, verdict, comment, _ in bot.sink.rows] == [
        ("up", ""),
        ("up", "please add the year"),
    ]
    body = bot.sink.rows[0][3]
    assert body["question"] == "What is a migration crisis?"
    assert alice.user not in json.dumps(body)


async def test_an_encrypted_room_gets_a_word_and_no_silence(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        room = await alice.room(bot.user, initial_state=state)
        await joined(alice, room, bot.user)
        secret = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": "x",
            "sender_key": "k",
            "device_id": "D",
            "session_id": "s",
        }
        for _ in range(2):
            await alice.call("PUT", f"v3/rooms/{quote(room)}/send/m.room.encrypted/{uuid.uuid4().hex}", secret)
        (word,) = await alice.replies(room, bot.user, 1)
        assert word["content"]["body"].startswith("This room is encrypted.")


async def test_two_replicas_answer_once(start: Any, synapse: Synapse, session: aiohttp.ClientSession) -> None:
    alice = Person(synapse, session, "alice")
    async with start() as one, start() as two:
        room = await alice.room(one.user, is_direct=True)
        await joined(alice, room, one.user)
        for n in range(5):
            await alice.say(room, f"What is a migration crisis, number {n} of five?")
        await alice.replies(room, one.user, 5)
        assert len(one.asker.asked) + len(two.asker.asked) == 5


async def test_fifty_questions_of_ten_users_at_once(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    people = [Person(synapse, session, f"user{n}") for n in range(10)]
    async with start() as bot:
        room = await people[0].room(bot.user, *(p.user for p in people[1:]))
        for person in people[1:]:
            await person.call("POST", f"v3/join/{quote(room)}")
        await joined(people[0], room, bot.user)

        async def ask(person: Person, n: int) -> str:
            return await person.say(room, f"What is a migration crisis? ({n})", mention=bot.user)

        roots = await asyncio.gather(*(ask(p, n) for p in people for n in range(5)))
        replies = await people[0].replies(room, bot.user, 50, seconds=60)
        assert sorted(r["content"]["m.relates_to"]["event_id"] for r in replies) == sorted(roots)
        assert len(bot.asker.asked) == 50


async def test_a_reply_comes_within_300_ms(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession, record_property: Any
) -> None:
    """The median of one at a time, from the server's time of the question to that of the reply."""
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True)
        await joined(alice, room, bot.user)
        for n in range(1, 12):
            await alice.say(room, f"What is a migration crisis? ({n})")
            await alice.replies(room, bot.user, n)
        asked, answered = await alice.messages(room, alice.user), await alice.messages(room, bot.user)
        times = [a["origin_server_ts"] - q["origin_server_ts"] for q, a in zip(asked, answered, strict=True)]
        record_property("median_ms", statistics.median(times))
        assert statistics.median(times) < 300, sorted(times)


async def test_an_outage_of_the_homeserver_is_waited_out(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    """The line breaks in mid-sync; what is asked meanwhile is answered when it is back."""
    alice = Person(synapse, session, "alice")
    async with start() as bot:
        room = await alice.room(bot.user, is_direct=True)
        await joined(alice, room, bot.user)
        client = bot.bot._client
        right, client.homeserver = client.homeserver, "http://127.0.0.1:9"
        await alice.say(room, "What is a migration crisis?")  # ends the running sync; the next one fails
        for _ in range(100):
            if not bot.bot.connected:
                break
            await asyncio.sleep(0.05)
        assert not bot.bot.connected
        client.homeserver = right
        await alice.replies(room, bot.user, 1, seconds=30)
        for _ in range(200):  # the question may have come with the last sync before the outage
            if bot.bot.connected:
                break
            await asyncio.sleep(0.05)
        assert bot.bot.connected


async def test_invitations_from_strange_servers_are_declined(
    start: Any, synapse: Synapse, session: aiohttp.ClientSession
) -> None:
    alice = Person(synapse, session, "alice")
    async with start(matrix_invite_servers="elsewhere.example") as bot:
        room = await alice.room(bot.user)
        for _ in range(100):
            state = await alice.call("GET", f"v3/rooms/{quote(room)}/members")
            member = {e["state_key"]: e["content"]["membership"] for e in state["chunk"]}
            if member[bot.user] == "leave":
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the invitation was not declined")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"body": "hi", "m.mentions": {"user_ids": ["@b:x"]}}, (True, False)),
        ({"body": "hi", "m.mentions": {"user_ids": ["@c:x"]}}, (False, True)),
        ({"body": "mcof: hi"}, (True, False)),
        ({"body": "mcof: hi", "m.mentions": {}}, (False, False)),
        ({"body": "talk of mcof: no"}, (False, False)),
        ({"body": "hi", "formatted_body": '<a href="https://matrix.to/#/@b:x">mcof</a> hi'}, (True, False)),
        ({"body": "@b:x hi"}, (True, False)),
        ({"body": "@room hi", "m.mentions": {"room": True}}, (False, False)),
    ],
)
def test_mentions(content: dict[str, Any], expected: tuple[bool, bool]) -> None:
    assert mentions(content, "@b:x", "mcof") == expected


def test_words_are_read_without_mention_and_quoted_reply() -> None:
    assert strip_mention("mcof: What is it?", "@b:x", "mcof") == "What is it?"
    assert strip_mention("@b:x: What is it?", "@b:x", "") == "What is it?"
    assert strip_reply("> <@a:x> old words\n> more\n\nnew words") == "new words"
