"""Shared pieces of the evaluation's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.settings import Settings
from corpus.load import Corpus, load_corpus
from tests.evals.fakes import real_settings


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return load_corpus()


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings with the real index, built once and kept for the next run."""
    return real_settings()
