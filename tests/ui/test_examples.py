"""The questions that the page offers, asked of the real index: whoever clicks one first must not be turned away."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from tests.evals.fakes import real_settings
from ui.i18n import LANGUAGES, texts
from ui.web.shell import FAMILIES


@pytest.fixture(scope="module")
def assistant() -> Assistant:
    return Assistant.build(real_settings())


@pytest.mark.model
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_is_answered_but_the_one_that_shows_a_refusal(assistant: Assistant, language: str) -> None:
    """Four examples in three languages were answered with "not in the document"."""
    t = texts(language)
    found = {family: assistant.ask(t(f"example_{family}")).status for family in FAMILIES}
    refused = found.pop("absent")
    assert set(found.values()) == {"grounded"}, found
    assert refused in ("not_in_document", "out_of_scope")
