"""The engine over a network in memory: what must hold whatever the network is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answer import Turn
from corpus.load import Corpus
from tests.fakes import FakeChat, assistant_with, written
from tests.ui.bots.fakes import ABOUT, FakeAssistant, MemoryPort, Sink, lost, message
from ui.bots.core import ThreadMessage
from ui.bots.engine import Engine
from ui.bots.errors import ThrottledError
from ui.bots.ledger import Ledger
from ui.bots.logs import JsonFormatter
from ui.bots.settings import BotSettings


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Engines that share a ledger, each with a port of its own unless one is given."""
    ledgers: list[Ledger] = []

    def build(port: MemoryPort | None = None, asker: Any = None, sink: Sink | None = None, **values: Any) -> Engine:
        settings = BotSettings(**{"bot_person_limit": 0, "bot_channel_limit": 0, "data_dir": tmp_path, **values})
        ledger = Ledger(settings.ledger_url(), lease_seconds=settings.bot_lease_seconds)
        ledgers.append(ledger)
        return Engine(
            port or MemoryPort(), asker or FakeAssistant(), ledger, settings, about=ABOUT, feedback=sink or Sink()
        )

    yield build
    for ledger in ledgers:
        ledger.close()


def port_of(engine: Engine) -> MemoryPort:
    assert isinstance(engine.port, MemoryPort)
    return engine.port


async def test_replies_come_in_the_order_of_the_questions(make: Any) -> None:
    engine = make()
    for n in range(5):
        await engine.receive(message(f"What is a migration crisis? ({n})"))
    await engine.idle()
    assert [e.text[-2] for e, _, _ in port_of(engine).posted] == ["0", "1", "2", "3", "4"]


async def test_what_a_language_model_did_is_counted(make: Any, corpus: Corpus) -> None:
    """As on the page, with the network beside; without a model there is no such counter."""
    true = "If international migrants are caught in the crisis, coordination with consular services will be necessary."
    chat = FakeChat().enqueue(written((true, [1], []), ("Airports close.", [1], [])))
    engine = make(asker=assistant_with(chat, corpus))
    await engine.receive(message("Is humanitarian border management important during a health crisis?"))
    await engine.idle()
    told = engine.metrics.text().decode()
    for line in (
        'mcof_chat_answers_total{network="slack",outcome="completed"} 1.0',
        'mcof_chat_sentences_total{check="kept",network="slack"} 1.0',
        'mcof_chat_sentences_total{check="not_supported",network="slack"} 2.0',
        'mcof_chat_tokens_total{kind="read",network="slack"} 200.0',
    ):
        assert line in told
    without = make()
    await without.receive(message())
    await without.idle()
    assert "mcof_chat" not in without.metrics.text().decode()


async def test_history_comes_from_the_thread_where_it_can_be_read(make: Any) -> None:
    port = MemoryPort()
    port.thread = [
        ThreadMessage("person", "What is critical?"),
        ThreadMessage("self", "Shelter. [1]\nSources\n[1] ¶13: “quote”\nSCPF/92. Not an official IOM product."),
    ]
    asker = FakeAssistant()
    engine = make(port, asker)
    await engine.receive(message("And after?", thread="m0"), wait=True)
    assert asker.asked == [("And after?", (Turn("user", "What is critical?"), Turn("assistant", "Shelter. [1]")))]
    assert engine.ledger.turns(("slack", "C1", "m0"), since=0, most=9) == (), "nothing is kept where it can be read"


async def test_help_says_what_is_kept_and_that_it_is_not_official(make: Any) -> None:
    engine = make(bot_keep_days=3, bot_answer_days=9)
    for text in ("help", "aide", "ayuda"):
        await engine.receive(message(text), wait=True)
    english = port_of(engine).texts[0]
    assert "SCPF/92" in english
    assert "not an official IOM product" in english
    assert "for 3 days" in english
    assert "for 9 days" in english
    off = make(bot_feedback=False)
    assert "feedback can be stored" not in off.help("en")
    assert "24 hours" in make(MemoryPort("teams", reads_threads=False)).help("en")


async def test_stop_leaves_a_thread(make: Any) -> None:
    engine = make()
    thread = {"direct": False, "thread": "m0"}
    await engine.receive(message("What is a migration crisis?", mentioned=True, **thread), wait=True)
    await engine.receive(message("stop", **thread), wait=True)
    assert not await engine.receive(message("And after?", **thread))


async def test_a_comment_alone_counts_against_the_last_answer(make: Any) -> None:
    sink = Sink()
    engine = make(sink=sink)
    await engine.receive(message("What is a migration crisis?"), wait=True)
    await engine.receive(message("feedback: the year is missing"), wait=True)
    ((_, verdict, comment, body),) = sink.rows
    assert (verdict, comment, body["question"]) == ("down", "the year is missing", "What is a migration crisis?")
    assert json.dumps(body)


