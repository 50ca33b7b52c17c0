"""The Teams bot through the Microsoft 365 Agents SDK over HTTP, with tokens signed by a local key."""

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
from microsoft_agents.hosting.core.authorization.jwt import JwtTokenValidator

from corpus.errors import InputError
from tests.ui.bots.fake_teams import APP, BOT, TENANT, FakeTeams
from tests.ui.bots.fakes import ABOUT, FakeAssistant, Sink
from tests.ui.bots.limits import check_teams
from ui.bots.engine import Engine
from ui.bots.ledger import Ledger
from ui.bots.metrics import serve
from ui.bots.settings import BotSettings
from ui.bots.teams import ServiceHosts, TeamsBot
from ui.bots.web import teams_app

pytestmark = [
    pytest.mark.server,
    # the SDK keeps the caller's identity under a plain string, which aiohttp advises against
    pytest.mark.filterwarnings("ignore:It is recommended to use web"),
]


class LocalTokens:
    async def get_access_token(self, resource_url: str, scopes: list[str], force_refresh: bool = False) -> str:
        assert scopes == ["https://api.botframework.com/.default"]
        return "for-the-connector"


@pytest.fixture
async def teams(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeTeams]:
    """The SDK takes public keys from Microsoft's addresses and has no other seam: its key source is replaced."""
    made = await FakeTeams().start()
    monkeypatch.setattr(JwtTokenValidator, "_jwk_client_manager", made.keys)
    yield made
    await made.stop()


class Running:
    def __init__(self, bot: TeamsBot, asker: FakeAssistant, sink: Sink) -> None:
        self.bot, self.asker, self.sink = bot, asker, sink


