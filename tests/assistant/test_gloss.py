"""French, Spanish and hurried English put into English: by a glossary of a dozen terms, and by the corpus' own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.gloss import Glossary
from assistant.lexicon import Lexicon
from assistant.text import words
from corpus.load import Corpus
from corpus.types import GlossaryTerm, Language
from tests.fakes import assistant_in_memory

GLOSSARY = Glossary(
    GlossaryTerm(lang, term, english)  # type: ignore[arg-type]
    for lang, term, english in (
        ("fr", "abri", "shelter"),
        ("fr", "abri d'urgence", "Emergency Shelter"),
        ("fr", "camp", "camp"),
        ("fr", "élèves", "pupils"),
        ("fr", "élevé", "high"),
        ("fr", "a-t-elle", ""),
        ("fr", "la", ""),
        ("fr", "la", "the"),
        ("fr", "Libye", "Libya"),
        ("es", "camp", "field"),
        ("es", "evacuar", "evacuate"),
        ("en", "b4", "before"),
        ("en", "ppl", "people"),
        ("en", "u", "you"),
        ("en", "per diem", "daily allowance"),
    )
)


@pytest.mark.parametrize(
    ("text", "lang", "english"),
    [
        ("abri", "fr", "shelter"),
        ("un abri d'urgence", "fr", "un Emergency Shelter"),
        ("abri d'hiver", "fr", "shelter d hiver"),
        ("abri camps", "fr", "shelter camp"),
        ("les élèves", "fr", "les pupils"),
        ("le niveau élevé", "fr", "le niveau high"),
        ("la Libye a-t-elle", "fr", "libya"),
        ("camp", "es", "field"),
        ("evacuaron", "es", "evacuate"),
        ("", "fr", ""),
        ("la", "fr", ""),
        ("zzz 1,500", "fr", "zzz 1,500"),
    ],
    ids=[
        "a word", "the longest term wins", "a longer term that breaks off", "by stem", "exact before stem",
        "exact before stem, the other way", "dropped words", "each language its own", "an inflected verb", "nothing", "nothing left",
        "unknown words and numbers stay",
    ],
)  # fmt: skip
def test_word_for_word(text: str, lang: Language, english: str) -> None:
    """A term of several words keeps its capitals, they are a name; a single word is folded like those around it."""
    assert GLOSSARY.english(words(text), lang) == english


def test_of_a_term_listed_twice_the_first_counts() -> None:
    """A corpus' table is read from the top; here "la" is first dropped, then "the"."""
    assert GLOSSARY.english(["la"], "fr") == ""


def test_only_unknown_words_are_corrected() -> None:
    asked: list[str] = []

    def correct(word: str) -> str:
        asked.append(word)
        return {"abrii": "abri", "zzz": "yyy"}.get(word, word)

    assert GLOSSARY.english(["abrii", "camp", "zzz", "vvv"], "fr", correct) == "shelter camp zzz vvv"
    assert asked == ["abrii", "zzz", "vvv"]


def test_a_glossary_without_terms_changes_nothing() -> None:
    assert Glossary().english(["abri", "b4"], "fr") == "abri b4"
    assert Glossary().written_out == {}
    assert Glossary().words == {"en": frozenset(), "fr": frozenset(), "es": frozenset()}


def test_words_written_out_are_single_ones() -> None:
    assert GLOSSARY.written_out == {"b4": "before", "ppl": "people", "u": "you"}


@given(st.lists(st.text(alphabet="abcé1 ", max_size=6)), st.sampled_from(["en", "fr", "es"]))
def test_any_words_can_be_put_into_english(tokens: list[str], lang: Language) -> None:
    assert isinstance(GLOSSARY.english(tokens, lang), str)


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    """The corpus' own, with all its known words."""
    return assistant_in_memory(corpus).lexicon


@pytest.mark.parametrize(
    ("question", "lang", "english"),
    [
        ("what can u do b4 a flood 4 ppl", "en", "what can you do before a flood 4 people"),
        ("Sheltr after an EARTHQAUKE?", "en", "shelter after an earthquake?"),
        ("What is sector1?", "en", "What is sector 1?"),
        ("annex2, fn12, PHASE2", "en", "annex 2, fn 12, PHASE 2"),
        ("subsector12 sector123 h2o", "en", "subsector12 sector123 h2o"),
        ("What does the U.S. give to R&D?", "en", "What does the U.S. give to R&D?"),
        ("How many migrants came from Libya?", "en", "How many migrants came from Libya?"),
        ("Combien de personnes l'OIM a-t-elle évacuées de Libye ?", "fr", "how many people iom it evacuated of libya"),
        ("evacuasion", "fr", "evacuation"),
    ],
    ids=[
        "typed in a hurry", "misspelled", "a label as one word", "labels", "no labels", "letters that belong together",
        "nothing to do", "French", "French, misspelled",
    ],
)  # fmt: skip
def test_the_corpus_glossary(lexicon: Lexicon, question: str, lang: Language, english: str) -> None:
    """Letter by letter, "the U.S." became "the you.S." and "the U.N." "the you.and."."""
    assert lexicon.english(question, lang) == english


def test_english_is_written_out_once(lexicon: Lexicon, corpus: Corpus) -> None:
    """What is English already stays: a second time changes nothing."""
    for entry in corpus.entry_points[::40]:
        if entry.lang == "en":
            once = lexicon.english(entry.text, "en")
            assert lexicon.english(once, "en") == once
