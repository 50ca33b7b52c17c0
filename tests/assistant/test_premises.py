"""What a question takes for granted, held against the document: counts, figures, years and anything to be confirmed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.premises import Contradiction, Count, Premises
from corpus.load import Corpus, load_corpus
from tests.conftest import DATA


@pytest.fixture(scope="module")
def premises(corpus: Corpus) -> Premises:
    return Premises(corpus)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Why are there 12 sectors of assistance?", "15 sectors"),
        ("What do all four phases have in common?", "three phases"),
        ("Does the framework stand on its three pillars?", "two pillars"),
        ("emergencies are classified in 5 levels under the SOP. what are they for?", "three levels"),
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
        "How many refugees were resettled over those 60 years?",
        "Why these 12 emergencies?",
        "What did these five persons do?",
        "",
    ],
)
def test_other_counts_are_left_alone(premises: Premises, question: str) -> None:
    assert premises.wrong_count(question) is None


@pytest.mark.parametrize(
    ("question", "asked", "said"),
    [
        ("Why does it count 12 sectors?", "12 sectors", "15 sectors"),
        ("count 12 sectors", "12 sectors", "15 sectors"),
        ("The framework lists twenty sectors, which are they?", "twenty sectors", "15 sectors"),
        ("It defines four phases", "four phases", "three phases"),
        ("What happens in the fourth phase of a crisis?", "a fourth phase", "three phases"),
        ("What is its third pillar?", "a third pillar", "two pillars"),
        ("Who leads the sixteenth sector?", "a sixteenth sector", "15 sectors"),
        ("What does Sector 16 cover?", "Sector 16", "15 sectors"),
        ("Is sector no. 20 critical in a flood?", "Sector 20", "15 sectors"),
    ],
    ids=[
        "a verb of counting", "an order", "a number in letters", "a claim", "one place too far", "its",
        "a place in letters", "a sector's number", "no.",
    ],
)  # fmt: skip
def test_what_was_asked_and_what_is_said_stand_side_by_side(
    premises: Premises, question: str, asked: str, said: str
) -> None:
    wrong = premises.wrong_count(question)
    assert wrong is not None
    assert (wrong[0], wrong[1].quote) == (asked, said)


@pytest.mark.parametrize(
    "question",
    [
        "What is the third phase?",
        "What is the second pillar?",
        "What does Sector 15 cover?",
        "What costs sector 16.5 of the budget?",
        "the fifteenth sector",
        "What is the twentieth paragraph about?",
        "Why are there 3 phases?",
    ],
)
def test_places_that_there_are_are_left_alone(premises: Premises, question: str) -> None:
    assert premises.wrong_count(question) is None


def test_a_scenario_too_many_where_the_text_counts_them(plain_corpus: Corpus) -> None:
    """The framework's text does not count its scenarios; of a text that does, "the sixth scenario" is put right."""
    first = plain_corpus.passages[0]
    text = "Annex I shows five scenarios."
    passage = replace(first, text=text, spans=((0, len(text)),), offsets=tuple(range(len(text))))
    premises = Premises(replace(plain_corpus, passages=(passage,)))
    wrong = premises.wrong_count("What does the sixth scenario show?")
    assert wrong == ("a sixth scenario", Count(5, first.ref, "five scenarios"))
    assert premises.wrong_count("What does the fifth scenario show?") is None
    twice = replace(passage, text="There are five scenarios and six scenarios.")
    two = Premises(replace(plain_corpus, passages=(twice,)))
    assert two.wrong_count("What does the ninth scenario show?") is None, "the text gives two numbers"