@pytest.fixture
def start(teams: FakeTeams, tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def run(asker: FakeAssistant | None = None, **values: Any) -> AsyncIterator[Running]:
        asker, sink = asker or FakeAssistant(), Sink()
        given: dict[str, Any] = {
            "teams_app_id": APP,
            "teams_tenant_id": TENANT,
            "teams_app_secret": "secret",
            "teams_service_hosts": f"smba.trafficmanager.net,{teams.url}",
            "bot_person_limit": 0,
            "bot_channel_limit": 0,
            "bot_page_url": "https://mcof.example.org",
        }
        settings = BotSettings(**(given | values))
        ledger = Ledger(settings.ledger_url(tmp_path), lease_seconds=settings.bot_lease_seconds)

        def engine(port: Any) -> Engine:
            return Engine(port, asker, ledger, settings, about=ABOUT, feedback=sink)

        bot = TeamsBot(settings, engine, tokens=LocalTokens())
        await bot.start()
        runner, port = await serve(teams_app(bot), "127.0.0.1", 0)
        teams.bot_url = f"http://127.0.0.1:{port}"
        try:
            yield Running(bot, asker, sink)
        finally:
            await bot.stop()
            await runner.cleanup()
            ledger.close()

    return run


async def test_a_personal_message_is_answered_with_citations_as_teams_renders_them(
    teams: FakeTeams, start: Any
) -> None:
    async with start():
        began = time.monotonic()
        assert await teams.post(teams.activity("What is a migration crisis?")) == (202, None)
        assert time.monotonic() - began < 1.0
        (reply,) = await teams.arrived(1)
        assert teams.tokens_seen == {"Bearer for-the-connector"}
        assert reply["to"] == "a:1personal"
        assert "[1]" in reply["text"]
        (entity,) = reply["entities"]
        assert entity["type"] == "https://schema.org/Message"
        assert entity["@type"] == "Message"
        assert entity["@context"] == "https://schema.org"
        assert "additionalType" not in entity or entity["additionalType"] == [], "no language model made this"
        first = entity["citation"][0]
        assert first["@type"] == "Claim"
        assert first["position"] == 1
        assert first["appearance"]["@type"] == "DigitalDocument"
        assert first["appearance"]["name"] == "¶13"
        assert first["appearance"]["url"] == "https://mcof.example.org/document#p-13"
        assert len(first["appearance"]["abstract"]) <= 160
        assert reply["channelData"] == {"feedbackLoop": {"type": "default"}}
        card = reply["attachments"][0]["content"]
        assert [a["title"] for a in card["actions"]] == [
            "What is critical in a health crisis?",
            "Who coordinates in a protracted crisis?",
        ]


async def test_a_mention_in_a_channel_is_answered_in_its_thread_and_followed_up(teams: FakeTeams, start: Any) -> None:
    async with start() as bot:
        await teams.post(teams.activity("Good morning", kind="channel"))
        question = teams.activity("What is critical?", kind="channel", mention=True)
        await teams.post(question)
        (reply,) = await teams.arrived(1)
        assert reply["to"] == question["conversation"]["id"]
        table = next(e for e in reply["attachments"][0]["content"]["body"] if e["type"] == "Table")
        assert table["firstRowAsHeader"] is True
        await teams.post(teams.activity("And after?", kind="channel", root=question["id"]))
        await teams.arrived(2)
        asked, turns = bot.asker.asked[-1]
        assert asked == "And after?"
        assert [(t.role, t.text[:17]) for t in turns] == [
            ("user", "What is critical?"),
            ("assistant", "These sectors are"),
        ]
        other = teams.activity("And after?", kind="channel", root="another")
        await teams.post(other)
        await teams.arrived(2)


async def test_a_group_chat_is_answered_on_mention_with_what_went_before(teams: FakeTeams, start: Any) -> None:
    async with start() as bot:
        await teams.post(teams.activity("What is critical?", kind="groupChat", mention=True))
        await teams.arrived(1)
        await teams.post(teams.activity("Who brings the coffee?", kind="groupChat"))
        await teams.post(teams.activity("And after?", kind="groupChat", mention=True))
        await teams.arrived(2)
        assert [q for q, _ in bot.asker.asked] == ["What is critical?", "And after?"]
        assert bot.asker.asked[-1][1][0].text == "What is critical?"


async def test_expect_replies_returns_the_answer_inline(teams: FakeTeams, start: Any) -> None:
    async with start():
        status, body = await teams.post(teams.activity("What is critical?", deliveryMode="expectReplies"))
        assert status == 200
        (reply,) = [a for a in body["activities"] if a["type"] == "message"]
        check_teams({k: reply[k] for k in ("type", "text", "entities", "attachments", "channelData") if k in reply})
        assert teams.sent == []


async def test_a_button_asks_its_question(teams: FakeTeams, start: Any) -> None:
    async with start() as bot:
        await teams.post(teams.activity("Which one?"))
        (reply,) = await teams.arrived(1)
        action = reply["attachments"][0]["content"]["actions"][1]
        assert action["tooltip"] == "Choose: What is critical in a slow-onset natural disaster?"
        value = action["data"]["msteams"]["value"]
        await teams.post(teams.activity(value["question"], value=value))
        await teams.arrived(2)
        assert bot.asker.asked[-1][0] == "What is critical in a slow-onset natural disaster?"


async def test_a_retry_is_no_second_question_and_bots_and_edits_are_left_alone(teams: FakeTeams, start: Any) -> None:
    async with start() as bot:
        activity = teams.activity("What is critical?")
        await asyncio.gather(*(teams.post(activity) for _ in range(4)))
        await teams.arrived(1)
        await teams.post(teams.activity("What is critical?", **{"from": {"id": BOT, "role": "bot"}}))
        await teams.post(teams.activity("What is critical?", **{"from": {"id": "28:other"}}))
        await teams.post(teams.activity("What is critical?", type="messageUpdate"))
        await teams.post(teams.activity(type="conversationUpdate", membersAdded=[{"id": "29:bob"}]))
        await teams.arrived(1)
        assert len(bot.asker.asked) == 1


async def test_feedback_with_teams_own_buttons(teams: FakeTeams, start: Any) -> None:
    async with start() as bot:
        await teams.post(teams.activity("What is critical?"))
        (reply,) = await teams.arrived(1)
        value = {
            "actionName": "feedback",
            "actionValue": {"reaction": "dislike", "feedback": '{"feedbackText":"Too long."}'},
        }
        invoke = teams.activity(type="invoke", name="message/submitAction", value=value, replyToId=reply["id"])
        assert (await teams.post(invoke))[0] == 200
        assert [(v, c) for _, v, c, _ in bot.sink.rows] == [("down", "Too long.")]
        assert "Alice" not in str(bot.sink.rows)
        strange = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "no json"}}
        invoke = teams.activity(type="invoke", name="message/submitAction", value=strange, replyToId="unknown")
        assert (await teams.post(invoke))[0] == 200
        assert len(bot.sink.rows) == 1


