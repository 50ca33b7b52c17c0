"""The document's own name in a question about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.selfname import SelfReference
from corpus.load import Corpus
from tests.fakes import assistant_in_memory

ASKED = "who leads the cluster approach?"


@pytest.mark.parametrize(
    "question",
    [
        "According to SCPF/92, who leads the cluster approach?",
        "In the 2012 framework who leads the cluster approach?",
        "who leads the cluster approach according to SCPF/92 (2012)?",
        "who leads the cluster approach as per the Migration Crisis Operational Framework?",
        "who leads the cluster approach in the MCOF?",
        "who leads the cluster approach, as set out in IOM's framework?",
    ],
)
def test_what_only_names_the_document_asks_for_nothing(corpus: Corpus, question: str) -> None:
    assert SelfReference(corpus.info).without(question) == ASKED


@pytest.mark.parametrize(
    "question",
    [
        "What is SCPF/92?", "Who wrote SCPF/92?", "What is the date of SCPF/92?", "Is it in the document?",
        "How many sectors are there in the framework?", "SCPF/71 rates shelter, doesn't it?", "Does the document mention Kenya?",
        "In which document is the 10-Point Plan?", "Which operations were carried out under the framework?",
        "What activities are in the framework?", "How does the cluster approach differ from the framework?",
        "Qu'est-ce que SCPF/92?", "En el marco de SCPF/92, ¿quién coordina?",
    ],
)  # fmt: skip
def test_a_question_about_the_document_keeps_its_name(corpus: Corpus, question: str) -> None:
    assert SelfReference(corpus.info).without(question) == question


def test_its_symbol_elsewhere_is_the_document(corpus: Corpus) -> None:
    found = SelfReference(corpus.info).without("What does SCPF/92 say about land after a conflict?")
    assert found == "What does the document say about land after a conflict?"


def test_the_number_of_the_document_is_no_figure_that_an_answer_must_hold(corpus: Corpus) -> None:
    """“... according to SCPF/92?” was refused: no fact holds the figure 92."""
    asked = "In which countries does IOM lead the shelter cluster"
    plain, named = (assistant_in_memory(corpus).ask(f"{asked}{end}?") for end in ("", " according to SCPF/92"))
    assert plain.status == named.status == "grounded"
    assert named.blocks == plain.blocks


@pytest.mark.parametrize(
    "values",
    [{"title": ""}, {"date": ""}, {"date": "2012 (rev."}, {"symbol": ""}, {"symbol": "", "title": "", "date": ""}],
)
def test_a_document_with_half_a_name_is_no_trouble(corpus: Corpus, values: dict[str, str]) -> None:
    found = SelfReference(replace(corpus.info, **values)).without("who leads the shelter cluster in Haiti?")
    assert found == "who leads the shelter cluster in Haiti?"


@pytest.mark.parametrize(
    ("question", "left"),
    [
        (
            "What was the steam engine an important component of?",
            "What was the steam engine an important component of?",
        ),
        ("Who first worked in Steam engine design in 1712?", "Who first worked in Steam engine design in 1712?"),
        ("What did Newcomen build in the steam engine?", "What did Newcomen build in the steam engine?"),
        ("What did Newcomen first build, according to Steam engine?", "What did Newcomen first build?"),
    ],
)
def test_a_title_that_is_the_subject_stays_in_the_question(corpus: Corpus, question: str, left: str) -> None:
    """Of eight articles 10% of the answerable questions were refused instead of 7%: “the steam engine” was taken for the document."""
    info = replace(corpus.info, symbol="Steam engine", title="Steam engine", date="")
    assert SelfReference(info).without(question) == left
