"""The Slack bot through Bolt, against a fake Slack that is as strict as Slack."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import InputError
from tests.ui.bots.fake_slack import APP_TOKEN, BOT, SECRET, TOKEN, FakeSlack
from tests.ui.bots.fakes import ABOUT, FakeAssistant, Sink
from ui.bots.engine import Engine
from ui.bots.errors import RefusedError
from ui.bots.ledger import Ledger
from ui.bots.metrics import serve
from ui.bots.settings import BotSettings
from ui.bots.slack import SlackBot, read_text
from ui.bots.web import slack_app

pytestmark = pytest.mark.server
ME = f"<@{BOT}>"


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    made = await FakeSlack().start()
    yield made
    await made.stop()


class Running:
    def __init__(self, bot: SlackBot, asker: FakeAssistant, sink: Sink) -> None:
        self.bot, self.asker, self.sink = bot, asker, sink


@pytest.fixture
def start(slack: FakeSlack, tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def run(asker: FakeAssistant | None = None, **values: Any) -> AsyncIterator[Running]:
        asker, sink = asker or FakeAssistant(), Sink()
        given: dict[str, Any] = {
            "slack_bot_token": TOKEN,
            "slack_app_token": APP_TOKEN,
            "slack_api_url": f"{slack.url}/api/",
            "bot_person_limit": 0,
            "bot_channel_limit": 0,
            "bot_page_url": "https://mcof.example.org",
        }
        settings = BotSettings(**(given | values))
        ledger = Ledger(settings.ledger_url(tmp_path), lease_seconds=settings.bot_lease_seconds)
        bot = SlackBot(settings, lambda port: Engine(port, asker, ledger, settings, about=ABOUT, feedback=sink))
        await bot.start()
        try:
            yield Running(bot, asker, sink)
        finally:
            await bot.stop()
            ledger.close()

    return run


async def test_a_mention_is_answered_in_its_thread_and_followed_up_without_another(
    slack: FakeSlack, start: Any
) -> None:
    """Slack sends a mention as two events with two ids: that is one question."""
    async with start() as bot:
        await slack.say("Good morning")
        root = await slack.say(f"{ME} What is critical?")
        (reply,) = await slack.posted(1)
        assert reply["thread_ts"] == root
        assert reply["unfurl_links"] in (False, "0", 0)
        await slack.say("And after?", thread=root)
        await slack.posted(2)
        question, turns = bot.asker.asked[-1]
        assert question == "And after?"
        assert [t.role for t in turns] == ["user", "assistant"]
        assert turns[0].text == "What is critical?"
        assert turns[1].text.startswith("These sectors are rated in a man-made crisis. [1]")
        assert "Sources" not in turns[1].text
        await slack.say("<@U2> what do you think?", thread=root)
        await slack.posted(2)
        assert len(bot.asker.asked) == 2
        assert max(slack.ack_seconds) < 1.0


async def test_a_direct_message_is_answered_with_what_went_before(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        await slack.say("What is a migration crisis?", channel="D1")
        (reply,) = await slack.posted(1, "D1")
        assert "thread_ts" not in reply
        await slack.say("And after?", channel="D1")
        await slack.posted(2, "D1")
        assert bot.asker.asked[-1][1][0].text == "What is a migration crisis?"


async def test_a_slow_answer_is_acknowledged_at_once_and_shows_a_sign_that_goes_away(
    slack: FakeSlack, start: Any
) -> None:
    """Work takes longer than the 3 s after which Slack sends an event again."""
    async with start(FakeAssistant(delay=3.5), bot_sign_seconds=0.2) as bot:
        await slack.say(f"{ME} What is a migration crisis?")
        await slack.until(lambda: slack.reactions)
        await slack.posted(1)
        await slack.until(lambda: not slack.reactions)
        assert slack.retries == 0
        assert len(bot.asker.asked) == 1


async def test_a_retry_with_the_same_event_id_is_no_second_question(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        event = slack.written(f"{ME} What is critical?")
        body = slack.body(event | {"type": "app_mention"}, "Ev1")
        await asyncio.gather(*(slack.deliver(body) for _ in range(3)))
        await slack.posted(1)
        assert bot.bot.engine.metrics.value("mcof_bot_events_total", result="duplicate") == 2


async def test_two_replicas_and_a_restart_answer_once(slack: FakeSlack, start: Any) -> None:
    async with start() as one, start() as two:
        event = slack.written(f"{ME} What is critical?")
        body = slack.body(event | {"type": "app_mention"}, "Ev1")
        await asyncio.gather(*(slack.deliver(body) for _ in range(4)))
        await slack.posted(1)
        assert len(one.asker.asked) + len(two.asker.asked) == 1
    async with start() as three:
        await slack.deliver(body)
        await slack.posted(1)
        assert three.asker.asked == []


async def test_bots_edits_and_joins_are_left_alone(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        for more in (
            {"bot_id": "BOTHER", "subtype": "bot_message"},
            {"subtype": "channel_join"},
            {"subtype": "message_changed", "message": {"text": "x"}},
            {"edited": {"ts": "1"}},
            {"user": BOT},
        ):
            event = slack.written(f"{ME} What is critical?", **more)
            await slack.deliver(slack.body(event, f"Ev{event['ts']}"))
        await asyncio.sleep(0.2)
        assert bot.asker.asked == []


async def test_the_slash_command_answers_its_asker_only_and_can_be_shared(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        began = time.monotonic()
        assert await slack.command("What is critical?") == {}
        assert time.monotonic() - began < 1.0
        await slack.until(lambda: slack.responses)
        (private,) = slack.responses
        assert private["response_type"] == "ephemeral"
        assert slack.posts() == []
        await slack.click(private, "mcof_share", private=True)
        (shared,) = await slack.posted(1)
        assert "thread_ts" not in shared
        assert shared["blocks"][0]["elements"][0]["text"] == "Shared by somebody who asked: What is critical?"
        assert len(bot.asker.asked) == 2


async def test_sharing_where_the_bot_is_no_member_says_so(slack: FakeSlack, start: Any) -> None:
    async with start():
        await slack.command("What is critical?")
        await slack.until(lambda: slack.responses)
        slack.not_in.add("C1")
        await slack.click(slack.responses[0], "mcof_share", private=True)
        await slack.until(lambda: len(slack.responses) == 2)
        assert slack.responses[1]["text"].startswith("I cannot post in this channel")


async def test_the_message_shortcut_answers_its_asker_only(slack: FakeSlack, start: Any) -> None:
    """The entry “Ask MCOF about this message” in a message's menu."""
    async with start() as bot:
        body = {
            "type": "message_action", "callback_id": "mcof_message", "trigger_id": slack.trigger(),
            "response_url": f"{slack.url}/respond/1", "user": {"id": "U1"}, "team": {"id": "T1"},
            "channel": {"id": "C1"}, "message": {"type": "message", "text": "What is critical?", "ts": "1.0"},
        }  # fmt: skip
        assert await slack.deliver(body, kind="interactive") == {}
        await slack.until(lambda: slack.responses)
        assert slack.responses[0]["response_type"] == "ephemeral"
        assert slack.posts() == []
        assert bot.asker.asked[0][0] == "What is critical?"


