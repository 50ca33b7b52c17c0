"""What is done: told from what only is, and answered from what the text says is done."""

from __future__ import annotations

import pytest

from assistant.compose.draft import Draft
from assistant.compose.tables import WORK, sector_work
from assistant.guards import situation
from assistant.manner import asks_deeds
from assistant.understanding import Understanding
from corpus.load import Corpus
from tests.fakes import assistant_in_memory


@pytest.mark.parametrize(
    "question",
    [
        "people lost their passports in the flood, what can we do?", "how does IOM help trafficked persons?", "what now?",
        "what do we offer people who cannot go back?", "is that something we do?", "what help is there for returnees?",
        "who takes care of unaccompanied children?", "can IOM help with land titles?", "options?",
    ],
)  # fmt: skip
def test_what_is_done_is_asked_for(question: str) -> None:
    assert asks_deeds(question)


@pytest.mark.parametrize(
    "question",
    ["what is a migration crisis?", "how many sectors are there?", "who leads the cluster?", "when was it issued?", ""],
)
def test_what_something_is_is_not(question: str) -> None:
    assert not asks_deeds(question)


@pytest.mark.parametrize(
    ("message", "only_told"),
    [
        ("third country nationals fleeing the fighting have no papers", True), ("border guards are turning people back", True),
        ("what happens when border guards turn people back", False), ("tell me about border guards and people", False),
        ("are border guards turning people back", False), ("people fled", False), ("people have no papers here, ok?", False), ("", False),
    ],
)  # fmt: skip
def test_a_situation_is_a_message_that_asks_nothing(message: str, only_told: bool) -> None:
    assert situation(message) is only_told


def test_every_activity_can_be_shown_as_it_stands(corpus: Corpus) -> None:
    """Three of them said Syria or Libya where their quotes say Syrian and Libyan: verification removed the whole list."""
    assistant = assistant_in_memory(corpus)
    for sector in corpus.sectors:
        draft = Draft(corpus, "en")
        sector_work(draft, sector.no)
        answer = assistant._finisher.finish("x", draft, [Understanding("x", "x", "en", ())])
        assert not answer.trace.removed, sector.no


def test_what_a_sector_covers_is_its_aim_and_its_work(corpus: Corpus) -> None:
    answer = assistant_in_memory(corpus).ask("what does sector 11 cover?")
    assert answer.trace.route == "definition"
    assert "To support States in building robust immigration" in answer.text
    assert "Train immigration and border officials" in answer.text
    assert answer.text.count("\n- ") <= WORK


def test_what_a_sector_is_called_is_its_name(corpus: Corpus) -> None:
    answer = assistant_in_memory(corpus).ask("What is sector 12 called?")
    assert "Emergency Consular Assistance" in answer.text
    assert "Its work" not in answer.text


def test_the_deeds_are_facts_of_the_tables(corpus: Corpus) -> None:
    known = assistant_in_memory(corpus)._router.known
    refs = {corpus.fact_by_id[f].ref for f in known.deeds}
    assert {f"Sector {n}" for n in range(1, 16)} <= refs
    assert "Annex I ¶22" in refs
    assert "Cover" not in refs
    assert known.phases["Annex I ¶22"] == {"after"}
    assert {known.scenario(c.ref) for c in corpus.crises} == {c.key for c in corpus.crises}
    assert known.scenario("¶14") == ""


@pytest.mark.parametrize("message", ["thank you so much everyone", "hello to all of you"])
def test_small_talk_is_no_situation_to_be_answered(corpus: Corpus, message: str) -> None:
    """“Thank you so much everyone” was asked again with “what can we do?” and answered with a fact."""
    assert assistant_in_memory(corpus).ask(message).status == "out_of_scope"
