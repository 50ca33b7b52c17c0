"""Places of the document that a question names by their labels."""

from __future__ import annotations

import pytest

from assistant.assistant import Assistant
from assistant.labels import listed, named
from corpus.load import Corpus


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("what does paragraph 18 say?", ["¶18"]),
        ("Quote me ¶ 9", ["¶9"]),
        ("show me Annex I, paragraph 15", ["Annex I ¶15"]),
        ("para 15 of annex 1", ["Annex I ¶15"]),
        ("whats in annex two para 3", ["Annex II ¶3"]),
        ("footnote 7 please", ["fn 7"]),
        ("fn7?", ["fn 7"]),
        ("paragraph 3 and paragraph 4", ["¶3", "¶4"]),
        ("paragraph 47", ["¶47"]),
        ("que dit le paragraphe 12 ?", ["¶12"]),
        ("¿qué dice el párrafo 12 del anexo I?", ["Annex I ¶12"]),
    ],
)
def test_labels_are_read_as_people_write_them(corpus: Corpus, question: str, labels: list[str]) -> None:
    found = named(question, "en" if question.isascii() or "¶" in question else "es", corpus.by_ref)
    assert found is not None
    assert [label.name for label in found.labels] == labels
    for label in found.labels:
        assert (label.passage is None) == (label.name not in corpus.by_ref)


@pytest.mark.parametrize(
    "question", ["which paragraph says that?", "What is Sector 4?", "47 governments", "paragraph", "10-Point Plan"]
)
def test_what_is_no_label(corpus: Corpus, question: str) -> None:
    assert named(question, "en", corpus.by_ref) is None


def test_every_place_can_be_read_by_its_label(assistant: Assistant, corpus: Corpus) -> None:
    for ref, passage in corpus.by_ref.items():
        if ref.startswith(("¶", "fn ", "Annex I ¶", "Annex II ¶")):
            answer = assistant.ask(f"What does {ref.replace('¶', 'paragraph ').replace('fn', 'footnote')} say?")
            assert [(c.ref, c.quote) for c in answer.citations] == [(ref, passage.text)], ref


def test_of_a_place_only_what_is_asked_for_is_quoted(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("What does paragraph 13 say about clusters?")
    assert {c.ref for c in answer.citations} == {"¶13"}
    assert all("cluster" in c.quote.lower() for c in answer.citations)
    assert all(len(c.quote) < len(corpus.by_ref["¶13"].text) for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("quote me paragraph 47", "There is no ¶47 in SCPF/92; the last is ¶24."),
        ("what is footnote 20", "There is no fn 20 in SCPF/92; the last is fn 12."),
        ("Que dit le paragraphe 99 ?", "Il n'y a pas de ¶99 dans SCPF/92"),
        ("¿Qué dice el párrafo 99?", "No hay ¶99 en SCPF/92"),
    ],
)
def test_a_place_that_is_not_there_is_told(assistant: Assistant, question: str, told: str) -> None:
    answer = assistant.ask(question)
    assert told in answer.text
    assert answer.status == "not_in_document"


def test_a_question_that_says_more_is_no_request_to_read_a_place(assistant: Assistant) -> None:
    answer = assistant.ask("Since paragraph 13 says that, how important is shelter during a health crisis?")
    assert answer.trace.route != "label"


@pytest.mark.parametrize(
    ("refs", "told"),
    [
        (["¶13", "Annex I ¶7"], "¶13, Annex I ¶7"),
        (
            ["¶13", "Annex I diagram, man-made disaster", "Annex I diagram, health crisis"],
            "¶13, Annex I diagram, man-made disaster; health crisis",
        ),
        ([], ""),
    ],
)
def test_labels_of_one_long_kind_are_listed_once(refs: list[str], told: str) -> None:
    assert listed(refs) == told