async def test_buttons_ask_in_the_thread(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        root = await slack.say(f"{ME} Which one?")
        (reply,) = await slack.posted(1)
        await slack.click(reply, "mcof_ask_2")
        _, second = await slack.posted(2)
        assert second["thread_ts"] == root
        assert second["blocks"][0]["elements"][0]["text"] == "Asked: What is critical in a slow-onset natural disaster?"
        await slack.say("1", thread=root)
        await slack.posted(3)
        assert bot.asker.asked[-1][0] == "And after?", "a number chooses from what was offered last"


async def test_thumbs_are_stored_at_once_and_a_comment_after_the_dialog(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        await slack.say(f"{ME} What is critical?")
        (reply,) = await slack.posted(1)
        await slack.click(reply, "mcof_rate_down")
        await slack.until(lambda: slack.views)
        assert [(v, c) for _, v, c, _ in bot.sink.rows] == [("down", "")]
        view = slack.views[0]
        assert len(view["title"]["text"]) <= 24
        await slack.submit(view, "The year is missing.")
        assert [(v, c) for _, v, c, _ in bot.sink.rows][1:] == [("down", "The year is missing.")]
        assert bot.sink.rows[0][0] == bot.sink.rows[1][0]
        assert "U1" not in str(bot.sink.rows)


async def test_feedback_can_be_switched_off(slack: FakeSlack, start: Any) -> None:
    async with start(bot_feedback=False):
        await slack.say(f"{ME} What is critical?")
        (reply,) = await slack.posted(1)
        assert "mcof_rate" not in str(reply["blocks"])


async def test_429_is_waited_for_and_answered_once(slack: FakeSlack, start: Any) -> None:
    slack.trouble = ["429"]
    async with start():
        began = time.monotonic()
        await slack.say(f"{ME} What is critical?")
        await slack.posted(1)
        assert time.monotonic() - began > 1.0, "Retry-After said one second"


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        pytest.param("drop", ["answer"], id="posted, answer lost: found in the thread"),
        pytest.param("500 after", ["answer"], id="posted, server error: found in the thread"),
        pytest.param("500", ["notice"], id="not posted: asks once to ask again"),
    ],
)
async def test_an_uncertain_post_is_looked_for_before_anything_is_said(
    slack: FakeSlack, start: Any, trouble: str, expected: list[str]
) -> None:
    slack.trouble = [trouble]
    async with start() as bot:
        await slack.say(f"{ME} What is critical?")
        posts = await slack.posted(1)
        assert ["notice" if "ask again" in m["text"] else "answer" for m in posts] == expected
        await bot.bot.engine.idle()
        assert slack.calls.count("conversations.replies") >= 1


async def test_a_refused_post_is_logged_and_not_tried_for_ever(slack: FakeSlack, start: Any) -> None:
    slack.trouble = ["refuse:channel_is_archived"]
    async with start() as bot:
        await slack.say(f"{ME} What is critical?")
        await slack.until(lambda: "chat.postMessage" in slack.calls)
        await bot.bot.engine.idle()
        assert slack.posts() == []
        assert bot.bot.engine.ledger.outcomes() == {"refused": 1}


