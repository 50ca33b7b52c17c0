"""Shared pieces of the assistant's tests."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from corpus.load import Corpus
from tests.fakes import assistant_in_memory


@pytest.fixture(scope="session")
def assistant(corpus: Corpus) -> Assistant:
    """An assistant over the framework, without a model or an index on disk. Nothing in it changes between questions."""
    return assistant_in_memory(corpus)
