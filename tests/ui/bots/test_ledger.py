"""The ledger: one claim an event, leases, taking over, limits, forgetting; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.answer import Turn
from tests.ui.bots.fakes import message
from ui.bots.errors import LedgerSharedError
from ui.bots.ledger import Claim, Ledger, Limits, Memory, Shown


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledgers(url: str, clock: Clock) -> Iterator[tuple[Ledger, Ledger]]:
    """Two replicas of one bot."""
    one, two = Ledger(url, clock=clock, lease_seconds=10), Ledger(url, clock=clock, lease_seconds=10)
    yield one, two
    one.close()
    two.close()


NONE = Limits(0, 0)


def test_only_one_replica_may_answer(ledgers: tuple[Ledger, Ledger]) -> None:
    one, two = ledgers
    event = message()
    assert one.claim(event) == Claim()
    assert two.claim(event) is None
    assert one.claim(event) is None, "a retry of the network is no second question"


def test_of_many_claims_at_once_one_wins(ledgers: tuple[Ledger, Ledger]) -> None:
    events = [message() for _ in range(10)]
    start = threading.Barrier(4)

    def race(ledger: Ledger) -> int:
        start.wait()
        return sum(ledger.claim(event, NONE) is not None for event in events)

    with ThreadPoolExecutor(4) as pool:
        wins = list(pool.map(race, [*ledgers, *ledgers]))
    assert sum(wins) == 10


def test_a_dead_replica_is_succeeded_with_all_it_had_done(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    event = message()
    one.claim(event)
    assert one.prepare(event.key, [{"text": "a"}, {"text": "b"}, {"outcome": "grounded"}])
    assert one.begin_part(event.key, 0)
    assert one.part_sent(event.key, 0)
    assert one.begin_part(event.key, 1)
    assert two.take_over(["slack"]) == [], "the lease still runs"
    clock.now += 11
    assert two.take_over(["teams"]) == [], "another network's replica has no way to send it"
    (work,) = two.take_over(["slack"])
    assert (work.incoming, work.sent, work.sending, work.attempts) == (event, 1, 1, 2)
    assert two.take_over(["slack"]) == []


def test_a_slow_replica_that_lost_its_lease_may_not_send(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    event = message()
    one.claim(event)
    one.prepare(event.key, [{"text": "a"}, {"outcome": "grounded"}])
    clock.now += 11
    two.take_over(["slack"])
    assert not one.begin_part(event.key, 0)
    assert two.begin_part(event.key, 0)


def test_heartbeats_keep_a_lease_and_release_gives_it_up(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    event = message()
    one.claim(event)
    clock.now += 9
    one.heartbeat([event.key])
    clock.now += 9
    assert two.take_over(["slack"]) == []
    one.release()
    assert [w.incoming for w in two.take_over(["slack"])] == [event]


def test_a_finished_event_keeps_no_words(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, _ = ledgers
    event = message("My secret question")
    one.claim(event)
    one.prepare(event.key, [{"text": "secret answer"}, {"outcome": "grounded"}])
    one.begin_part(event.key, 0)
    one.part_sent(event.key, 0, last="grounded")
    with one._write() as db:
        row = str(db.exec_driver_sql("SELECT * FROM bot_event").all())
    assert "secret" not in row
    assert "U1" not in row
    assert one.outcomes() == {"grounded": 1}
    clock.now += 100
    assert one.take_over(["slack"]) == []


def test_limits_count_a_person_over_all_replicas(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    limits = Limits(person=3, channel=0, seconds=60)
    for ledger in (one, two, one):
        assert ledger.claim(message(), limits) == Claim()
        clock.now += 10
    # the oldest of three was 30 s ago, so 30 s are left
    assert two.claim(message(), limits) == Claim(limited=True, told=False, wait=30)
    assert one.claim(message(), limits) == Claim(limited=True, told=True, wait=30)
    assert one.claim(message(user="U2"), limits) == Claim()
    clock.now += 61
    assert one.claim(message(), limits) == Claim()


def test_limits_count_a_channel(ledgers: tuple[Ledger, Ledger]) -> None:
    limits = Limits(person=0, channel=2)
    one, _ = ledgers
    claims = [one.claim(message(user=f"U{n}"), limits) for n in range(3)]
    assert [c is not None and c.limited for c in claims] == [False, False, True]


def test_a_conversation_remembers_options_turns_and_answer(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    place = ("teams", "C1", "T1")
    for n in range(2):
        event = message()
        one.claim(event, NONE)
        memory = Memory(place, (f"q{n}", "r"), (Turn("user", f"u{n}"), Turn("assistant", f"a{n}")), f"id{n}", "{}")
        assert one.prepare(event.key, [{"outcome": "x"}], memory)
    assert two.taking_part(place)
    assert two.options(place) == ("q1", "r")
    assert two.last_answer(place) == "id1"
    assert two.answer("id0") == "{}"
    assert [t.text for t in two.turns(place, since=0, most=3)] == ["a0", "u1", "a1"]
    assert two.turns(("teams", "C1", "T2"), since=0, most=3) == ()
    two.join_thread(place, taking_part=False)
    assert not one.taking_part(place)


def test_a_reaction_finds_the_answer_of_a_message(ledgers: tuple[Ledger, Ledger]) -> None:
    one, two = ledgers
    event = message()
    one.claim(event)
    one.prepare(event.key, [{"outcome": "x"}])
    one.part_sent(event.key, 0, last="x", shown=Shown("slack", "C1", "r1", "id1"))
    assert two.answer_of("slack", "C1", "r1") == "id1"
    assert two.answer_of("slack", "C2", "r1") == ""


def test_old_rows_are_forgotten_but_never_work_in_hand(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, _ = ledgers
    done, open_ = message(), message()
    for event in (done, open_):
        one.claim(event)
    one.prepare(
        done.key,
        [{"outcome": "x"}],
        Memory(("slack", "C1", ""), answer_id="id", answer="{}", turns=(Turn("user", "u"),)),
    )
    one.finish(done.key, "x")
    clock.now += 8 * 86400
    one.purge(event_days=7, answer_days=7, history_hours=24)
    assert not one.handled(done.key)
    assert one.handled(open_.key)
    assert one.answer("id") is None
    assert one.turns(("slack", "C1", ""), since=0, most=9) == ()


def test_something_said_once_is_said_once(ledgers: tuple[Ledger, Ledger], clock: Clock) -> None:
    one, two = ledgers
    assert one.once("encrypted:!r", within=100)
    assert not two.once("encrypted:!r", within=100)
    clock.now += 101
    assert two.once("encrypted:!r", within=100)


def test_two_hosts_on_one_sqlite_file_are_refused(tmp_path: Path, clock: Clock) -> None:
    """SQLite's locks do not hold over a network file system; PostgreSQL's do."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    Ledger(url, clock=clock, host="a").close()
    Ledger(url, clock=clock, host="a").close()
    with pytest.raises(LedgerSharedError, match="MCOF_BOT_DATABASE_URL"):
        Ledger(url, clock=clock, host="b")
    clock.now += 3600
    Ledger(url, clock=clock, host="b").close()


def test_a_ledger_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    from corpus.errors import StorageError

    (tmp_path / "file").write_text("no database " * 100)
    with pytest.raises(StorageError, match="ledger"):
        Ledger(f"sqlite:///{tmp_path / 'file'}")
    with pytest.raises(StorageError, match="ledger"):
        Ledger("nonsense://x")


def test_concurrent_creation_is_harmless(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with ThreadPoolExecutor(4) as pool:
        ledgers = list(pool.map(lambda _: Ledger(url), range(4)))
    assert len({ledger._salt for ledger in ledgers}) == 1
    for ledger in ledgers:
        ledger.close()


def test_postgres_is_there_under_ci() -> None:
    """A missing PostgreSQL is skipped on a developer's machine and a failure where the checks run."""
    if os.environ.get("CI"):
        from tests.ui.bots.conftest import postgres_binaries

        assert postgres_binaries() is not None
