"""The gate on the real assistant: green as committed, red for each planted regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assistant.answer import Answer, Turn
from assistant.settings import Settings
from evals import cells, gate, planted
from evals.checks import Measured, Reference, check, check_cells, check_numbers, check_quotes, check_refusals
from evals.dataset import Item, load_dataset
from evals.runner import run
from evals.suite import Keeping
from evals.systems import AssistantSystem

if TYPE_CHECKING:
    from assistant.assistant import Assistant

pytestmark = pytest.mark.model

#: Enough items of each sort for a planted regression to show, few enough to be quick.
KINDS = {"matrix_cell": 6, "matrix_not_stated": 4, "fact": 6, "near_miss": 14, "off_topic": 8}


@pytest.fixture(scope="module")
def assistant(settings: Settings) -> Assistant:
    from assistant.assistant import Assistant

    built = Assistant.build(settings)
    built.warm()
    return built


def opened(assistant: Assistant) -> object:
    """What a second assistant over the same index is built with."""
    return lambda: (assistant.index_id, assistant.retriever)


@pytest.fixture(scope="module")
def some() -> list[Item]:
    dev = [i for i in load_dataset() if i.split == "dev"]
    return [i for kind, n in KINDS.items() for i in [i for i in dev if i.kind == kind][:n]]


@pytest.fixture(scope="module")
def answered(assistant: Assistant, some: list[Item]) -> tuple[Measured, tuple[Answer, ...]]:
    """The healthy assistant's result on these items, and its answers."""
    keeping = Keeping(assistant)
    records = tuple(run(AssistantSystem(keeping, assistant.corpus), some, assistant.corpus))
    return Measured(records, {}), tuple(keeping.answers)


@pytest.fixture(scope="module")
def before(answered: tuple[Measured, tuple[Answer, ...]]) -> Reference:
    return {str(row["id"]): row for row in gate.reference_lines(answered[0])}


def measured(assistant: object, corpus: object, items: Sequence[Item]) -> Measured:
    return Measured(tuple(run(AssistantSystem(assistant, corpus), items, corpus)), {})  # type: ignore[arg-type]


def test_the_assistant_is_as_good_as_committed(assistant: Assistant) -> None:
    """The gate itself. What it says names the items; ``mcof eval gate`` says the same without the tests."""
    now = gate.measure_gate(assistant, load_dataset(labels=assistant.corpus.by_ref))
    assert check(now, gate.read_reference(), gate.read_thresholds()) == []


def test_planted_a_wrong_cell(assistant: Assistant) -> None:
    """Somebody mistypes a level in evidence.csv: the independent reading of the text still knows it."""
    from assistant.assistant import Assistant

    rows = assistant.corpus.evidence
    target = next(
        e for e in rows if (e.crisis, e.phase, e.sector_no, e.level) == ("sudden_onset", "during", 15, "critical")
    )
    bad = replace(assistant.corpus, evidence=tuple(replace(e, level="important") if e is target else e for e in rows))
    wrong = Assistant(bad, assistant.settings, opened(assistant))  # type: ignore[arg-type]
    around = {k: v for k, v in cells.read_cells().items() if k[:2] == ("sudden_onset", "during")}
    found = check_cells(Measured((), {}, tuple(cells.cell_faults(wrong, bad, around)), len(around)))
    assert len(found) == 1
    assert "sudden_onset/during/15 (stated critical expected, " in found[0]


def test_planted_a_misattributed_quote(assistant: Assistant, some: list[Item]) -> None:
    """A reply keeps its quote and names another paragraph."""

    class Misattributing:
        def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
            answer = assistant.ask(question, history)
            changed = planted.misattributed(answer, assistant.corpus) if question == victim.question else None
            return changed[0] if changed else answer

    ratings = [i for i in some if i.kind == "matrix_cell"]
    victim = next(i for i in ratings if assistant.ask(i.question).citations)
    found = check_quotes(measured(Misattributing(), assistant.corpus, ratings))
    assert len(found) == 1
    assert found[0].startswith("1 reply cites words that do not stand at the place named: " + victim.id)


def test_planted_a_dropped_refusal(assistant: Assistant, some: list[Item], before: Reference) -> None:
    """The part that refuses is switched off: what was refused rightly is answered, and each item is named."""
    from assistant.assistant import Assistant
    from assistant.features import Features

    eager = Assistant(
        assistant.corpus,
        assistant.settings,
        opened(assistant),
        features=Features(abstention=False),  # type: ignore[arg-type]
    )
    items = [i for i in some if not i.answerable]
    now = measured(eager, assistant.corpus, items)
    found = check_refusals(now, before)
    assert len(found) == 1
    first = next(r for r in now.records if not r.verdict.passed and before[r.item.id]["passed"] == 1)
    assert first.item.id in found[0]


def test_planted_a_worse_tokeniser(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw white-space tokens without stemming, a common default, cost the search by words alone a good deal."""
    from assistant import retrieval, text

    items = [i for i in load_dataset() if i.split == "dev" and i.answerable and i.gold_refs]
    healthy = gate.words_mrr(assistant, items)
    reference = {i: {"words_mrr": value} for i, value in healthy.items()}
    monkeypatch.setattr(text, "stem", lambda word, lang="en": word)
    good = assistant.retriever
    worse = retrieval.LexicalIndex([text.index_tokens(r.text.split(), r.lang) for r in good.records])  # type: ignore[arg-type]
    monkeypatch.setattr(good, "lexical", worse)
    found = check_numbers(Measured((), gate.words_mrr(assistant, items)), reference)
    assert len(found) == 1
    assert found[0].startswith("MRR@10 of the search by words alone (tokeniser, stemmer, BM25) fell from")


def test_planted_errors_do_not_get_through_verification(
    assistant: Assistant, answered: tuple[Measured, tuple[Answer, ...]]
) -> None:
    results = planted.plant_all(answered[1], assistant.corpus)
    assert [p.error for p in results if p.through_on] == []
    assert {p.error for p in results} >= {"a citation that does not exist", "a quote given to another paragraph"}
