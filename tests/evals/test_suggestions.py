"""The prepared next questions, asked of the real assistant."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def real(settings: Settings) -> Assistant:
    """The assistant over the index that the evaluation builds, opened once."""
    return Assistant.build(settings)


def test_every_suggestion_is_answered_from_its_passage(real: Assistant) -> None:
    wrong = []
    for suggestion in real.corpus.suggestions:
        answer = real.ask(suggestion.question)
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
def test_beside_a_no_stands_what_comes_near(real: Assistant, question: str, near: str) -> None:
    answer = real.ask(question)
    assert answer.status == "not_in_document"
    assert near in answer.text
    assert answer.citations
