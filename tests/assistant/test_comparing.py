"""A question about two things as one question about each, and the reply that speaks of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.comparing import apart, both_said, of_each, sides
from assistant.guards import parts_of
from assistant.retrieval import HybridRetriever, Ranking
from corpus.load import Corpus
from tests.fakes import assistant_in_memory


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "What's the difference between our role in the health cluster and in the logistics cluster?",
            ("What is our role in the health cluster?", "What is our role in the logistics cluster?"),
        ),
        ("cluster approach vs refugee regime, who heads which", ("who heads cluster approach?", "who heads refugee regime?")),
        (
            "Did more people leave from Libya or from Lebanon?",
            ("how many people leave from Libya?", "how many people leave from Lebanon?"),
        ),
        (
            "How many people were evacuated from Libya compared to Lebanon?",
            ("How many people were evacuated from Libya?", "How many people were evacuated from Lebanon?"),
        ),
        (
            "Haiti and Colombia: which cluster is led in each?",
            ("which cluster is led in Haiti?", "which cluster is led in Colombia?"),
        ),
        (
            "Which was bigger: the Gulf War evacuation or the one from Lebanon?",
            ("How many: the Gulf War evacuation?", "How many: the evacuation from Lebanon?"),
        ),
        (
            "which came first, the task force or the 10-Point Plan?",
            ("When was the task force?", "When was the 10-Point Plan?"),
        ),
        ("how is SCPF/71 different from SCPF/87?", ("What is SCPF/71?", "What is SCPF/87?")),
        ("compare shelter and health during an epidemic", ("What is shelter during an epidemic?", "What is health during an epidemic?")),
    ],
)  # fmt: skip
def test_each_side_is_asked_for_itself(question: str, asked: tuple[str, str]) -> None:
    assert sides(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the shelter cluster in Haiti?",
        "Is it by air or by sea?",
        "or not?",
        "What comes before and after the crisis?",
        "What does IOM do against trafficking?",
        "",
    ],
)
def test_what_compares_no_two_things_is_left_alone(question: str) -> None:
    assert sides(question) is None


@given(st.text(max_size=120))
def test_no_text_makes_trouble(text: str) -> None:
    found = sides(text)
    assert found is None or all(side.endswith("?") for side in found)


def test_a_reply_about_one_side_is_not_about_both() -> None:
    asked = ("who heads cluster approach?", "who heads refugee regime?")
    assert both_said(asked, "OCHA heads the cluster approach, UNHCR the refugee regime.")
    assert not both_said(asked, "OCHA heads the cluster approach.")


COMPARED = "Did more governments turn to us in the Libyan crisis or in the Syrian crisis?"


@pytest.fixture
def assistant(corpus: Corpus) -> Assistant:
    return assistant_in_memory(corpus)


def judged(assistant: Assistant, **likely: float) -> Assistant:
    """An assistant for which only questions that hold one of the given words are answered, with its probability."""
    assistant._router.means.judge = lambda asked, least: max(
        (p for word, p in likely.items() if word in asked.question and "or in" not in asked.question), default=0.01
    )
    return assistant


def test_a_comparison_that_no_sentence_answers_is_answered_by_one_for_each_side(assistant: Assistant) -> None:
    answer = judged(assistant, Libyan=0.9, Syrian=0.9).ask(COMPARED)
    assert answer.status == "grounded"
    assert {"47", "30"} <= set(answer.text.split())


@pytest.mark.parametrize(
    "likely", [{"Libyan": 0.9}, {"Libyan": 0.9, "Syrian": 0.3}], ids=["one side", "not sure of one"]
)
def test_where_one_side_is_not_answered_neither_is(assistant: Assistant, likely: dict[str, float]) -> None:
    assert judged(assistant, **likely).ask(COMPARED).status == "not_in_document"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("who's in charge of refugees and who of IDPs?", ("who's in charge of refugees?", "who's in charge of IDPs?")),
        (
            "How many came from Libya and how many from Lebanon?",
            ("How many came from Libya?", "How many came from Lebanon?"),
        ),
        ("what do we do before and after?", None),
        ("who leads and who follows?", None),
    ],
)
def test_what_is_asked_of_two_with_the_verb_said_once(question: str, asked: tuple[str, str] | None) -> None:
    assert sides(question) == asked


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("how do those differ?", True),
        ("and what's the difference between them?", True),
        ("ok so are they the same thing?", True),
        ("difference?", True),
        ("how does health differ from psychosocial support?", False),
        ("what is the difference between the two pillars?", False),
        ("how do the phases differ", False),
    ],
)
def test_two_things_of_before_are_to_be_told_apart(message: str, asks: bool) -> None:
    assert apart(message) is asks


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "How do population movements differ between a sudden disaster such as a tsunami and a slow one such as coastal erosion?",
            (
                "population movements: a sudden disaster such as a tsunami?",
                "population movements: a slow disaster such as coastal erosion?",
            ),
        ),
        (
            "how does coordination differ in a war and in an epidemic",
            ("coordination: a war?", "coordination: an epidemic?"),
        ),
    ],
)
def test_what_differs_is_asked_of_each(question: str, asked: tuple[str, str]) -> None:
    assert sides(question) == asked


def test_a_sentence_asks_of_each_thing_named_before_it() -> None:
    message = "We have reintegration work and we have stabilization work. how wide is each one, in numbers"
    things = ["reintegration", "stabilization"]
    assert of_each(message, things) == (
        "how wide is reintegration, in numbers",
        "how wide is stabilization, in numbers",
    )
    assert of_each(message, things[:1]) is None
    assert of_each("how wide is each one", things) is None
    assert of_each("We have both. How wide is reintegration in both?", things) is None


@pytest.mark.parametrize(
    "question",
    [
        "cluster approach vs refugee regime, who heads which?",
        "How many people were evacuated from Libya compared to Lebanon?",
        "What is the difference between SCPF/71 and SCPF/87?",
    ],
)
def test_nothing_is_searched_for_twice(corpus: Corpus, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    asked: list[tuple[str, bytes]] = []
    rank = HybridRetriever.rank

    def counted(self: HybridRetriever, text: str, *args: Any, **named: Any) -> Ranking:
        asked.append((text, named["vector"].tobytes()))
        return rank(self, text, *args, **named)

    monkeypatch.setattr(HybridRetriever, "rank", counted)
    assistant_in_memory(corpus).ask(question)
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "In an armed conflict, which people go through UNHCR and which through OCHA?",
            (
                "In an armed conflict, which people go through UNHCR?",
                "In an armed conflict, which people go through OCHA?",
            ),
        ),
        (
            "Which was the bigger job for us, getting workers out of Lebanon or the Libya one?",
            ("How many: getting workers out of Lebanon?", "How many: the Libya workers?"),
        ),
        (
            "what did IOM start first, counter trafficking work or psychosocial support?",
            ("Since when has IOM done counter trafficking work?", "Since when has IOM done psychosocial support?"),
        ),
    ],
)
def test_the_same_is_asked_of_each_side(question: str, asked: tuple[str, str]) -> None:
    assert sides(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "How did the framework change from 2011 to 2012?",
        "How do needs vary from place to place?",
        "How is the reply different in Haiti and what was done?",
    ],
)
def test_what_changes_is_no_comparison_of_two(question: str) -> None:
    assert sides(question) is None


def test_a_side_is_said_by_its_adjective() -> None:
    asked = ("How many asked in Libya?", "How many asked in Syria?")
    assert both_said(asked, "47 in the Libyan crisis, 30 in the Syrian one")
    assert not both_said(asked, "47 in the Libyan crisis")


def test_what_follows_two_questions_in_one_is_dropped_where_it_asks_nothing() -> None:
    both = "who's in charge for refugees and who for IDPs?"
    assert parts_of(f"{both} i always mix these up") == [both]
    assert parts_of(f"{both} And when was it written?") != [both]


@pytest.mark.parametrize(
    ("question", "refs"),
    [
        (
            "how do people's movements differ in a sudden natural disaster compared with a slow one?",
            ("Annex I ¶11", "Annex I ¶17"),
        ),
    ],
)
def test_crises_are_compared_by_what_is_asked_about(corpus: Corpus, question: str, refs: tuple[str, str]) -> None:
    """The examples of both came, whatever was asked of them."""
    answer = assistant_in_memory(corpus).ask(question)
    assert {c.ref for c in answer.citations} >= set(refs)
    assert "movement" in answer.text or "migration flows" in answer.text


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("The Tenth and the Eleventh Session, when was the one and when the other?",
         ("when was The Tenth Session?", "when was the Eleventh Session?")),
        ("Flash flood versus drought: where do people head in the one and in the other?",
         ("where do people head in Flash flood?", "where do people head in drought?")),
        ("What separates a mixed flow from a migration crisis?", ("What is a mixed flow?", "What is a migration crisis?")),
        ("I mix up protracted crisis and health crisis, what is each one?",
         ("What is protracted crisis?", "What is health crisis?")),
        ("Migration crisis and protracted crisis - not the same, are they?",
         ("What is Migration crisis?", "What is protracted crisis?")),
    ],
)  # fmt: skip
def test_two_things_in_more_words(question: str, asked: tuple[str, str]) -> None:
    assert sides(question) == asked
