"""All that a document says of one body or place."""

from __future__ import annotations

import pytest

from assistant.answer import Bullets
from assistant.assistant import Assistant
from assistant.entities import MOST, facts_on, name_asked
from assistant.naming import Names
from assistant.text import fold
from assistant.verify import check_citation
from corpus.load import Corpus


@pytest.fixture(scope="module")
def names(corpus: Corpus) -> Names:
    return Names(corpus)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what did IOM do in Haiti?", "Haiti"), ("What does the document say about OCHA?", "OCHA"),
        ("tell me about NATO in this document", "NATO"), ("IOM in Yemen?", "Yemen"),
        ("what projects does iom have in South Sudan", "South Sudan"), ("what did IOM do in Libya in 2011?", "Libya"),
        ("what does it say about unhcr", "UNHCR"),
    ],
)  # fmt: skip
def test_a_question_for_all_there_is_names_one_thing(names: Names, corpus: Corpus, question: str, name: str) -> None:
    assert fold(name_asked(question, names, corpus)) == fold(name)


@pytest.mark.parametrize(
    "question",
    [
        "who leads the shelter cluster in Haiti?", "how many people did IOM help in Libya?", "when did IOM start in Haiti?",
        "what is OCHA?", "what does UNHCR stand for?", "what did IOM do in Haiti and Libya?", "what about the Colombo Process, what is it about?",
        "what did IOM do against trafficking in Haiti?", "What did IOM not do in Haiti?", "What did IOM do in countries other than Haiti?",
        "What should IOM do in Yemen?", "what is the difference between Haiti and Libya", "what should we prepare?", "",
    ],
)  # fmt: skip
def test_a_question_for_one_thing_is_none_for_all(names: Names, corpus: Corpus, question: str) -> None:
    assert name_asked(question, names, corpus) == ""


@pytest.mark.parametrize("name", ["Haiti", "Libya", "OCHA", "South Sudan", "NATO"])
def test_each_passage_that_tells_of_a_name_gives_one_fact(corpus: Corpus, name: str) -> None:
    told = facts_on(name, corpus.facts, corpus.by_ref)
    refs = [f.ref for f in told]
    assert len(refs) == len(set(refs)) > 0
    part = fold(name.split()[-1])[:5]
    assert all(part in fold(f"{f.statement} {f.value}") for f in told)
    expected = {f.ref for f in corpus.facts if fold(name) in fold(f.statement)}
    assert expected <= set(refs)


@pytest.mark.parametrize(
    ("name", "held", "other"),
    [
        ("Sudan", "s6-countries", "s2-lead"),
        ("India", "", "a16-examples"),
        ("Colombia", "s9-colombia", "s14-colombo-def"),
        ("Syria", "s12-syria-requests", "s12-libya-requests"),
    ],
)
def test_a_name_inside_a_longer_one_is_another(corpus: Corpus, name: str, held: str, other: str) -> None:
    """“Does IOM lead the shelter cluster in Sudan?” was answered with South Sudan, “India” with the Indian Ocean."""
    told = {f.ref for f in facts_on(name, corpus.facts, corpus.by_ref)}
    statements = [f.statement for f in facts_on(name, corpus.facts, corpus.by_ref)]
    assert all("Indian Ocean" not in s and "Colombo Process" not in s for s in statements)
    assert not held or corpus.fact_by_id[held].ref in told
    assert not (told and not held)
    assert other not in {f.id for f in facts_on(name, corpus.facts, corpus.by_ref)}


def test_a_name_is_shown_as_the_text_writes_it(assistant: Assistant) -> None:
    assert "On Haiti the text says:" in assistant.ask("what did iom do in hAITI?").text


def test_legends_and_footnotes_come_last(corpus: Corpus) -> None:
    kinds = [
        corpus.by_ref[f.ref].kind in ("diagram", "footnote") for f in facts_on("OCHA", corpus.facts, corpus.by_ref)
    ]
    assert kinds == sorted(kinds)
    assert any(kinds)


def test_the_reply_lists_them_and_names_the_other_places(assistant: Assistant, corpus: Corpus) -> None:
    """“What did IOM do in Haiti?” gave three of eleven passages and looked complete."""
    answer = assistant.ask("what did IOM do in Haiti?")
    assert answer.trace.route == "name"
    listed = next(b for b in answer.blocks if isinstance(b, Bullets))
    assert len(listed.items) == MOST
    told = facts_on("Haiti", corpus.facts, corpus.by_ref)
    assert all(f.ref in answer.text for f in told[MOST:])
    assert {c.ref for c in answer.citations} == {f.ref for f in told}
    assert all(not check_citation(c, corpus) for c in answer.citations)


def test_a_year_narrows_them(assistant: Assistant) -> None:
    answer = assistant.ask("What did IOM do in Libya in 2011?")
    assert answer.trace.route == "name"
    assert all("2011" in c.quote or "2011" in answer.text for c in answer.citations)


def test_a_name_that_is_not_there_is_none(assistant: Assistant) -> None:
    assert assistant.ask("what does the document say about Ukraine?").trace.route != "name"
