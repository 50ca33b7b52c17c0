"""Interface texts in English, French and Spanish, IOM's official languages.

One flat TOML table for each language beside this file; a test keeps their keys
and placeholders equal.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import get_args

from corpus.types import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "en"
LANGUAGE_NAMES: Mapping[Language, str] = {"en": "English", "fr": "Français", "es": "Español"}


class Texts:
    """The interface texts of one language; ``texts("key", name=value)`` fills placeholders."""

    def __init__(self, language: Language, table: Mapping[str, str]) -> None:
        self.language = language
        self.table = table

    def __call__(self, key: str, /, **values: object) -> str:
        text = self.table[key]
        return text.format(**values) if values else text

    def get(self, key: str, default: str = "") -> str:
        return self.table.get(key, default)


@cache
def texts(language: Language) -> Texts:
    """The texts of ``language``, read once."""
    path = Path(__file__).parent / f"{language}.toml"
    return Texts(language, tomllib.loads(path.read_text(encoding="utf-8")))


def known_language(value: object) -> Language | None:
    """``value`` as one of the languages, or None: for what arrives from outside."""
    return next((lang for lang in LANGUAGES if lang == value), None)


def pick_language(accept_language: str, default: Language = DEFAULT_LANGUAGE) -> Language:
    """The best language for an Accept-Language header (RFC 9110, 12.5.4).

    Highest quality first, ties in the header's order; a quality of 0 excludes.
    """
    wishes: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        language = known_language(tag.lower().split("-")[0])
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if language is not None and quality > 0:
            wishes.append((-quality, place, language))
    return min(wishes)[2] if wishes else default
