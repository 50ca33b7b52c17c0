"""The prepared next questions, asked of the real assistant."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings

pytestmark = pytest.mark.model


def test_every_suggestion_is_answered_from_its_passage(settings: Settings) -> None:
    assistant = Assistant.build(settings)
    wrong = []
    for suggestion in assistant.corpus.suggestions:
        answer = assistant.ask(suggestion.question)
        if answer.status != "grounded" or suggestion.ref not in {c.ref for c in answer.citations}:
            wrong.append(suggestion.question)
    assert wrong == []


@pytest.mark.parametrize(
    ("question", "near"),
    [
        ("who pays for all this?", "does not imply any additional resource"),
        ("has it been adopted yet?", "left blank"),
        ("is the framework legally binding?", "flexible"),
    ],
)
def test_beside_a_no_stands_what_comes_near(settings: Settings, question: str, near: str) -> None:
    answer = Assistant.build(settings).ask(question)
    assert answer.status == "not_in_document"
    assert near in answer.text
    assert answer.citations
