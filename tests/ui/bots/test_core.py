"""Addressed or not, which words, which history: the pure decisions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Turn
from tests.ui.bots.fakes import message
from tests.ui.bots.strategies import texts
from ui.bots.core import ChannelPolicy, Ignore, Incoming, Serve, ThreadMessage, decide, history, send_key, understand
from ui.bots.neutral import clean, defuse, shorten, split, undo, utf16

CHANNEL = {"direct": False, "thread": "m0"}


@pytest.mark.parametrize(
    ("values", "taking_part", "expected"),
    [
        pytest.param({}, False, Serve("ask", "What is a migration crisis?"), id="direct message"),
        pytest.param({**CHANNEL, "mentioned": True}, False, Serve("ask", "What is a migration crisis?"), id="mention"),
        pytest.param(CHANNEL, False, Ignore("not_addressed"), id="talk of others"),
        pytest.param(CHANNEL, True, Serve("ask", "What is a migration crisis?"), id="follow-up in own thread"),
        pytest.param({**CHANNEL, "mentions_others": True}, True, Ignore("to_another"), id="thread talk to a colleague"),
        pytest.param({"from_self": True}, True, Ignore("own"), id="itself"),
        pytest.param({"from_bot": True, "mentioned": True}, True, Ignore("bot"), id="another bot, even if it mentions"),
        pytest.param({"edited": True}, True, Ignore("edit"), id="edit"),
        pytest.param({"channel": "C9"}, True, Ignore("denied"), id="denied channel"),
        pytest.param(
            {**CHANNEL, "private": True}, False, Serve("ask", "What is a migration crisis?"), id="slash command"
        ),
    ],
)
def test_decide(values: dict[str, Any], taking_part: bool, expected: Ignore | Serve) -> None:
    policy = ChannelPolicy(deny=frozenset({"C9"}))
    assert decide(message(**values), policy, taking_part=taking_part) == expected


def test_an_allow_list_shuts_out_the_rest() -> None:
    policy = ChannelPolicy(allow=frozenset({"C1"}), deny=frozenset({"C2"}))
    assert [policy.serves(c) for c in ("C1", "C2", "C3")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("help", Serve("help", "")),
        ("  Aide ! ", Serve("help", "")),
        ("?", Serve("help", "")),
        ("2", Serve("choose", "2")),
        ("(12)", Serve("choose", "12")),
        ("stop", Serve("leave", "")),
        ("feedback: wrong paragraph", Serve("comment", "wrong paragraph")),
        ("", Serve("nothing", "")),
        ("help me find ¶13", Serve("ask", "help me find ¶13")),
        ("in 1990?", Serve("ask", "in 1990?")),
    ],
)
def test_understand(text: str, expected: Serve) -> None:
    assert understand(text) == expected


def test_history_joins_the_parts_of_one_reply_and_leaves_other_bots_out() -> None:
    messages = [
        ThreadMessage("person", "What is critical?"),
        ThreadMessage("self", "Part one."),
        ThreadMessage("self", "Part two."),
        ThreadMessage("bot", "It is 12:00."),
        ThreadMessage("person", "And after?"),
    ]
    assert history(messages, limit=20) == (
        Turn("user", "What is critical?"),
        Turn("assistant", "Part one.\n\nPart two."),
        Turn("user", "And after?"),
    )
    assert history(messages, limit=1) == (Turn("user", "And after?"),)
    assert history(messages, limit=0) == ()


def test_replies_go_to_the_thread_a_mention_starts() -> None:
    assert message(direct=False, message_id="m7").reply_thread == "m7"
    assert message(direct=False, message_id="m7", thread="m1").reply_thread == "m1"
    assert message(direct=True).reply_thread == ""


def test_private_questions_of_two_people_are_two_conversations() -> None:
    """``/mcof 2`` must not choose from what a colleague was offered."""
    one, two = (message(private=True, direct=False, user=user).conversation for user in ("U1", "U2"))
    assert one != two


def test_an_event_survives_the_ledger() -> None:
    event = message("Größe\u2028?", data='{"url": "x"}')
    assert Incoming.from_json(event.to_json()) == event


def test_send_keys_differ_by_part_and_stay_the_same() -> None:
    assert send_key("slack:Ev1", 0) == send_key("slack:Ev1", 0)
    assert len({send_key("slack:Ev1", part) for part in (0, 1, "notice")}) == 3


@given(texts())
def test_clean_is_stable_and_can_be_sent(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()


@given(texts())
def test_defuse_changes_nothing_a_reader_sees(text: str) -> None:
    assert undo(defuse(clean(text))) == clean(text)


@given(texts(), st.integers(40, 400))
def test_split_loses_nothing_and_fits(text: str, limit: int) -> None:
    text = " ".join(clean(text).split())
    pieces = split(text, limit, lambda part: utf16(defuse(part)))
    assert all(utf16(defuse(piece)) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_split_cuts_between_sentences() -> None:
    text = "One sentence here. Another one there. A third."
    assert split(text, 40, len) == ("One sentence here. Another one there.", "A third.")


@given(texts(), st.integers(4, 200))
def test_shorten_fits(text: str, limit: int) -> None:
    assert utf16(shorten(text, limit)) <= limit
