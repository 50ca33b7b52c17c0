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