async def test_disconnects_lose_nothing(slack: FakeSlack, start: Any) -> None:
    async with start() as bot:
        await slack.disconnect()
        await slack.until(lambda: slack.calls.count("apps.connections.open") >= 2, 15)
        await slack.say(f"{ME} What is critical?")
        await slack.posted(1)
        await slack.cut()
        await slack.say(f"{ME} What is a migration crisis?")
        await slack.posted(2, seconds=40)
        assert bot.bot.connected


async def test_errors_become_one_polite_sentence(
    slack: FakeSlack, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asker = FakeAssistant()
    asker.errors = [ZeroDivisionError("secret words of the question"), InputError("The question is too long.")]
    async with start(asker):
        with caplog.at_level(logging.DEBUG, "ui.bots"):
            await slack.say("secret words", channel="D1")
            (first,) = await slack.posted(1, "D1")
            await slack.say("more secret words", channel="D1")
            _, second = await slack.posted(2, "D1")
    assert "something went wrong on my side (reference" in first["text"]
    assert "ZeroDivision" not in first["text"]
    assert second["text"].startswith("I cannot answer at the moment: The question is too long.")
    assert "secret" not in caplog.text


async def test_too_many_questions_get_one_polite_word(slack: FakeSlack, start: Any) -> None:
    async with start(bot_person_limit=2) as bot:
        for _ in range(5):
            await slack.say("What is critical?", channel="D1")
            await bot.bot.engine.idle()
        posts = await slack.posted(3, "D1")
        assert posts[2]["text"].startswith("That is many questions in a short time.")
        assert len(bot.asker.asked) == 2


async def test_a_denied_channel_is_not_served(slack: FakeSlack, start: Any) -> None:
    async with start(bot_deny_channels="C1, C2") as bot:
        await slack.say(f"{ME} What is critical?")
        await slack.say(f"{ME} What is critical?", channel="C3")
        await slack.posted(1, "C3")
        assert slack.posts("C1") == []
        assert len(bot.asker.asked) == 1


async def test_words_of_others_notify_nobody(slack: FakeSlack, start: Any) -> None:
    async with start():
        await slack.say(f"{ME} And after &lt;!channel&gt; @here <https://evil.example|safe>?")
        (reply,) = await slack.posted(1)  # the fake refuses unescaped text
        assert "@here" not in str(reply)


async def test_signatures_and_timestamps_over_http(slack: FakeSlack, start: Any) -> None:
    """A good signature passes before a wrong one, an old one and a replay fail."""
    async with start(slack_app_token="", slack_signing_secret=SECRET) as bot:
        runner, port = await serve(slack_app(bot.bot), "127.0.0.1", 0)
        try:
            url = f"http://127.0.0.1:{port}/slack/events"
            body = slack.body(slack.written(f"{ME} What is critical?"), "Ev1")
            assert await slack.post_http(url, body) == 200
            await slack.posted(1)
            other = slack.body(slack.written(f"{ME} What is critical?"), "Ev2")
            assert await slack.post_http(url, other, secret="wrong") == 401
            assert await slack.post_http(url, other, age=600) == 401
            assert await slack.post_http(url, body) == 200
            await slack.posted(1)
        finally:
            await runner.cleanup()


async def test_a_graceful_stop_finishes_what_it_began(slack: FakeSlack, start: Any) -> None:
    async with start(FakeAssistant(delay=1.0)):
        await slack.say("What is critical?", channel="D1")
        await slack.until(lambda: slack.ack_seconds)
    assert len(slack.posts("D1")) == 1


async def test_what_a_dead_replica_left_is_taken_over_and_its_sign_cleared(slack: FakeSlack, start: Any) -> None:
    async with start(FakeAssistant(delay=30), bot_sign_seconds=0.05, bot_lease_seconds=0.6, bot_stop_seconds=0.1):
        await slack.say(f"{ME} What is critical?")
        await slack.until(lambda: slack.reactions)
    async with start(bot_lease_seconds=0.6):
        await slack.posted(1)
        await slack.until(lambda: not slack.reactions)


async def test_a_wrong_token_is_refused_at_the_start(slack: FakeSlack, start: Any) -> None:
    with pytest.raises(RefusedError, match="invalid_auth"):
        async with start(slack_bot_token="xoxb-wrong"):
            pass


async def test_a_reply_comes_within_300_ms(slack: FakeSlack, start: Any, record_property: Any) -> None:
    times = []
    async with start():
        for n in range(1, 16):
            began = time.monotonic()
            await slack.say(f"What is a migration crisis? ({n})", channel="D1")
            await slack.until(lambda n=n: len(slack.posts("D1")) >= n)
            times.append((time.monotonic() - began) * 1000)
    record_property("median_ms", statistics.median(times))
    assert statistics.median(times) < 300, sorted(times)


def test_read_text() -> None:
    text = f"{ME} see <https://iom.int|the site> or <https://x.y> in <#C1|office>, <@U2>, a &amp; b"
    assert read_text(text, BOT) == "see the site or https://x.y in #office, , a & b"
