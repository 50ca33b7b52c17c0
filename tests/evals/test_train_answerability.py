"""The two gates and the held-out models: what is refused, and what is not measured on itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InputError, ModelError
from evals.documents import Article, held_out_model
from evals.train_answerability import ALL_REFUSALS, OFF_TOPIC_REFUSALS, gates


def test_both_gates_together_keep_the_budget() -> None:
    """100 answerable questions, logits 0 to 99; those of on-topic logit 0 and 1 are the surest answers.

    The first gate may refuse 2: its threshold is the 2% quantile, 1.98, which refuses the logits 99 and 98. The second
    has 5 of the 7 left: the questions 0 to 4.
    """
    logits = np.arange(100.0)
    on_topic = np.arange(100.0)[::-1].copy()
    first, second = gates(logits, on_topic, np.ones(100, dtype=bool))
    assert first == pytest.approx(1.98)
    assert second == 5.0
    assert int(((on_topic < first) | (logits < second)).sum()) == 7


@given(st.integers(0, 10_000), st.integers(60, 300))
def test_no_split_refuses_more_than_allowed(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    answered = random.random(size) < 0.6
    answered[:50] = True
    logits, on_topic = random.normal(size=size), random.normal(size=size)
    first, second = gates(logits, on_topic, answered)
    off = on_topic[answered] < first
    refused = off | (logits[answered] < second)
    assert off.mean() <= OFF_TOPIC_REFUSALS + 1 / answered.sum()
    assert refused.mean() <= ALL_REFUSALS


def test_an_article_without_networks_of_its_own_is_not_measured(tmp_path: Path) -> None:
    """The shipped networks must not slip in where those that never saw the article are missing."""
    article = Article("force", tmp_path, ())
    with pytest.raises(InputError, match="train with --held-out first"):
        held_out_model(tmp_path, article)
    (tmp_path / "force.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="schema None"):
        held_out_model(tmp_path, article)
