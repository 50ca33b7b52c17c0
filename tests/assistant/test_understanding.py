"""What a single message is understood to ask."""

from __future__ import annotations

import pytest

from assistant.lexicon import Lexicon
from assistant.understanding import read, understand
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


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what is critical in a drought?", "rating"),
        ("what are the important sectors in a war?", "rating"),
        ("what is important?", "definition"),
        ("what is a drought?", "definition"),
    ],
)
def test_a_level_in_a_crisis_is_asked_for_not_defined(lexicon: Lexicon, question: str, intent: str) -> None:
    """“What is critical in a drought?” was answered with what a drought is."""
    assert read(question, lexicon).intent == intent


@pytest.mark.parametrize(
    ("question", "phases"),
    [
        ("what do we do first after an earthquake", ("during", "after")),
        ("right after a flood, is shelter critical?", ("during", "after")),
        ("is shelter critical after a flood?", ("after",)),
    ],
)
def test_right_after_a_shock_is_still_in_the_crisis(lexicon: Lexicon, question: str, phases: tuple[str, ...]) -> None:
    assert read(question, lexicon).phases == phases


@pytest.mark.parametrize(
    ("earlier", "question", "sectors"),
    [
        ("How many migrants did IOM evacuate from Libya?", "and what is critical after an earthquake?", ()),
        ("Is shelter critical in a war?", "and which are important in a flood?", ()),
        ("Is shelter critical in a war?", "and in a flood?", (2,)),
        ("Is shelter critical in a war?", "who is UNHCR?", ()),
    ],
)
def test_a_question_for_sectors_does_not_inherit_one(
    lexicon: Lexicon, earlier: str, question: str, sectors: tuple[int, ...]
) -> None:
    """The evacuation from Libya made an earthquake's critical sectors a question about transport."""
    assert understand(question, [earlier], lexicon).sectors == sectors
