"""Names in questions: found as people write them, told from common words, and looked for in other forms."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.naming import Names, holds, initials, without
from assistant.routes.known import Known
from assistant.text import fold
from assistant.verify import _SENTENCE_START, opens_sentence
from corpus.load import Corpus


@pytest.fixture(scope="module")
def names(corpus: Corpus) -> Names:
    return Names(corpus)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("what did IOM do in Egypt during the Libyan crisis?", ["Egypt", "Libyan"]),
        ("how many people came from somalia", ["somalia"]),
        ("The training for 49 staff of the Iraqi parliament, what was it on?", ["49", "Iraqi"]),
        ("Was it founded by IOM, UNICEF and Save the Children?", ["UNICEF", "Save the Children"]),
        ("Who leads the Mixed Migration Task Force?", ["Mixed Migration Task Force"]),
        ("since 1994, or 25,000 of them in SCPF/87?", ["1994", "25,000"]),
        ("What is a migration crisis? Which sectors are there?", []),
        ("WHO COORDINATES IF REFUGEES CROSS THE BORDER", []),
        ("is water a sector in a war", []),
        ("Sector 9 is critical in Annex I, says my Manager's paper of the IOM", []),
        ("", []),
    ],
)
def test_names_and_figures_are_found(names: Names, question: str, named: list[str]) -> None:
    assert [n.text for n in names.asked(question)] == named


@pytest.mark.parametrize("token", ["libya", "libyan", "syria", "tunisia", "colombo"])
def test_names_of_the_text_are_names_in_any_form(names: Names, token: str) -> None:
    assert names.is_name(token)


@pytest.mark.parametrize("token", ["war", "water", "migration", "crisis", "shelter", "report"])
def test_common_words_are_no_names(names: Names, token: str) -> None:
    assert not names.is_name(token)


def test_a_name_is_held_in_another_form() -> None:
    text = fold("In relation to the Libyan crisis, IOM helped the authorities in neighbouring Tunisia")
    assert holds(text, "Libya")
    assert holds(text, "tunisia")
    assert not holds(text, "Egypt")
    assert not holds(text, "Red Cross")


@given(st.text("abc ÉLibyaEgypt UNICEF49,.?'-", max_size=60))
def test_names_lie_in_the_question_in_order_and_can_be_left_out(names: Names, question: str) -> None:
    found = names.asked(question)
    assert all(question[n.start : n.end] == n.text for n in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    rest = without(question, found)
    assert rest == " ".join(rest.split())
    assert len(rest) <= len(question)


def test_initials_leave_small_words_out() -> None:
    assert initials("United Nations Development Programme") == "undp"
    assert initials("disarmament, demobilization and reintegration") == "ddr"


def test_a_fact_holds_an_acronym_whose_words_it_has(corpus: Corpus) -> None:
    known = Known(corpus)
    second = corpus.fact_by_id["fn5-first"]
    assert "UNDP" not in second.statement
    assert known.holds(second, "undp")
    assert not known.holds(second, "unhcr")


@given(st.text('aÉ1_ .?!:;-–•“"(\n\t', max_size=12))
def test_most_places_are_told_by_two_characters_as_by_all(text: str) -> None:
    """No sentence begins after a word and a space: the shorter look says what the longer one does."""
    assert opens_sentence(text, len(text)) == (_SENTENCE_START.search(text) is not None)
