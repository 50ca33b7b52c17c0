"""Learning leaves a core to the process that writes the store, once its greatest step is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from assistant.assistant import Assistant
from assistant.settings import Settings
from corpus.load import Corpus
from ingest import learn
from tests.fakes import assistant_in_memory


def cores() -> int:
    """Threads of the linear algebra, at most."""
    return max(int(p["num_threads"]) for p in threadpool_info() if p["user_api"] == "blas")


def test_what_is_learned_beside_the_store_keeps_to_one_core(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    before, seen = cores(), []

    def nothing(assistant: Assistant) -> None:
        seen.append(cores())

    monkeypatch.setattr(learn, "LEARNED", dict.fromkeys(learn.LEARNED, nothing))
    small = replace(corpus, entry_points=corpus.entry_points[:50], not_covered=corpus.not_covered[:50])
    retriever = assistant_in_memory(small).retriever
    begun: list[int] = []
    learn.learn(
        small,
        Settings(data_dir=tmp_path),
        "in-memory",
        lambda: retriever,
        lambda stage, done, total: None,
        halfway=lambda: begun.append(len(seen)),
    )
    assert begun == [1]
    assert seen == [before, *[1] * (len(learn.LEARNED) - 1)]
    assert cores() == before
