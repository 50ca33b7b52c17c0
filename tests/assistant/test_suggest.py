"""Next questions: near what was cited, not what was answered, each with an answer."""

from __future__ import annotations

from assistant.assistant import Assistant
from assistant.suggest import MAX_SUGGESTIONS
from corpus.load import Corpus
from tests.fakes import assistant_in_memory


def test_what_was_cited_has_more_to_ask(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("In which countries does IOM lead the shelter cluster?")
    own = {s.question for s in corpus.suggestions if s.ref in {c.ref for c in answer.citations}}
    assert set(answer.suggestions) & own
    assert len(answer.suggestions) <= MAX_SUGGESTIONS


def test_what_was_answered_is_not_offered(assistant: Assistant, corpus: Corpus) -> None:
    for suggestion in corpus.suggestions[::12]:
        assert suggestion.question not in assistant.ask(suggestion.question).suggestions


def test_the_matrix_offers_its_other_cells(assistant: Assistant, corpus: Corpus) -> None:
    prepared = {s.question for s in corpus.suggestions}
    answer = assistant.ask("What is critical during a health crisis?")
    assert answer.suggestions
    assert not set(answer.suggestions) & prepared


def test_other_languages_get_none_of_the_english_ones(assistant: Assistant, corpus: Corpus) -> None:
    prepared = {s.question for s in corpus.suggestions}
    assert not set(assistant.ask("Qui dirige le cluster abris ?").suggestions) & prepared


def test_a_document_without_them_has_none(plain_corpus: Corpus) -> None:
    assert assistant_in_memory(plain_corpus).ask("what is this?").suggestions == ()
