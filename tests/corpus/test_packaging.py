"""What the corpus is made of comes with an installed package too."""

from __future__ import annotations

import tomllib
from pathlib import Path

from corpus.load import DEFAULT_CORPUS

ROOT = Path(__file__).parents[2]


def test_every_file_of_the_corpus_is_packaged() -> None:
    """The adapter was once left out: an installed assistant would have searched with the model as published."""
    with (ROOT / "pyproject.toml").open("rb") as handle:
        patterns = tomllib.load(handle)["tool"]["setuptools"]["package-data"]["corpus"]
    folder = DEFAULT_CORPUS.parent
    packaged = {path for pattern in patterns for path in folder.glob(pattern)}
    files = {p for p in DEFAULT_CORPUS.rglob("*") if p.is_file() and not p.name.startswith(".")}
    assert sorted(p.name for p in files - packaged) == []