@pytest.mark.parametrize(
    ("question", "fact", "claimed"),
    [
        ("Did IOM receive requests from 52 governments during the Libyan crisis?", "s12-libya-requests", "52"),
        ("IOM got requests from 52 governments in the Libyan crisis, right?", "s12-libya-requests", "52"),
        ("Did IOM evacuate 90,000 foreign workers from Lebanon in 2006?", "s12-lebanon", "90,000"),
        ("Are the almost 80 reintegration projects of IOM around the world finished?", "s6-50-projects", "80"),
        ("Has IOM given psychosocial support since 1999?", "s5-since-2001", "since 1999"),
        ("Has IOM worked to counter trafficking since 1980?", "s10-since-1994", "since 1980"),
        ("IOM started its work to counter trafficking in 1980, I heard", "s10-since-1994", "in 1980"),
        ("Response mechanisms for refugees are under IOM's mandate, correct?", "p11-unhcr", ""),
    ],
    ids=[
        "another figure", "and put up for confirmation", "another figure, the right year", "among other words",
        "another year", "another year of a decade", "another year it began in", "no figure, put up for confirmation",
    ],
)  # fmt: skip
def test_what_is_taken_for_granted_is_put_right(
    premises: Premises, corpus: Corpus, question: str, fact: str, claimed: str
) -> None:
    """“Did 52 governments ask?” was answered with what 47 governments asked, not a word about the 52."""
    expected = corpus.fact_by_id[fact]
    assert premises.contradicted(question, [expected]) == Contradiction(claimed, expected)


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("Did IOM receive requests from 47 governments during the Libyan crisis?", "s12-libya-requests"),
        ("IOM got requests from 47 governments in the Libyan crisis, right?", "s12-libya-requests"),
        ("How many governments, was it 52, asked IOM during the Libyan crisis?", "s12-libya-requests"),
        ("How much support did 52 governments ask of IOM in the Libyan crisis?", "s12-libya-requests"),
        ("Which governments asked IOM for evacuation in the Libyan crisis?", "s12-libya-requests"),
        ("Has IOM given psychosocial support since 2001?", "s5-since-2001"),
        ("Did the World Bank lend 52 million to Peru?", "s12-libya-requests"),
        ("Did IOM evacuate 90,000 foreign workers from Lebanon in 2009?", "s12-lebanon"),
        ("Mountains are high in the Alps, right?", "p11-unhcr"),
        ("Response mechanisms for refugees are under IOM's mandate", "p11-unhcr"),
        ("Does UNHCR have 12 response mechanisms for refugees?", "p11-unhcr"),
        ("right?", "p11-unhcr"),
        ("", "p11-unhcr"),
    ],
    ids=[
        "the right figure", "the right figure, confirmed", "how many", "how much", "no figure", "the right year",
        "about something else", "another year is another thing", "confirmation of something else", "a plain claim",
        "a figure where the fact has none", "nothing to confirm", "nothing",
    ],
)  # fmt: skip
def test_what_the_fact_does_not_gainsay_is_left_alone(
    premises: Premises, corpus: Corpus, question: str, fact: str
) -> None:
    assert premises.contradicted(question, [corpus.fact_by_id[fact]]) is None


def test_the_nearest_fact_that_says_otherwise_counts(premises: Premises, corpus: Corpus) -> None:
    question = "Did IOM receive requests from 52 governments during the Libyan crisis?"
    far, near = corpus.fact_by_id["p11-unhcr"], corpus.fact_by_id["s12-libya-requests"]
    assert premises.contradicted(question, [far, near]) == Contradiction("52", near)
    assert premises.contradicted(question, []) is None


def test_prepared_questions_are_not_put_right(premises: Premises, corpus: Corpus) -> None:
    """What leads to a fact was written from it: whoever asks so takes nothing wrong for granted."""
    asked = [e for e in corpus.entry_points if e.lang == "en" and e.fact]
    wrong = [
        e.text
        for e in asked[::5]
        if (found := premises.contradicted(e.text, [corpus.fact_by_id[e.fact]])) is not None and found.claimed
    ]
    assert len(wrong) <= len(asked[::5]) // 200, wrong


@given(st.text(max_size=80))
def test_any_question_can_be_held_against_the_text(text: str) -> None:
    premises = _plain()
    premises.wrong_count(text)
    assert premises.contradicted(text, []) is None


@cache
def _plain() -> Premises:
    return Premises(load_corpus(DATA / "plain"))


def test_what_only_names_the_document_is_no_subject(premises: Premises, corpus: Corpus) -> None:
    """“What does the paper say on AVRR” was answered with the paper's title, too."""
    wanted = premises.subject_stems("what does the paper say on AVRR")
    assert wanted
    assert any(wanted & premises.stems_of(f.id) for f in corpus.facts if f.ref == "Sector 6")
    assert not wanted & premises.stems_of("cover-title")
    assert premises.subject_stems("what does the document say?") == frozenset()
    assert premises.stems_of("no such fact") == frozenset()


def test_a_figure_that_a_nearer_fact_holds_is_not_gainsaid(premises: Premises, corpus: Corpus) -> None:
    """“Which were the 47 governments that asked in the Libyan crisis?” was answered “Not 47.”, with what 30 asked for Syria."""
    libya, syria = corpus.fact_by_id["s12-libya-requests"], corpus.fact_by_id["s12-syria-requests"]
    facts = [syria, libya]
    assert (
        premises.contradicted("which were the 47 governments that asked for help during the Libyan crisis", facts)
        is None
    )
    found = premises.contradicted(
        "so 47 governments asked IOM for assistance for nationals trapped in the Syrian crisis", facts
    )
    assert found == Contradiction("47", syria)
