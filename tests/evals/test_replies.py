"""Replies of the real assistant in which several of its parts work together."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings

pytestmark = pytest.mark.model


def test_a_sentence_beside_a_cell_keeps_its_level(settings: Settings) -> None:
    """The cell asked for is not rated, the sentence is on another: verification took it out for its “important”."""
    answer = Assistant.build(settings).ask(
        "before some disease goes round, anything to teach the people who check passports?"
    )
    assert "health training for border management officials" in answer.text
    assert not answer.trace.removed
