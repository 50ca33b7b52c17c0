"""Who leads a cluster, and whether the text says so of what is asked."""

from __future__ import annotations

import pytest

from assistant.answer import Turn
from assistant.assistant import Assistant
from assistant.roles import may_ask_lead
from corpus.load import Corpus
from tests.fakes import assistant_in_memory


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("who leads the shelter cluster?", "Pakistan, Haiti"), ("does IOM lead the shelter cluster?", "Pakistan, Haiti"),
        ("who leads the shelter cluster in Haiti", "Pakistan, Haiti"), ("who leads CCCM?", "natural disasters"),
        ("who leads camp management after a flood", "natural disasters"), ("who co-leads the shelter cluster in Kenya?", "co-leads"),
        ("Does IOM lead the shelter cluster in Bolivia?", "Bolivia"), ("who leads the CCCM cluster in Haiti?", "natural disasters"),
    ],
)  # fmt: skip
def test_a_lead_is_told_where_the_text_names_one(assistant: Assistant, question: str, said: str) -> None:
    answer = assistant.ask(question)
    assert (answer.status, answer.trace.route) == ("grounded", "role")
    assert said in answer.blocks[0].text  # type: ignore[union-attr]
    assert answer.citations


@pytest.mark.parametrize(
    "question",
    [
        "is IOM lead of the CCCM cluster in conflict situations?", "does the document say IOM is the global lead of the shelter cluster?",
        "is IOM the cluster lead for camps in a conflict?", "does IOM lead the shelter cluster in Nepal?", "Does IOM lead the shelter cluster in Sudan?",
    ],
)  # fmt: skip
def test_a_claim_beyond_the_text_gets_a_no_and_what_it_says(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert (answer.status, answer.trace.route) == ("grounded", "role")
    assert answer.text.startswith("The text does not say that.")
    assert "IOM" in answer.text
    assert answer.citations


@pytest.mark.parametrize(
    "question",
    ["who leads the logistics cluster?", "who leads protection in a natural disaster", "which agency is the health lead?", "who leads the shelter cluster in Nepal?", "who is the global lead for CCCM in conflicts?", "is it true that IOM leads the health cluster?"],
)  # fmt: skip
def test_nobody_is_named_where_the_text_names_nobody(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert (answer.status, answer.trace.route) == ("not_in_document", "role")
    assert "names nobody as the lead" in answer.text
    assert answer.citations, "what it does say is cited"


@pytest.mark.parametrize(
    "question",
    [
        "where does IOM lead the shelter cluster?", "which clusters does IOM lead in Haiti?", "what led to the shelter crisis?",
        "who leads the shelter cluster and with whom?", "IOM heads the camp cluster worldwide, but for which sort of emergency?",
        "Is IOM the only lead of the shelter cluster?", "Who runs the camp?", "who is the leader of the camp?", "who leads the health response during an epidemic?", "who leads the response in a drought?", "how does IOM lead the shelter cluster?",
    ],
)  # fmt: skip
def test_other_questions_about_leads_are_left_to_the_text(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).trace.route != "role"


def test_each_role_stands_in_its_fact(corpus: Corpus) -> None:
    for role in corpus.roles:
        fact = corpus.fact_by_id[role.fact]
        if role.scope:
            assert role.scope.split(",")[0] in fact.statement, role
        if role.role in ("lead", "co-lead"):
            assert "lead" in fact.statement, role


@pytest.mark.parametrize(
    ("question", "refs", "said"),
    [
        ("which cluster does IOM lead?", ["¶13", "Sector 2", "Sector 2"], "shelter cluster in Pakistan"),
        ("who runs the cluster system overall?", ["¶13"], "(OCHA)"),
        ("who leads on refugees?", ["¶14"], "UNHCR"),
        ("who is in charge of the IDP response?", ["¶11", "¶13"], "cluster approach"),
    ],
)
def test_who_coordinates_is_told_beside_who_leads(
    assistant: Assistant, question: str, refs: list[str], said: str
) -> None:
    answer = assistant.ask(question)
    assert (answer.status, answer.trace.route) == ("grounded", "role")
    assert [c.ref for c in answer.citations][: len(refs)] == refs
    assert said in answer.text


def test_in_a_crisis_the_partners_are_told_by_their_table(assistant: Assistant) -> None:
    assert assistant.ask("who coordinates for refugees in a man-made disaster?").trace.route == "coordination"


def test_without_the_table_nothing_is_told_from_it(plain_corpus: Corpus) -> None:
    assert assistant_in_memory(plain_corpus).ask("who leads the shelter cluster?").trace.route != "role"


def test_a_word_of_leading_may_ask_for_a_lead() -> None:
    assert may_ask_lead("Who is in charge of CCCM?")
    assert not may_ask_lead("How many people left Libya?")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("the cluster approach is coordinated by UNHCR isn't it", "OCHA"),
        ("Why was UNHCR chosen to coordinate the cluster approach?", "OCHA"),
        ("does unhcr lead camps", "natural disasters"),
        ("Does UNHCR lead the CCCM cluster?", "natural disasters"),
        ("why does UNICEF lead the shelter cluster?", "Pakistan, Haiti"),
        ("Why is IOM the global camp coordination lead for conflicts?", "natural disasters"),
    ],
)
def test_what_is_said_of_another_body_gets_a_no_and_who_it_is(assistant: Assistant, question: str, said: str) -> None:
    """The reply was a plain no, or what IOM does for the body that was named."""
    answer = assistant.ask(question)
    assert (answer.status, answer.trace.route) == ("grounded", "role")
    assert answer.text.startswith("The text does not say that.")
    assert said in answer.text


