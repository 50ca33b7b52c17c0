"""What is done in a sector, and in which scenario; and what is rated before or after a crisis of no kind."""

from __future__ import annotations

import pytest

from assistant.answer import Turn
from assistant.assistant import Assistant
from corpus.load import Corpus


@pytest.mark.parametrize(
    ("turns", "question", "route"),
    [
        ((), "preparedness activities for DRR", "work"),
        ((), "what activities are done in health support after a crisis", "work"),
        ((), "give me some examples of DRR activities", "work"),
        (("community stabilization",), "some activities", "work"),
        ((), "which DRR activities are critical before a crisis?", "reverse"),
        ((), "what years does the Hyogo Framework for Action run?", "fact"),
        (("refugees are crossing the border",), "so what do we do for them", "topic"),
        ((), "how important are health activities during an epidemic?", "cell"),
    ],
)  # fmt: skip
def test_activities_are_listed_where_they_are_asked_for(
    assistant: Assistant, turns: tuple[str, ...], question: str, route: str
) -> None:
    """A sector and a phase were taken for a question on ratings, whatever was asked of them."""
    assert assistant.ask(question, [Turn("user", t) for t in turns]).trace.route == route


def test_activities_of_a_phase_are_of_its_paragraphs_and_of_the_sector(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("what activities are done in health support after a crisis")
    cells = corpus.matrix.select(phases=["after"], sectors=[4])
    assert {c.ref for c in answer.citations} <= {e.ref for cell in cells for e in cell.evidence}


def test_a_phase_of_any_crisis_has_all_that_has_weight_there(assistant: Assistant, corpus: Corpus) -> None:
    """What the text focuses on without a level, conditions and interpretations were left out."""
    answer = assistant.ask("what should we do before a crisis hits?")
    assert answer.trace.route == "across"
    health = next(line for line in answer.text.splitlines() if line.startswith("- Health crisis"))
    assert "emphasised: health (4), disaster risk reduction (8)" in health
    man_made = next(line for line in answer.text.splitlines() if line.startswith("- Man-made"))
    assert "(10, critical by interpretation)" in man_made
    assert "(11, important, on a condition)" in man_made
    shown = {(c.crisis, c.sector_no) for c in answer.cells} if answer.cells else set()
    known = {(c.crisis, c.sector_no) for c in corpus.matrix.select(phases=["before"]) if c.basis != "not_stated"}
    assert shown == known


def test_a_level_in_a_phase_is_asked_for_not_defined(assistant: Assistant) -> None:
    answer = assistant.ask("what is critical after a crisis?")
    assert answer.trace.route == "across"
    assert "emphasised" not in answer.text
    assert "important" not in answer.text
    assert assistant.ask("what does critical mean in the before phase?").trace.route == "definition"


@pytest.mark.parametrize(
    "question",
    ["what's the difference between a rapid onset and slow onset disaster", "compare drought and earthquake"],
)
def test_kinds_of_crisis_are_told_apart_by_what_they_are_and_what_counts(assistant: Assistant, question: str) -> None:
    """Two examples were given, one of each."""
    answer = assistant.ask(question)
    assert answer.trace.route == "definition"
    assert "flood, tsunami or earthquake" in answer.text
    assert "drought, rising sea levels or coastal erosion" in answer.text
    assert {c.crisis for c in answer.cells} == {"sudden_onset", "slow_onset"}


def test_of_kinds_of_crisis_that_are_compared_more_may_be_asked(assistant: Assistant) -> None:
    assert assistant.ask("do people move differently in a drought and in an earthquake?").trace.route != "definition"


def test_a_message_that_only_tells_of_a_crisis_is_not_told_that_a_sector_is_not_rated(assistant: Assistant) -> None:
    """The place was taken for the sector asked about; what counts in the crisis was left out."""
    told = assistant.ask("epidemic broke out in the evacuation centre, cholera")
    assert "Health Support (Sector 4): critical" in told.text
    assert assistant.ask("is Sector 7 critical in a health crisis").status == "not_rated"


@pytest.mark.parametrize(
    ("turns", "question", "phases"),
    [
        (("Tell me about humanitarian border management",), "is it needed before a crisis too?", {"before"}),
        (("what is land and property support?",), "and after?", {"after"}),
        (("what is land and property support?",), "when exactly?", {"before", "during", "after"}),
    ],
)
def test_when_a_sector_is_there_is_told_by_the_scenarios(
    assistant: Assistant, corpus: Corpus, turns: tuple[str, ...], question: str, phases: set[str]
) -> None:
    """The reply before came again, whatever phase was asked for."""
    answer = assistant.ask(question, [Turn("user", t) for t in turns])
    assert answer.trace.route == "work"
    places = {
        p
        for p in ("before", "during", "after")
        for line in answer.text.splitlines()
        if line.startswith(f"- {p.capitalize()} a ")
    }
    assert places == phases


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("when did IOM evacuate people from Lebanon?", "when exactly?"),
        ("tell me about transport assistance in Libya", "when?"),
        ("who leads shelter?", "and during a crisis?"),
        ("how many staff work on counter-trafficking?", "and during a crisis?"),
    ],
)
def test_the_same_of_something_else_is_not_asked_of_the_scenarios(
    assistant: Assistant, before: str, question: str
) -> None:
    assert assistant.ask(question, [Turn("user", before)]).trace.route != "work"


@pytest.mark.parametrize(
    ("question", "sector"),
    [
        ("list what iom can do for border management before during and after", 11),
        ("what do we do for people with mental health problems after a crisis", 5),
        ("what can be done about lost passports during a crisis", 12),
    ],
)
def test_what_is_done_in_a_phase_is_what_the_scenarios_say_of_it(
    assistant: Assistant, corpus: Corpus, question: str, sector: int
) -> None:
    """The general aim of the sector came, whatever the phase."""
    answer = assistant.ask(question)
    assert answer.trace.route == "work"
    evidence = {e.ref for c in corpus.matrix.select(sectors=[sector]) for e in c.evidence}
    assert {c.ref for c in answer.citations} <= evidence


def test_a_phase_without_a_word_on_the_sector_is_told(assistant: Assistant) -> None:
    """“After?” was answered with what the sector does before and during."""
    answer = assistant.ask("after?", [Turn("user", "counter-trafficking"), Turn("user", "during")])
    assert (answer.status, answer.trace.route) == ("not_rated", "reverse")


def test_a_greeting_is_nothing_to_lean_on(assistant: Assistant) -> None:
    assert assistant.ask("what can you help me with", [Turn("user", "hello")]).trace.route == "help"
