"""Replies are read whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.llm.reply import ReplyReader, Sentence, read_all
from tests.fakes import written

REPLY = written(('A {brace} and a "quote".', [1], ["q [x]"]), ("Second.", [2, 3], []))


@given(st.lists(st.integers(1, 12), min_size=1))
def test_sentences_come_as_soon_as_they_are_whole_in_pieces_of_any_size(sizes: list[int]) -> None:
    reader, found, at = ReplyReader(), [], 0
    for size in sizes * len(REPLY):
        found += reader.feed(REPLY[at : at + size])
        at += size
    assert found == read_all(REPLY)[0]
    assert reader.end() == []


def test_a_sentence_does_not_wait_for_the_end() -> None:
    first = REPLY.index("}, {") + 1
    assert ReplyReader().feed(REPLY[:first]) == [
        Sentence(text='A {brace} and a "quote".', citations=[1], quotes=["q [x]"])
    ]


@pytest.mark.parametrize("around", ["```json\n{}\n```", "Here you are: {} Anything else?", "{}"])
def test_what_stands_around_the_json_is_passed_over(around: str) -> None:
    found, findings = read_all(around.replace("{}", REPLY))
    assert [s.text for s in found] == ['A {brace} and a "quote".', "Second."]
    assert findings == []


def test_a_bare_list_and_single_objects_are_read() -> None:
    text = '[{"text": "A.", "citations": [1]}]\n{"text": "B.", "citations": [1]}'
    found, findings = read_all(text)
    assert [s.text for s in found] == ["A.", "B."]
    assert findings == []


def test_what_was_whole_before_a_cut_counts() -> None:
    found, findings = read_all(REPLY[:-20])
    assert [s.text for s in found] == ['A {brace} and a "quote".']
    assert [f.check for f in findings] == ["broken_json"]


@given(st.text(alphabet='{}[]":,\\ntex0é', max_size=300) | st.text(max_size=300))
def test_nothing_raises(text: str) -> None:
    sentences, findings = read_all(text)
    assert sentences or findings