@pytest.mark.parametrize(
    ("question", "route"),
    [("UNHCR leads the response for refugees, right?", "role"), ("why is IOM the lead for camps?", "fact")],
)
def test_what_is_right_is_not_put_right(assistant: Assistant, question: str, route: str) -> None:
    answer = assistant.ask(question)
    assert answer.trace.route == route
    assert "does not say that" not in answer.text


def test_another_body_without_a_lead_named_is_not_in_the_document(assistant: Assistant) -> None:
    answer = assistant.ask("UNICEF leads the protection cluster globally, the paper says so doesn't it?")
    assert (answer.status, answer.trace.route) == ("not_in_document", "role")


@pytest.mark.parametrize(
    "question",
    [
        "OK who leads the shelter cluster?",
        "Does the MCOF say IOM leads the shelter cluster?",
        "Who leads the CCCM cluster under the IASC?",
        "Does IOM co-lead the shelter cluster with IFRC?",
        "Which of IOM and UNHCR leads the shelter cluster?",
    ],
)
def test_a_word_in_capitals_is_not_denied_a_lead(assistant: Assistant, question: str) -> None:
    assert "does not say that" not in assistant.ask(question).text


def test_a_question_in_capitals_keeps_its_places(assistant: Assistant) -> None:
    assert assistant.ask("DOES IOM LEAD THE SHELTER CLUSTER IN MALI?").text.startswith("The text does not say that.")


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("in natural disasters?", "grounded"),
        ("during conflicts?", "not_in_document"),
        ("and in conflicts?", "not_in_document"),
    ],
)
def test_another_scenario_is_asked_of_the_same_lead(assistant: Assistant, message: str, status: str) -> None:
    answer = assistant.ask(message, [Turn("user", "Who leads the CCCM cluster?")])
    assert (answer.status, answer.trace.route) == (status, "role")


def test_leads_of_two_clusters_are_told_in_one_scenario(assistant: Assistant) -> None:
    answer = assistant.ask("In a flood, who leads for shelter and who for camps?")
    assert {"Sector 2", "¶13"} <= {c.ref for c in answer.citations}
