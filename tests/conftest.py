"""What all tests share: the corpus, a small second corpus, the real model export, and a clean environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from assistant.settings import Settings
from corpus.load import Corpus, load_corpus

# no clock and no chance: the same run everywhere
hypothesis_settings.register_profile("mcof", deadline=None, derandomize=True, database=None, max_examples=60)
hypothesis_settings.load_profile("mcof")

DATA = Path(__file__).parent / "data"
#: Kept between runs: the model export takes some seconds, and does not change.
KEPT = Path(os.environ.get("MCOF_TEST_DATA") or Path(__file__).parents[1] / ".mcof" / "test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: the browser's driver keeps an event loop running, beside which no test can start its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("MCOF_") and not n.startswith("MCOF_TEST_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The framework itself."""
    return load_corpus()


@pytest.fixture(scope="session")
def plain_corpus() -> Corpus:
    """A document of five paragraphs without a matrix or any table."""
    return load_corpus(DATA / "plain")


@pytest.fixture(scope="session")
def exported() -> Path:
    """The folder ``models`` with the exported packaged model."""
    from assistant.encoder import PACKAGED_MODEL
    from ingest.export import ensure_export

    ensure_export(KEPT, PACKAGED_MODEL)
    return KEPT / "models"


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    """Settings of the small corpus, with an empty data folder of its own."""
    return Settings(corpus=DATA / "plain", data_dir=tmp_path / "data")
