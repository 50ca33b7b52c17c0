"""The whole path from recorded conversations: offline, and the same every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.answer import Paragraph
from assistant.llm.client import ChatClient
from assistant.llm.recorded import Recording, Replay, without_keys
from assistant.llm.setup import connect
from assistant.settings import Settings
from corpus.errors import ChatModelError
from corpus.load import Corpus
from tests.fakes import FakeChat, assistant_in_memory, written

QUESTION = "Is humanitarian border management important during a health crisis?"
TRUE = "If international migrants are caught in the crisis, coordination with consular services will be necessary."


def test_what_is_recorded_can_be_played_again(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    wrong = ("Airports close.", [1], [])
    chat = FakeChat().enqueue(written((TRUE, [1], []), wrong), written(wrong))
    settings = Settings(chat_model="fake:model")
    first = assistant_in_memory(corpus, settings, ChatClient(Recording(chat, path), "fake:model")).ask(QUESTION)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    replayed = connect(Settings(chat_model=f"recorded:{path}"))
    again = assistant_in_memory(corpus, settings, replayed).ask(QUESTION)
    assert Paragraph(TRUE, (2,)) in again.blocks
    assert again.blocks == first.blocks
    assert {**again.trace.model, "name": ""} == {**first.trace.model, "name": ""}


def test_a_request_that_was_not_recorded_fails_and_the_composer_answers(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    client = ChatClient(Replay(tmp_path / "empty.jsonl"), "recorded")
    answer = assistant_in_memory(corpus, Settings(chat_model="fake:model"), client).ask(QUESTION)
    assert answer.trace.model["failure"] == "not_recorded"
    assert answer.status == "grounded"


def test_a_failure_is_recorded_by_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = FakeChat().enqueue(ConnectionError("sk-secret-0123456789"))
    with pytest.raises(ConnectionError):
        list(Recording(chat, path).stream([("user", "x")]))
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "messages": [["user", "x"]], "pieces": [], "tokens": [0, 0], "failure": "unreachable",
    }  # fmt: skip
    with pytest.raises(ChatModelError) as failed:
        list(Replay(path).stream([("user", "x")]))
    assert failed.value.kind == "unreachable"


@pytest.mark.parametrize("text", ["", "no JSON", '{"messages": 1}\n{'])
def test_a_damaged_recording_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_text(text, encoding="utf-8")
    if not text:
        assert isinstance(Replay(path), Replay)
        return
    with pytest.raises(ChatModelError, match=r"talk\.jsonl"):
        Replay(path)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("the key sk-live-0123456789abcdef is", "the key [key] is"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: [key]"),
        ("0123456789abcdef0123456789abcdef", "[key]"),
        ("<<data 0123456789abcdef>>\nSCPF/92 of 2012, 46,000 people\n<<end 0123456789abcdef>>",) * 2,
    ],
    ids=["openai", "bearer", "azure", "bounds"],
)
def test_keys_are_masked(text: str, masked: str) -> None:
    assert without_keys(text) == masked
