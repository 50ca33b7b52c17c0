"""The composer beside the composer with a model: the same items, the same rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answer import Paragraph
from corpus.load import Corpus
from evals.chat import account, invented_levels, side_by_side, table
from evals.dataset import DEFAULT_DATASET, Item, load_dataset
from tests.fakes import FakeChat, assistant_in_memory, assistant_with, written

QUESTION = "Is humanitarian border management important during a health crisis?"
TRUE = "If international migrants are caught in the crisis, coordination with consular services will be necessary."


@pytest.fixture
def items(corpus: Corpus) -> list[Item]:
    found = [i for i in load_dataset(DEFAULT_DATASET, labels=corpus.by_ref) if i.split == "dev"]
    return [next(i for i in found if i.kind == kind) for kind in dict.fromkeys(i.kind for i in found)]


def test_both_sides_are_asked_the_same_and_the_table_shows_them(corpus: Corpus, items: list[Item]) -> None:
    chat = FakeChat().enqueue(written(("Everything is critical, always.", [1], [])))
    found = side_by_side(assistant_in_memory(corpus), assistant_with(chat, corpus), items, corpus, prices=(1.0, 10.0))
    assert found["composer"]["totals"] == found["model"]["totals"], "every falsehood was left out"
    assert (found["lost"], found["gained"]) == ([], [])
    assert (found["composer"]["invented_levels"], found["model"]["invented_levels"]) == (0, 0)
    did = found["model"]["model"]
    calls = len(chat.history)
    assert did["asked"] * 2 + did["helped"] == calls, "a repair round each"
    assert did["tokens"] == [100 * calls, 10 * calls]
    assert found["cost"] == round(calls * (100 * 1.0 + 10 * 10.0) / 1_000_000, 4)
    shown = table(found, "fake")
    for word in ("right: matrix_cell", "invented levels", "milliseconds a reply, p95", "level_not_in_matrix", "cost"):
        assert word in shown


def test_an_invented_level_would_be_seen(corpus: Corpus) -> None:
    """The count is made from the answer alone, so that a hole in the checks could not hide it."""
    answer = assistant_in_memory(corpus).ask(QUESTION)
    assert invented_levels([answer], corpus) == 0
    planted = Paragraph("Humanitarian border management is critical during a health crisis.", (1,))
    assert invented_levels([replace(answer, blocks=(*answer.blocks, planted))], corpus) > 0


def test_what_the_model_did_is_added_up() -> None:
    traces = [
        {"tokens": (10, 1), "kept": 2, "findings": {"markup": 1}, "outcome": "written"},
        {"tokens": (5, 0), "kept": 0, "findings": {"markup": 2}, "outcome": "composer", "failure": "silent"},
        {"outcome": "composer", "why": "language", "understanding": {"tokens": (3, 2)}},
        {},
    ]
    assert account(traces) == {
        "asked": 2, "helped": 1, "kept": 2, "outcomes": {"written": 1, "composer": 1}, "findings": {"markup": 3},
        "failures": {"silent": 1}, "tokens": [18, 3],
    }  # fmt: skip
