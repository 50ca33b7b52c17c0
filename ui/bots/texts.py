"""What the bots say of their own, in English, French and Spanish: ``i18n/*.toml``, read when first needed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import get_args

from corpus.types import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)


@lru_cache(maxsize=3)
def texts(language: Language) -> Mapping[str, str]:
    """Every sentence in ``language``, by key."""
    path = Path(__file__).parent / "i18n" / f"{language}.toml"
    return {key: str(value) for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def say(language: Language, key: str, **values: object) -> str:
    """The sentence ``key`` in ``language``, with its words in braces filled in."""
    return texts(language)[key].format(**values)
