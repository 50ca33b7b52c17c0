"""Words, sentences and the form in which a message is asked."""

from __future__ import annotations

import pytest

from assistant.text import as_asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("the clusters are led by UNHCR isnt it", "the clusters are led by UNHCR isnt it?"),
        ("who leads? ", "who leads? "),
        ("It is binding.", "It is binding."),
        ("and after:", "and after:"),
        ("", ""),
    ],
)
def test_a_hurried_message_gets_its_question_mark(text: str, asked: str) -> None:
    assert as_asked(text) == asked
