"""Words of a question and the keys they lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.lexicon import Lexicon, _cuts, folded_words, nearest
from assistant.text import words
from corpus.types import LexiconTerm

LEXICON = Lexicon(
    (
        LexiconTerm("level", "critical", "en", "critical", ""),
        LexiconTerm("level", "important", "en", "important", ""),
        LexiconTerm("level", "critical", "en", "critically important", ""),
        LexiconTerm("crisis", "health", "en", "health crisis", ""),
        LexiconTerm("crisis", "health", "en", "bird flu", ""),
        LexiconTerm("crisis", "sudden_onset", "en", "earthquake", ""),
        LexiconTerm("crisis", "sudden_onset", "fr", "tremblement de terre", ""),
        LexiconTerm("sector", "4", "en", "health", ""),
        LexiconTerm("sector", "2", "en", "tents", ""),
        LexiconTerm("phase", "after", "en", "aftermath", "weak"),
        LexiconTerm("phase", "after", "en", "after", ""),
        LexiconTerm("crisis", "protracted", "en", "year after year", ""),
    ),
    known_words={"plants", "healthy"},
)

Found = list[tuple[str, str, str]]


def found(text: str, lang: str = "en") -> Found:
    return [(m.kind, m.key, m.term) for m in LEXICON.match(text, lang)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("critically important", [("level", "critical", "critically important")]),
        ("critical, important", [("level", "critical", "critical"), ("level", "important", "important")]),
        ("critical; important?", [("level", "critical", "critical"), ("level", "important", "important")]),
        ("health crisis", [("crisis", "health", "health crisis"), ("sector", "4", "health")]),
        ("health, crisis", [("sector", "4", "health")]),
        ("bird-flu", [("crisis", "health", "bird flu")]),
        ("earthquakes", [("crisis", "sudden_onset", "earthquake")]),
        ("erthquake", [("crisis", "sudden_onset", "earthquake")]),
        ("year after year", [("crisis", "protracted", "year after year")]),
        ("healthy", []),
        ("", []),
    ],
    ids=[
        "the longest of one kind", "not across a comma", "nor a semicolon", "two kinds", "two kinds, a comma",
        "across a hyphen", "inflected", "misspelled", "a phase inside a crisis", "a known word", "nothing",
    ],
)  # fmt: skip
def test_terms_in_a_text(text: str, expected: Found) -> None:
    """“Is it critical, important or neither?” was read as “critically important”."""
    assert found(text) == expected


def test_english_terms_count_in_other_languages() -> None:
    assert found("tremblement de terre, tents", "fr") == [
        ("crisis", "sudden_onset", "tremblement de terre"),
        ("sector", "2", "tents"),
    ]
    assert found("tremblement de terre", "en") == []


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ("a, b c. d", {1, 3}),
        ("1,500 people", set()),
        ("a (b) c-d e’s", set()),
        ("a — b… c", {2}),
        ("été, l'abri", {1}),
        ("a,,b", {1}),
        ("a", set()),
        ("?!", set()),
    ],
    ids=["comma and stop", "inside a number", "hyphens and brackets", "dots", "accents", "two commas", "a word", "none"],
)  # fmt: skip
def test_where_a_clause_ends(text: str, cuts: set[int]) -> None:
    assert _cuts(text) == cuts


@given(st.text(alphabet="ab ,.;é’1ﬁ-", max_size=40))
def test_cuts_lie_between_words(text: str) -> None:
    assert all(0 < cut < len(words(text)) for cut in _cuts(text))


@pytest.mark.parametrize(
    ("word", "vocabulary", "found"),
    [
        ("sheltr", ["shelter", "camps"], "shelter"),
        ("hselter", ["shelter"], "shelter"),
        ("shlter", ["shelterx", "shelter"], "shelter"),
        ("grants", ["plants"], "grants"),
        ("evacuatoin", ["evacuation"], "evacuation"),
        ("evacutoin", ["evacuation"], "evacuation"),
        ("flod", ["flood"], "flod"),
        ("tests", ["tents", "teats"], "teats"),
        ("bents", ["tents", "bends"], "bends"),
        ("shelter", [], "shelter"),
        ("", ["shelter"], ""),
    ],
    ids=[
        "a letter missing", "two swapped at the beginning", "fewest edits", "two edits in a short word",
        "two swapped", "two edits in a long word", "too short to correct", "alphabet breaks ties",
        "the same first letter breaks ties first", "no vocabulary", "no word",
    ],
)  # fmt: skip
def test_the_nearest_word(word: str, vocabulary: list[str], found: str) -> None:
    assert nearest(word, vocabulary) == found
    assert nearest(word, reversed(vocabulary)) == found


@pytest.mark.parametrize(
    ("word", "corrected"),
    [
        ("earthqauke", "earthquake"),
        ("plants", "plants"),
        ("plant", "plant"),
        ("tents", "tents"),
        ("because", "because"),
        ("tnts", "tnts"),
        ("crit1cal", "crit1cal"),
    ],
    ids=["misspelled", "a known word", "inflected", "the lexicon's", "a function word", "short", "with a figure"],
)
def test_what_is_corrected(word: str, corrected: str) -> None:
    assert LEXICON.correct(word, "en") == corrected


def test_words_of_texts_are_folded() -> None:
    assert folded_words(["Été à Genève", "1,500 tents"]) == {"ete", "a", "geneve", "1,500", "tents"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("25k or 52k??", "25,000 or 52,000??"),
        ("3.5k families, 25 thousand people", "3,500 families, 25,000 people"),
        ("10 km from A/60k", "10 km from A/60k"),
    ],
)
def test_thousands_are_written_as_the_document_writes_them(text: str, written: str) -> None:
    assert Lexicon(()).english(text, "en") == written


def test_what_is_typed_in_a_hurry_is_english(assistant: Assistant) -> None:
    """It was taken for Spanish by “a” and “crisis”."""
    hurried = "wat maks migrnts mor vulnrable thn othrs wen a crisis hits acordng 2 u? specialy ppl w/out papers"
    assert assistant.lexicon.language(hurried) == "en"
    assert assistant.lexicon.language("qué secta y crisis hay en Libia?") == "es"
