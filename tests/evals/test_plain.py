"""Every fact asked about in its own words, by writers who saw nothing but the facts: what is there is not refused."""

from __future__ import annotations

import csv

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings
from evals.dataset import DEFAULT_DATASET

pytestmark = pytest.mark.model

#: On 27 November 2026 0.6% of 653 were refused, and 96.6% cited the fact's own passage.
MOST_REFUSED, LEAST_CITED = 0.02, 0.94


def test_plain_questions_are_answered_from_the_passage_of_their_fact(settings: Settings) -> None:
    """Plain wording once looked suspicious: hard questions alone had been learned from."""
    assistant = Assistant.build(settings)
    with (DEFAULT_DATASET.parent / "scpf-92-plain.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    refused, cited = [], 0
    for row in rows:
        fact = assistant.corpus.fact_by_id[row["fact"]]
        answer = assistant.ask(row["question"])
        if answer.status not in ("grounded", "partial"):
            refused.append(row["question"])
        cited += fact.ref in {c.ref for c in answer.citations}
    assert len(rows) > 600
    assert len(refused) <= MOST_REFUSED * len(rows), refused
    assert cited >= LEAST_CITED * len(rows)
