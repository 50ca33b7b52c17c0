"""What somebody types first: a greeting, what is this, what is in it, does it mention something."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.mentions import mentions, thing_asked
from assistant.verify import check_citation
from corpus.load import Corpus
from corpus.types import CRISES
from tests.fakes import assistant_in_memory


@pytest.fixture(scope="module")
def assistant(corpus: Corpus) -> Assistant:
    return assistant_in_memory(corpus)


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("hello", "greeting"), ("Good morning!", "greeting"), ("bonjour", "greeting"), ("hola", "greeting"),
        ("thanks", "empty_thanks"), ("ok got it", "empty_thanks"),
        ("what can you do?", "help"), ("help", "help"), ("who are you?", "help"), ("how does this work", "help"),
        ("what is this document about?", "topic"), ("give me a summary", "topic"), ("what's in annex 2", "topic"),
        ("De quoi parle le document ?", "topic"), ("de qué trata el documento", "topic"),
        ("what are the five crisis types", "crises_list"), ("list the kinds of crisis pls", "crises_list"),
        ("quels sont les types de crise ?", "crises_list"),
        ("what are the three phases", "phases_list"), ("which levels are there?", "levels_list"),
        ("what year was the document published", "topic"), ("How old is this document?", "topic"),
        ("who wrote it and when?", "author"), ("who wrote this?", "author"),
        ("what does interpreted mean?", "bases"), ("stated vs interpreted", "bases"), ("que signifie interprété", "bases"),
        ("what do the colours mean", "colours"), ("which colour is critical?", "colours"), ("are you official?", "official"),
        ("difference between sector 6 and sector 7", "definition"),
        ("define IDP", "acronym"), ("what does NFI mean", "acronym"),
    ],
)  # fmt: skip
def test_first_questions_are_answered_from_their_table(assistant: Assistant, question: str, route: str) -> None:
    assert assistant.ask(question).trace.route == route


def test_the_document_is_told_in_its_own_words(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("What is this document about?")
    assert answer.status == "grounded"
    assert [c.ref for c in answer.citations][:2] == ["¶2", "¶8"]
    assert all(not check_citation(c, corpus) for c in answer.citations)


def test_the_kinds_of_crisis_each_cite_their_scenario(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("what are the five crisis types")
    assert [c.ref for c in answer.citations] == [corpus.crisis(c).ref for c in CRISES]
    assert "5 kinds of crisis" in answer.text


@pytest.mark.parametrize(
    "question",
    ["How many sectors of annex I are critical in a flood?", "how many crises hit Haiti?", "which phase is health critical in?", "summary of the health sector", "What is the difference between health and shelter in a drought?"],
)  # fmt: skip
def test_a_question_that_asks_more_is_no_whole_topic(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).trace.route not in (
        "topic",
        "crises_list",
        "phases_list",
        "levels_list",
        "definition",
    )


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("does the document mention climate change?", "climate change"),
        ("Does it say anything about children?", "children"),
        ("is Ukraine mentioned?", "ukraine"),
        ("Are unaccompanied minors covered anywhere in the framework?", "unaccompanied minors"),
        ("is there anything on land disputes?", "land disputes"),
        ("does the framework talk about the issue of gender", "gender"),
        ("Who mentions climate change?", ""),
        ("Is shelter important in a drought?", ""),
        ("does the document mention how many people were moved out of Libya and where to?", ""),
        ("is it covered?", ""),
    ],
)
def test_what_is_asked_to_be_mentioned(question: str, thing: str) -> None:
    assert thing_asked(question) == thing


def test_a_mention_is_quoted_where_it_stands(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("does it say anything about children?")
    assert (answer.status, answer.trace.route) == ("grounded", "mention")
    assert [c.ref for c in answer.citations] == ["Sector 10"]
    assert all("children" in c.quote and not check_citation(c, corpus) for c in answer.citations)


def test_a_name_counts_in_its_other_forms(corpus: Corpus) -> None:
    found = mentions("syria", corpus.passages, lambda word: word == "syria")
    assert found
    assert all("Syria" in m.sentence for m in found)
    assert mentions("malaria", corpus.passages, lambda word: False) == []


def test_what_is_not_mentioned_is_told(corpus: Corpus) -> None:
    assistant = assistant_in_memory(corpus)
    assistant._router._judge = lambda asked, least: 0.01
    answer = assistant.ask("Does the document mention malaria in camps?")
    assert answer.status == "not_in_document"
    assert "does not mention “malaria in camps”" in answer.text
