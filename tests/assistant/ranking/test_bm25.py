"""BM25 against numbers worked out by hand, and what must hold for any collection."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ranking.bm25 import Bm25Index

TERMS = st.sampled_from(["flood", "camp", "border", "water", "visa"])
DOCUMENTS = st.lists(st.lists(TERMS, max_size=6), max_size=8)


def test_scores_worked_out_by_hand() -> None:
    """Three documents of 2, 2 and 4 terms; mean length 8/3; k1 = 1.2, b = 0.75.

    ``flood`` is in two of three: idf = ln(1 + 1.5/2.5) = ln 1.6 = 0.470004.
    ``camp`` is in one: idf = ln(1 + 2.5/1.5) = ln 8/3 = 0.980829.
    Length norms: 2 terms 1.2 * (0.25 + 0.75 * 2 / (8/3)) = 0.975; 4 terms 1.2 * (0.25 + 0.75 * 1.5) = 1.65.
    Document 0 (flood camp): (0.470004 + 0.980829) * 2.2 / (1 + 0.975) = 1.616119.
    Document 2 (flood flood ...): 0.470004 * 2 * 2.2 / (2 + 1.65) = 0.566580.
    """
    index = Bm25Index([["flood", "camp"], ["border", "water"], ["flood", "flood", "water", "visa"]], 1.2, 0.75)
    assert index.scores(["flood", "camp", "unheard-of"]) == pytest.approx([1.616119, 0.0, 0.566580], abs=1e-5)


def test_an_unknown_term_weighs_most_and_reaches_nothing() -> None:
    index = Bm25Index([["flood"], ["flood", "camp"]], 1.2, 0.75)
    assert index.idf("visa") == index.unseen_idf == pytest.approx(math.log(1 + 2.5 / 0.5))
    assert index.idf("visa") > index.idf("camp") > index.idf("flood")
    assert index.reachable(["visa"]) == 0
    assert list(index.holders("camp")) == [1]
    assert list(index.holders("visa")) == []
    assert "camp" in index
    assert "visa" not in index


@pytest.mark.parametrize("documents", [[], [[]], [[], []]], ids=["none", "one empty", "two empty"])
def test_empty_documents_score_nothing(documents: list[list[str]]) -> None:
    index = Bm25Index(documents, 1.2, 0.75)
    assert index.scores(["flood"]).tolist() == [0.0] * len(documents)


@given(documents=DOCUMENTS, query=st.lists(TERMS, max_size=5))
def test_scores_stay_below_what_can_be_reached(documents: list[list[str]], query: list[str]) -> None:
    index = Bm25Index(documents, 1.2, 0.75)
    scores = index.scores(query)
    assert (scores >= 0).all()
    assert (scores <= index.reachable(query) + 1e-5).all()
    assert np.array_equal(scores, index.scores([*query, *query])), "a repeated word counts once"
    assert [s > 0 for s in scores] == [bool(set(query) & set(d)) for d in documents]
