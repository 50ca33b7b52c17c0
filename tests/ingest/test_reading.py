"""Teaching the reader: what it is shown, in which batches, and that what it learned can be used."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.adapter import read_adapter
from assistant.assistant import Assistant
from assistant.encoder import PACKAGED_MODEL, PACKAGED_SHA256
from assistant.reader import MAX_SENTENCE, READER, Reader
from corpus.errors import CorpusError
from corpus.load import Corpus
from corpus.types import BETWEEN
from ingest.reading import PAIRS, Pair, batches, hasty, lessons, sentences_of, train
from tests.fakes import assistant_in_memory


@pytest.fixture(scope="module")
def small(corpus: Corpus) -> Assistant:
    """A tenth of the prepared questions, and of the calibration."""
    return assistant_in_memory(
        replace(
            corpus,
            entry_points=tuple(e for e in corpus.entry_points if e.lang == "en")[::10],
            not_covered=tuple(n for n in corpus.not_covered if n.lang == "en")[::10],
            utterances=(), dialogues=(), calibration=corpus.calibration[::10],
        ),
        examples=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pairs(small: Assistant) -> list[Pair]:
    return lessons(small.corpus, small.retriever)


def test_a_question_is_read_beside_the_sentence_of_its_fact(small: Assistant, pairs: list[Pair]) -> None:
    sentence = sentences_of(small.corpus)
    right = {(p.question, p.sentence) for p in pairs if p.answered}
    asked = [e for e in small.corpus.entry_points if e.fact and e.voice != "plain"]
    assert {(e.text, sentence[e.fact]) for e in asked} <= right
    assert not any(p.question == e.text for p in pairs for e in small.corpus.entry_points if e.voice == "plain")
    assert max(len(p.sentence) for p in pairs) <= MAX_SENTENCE


def test_what_the_document_does_not_answer_is_read_beside_sentences_of_it(small: Assistant, pairs: list[Pair]) -> None:
    """The nearest anywhere, and the nearest of the passage that the question is about."""
    absent = {n.text for n in small.corpus.not_covered}
    rows = Counter(p.question for p in pairs if p.question in absent)
    assert set(rows) == absent
    assert set(rows.values()) == {1, 2}
    assert not any(p.answered for p in pairs if p.question in absent)


def test_some_questions_are_read_beside_a_sentence_that_does_not_answer_them(
    small: Assistant, pairs: list[Pair]
) -> None:
    absent = {n.text for n in small.corpus.not_covered}
    right = {p.question: p.sentence for p in pairs if p.answered}
    wrong = [p for p in pairs if not p.answered and p.question not in absent]
    assert 0.25 < len(wrong) / len(right) < 0.45
    assert all(right[p.question] != p.sentence for p in wrong)


def test_of_a_judged_dialogue_all_messages_are_read_together(
    corpus: Corpus, small: Assistant, pairs: list[Pair]
) -> None:
    """Beside the sentence of its fact or one that does not answer; a message that stands alone also without the others."""
    rows = (
        tuple(d for d in corpus.dialogues if d.answered)[::20]
        + tuple(d for d in corpus.dialogues if not d.answered)[:5]
    )
    taught = lessons(replace(small.corpus, dialogues=rows), small.retriever)
    assert taught[: len(pairs)] == pairs
    added = taught[len(pairs) :]
    sentence = sentences_of(small.corpus)
    whole = {f"{r.earlier.replace(BETWEEN, ' ')} {r.question}"[-MAX_SENTENCE:]: r for r in rows}
    assert {p.question for p in added if p.question not in whole} == {
        r.question for r in rows if r.leans == "0" and r.answered
    }
    for pair in added:
        row = whole.get(pair.question) or next(r for r in rows if r.question == pair.question)
        assert row.answered
        assert not pair.answered or (row.answered == "1" and pair.sentence == sentence[row.fact])
    answered = {q for q, r in whole.items() if r.answered == "1"}
    assert answered == {p.question for p in added if p.answered and p.question in whole}


def test_nothing_of_the_calibration_is_learned(corpus: Corpus, pairs: list[Pair]) -> None:
    assert {p.question for p in pairs}.isdisjoint(c.text for c in corpus.calibration)


def test_lessons_are_the_same_every_time(small: Assistant, pairs: list[Pair]) -> None:
    assert lessons(small.corpus, small.retriever) == pairs


@given(st.text("abcdefgh THE,.?' éÉ", max_size=80), st.integers(0, 99))
def test_hasty_typing_keeps_what_is_typed(text: str, seed: int) -> None:
    """Words of the same number and about the same length, articles apart; the same every time."""
    typed = hasty(text, random.Random(seed))
    assert typed == hasty(text, random.Random(seed))
    articles = ("the", "a", "an")
    before, after = ([w for w in t.split() if w.lower() not in articles] for t in (text, typed))
    assert len(before) == len(after)
    assert all(abs(len(x) - len(y)) <= 1 for x, y in zip(before, after, strict=True))
    assert sum(x.lower() != y.lower() for x, y in zip(before, after, strict=True)) <= 2


def test_batches_hold_pairs_of_like_length_and_every_pair_once() -> None:
    some = [Pair(f"q{n}", "x" * (n % 50), n % 2 == 0) for n in range(1000)]
    drawn = batches(some, lambda p: len(p.sentence), random.Random(0))
    first = list(islice(drawn, -(-1000 // PAIRS)))
    assert Counter(p for lot in first for p in lot) == Counter(some)
    assert max(map(len, first)) == PAIRS
    spread = [max(len(p.sentence) for p in lot) - min(len(p.sentence) for p in lot) for lot in first]
    assert max(spread) < 25, "a batch of all lengths would be mostly padding"


def test_too_little_to_learn_from_is_said(small: Assistant) -> None:
    few = replace(small.corpus, entry_points=small.corpus.entry_points[:100], not_covered=())
    with pytest.raises(CorpusError, match=r"has \d+ prepared questions with facts and 0 that it does not answer; at least 1000"):  # fmt: skip
        lessons(few, small.retriever)


@pytest.mark.slow
@pytest.mark.model
def test_a_short_training_writes_a_reader_that_reads(small: Assistant, tmp_path: Path) -> None:
    """One look at a tenth of the questions is enough to beat chance; the export reads what was trained."""
    from ingest.export import ensure_export

    apart = train(small, tmp_path, epochs=1, threads=2)
    assert 0.5 < apart <= 1
    path = tmp_path / READER
    assert [p.name for p in tmp_path.iterdir()] == [READER]
    first = read_adapter(path, PACKAGED_SHA256)
    reader = Reader(ensure_export(tmp_path / "data", PACKAGED_MODEL, path), path, PACKAGED_SHA256)
    yes, no = (
        reader.logits(question, ["During the Libyan crisis in 2011, IOM received requests from 47 governments."])[0]
        for question in ("How many governments asked IOM during the Libyan crisis?", "What is the weather in Paris?")
    )
    assert yes > no
    assert set(first) >= {"head.weight", "head.bias", "weights_sha256"}
