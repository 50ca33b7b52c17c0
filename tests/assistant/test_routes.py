"""Which way a question goes, where that depends on whether the document answers it: with a judge of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from assistant.answer import Answer, Turn
from assistant.answerable import Asked
from assistant.assistant import Assistant
from assistant.retrieval import ScoredFact
from assistant.routes.choice import Choice
from assistant.routes.known import Known
from assistant.text import fold
from assistant.understanding import Understanding
from corpus.load import Corpus

if TYPE_CHECKING:
    from assistant.retrieval import Ranking

Judged = Callable[[Callable[[str], bool]], Assistant]


@pytest.fixture
def judged(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Judged:
    """Gives an assistant whose judgement is a function of the question as it is searched for."""

    def with_judge(answered: Callable[[str], bool]) -> Assistant:
        def judge(asked: Asked, least: float) -> float:
            return 0.9 if answered(fold(asked.question)) else 0.01

        monkeypatch.setattr(assistant._router.means, "judge", judge)
        return assistant

    return with_judge


def unless(*names: str) -> Callable[[str], bool]:
    return lambda question: not any(n in question for n in names)


@pytest.mark.parametrize(
    ("question", "missing", "said"),
    [
        ("what did IOM do in Egypt to keep the borders open during the Libyan crisis?", "Egypt", "Tunisia"),
        ("The training for 49 staff of the Iraqi parliament, what was it on?", "Iraqi", "Afghanistan"),
        ("IOM has given direct psychosocial support since 1994, I was told.", "1994", "2001"),
    ],
)
def test_a_wrong_name_in_a_question_about_something_known_is_put_right(
    judged: Judged, question: str, missing: str, said: str
) -> None:
    """The question shares a name or figure with the text, or only its figure is wrong."""
    answer = judged(unless("egypt", "iraqi", "1994")).ask(question)
    assert (answer.status, answer.trace.route) == ("grounded", "premise")
    assert missing in answer.text.splitlines()[0]
    assert said in answer.text
    assert answer.citations


@pytest.mark.parametrize(
    "question",
    [
        "Which border projects were there in Bolivaria?",
        "How many experts came back to Somaliland as the Afghan experts did?",
        "Is Atlantis one of the 18 countries where IOM is active in camp management?",
        "What did IOM do in Tunisia in 2017 to keep the borders open?",
    ],
    ids=["shares no name", "a count", "asks whether", "another year"],
)
def test_the_same_of_somebody_else_is_not_in_the_document(judged: Judged, question: str) -> None:
    answer = judged(unless("bolivaria", "somaliland", "atlantis", "2017")).ask(question)
    assert answer.status == "not_in_document"
    assert "does not mention “" in answer.text
    assert answer.nearest


def test_what_is_not_answered_without_the_name_either_is_a_plain_no(judged: Judged) -> None:
    answer = judged(lambda question: False).ask("How many tents did IOM buy in Egypt during the Libyan crisis?")
    assert answer.status == "not_in_document"
    assert "mention" not in answer.text


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("Which countries belong to the Colombo Process?", "definition"),
        ("What is WHO's role in coordinating the response to a health crisis?", "coordination"),
        ("Who is in need in an epidemic, by age?", "people"),
    ],
)
def test_a_table_does_not_answer_what_the_document_does_not(judged: Judged, question: str, route: str) -> None:
    """The slots of these questions are those of a table; what is asked is not in it."""
    assert judged(lambda _: True).ask(question).trace.route == route
    assert judged(lambda _: False).ask(question).status == "not_in_document"


def test_a_plain_question_for_a_table_is_not_judged(judged: Judged) -> None:
    """Nothing is searched for, and nothing can be refused."""
    answer = judged(lambda _: False).ask("Who coordinates in a health crisis?")
    assert (answer.status, answer.trace.route) == ("grounded", "coordination")


def follow(judged: Judged, before: str, message: str) -> Answer:
    return judged(lambda _: False).ask(message, [Turn("user", before)])


@pytest.mark.parametrize(
    ("message", "status"),
    [("and after?", "not_rated"), ("in a drought?", "grounded"), ("and who pays for it?", "not_in_document")],
)
def test_a_follow_up_on_ratings_may_ask_for_something_else(judged: Judged, message: str, status: str) -> None:
    """What names no crisis, phase or sector and is no question of degree is not one about ratings."""
    answer = follow(judged, "How important is shelter during a man-made disaster?", message)
    assert answer.status == status


def test_another_crisis_is_asked_for_not_taken_over(judged: Judged) -> None:
    before = "Is counter-trafficking crucial before a man-made disaster?"
    answer = follow(judged, before, "is there another crisis where it is called crucial?")
    assert {c.key[0] for c in answer.cells if c.level == "critical"} == {"man_made", "protracted"}


def test_conditions_and_interpretations_are_told_in_a_list(judged: Judged) -> None:
    answer = judged(lambda _: True).ask("What is critical during a man-made disaster?")
    assert "4 sectors are rated critical (3 by interpretation)" in answer.text
    assert "only: “if there are large cross-border movements" in answer.text


def test_a_sector_taken_for_another_number_is_told_with_its_own(judged: Judged) -> None:
    answer = judged(lambda _: True).ask("Land and property is sector 8, yes?")
    assert answer.text.index("Sector 9") < answer.text.index("Sector 8")
    assert [c.ref for c in answer.citations[:1]] == ["Sector 9"]


def test_the_reason_for_a_rating_that_is_not_given_is_not_given(judged: Judged) -> None:
    answer = follow(judged, "How important is camp management during a health crisis?", "why?")
    assert (answer.status, answer.trace.route) == ("not_rated", "about_last:reason")


def test_an_acronym_is_not_spelled_out_before_a_refusal(judged: Judged) -> None:
    answer = judged(lambda _: False).ask("What is the budget of the NFIs warehouse?")
    assert answer.status == "not_in_document"
    assert not answer.citations
    assert len(answer.blocks) == 1


@pytest.mark.parametrize(
    ("question", "crises"),
    [
        ("How does shelter during a sudden disaster compare with a slow one?", {"sudden_onset", "slow_onset"}),
        ("Compare health support during a health crisis with health support during a protracted crisis", {"health", "protracted"}),
    ],
)  # fmt: skip
def test_both_of_what_is_compared_are_shown(judged: Judged, question: str, crises: set[str]) -> None:
    answer = judged(lambda _: True).ask(question)
    assert {c.key[0] for c in answer.cells} == crises


def test_that_phase_is_the_one_last_spoken_of(judged: Judged) -> None:
    """Also where a message between says nothing of it."""
    history = [Turn("user", t) for t in ("What matters before a health crisis?", "ok, thanks, and border staff, I see")]
    answer = judged(lambda _: True).ask("is the diaspora rated in that phase too?", history)
    assert {c.key[1] for c in answer.cells} == {"before"}


@pytest.mark.parametrize(
    "question", ["what does the framework say about children", "tell me about children", "Tsunamis"]
)
def test_where_a_thing_stands_is_told_rather_than_refused(judged: Judged, corpus: Corpus, question: str) -> None:
    """No one fact answers; the document has the word in several places. Legends name groups and say nothing of them."""
    answer = judged(lambda asked: False).ask(question)
    if "sunami" in question:  # a kind of crisis is known by more than its word
        assert answer.trace.route != "mention"
        return
    assert (answer.status, answer.trace.route) == ("grounded", "mention")
    assert [c.ref for c in answer.citations] == ["Sector 10", "Sector 15"]
    assert all("child" in corpus.by_ref[c.ref].text.casefold() for c in answer.citations)
    assert not answer.nearest


@pytest.mark.parametrize("question", ["pizza", "costs", "tell me about latrines", "what about children and who pays?"])
def test_a_word_that_stands_nowhere_is_refused(judged: Judged, question: str) -> None:
    """“Costs” stood in “cost-effective”."""
    assert judged(lambda asked: False).ask(question).status != "grounded"


def test_one_fact_settles_whatever_is_asked_of_extra_money(judged: Judged) -> None:
    answer = judged(lambda asked: False).ask("the framework brings extra budget, how much is it and who votes it?")
    assert answer.status in ("grounded", "partial")
    assert "does not imply any additional resource allocation" in answer.text
    named = judged(lambda asked: False).ask("how much extra funding did Bangladesh get?")
    assert named.status == "not_in_document"


@pytest.mark.parametrize(
    ("behind", "question", "kept"),
    [
        ((0.0, 0.05, 0.10), "who helps trafficked persons?", 3),
        ((0.0, 0.19, 0.19), "who helps trafficked persons?", 2),
        ((0.0, 0.05, 0.19), "since when is migrant exploitation countered?", 3),
    ],
    ids=["near", "far", "far, with a word of the question"],
)
def test_a_fact_that_only_pads_is_left_out(corpus: Corpus, behind: tuple[float, ...], question: str, kept: int) -> None:
    facts = [corpus.fact_by_id[i] for i in ("s10-database", "s10-children", "s10-since-1994")]
    found = [ScoredFact(f.id, 0.6 - b) for f, b in zip(facts, behind, strict=True)]
    ranking = cast("Ranking", SimpleNamespace(facts=lambda: found))
    u = Understanding(question, question, "en", (), english=question)
    assert len(Choice(Known(corpus)).lean(u, ranking, facts)) == kept
    assert len(Choice(Known(corpus)).lean(replace(u, comparison=True), ranking, facts)) == len(facts)
