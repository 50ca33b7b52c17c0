"""Words with their places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ranking.tokens import bigrams, char_grams, content_stems, tokenize


@pytest.mark.parametrize(
    ("text", "norms"),
    [
        ("Haiti's camps, in 2010!", ["haiti", "camps", "in", "2010"]),
        ("1,500 or 3.5 km", ["1500", "or", "3.5", "km"]),
        ("cross-border Côte d’Ivoire", ["cross", "border", "cote", "divoire"]),
        ("the States' duty", ["the", "states", "duty"]),
        ("'s", ["s"]),
        ("", []),
    ],
    ids=["possessive", "numbers", "hyphen, accent, apostrophe", "plural possessive", "nothing but an s", "empty"],
)
def test_words(text: str, norms: list[str]) -> None:
    assert [t.norm for t in tokenize(text)] == norms


def test_a_name_is_capitalised_inside_the_sentence() -> None:
    """The first word is always capitalised, a function word never a name, a number is a number."""
    tokens = tokenize("Where did The IOM act in 2010?")
    assert [t.surface for t in tokens if t.is_name] == ["IOM"]
    assert [t.surface for t in tokens if t.is_number] == ["2010"]


def test_neighbours_step_over_function_words() -> None:
    tokens = tokenize("freedom of movement across borders")
    assert content_stems(tokens) == ("freedom", "movement", "across", "border")
    assert bigrams(tokens) == ("freedom movement", "movement across", "across border")


def test_grams_mark_both_ends_of_a_word() -> None:
    assert char_grams(tokenize("a visa")) == ("_vis", "visa", "isa_")
    assert char_grams(tokenize("x9")) == ("_x9_",)


@given(st.text())
def test_every_word_stands_where_it_says(text: str) -> None:
    for position, token in enumerate(tokenize(text)):
        assert text[token.start : token.start + len(token.surface)] == token.surface
        assert token.position == position
        assert token.norm
        assert token.stem
