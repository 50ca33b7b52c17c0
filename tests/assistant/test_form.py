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
    assert all(left in text and len(left.split()) > 2 for text, left in sized.items()), sized


@pytest.mark.parametrize(
    ("message", "size"),
    [
        ("what is the framework in one sentence", 1),
        ("what is the framework, 3 lines please", 3),
        ("a two-line summary of the framework please", 2),
        ("what are the pillars in a few sentences", 3),
        ("what are the pillars in a couple of lines", 2),
        ("what are the pillars in 5-6 lines", 6),
        ("what are the pillars in ten lines", 10),
        ("In two sentences, what is this paper for?", 2),
        ("what is MCOF? one sentence answer please", 1),
        ("in one sentence or two, what is a migration crisis?", 1),
        ("what is this in a sentence", 1),
        ("qué es el marco en dos frases", 2),
        ("qu'est-ce que le cadre en deux phrases", 2),
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
        ("French please", "fr"),
        ("en español por favor", "es"),
        ("puedes decirlo en español", "es"),
        ("tradúcelo al español", "es"),
        ("en français s'il te plaît", "fr"),
        ("peux-tu le dire en français ?", "fr"),
        ("translate it into English", "en"),
        ("in french, in two lines", "fr"),
        ("in Arabic please", None),
        ("en arabe s'il vous plaît", None),
    ],
)
def test_nothing_is_asked_beside_a_language(message: str, language: str | None) -> None:
    assert form.without_language(message) == ("", language)


@pytest.mark.parametrize(
    "message",
    [
        "and in Haiti?",
        "and in conflicts?",
        "which documents exist in french",
        "what is done in french camps",
        "French",
    ],
)
def test_a_question_is_no_request_for_a_language(message: str) -> None:
    assert form.without_language(message) == (message, None)


def test_a_language_is_asked_for_after_a_question() -> None:
    assert form.without_language("Who leads it? In Spanish please.") == ("Who leads it?", "es")


def test_other_languages_are_known_and_not_written(assistant: Assistant) -> None:
    history = [Turn("user", "Who leads the shelter cluster?")]
    answer = assistant.ask("in Arabic please", history)
    assert (answer.status, answer.trace.route) == ("out_of_scope", "languages")
    assert assistant.ask("in French please").trace.route == "languages"  # there is no reply before


def test_danger_is_answered_in_the_language_asked_for(assistant: Assistant) -> None:
    """Asked for in Spanish, the reply to “we are being shot at” was a paragraph on man-made disasters."""
    history = [Turn("user", "We are being shot at, help us!")]
    assert assistant.ask(history[0].text).trace.route == "danger"
    again = assistant.ask("en español", history)
    assert (again.trace.route, again.language) == ("danger", "es")


def test_a_comparison_is_told_in_the_language_asked_for(assistant: Assistant) -> None:
    history = [Turn("user", "cluster approach vs refugee regime, who heads which?")]
    first, again = assistant.ask(history[0].text), assistant.ask("in french", history)
    assert (again.status, again.language) == (first.status, "fr")
    assert {c.ref for c in again.citations} == {c.ref for c in first.citations}


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
    assert {c.number for c in short.citations} == set(short.blocks[0].citations)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "question",
    [
        "what does footnote 8 say",
        "qu'est-ce qu'une crise migratoire",
        "The framework says there are 20 sectors, right?",
        "Who leads the shelter cluster? How many sectors are there?",
    ],
)
def test_what_is_no_whole_without_the_rest_is_not_cut(assistant: Assistant, question: str) -> None:
    """A head was left without the quote it announces, and one answer of two."""
    assert assistant.ask(f"{question} in one sentence").blocks == assistant.ask(question).blocks


def test_ratings_are_not_cut(assistant: Assistant) -> None:
    """Half a list of ratings would be a wrong one."""
    asked = "Which sectors are critical during a health crisis"
    whole, short = assistant.ask(f"{asked}?"), assistant.ask(f"{asked}, in one line please")
    assert short.blocks == whole.blocks
    assert any(isinstance(b, Bullets | RatingTable) for b in whole.blocks)


@pytest.mark.parametrize(
    ("message", "language"), [("et en espagnol ?", "es"), ("and in French?", "fr"), ("y en inglés", "en")]
)
def test_another_language_is_asked_for_as_a_follow_up(message: str, language: str) -> None:
    assert form.without_language(message) == ("", language)
