"""The bots' own sentences: the same keys and placeholders in every language."""

from __future__ import annotations

from string import Formatter

from ui.bots.texts import LANGUAGES, texts


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_says_everything() -> None:
    english = texts("en")
    for language in LANGUAGES:
        assert {k: placeholders(v) for k, v in texts(language).items()} == {
            k: placeholders(v) for k, v in english.items()
        }


def test_labels_fit_slack() -> None:
    """A button and its accessible label hold 75 characters, a dialog's title 24."""
    for language in LANGUAGES:
        words = texts(language)
        for key in ("useful_label", "not_useful_label", "share_label", "share", "useful", "not_useful"):
            assert len(words[key]) <= 75
        for key in ("comment_title", "comment_send", "comment_skip"):
            assert len(words[key]) <= 24