async def test_the_message_extension_answers_into_a_draft(teams: FakeTeams, start: Any) -> None:
    async with start():
        value = {"commandId": "ask", "parameters": [{"name": "question", "value": "What is critical?"}]}
        status, body = await teams.post(teams.activity(type="invoke", name="composeExtension/query", value=value))
        assert status == 200
        (found,) = body["composeExtension"]["attachments"]
        assert found["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert "These sectors are rated in a man-made crisis. [1]" in str(found["content"])
        assert found["preview"]["content"]["title"] == "What is critical?"
        unknown = teams.activity(type="invoke", name="task/fetch", value={})
        assert (await teams.post(unknown))[0] == 501


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param({"iss": "https://evil.example"}, "JWT issuer not accepted", id="wrong issuer"),
        pytest.param({"aud": "another-app"}, "JWT audience not accepted", id="wrong audience"),
        pytest.param({"exp": int(time.time()) - 3600}, "ExpiredSignatureError", id="expired"),
        pytest.param({"key": "unknown"}, "InvalidSignatureError", id="wrong key"),
        pytest.param({"kid": "other"}, "PyJWKClientError", id="unknown key id"),
    ],
)
async def test_a_good_token_passes_before_a_bad_one_fails_for_its_own_reason(
    teams: FakeTeams, start: Any, caplog: pytest.LogCaptureFixture, made: dict[str, Any], reason: str
) -> None:
    async with start():
        assert (await teams.post(teams.activity("What is critical?"), teams.keys.token()))[0] == 202
        await teams.arrived(1)
        assert teams.keys.asked[-1] == "https://login.botframework.com/v1/.well-known/keys"
        with caplog.at_level(logging.WARNING, "microsoft_agents"):
            status, body = await teams.post(teams.activity("What is critical?"), teams.keys.token(**made))
        assert status == 401
        assert reason not in str(body), "the caller learns nothing"
        assert reason in caplog.text
        await teams.arrived(1)


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c"])
async def test_no_or_a_malformed_token_is_refused(teams: FakeTeams, start: Any, token: str | None) -> None:
    async with start():
        assert (await teams.post(teams.activity("What is critical?"), token))[0] == 401
        assert teams.sent == []


async def test_a_service_address_off_the_list_is_refused(teams: FakeTeams, start: Any) -> None:
    """Replies carry a token: they go to Microsoft's addresses and nowhere else."""
    async with start() as bot:
        for url in (
            "https://evil.example/",
            "http://smba.trafficmanager.net/",
            "https://smba.trafficmanager.net.evil.example/",
        ):
            assert (await teams.post(teams.activity("What is critical?", serviceUrl=url)))[0] == 401
        claimed = teams.keys.token(serviceurl="https://smba.trafficmanager.net/emea/")
        assert (await teams.post(teams.activity("What is critical?"), claimed))[0] == 401
        assert bot.asker.asked == []


