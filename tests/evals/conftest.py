"""Shared pieces of the evaluation's tests."""

from __future__ import annotations

import pytest

from assistant.settings import Settings
from tests.evals.fakes import real_settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings with the real index, built once and kept for the next run."""
    return real_settings()
