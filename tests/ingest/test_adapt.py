"""Teaching the embedding model a corpus: what is learned from, in which order, and that it can be used afterwards."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pytest

from assistant.adapter import ADAPTER, adapted_sha256, read_adapter
from assistant.compose.passages import enclosing_sentence
from assistant.encoder import PACKAGED_MODEL, PACKAGED_SHA256, model_folder
from assistant.text import words
from corpus.errors import CorpusError
from corpus.load import Corpus
from ingest import bert
from ingest.adapt import QUESTIONS, UNANSWERED, Lessons, Question, batches, lessons, train
from ingest.export import ensure_export


@pytest.fixture(scope="module")
def learned(corpus: Corpus) -> Lessons:
    return lessons(corpus)


def test_every_question_has_texts_that_answer_it(learned: Lessons) -> None:
    assert all(learned.texts[q.target] for q in learned.questions)
    longest = max(len(text) for several in learned.texts.values() for text in several[1:])
    assert 0 < longest <= 350


def test_a_fact_is_learned_by_its_statement_and_its_sentence(corpus: Corpus, learned: Lessons) -> None:
    fact = corpus.fact_by_id["s12-libya-requests"]
    sentence = enclosing_sentence(corpus.by_ref[fact.ref], fact.quote)
    assert learned.texts[fact.id] == (fact.statement, sentence[:350])
    assert learned.sentence[fact.id] == sentence


def test_all_english_questions_are_learned_from(corpus: Corpus, learned: Lessons) -> None:
    """Those with a fact lead there, those without to their passage; beside them, questions about one cell of the matrix."""
    english = [e for e in corpus.entry_points if e.lang == "en"]
    cells = [u for u in corpus.utterances if u.intent == "rating" and u.crises and u.phases and u.sectors]
    cells = [u for u in cells if "|" not in f"{u.crises}{u.phases}{u.sectors}"]
    kinds = Counter(q.target.split()[0] if " " in q.target else "fact" for q in learned.questions)
    assert kinds == {
        "fact": sum(bool(e.fact) for e in english),
        "passage": sum(not e.fact for e in english),
        "cell": len(cells),
    }
    assert len(learned.unanswered) == sum(n.lang == "en" for n in corpus.not_covered)
    assert {q.group for q in learned.questions} >= {e.ref for e in english}
    cell = next(q for q in learned.questions if q.target == "cell sudden_onset during 2")
    assert learned.texts[cell.target][0].startswith(corpus.sector(2).name)
    assert cell.group == "cells sudden_onset"


def test_nothing_kept_for_the_calibration_is_taught(corpus: Corpus, learned: Lessons) -> None:
    """Or the judgement would be fitted on what the model has seen, and trust it too far: six of 447 were taught."""

    def plain(text: str) -> str:
        return " ".join(words(text))

    taught = {plain(q.text) for q in learned.questions} | {plain(text) for text, _ in learned.unanswered}
    assert [row.text for row in corpus.calibration if plain(row.text) in taught] == []


@pytest.mark.parametrize("lacking", ["questions", "unanswered"])
def test_too_little_to_learn_from_is_said(corpus: Corpus, lacking: str) -> None:
    small = {
        "questions": replace(corpus, entry_points=corpus.entry_points[:100], utterances=()),
        "unanswered": replace(corpus, not_covered=corpus.not_covered[: UNANSWERED - 1]),
    }[lacking]
    with pytest.raises(CorpusError, match=r"has \d+ prepared questions and \d+ that it does not answer; at least 640 and 28"):  # fmt: skip
        lessons(small)


def test_a_document_without_tables_has_too_little(plain_corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="0 prepared questions"):
        lessons(plain_corpus)


def some_questions(sizes: dict[str, int]) -> list[Question]:
    return [Question(f"{group} {i}", f"{group}-fact", group) for group, size in sizes.items() for i in range(size)]


def test_batches_keep_questions_of_a_group_together() -> None:
    """Six of a passage side by side, so that its facts are told apart; no run is longer, or all would be of one passage."""
    questions = some_questions({f"¶{n}": 60 for n in range(10)})
    for batch in islice(batches(questions, random.Random(0)), 9):
        assert len(batch) == QUESTIONS
        runs = [len(list(run)) for _, run in groupby(batch, key=lambda q: q.group)]
        # 64 = 10 runs of six and a rest; two runs of one group may meet, and a run be cut at either end of a batch
        assert all(size % 6 == 0 for size in runs[1:-1])
        assert len({q.text for q in batch}) == QUESTIONS


def test_every_question_is_seen_before_any_is_seen_again() -> None:
    """640 questions are ten batches; the eleventh begins anew, in another order."""
    questions = some_questions({"a": 400, "b": 233, "c": 7})
    drawn = batches(questions, random.Random(1))
    first = [q for batch in islice(drawn, 10) for q in batch]
    second = [q for batch in islice(drawn, 10) for q in batch]
    assert Counter(first) == Counter(second) == Counter(questions)
    assert first != second


def test_equal_chance_draws_equal_batches() -> None:
    questions = some_questions({"a": 90, "b": 50})
    once, again = (list(islice(batches(questions, random.Random(3)), 5)) for _ in range(2))
    assert once == again


def test_few_questions_still_fill_a_batch() -> None:
    batch = next(batches(some_questions({"a": 5}), random.Random(0)))
    assert len(batch) == QUESTIONS


@pytest.mark.model
def test_weights_are_changed_before_they_are_written(tmp_path: Path) -> None:
    """The graph holds what the change gives; with nothing changed it is the same to the byte."""
    folder = model_folder(PACKAGED_MODEL)
    name = "encoder.layer.5.output.dense.weight"
    seen: list[int] = []

    def change(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(len(weights))
        return weights | {name: weights[name] * 2}

    assert bert.write(folder, tmp_path / "plain.onnx") == 384
    assert bert.write(folder, tmp_path / "same.onnx", lambda weights: dict(weights)) == 384
    assert bert.write(folder, tmp_path / "other.onnx", change) == 384
    plain, same, other = ((tmp_path / f"{n}.onnx").read_bytes() for n in ("plain", "same", "other"))
    assert plain == same
    assert len(plain) == len(other)
    assert plain != other
    assert seen[0] > 100


@pytest.mark.slow
@pytest.mark.model
def test_a_short_training_writes_an_adapter_that_is_proved(corpus: Corpus, tmp_path: Path) -> None:
    """Ten steps over seven hundred questions: the file is for the packaged weights, and its export equals the original with it."""
    english = tuple(e for e in corpus.entry_points if e.lang == "en")[:700]
    facts = tuple(f for f in corpus.facts if f.id in {e.fact for e in english})
    small = replace(
        corpus, entry_points=english, facts=facts, utterances=(), not_covered=corpus.not_covered[:40], calibration=()
    )
    stages: list[str] = []
    result = train(small, tmp_path, epochs=1, threads=2, progress=lambda stage, done, total: stages.append(stage))
    assert set(stages) == {"read", "train"}
    assert set(result) == {"before", "after"}
    assert all(0 <= share <= 1 for share in result.values())
    path = tmp_path / ADAPTER
    assert [p.name for p in tmp_path.iterdir()] == [ADAPTER]
    assert any(
        read_adapter(path, PACKAGED_SHA256)[n].any() for n in read_adapter(path, PACKAGED_SHA256) if n.endswith(".B")
    )
    encoder = ensure_export(tmp_path / "data", PACKAGED_MODEL, path)  # raises ModelError where the proof fails
    assert encoder.info.weights_sha256 == adapted_sha256(PACKAGED_SHA256, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CorpusError, match="mcof adapt --fresh"):
        train(small, tmp_path, epochs=1, threads=2, start=path)
