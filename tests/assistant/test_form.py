"""What a message asks of the form of its reply: its length, its language."""

from __future__ import annotations

import pytest

from assistant import form
from assistant.answer import Bullets, RatingTable, Turn
from assistant.assistant import Assistant
from corpus.load import Corpus


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("what is in it for us as a member state, give me 3 lines", "what is in it for us as a member state"),
        ("What are the two pillars? In two sentences please.", "What are the two pillars?"),
        ("sum up the framework in five bullet points", "sum up the framework"),
        ("who set up the task force - max 20 words", "who set up the task force"),
        ("list the ten points", "list the ten points"),
        ("which countries share the two lines of", "which countries share the two lines of"),
        ("in two words", "in two words"),
        ("what does critical mean in two or three words, thanks", "what does critical mean"),
        ("what is the difference between the two words", "what is the difference between the two words"),
        ("qué es el marco en dos frases", "qué es el marco"),
        ("which three words?", "which three words?"),
        ("write a 3 line summary for my minister", "write a summary for my minister"),
        ("is there a one-sentence description of it", "is there a description of it"),
        ("who heads the 3 line ministries", "who heads the 3 line ministries"),
    ],
)
def test_how_long_the_reply_should_be_is_not_asked_about(message: str, kept: str) -> None:
    assert form.without_size(message) == kept


def test_prepared_questions_keep_their_words(corpus: Corpus) -> None:
    sized = {e.text: form.without_size(e.text) for e in corpus.entry_points if form.without_size(e.text) != e.text}
    assert len(sized) <= 20
    assert all(text.startswith(left) and len(left.split()) > 2 for text, left in sized.items()), sized


@pytest.mark.parametrize(
    ("message", "size"),
    [
        ("what is the framework in one sentence", 1),
        ("what is the framework, 3 lines please", 3),
        ("a two-line summary of the framework please", 2),
        ("what are the pillars in a few sentences", 3),
        ("what is the framework in 50 words", None),
        ("what is the framework", None),
        ("which countries share the two lines of", None),
        ("in one line", None),
    ],
)
def test_how_many_sentences_are_asked_for(message: str, size: int | None) -> None:
    assert form.size_asked(message) == size


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("now in french", "fr"),
        ("Can you say that in Spanish, please?", "es"),
        ("en español por favor", "es"),
        ("en français s'il te plaît", "fr"),
        ("translate it into English", "en"),
        ("and in Haiti?", None),
        ("and in conflicts?", None),
        ("which documents exist in french", None),
        ("what is done in french camps", None),
    ],
)
def test_the_language_asked_for(message: str, language: str | None) -> None:
    assert form.language_asked(message) == language
    assert not form.other_language_asked(message)


def test_other_languages_are_known_and_not_written(assistant: Assistant) -> None:
    assert form.other_language_asked("in Arabic please")
    answer = assistant.ask("in Arabic please", [Turn("user", "Who leads the shelter cluster?")])
    assert (answer.status, answer.trace.route) == ("out_of_scope", "languages")


def test_the_reply_before_is_given_in_the_language_asked_for(assistant: Assistant) -> None:
    history = [Turn("user", "Is health support critical during a health crisis?")]
    first, again = assistant.ask(history[0].text), assistant.ask("now in french", history)
    assert (again.language, again.cells, again.status) == ("fr", first.cells, first.status)
    after = assistant.ask("and after?", [*history, Turn("user", "now in french")])
    assert after.text == assistant.ask("and after?", history).text


def test_a_reply_has_as_many_sentences_as_asked_for(assistant: Assistant) -> None:
    whole = assistant.ask("What is a migration crisis?")
    short = assistant.ask("What is a migration crisis? In one sentence please.")
    assert len(whole.blocks) > 1
    assert len(short.blocks) == 1
    assert short.blocks[0].text == whole.blocks[0].text  # type: ignore[union-attr]
    assert {c.number for c in short.citations} >= set(short.blocks[0].citations)  # type: ignore[union-attr]


def test_ratings_are_not_cut(assistant: Assistant) -> None:
    """Half a list of ratings would be a wrong one."""
    asked = "Which sectors are critical during a health crisis"
    whole, short = assistant.ask(f"{asked}?"), assistant.ask(f"{asked}, in one line please")
    assert short.blocks == whole.blocks
    assert any(isinstance(b, Bullets | RatingTable) for b in whole.blocks)
