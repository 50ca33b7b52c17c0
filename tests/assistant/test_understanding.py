"""What a single message is understood to ask."""

from __future__ import annotations

import pytest

from assistant.lexicon import Lexicon
from assistant.understanding import read
from corpus.load import Corpus


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    return Lexicon(corpus.lexicon)


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ("How important is shelter during an earthquake?", ()),
        ("how critical is health support in a protracted crisis", ()),
        ("¿Qué tan importante es la salud durante una epidemia?", ()),
        ("Is shelter important during an earthquake?", ("important",)),
        ("How is shelter rated during an earthquake, critical or important?", ("critical", "important")),
    ],
)
def test_a_question_of_degree_claims_no_level(lexicon: Lexicon, question: str, levels: tuple[str, ...]) -> None:
    """“How important is shelter?” was taken for a claim and answered “Not important.” where it is critical."""
    assert read(question, lexicon).levels == levels
