"""Counts that a question claims, held against the document's."""

from __future__ import annotations

import pytest

from assistant.premises import Premises
from corpus.load import Corpus


@pytest.fixture(scope="module")
def premises(corpus: Corpus) -> Premises:
    return Premises(corpus)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Why are there 12 sectors of assistance?", "15 sectors"),
        ("What do all four phases have in common?", "three phases"),
        ("Does the framework stand on its three pillars?", "two pillars"),
    ],
)
def test_a_count_the_text_gives_otherwise_is_found(
    premises: Premises, corpus: Corpus, question: str, said: str
) -> None:
    wrong = premises.wrong_count(question)
    assert wrong is not None
    assert wrong[1].quote == said
    assert said in corpus.by_ref[wrong[1].ref].text


@pytest.mark.parametrize(
    "question",
    [
        "Name two sectors that matter in a flood",
        "Which of the first two phases is harder?",
        "Are all 15 sectors critical?",
        "We have 12 workers stranded, who helps?",
        "Has IOM 30 projects?",
        "",
    ],
)
def test_other_counts_are_left_alone(premises: Premises, question: str) -> None:
    assert premises.wrong_count(question) is None