def test_service_hosts() -> None:
    hosts = ServiceHosts(frozenset({"smba.trafficmanager.net", "http://127.0.0.1:99"}))
    allowed = ("https://smba.trafficmanager.net/emea/", "https://x.smba.trafficmanager.net/", "http://127.0.0.1:99/v3")
    refused = (
        "http://127.0.0.1:98/",
        "https://127.0.0.1:99/",
        "http://smba.trafficmanager.net/",
        "ftp://x",
        "",
        "https://a@evil/",
    )
    assert [hosts.is_allowed(u) for u in (*allowed, *refused)] == [True] * 3 + [False] * 6


@pytest.mark.parametrize(
    ("trouble", "texts"),
    [
        pytest.param(["429"], ["answer"], id="429: waited for"),
        pytest.param(["502"], ["notice"], id="not delivered: asks once to ask again"),
        pytest.param(["drop"], ["answer", "notice"], id="delivered, answer lost: one notice, the worst case, counted"),
        pytest.param(["403"], [], id="refused for good"),
    ],
)
async def test_an_uncertain_send_leads_to_one_notice(
    teams: FakeTeams, start: Any, trouble: list[str], texts: list[str]
) -> None:
    teams.trouble = trouble
    async with start() as bot:
        await teams.post(teams.activity("What is critical?"))
        await bot.bot.engine.idle()
        sent = await teams.arrived(len(texts))
        assert ["notice" if "ask again" in a["text"] else "answer" for a in sent] == texts
        blind = bot.bot.engine.metrics.value("mcof_bot_notices_total", kind="blind")
        assert blind == float("notice" in texts)


async def test_errors_become_one_polite_sentence(teams: FakeTeams, start: Any) -> None:
    """The SDK's own handler would post "Exception caught : …" into the conversation."""
    asker = FakeAssistant()
    asker.errors = [ZeroDivisionError("secret"), InputError("The question is too long.")]
    async with start(asker):
        await teams.post(teams.activity("What?"))
        (first,) = await teams.arrived(1)
        assert "something went wrong on my side" in first["text"]
        await teams.post(teams.activity("What?"))
        _, second = await teams.arrived(2)
        assert "The question is too long." in second["text"]
        assert "Exception" not in str(teams.sent)


async def test_what_is_no_activity_gets_an_error_and_no_traceback(teams: FakeTeams, start: Any) -> None:
    async with start():
        for body in ({}, {"type": "message"}, {"type": 5, "conversation": 7}):
            status, answer = await teams.post(body)
            assert status == 400
            assert "Traceback" not in str(answer)


async def test_a_slow_answer_shows_typing(teams: FakeTeams, start: Any) -> None:
    async with start(FakeAssistant(delay=0.6), bot_sign_seconds=0.1):
        await teams.post(teams.activity("What is critical?"))
        await teams.arrived(1)
        assert teams.typing >= 1


async def test_a_reply_comes_within_300_ms(teams: FakeTeams, start: Any, record_property: Any) -> None:
    times = []
    async with start():
        for n in range(1, 16):
            began = time.monotonic()
            await teams.post(teams.activity(f"What is a migration crisis? ({n})"))
            while len(teams.sent) < n:
                await asyncio.sleep(0.002)
            times.append((time.monotonic() - began) * 1000)
    record_property("median_ms", statistics.median(times))
    assert statistics.median(times) < 300, sorted(times)


async def test_health_and_metrics(teams: FakeTeams, start: Any) -> None:
    import aiohttp

    async with start(), aiohttp.ClientSession() as session:
        await teams.post(teams.activity("What is critical? Secret words."))
        await teams.arrived(1)
        async with session.get(f"{teams.bot_url}/health") as answer:
            assert (await answer.json())["status"] == "ok"
        async with session.get(f"{teams.bot_url}/ready") as answer:
            assert await answer.json() == {"ready": True, "connected": True, "ledger": True}
        async with session.get(f"{teams.bot_url}/metrics") as answer:
            text = await answer.text()
    assert 'mcof_bot_replies_total{network="teams",outcome="grounded"} 1.0' in text
    assert "Secret" not in text