@pytest.mark.parametrize("network", ["slack", "matrix"])
async def test_throttling_is_waited_for_and_sent_once(make: Any, network: Any) -> None:
    port = MemoryPort(network, idempotent=network == "matrix")
    port.fail = [ThrottledError(0.05), ThrottledError(0.05)]
    engine = make(port)
    await engine.receive(message(), wait=True)
    assert len(port.posted) == 1


async def test_an_idempotent_network_is_simply_sent_to_again(make: Any) -> None:
    port = MemoryPort("matrix", idempotent=True)
    port.fail_after = [lost(), lost()]
    engine = make(port)
    await engine.receive(message(network="matrix"), wait=True)
    assert len(port.posted) == 1
    assert engine.metrics.value("mcof_bot_notices_total", kind="blind") == 0


async def test_a_reply_that_arrived_is_found_and_one_that_did_not_is_asked_for_again(make: Any) -> None:
    port = MemoryPort()
    port.fail_after = [lost()]
    engine = make(port)
    await engine.receive(message(), wait=True)
    assert len(port.posted) == 1
    assert port.searched == 1
    port.fail = [lost()]
    await engine.receive(message(), wait=True)
    assert "Please ask again." in port.texts[1]
    assert engine.ledger.outcomes() == {"grounded": 1, "asked_again": 1}


async def test_the_notice_itself_is_not_repeated(make: Any) -> None:
    port = MemoryPort()
    port.fail = [lost(), lost()]
    engine = make(port)
    await engine.receive(message(), wait=True)
    assert port.posted == []
    assert engine.ledger.outcomes() == {"asked_again_perhaps": 1}


async def test_a_sign_of_life_is_cleared_whatever_happens(make: Any) -> None:
    asker = FakeAssistant(delay=0.3)
    asker.errors = [RuntimeError("broken")]
    engine = make(asker=asker, bot_sign_seconds=0.05)
    await engine.receive(message(), wait=True)
    assert port_of(engine).signs == [True, False]
    quick = make(bot_sign_seconds=5)
    await quick.receive(message(), wait=True)
    assert port_of(quick).signs == []


async def test_an_answer_that_takes_too_long_is_given_up_politely(make: Any) -> None:
    engine = make(asker=FakeAssistant(delay=1.5), bot_answer_seconds=1.0)
    await engine.receive(message(), wait=True)
    assert "something went wrong on my side" in port_of(engine).texts[0]


async def test_a_question_that_kills_its_bot_is_answered_with_an_apology_in_the_end(make: Any) -> None:
    """Without it, every replica that takes the event over would die of it in turn, for ever."""
    engine = make()
    event = message()
    engine.ledger.claim(event)
    for _ in range(5):
        engine.ledger.release()
        engine.ledger.take_over(["slack"])
    engine.ledger.release()
    await engine.recover()
    await engine.idle()
    assert "something went wrong on my side" in port_of(engine).texts[0]
    assert engine.asker.asked == []


async def test_stop_hands_over_what_cannot_be_finished_in_time(make: Any) -> None:
    slow = make(asker=FakeAssistant(delay=0.8), bot_stop_seconds=0.05)
    await slow.start()
    await slow.receive(message())
    await slow.stop()
    assert port_of(slow).posted == []
    heir = make()
    assert await heir.recover() == 1
    await heir.idle()
    assert len(port_of(heir).posted) == 1


async def test_many_at_once_all_get_one_reply(make: Any) -> None:
    port = MemoryPort()
    engines = [make(port), make(port)]
    events = [message(user=f"U{n % 7}", channel=f"C{n % 5}") for n in range(60)]
    await asyncio.gather(*(engine.receive(event) for event in events for engine in engines))
    for engine in engines:
        await engine.idle()
    assert sorted(e.event_id for e, _, _ in port.posted) == sorted(e.event_id for e in events)


async def test_logs_hold_ids_and_milliseconds_and_no_words(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    asker = FakeAssistant()
    asker.errors = [ValueError("secret words")]
    engine = make(asker=asker)
    with caplog.at_level(logging.DEBUG, "ui.bots"):
        await engine.receive(message("secret words?", user="Uname", channel="Cname"), wait=True)
        await engine.receive(message("secret words?", user="Uname", channel="Cname"), wait=True)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    replied = [json.loads(line) for line in lines if json.loads(line)["event"] == "replied"]
    assert [r["outcome"] for r in replied] == ["failed", "grounded"]
    assert all(isinstance(r["ms"], int) and len(r["id"]) == 10 for r in replied)
    for word in ("secret", "Uname", "Cname"):
        assert word not in "".join(lines)


async def test_a_process_that_was_held_up_does_not_become_its_own_successor(make: Any) -> None:
    """A stalled machine let leases run out; the next heartbeat took the event over and answered it a second time."""
    port = MemoryPort()
    engine = make(port, FakeAssistant(delay=0.5), bot_lease_seconds=0.3)
    assert await engine.receive(message())
    await asyncio.sleep(0.4)  # no heartbeat: the lease is over
    assert await engine.recover() == 0
    await engine.idle()
    assert len(port.posted) == 1
