"""Interface texts: the same keys and placeholders in every language, and the best language for a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.i18n import LANGUAGES, known_language, pick_language, texts
from ui.web.shell import FAMILIES

UI = Path(__file__).parents[2] / "ui"


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_and_placeholders_are_the_same(language: str) -> None:
    english, other = texts("en").table, texts(known_language(language) or "en").table
    assert set(other) == set(english)
    for key, text in other.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english[key])), key
        assert text.strip(), key


def test_every_key_is_used_and_every_used_key_exists() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (*UI.rglob("*.py"), *UI.rglob("*.js"), *UI.rglob("*.html")))
    families = {f"{kind}_{f}" for kind in ("family", "example") for f in FAMILIES}
    stems = ("level_", "basis_", "status_", "theme_", "rate_", "shared_", "export_")
    for key in texts("en").table:
        assert key in families or key.startswith(stems) or re.search(rf"[\"']{key}[\"']", source), (
            f"{key} is used nowhere"
        )
    for key in re.findall(r'\bT\("(\w+)"[,)]', source):
        assert key in texts("en").table, key


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("de", "en"), ("fr-CH, de;q=0.9", "fr"), ("de, es;q=0.2, fr;q=0.3", "fr"), ("fr;q=0, es;q=0.1", "es"),
     ("*", "en"), ("fr;q=x,es", "es"), ("x" * 5000, "en")],
)  # fmt: skip
def test_the_best_language_for_a_browser(header: str, language: str) -> None:
    assert pick_language(header) == language
