"""Whether the document answers: learned from a small corpus over an encoder that knows words only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.answerable import (
    FEATURES,
    MAX_NEGATIVES,
    MAX_POSITIVES,
    READ_MOST,
    AnswerModel,
    Asked,
    Evidence,
    _parts,
    features,
    learn,
)
from assistant.assistant import Assistant
from assistant.reader import SENTENCES
from assistant.records import build_records, spread
from assistant.retrieval import HybridRetriever
from assistant.settings import Settings
from assistant.stemvectors import StemVectors
from assistant.text import as_asked, words
from corpus.load import Corpus
from corpus.types import BETWEEN, Calibration
from ingest.learn import learn_answers
from tests.fakes import KeywordEncoder

Taught = tuple[Assistant, AnswerModel, Evidence]


def small_of(corpus: Corpus) -> Corpus:
    """A tenth of the prepared questions, all of the calibration."""
    return replace(
        corpus,
        entry_points=tuple(e for e in corpus.entry_points if e.lang == "en")[::10],
        not_covered=tuple(n for n in corpus.not_covered if n.lang == "en")[::10],
        utterances=(), dialogues=(),
    )  # fmt: skip


def assistant_of(corpus: Corpus) -> Assistant:
    encoder = KeywordEncoder(dim=128)
    records = build_records(corpus)

    def opened() -> tuple[str, HybridRetriever]:
        return "in-memory", HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)

    return Assistant(corpus, Settings(), opened)


@pytest.fixture(scope="module")
def taught(corpus: Corpus) -> Taught:
    assistant = assistant_of(small_of(corpus))
    model = learn_answers(assistant)
    assert model is not None
    return assistant, model, Evidence(assistant.corpus, assistant.retriever)


def judged(taught: Taught, question: str, *earlier: str) -> float:
    assistant, model, evidence = taught
    asked = assistant.judge.asked_after(question, earlier) if earlier else assistant.judge.asked(question)
    absent = assistant.retriever.examples["absent"][1] @ asked.vector
    values = features(asked, evidence, absent, model.wording(asked.question, asked.vector))
    return model.probability(values, follow_up=asked.follow_up)


def test_questions_it_answers_are_more_likely_answered(taught: Taught) -> None:
    """Of a pair of calibration questions, one answered and one not, the answered one comes first four times in five.

    These are the questions that the signs are weighed on, so it shows that something was learned, not how well.
    """
    rows = [row for row in taught[0].corpus.calibration if not row.earlier]
    scores = [(row.answered, judged(taught, row.text)) for row in rows[::3]]
    answered, others = ([score for label, score in scores if label == wanted] for wanted in "10")
    assert all(0 <= score <= 1 for _, score in scores)
    first = sum(a > b for a in answered for b in others) / (len(answered) * len(others))
    assert first > 0.8


def test_follow_ups_are_weighed_by_what_follow_ups_teach(taught: Taught) -> None:
    """With other weights than questions that stand alone; without enough of them, with the same."""
    rows = [row for row in taught[0].corpus.calibration if row.earlier]
    scores = [(row.answered, judged(taught, row.text, *row.earlier.split(BETWEEN))) for row in rows[::2]]
    answered, others = ([score for label, score in scores if label == wanted] for wanted in "10")
    first = sum(a > b for a in answered for b in others) / (len(answered) * len(others))
    assert first > 0.7
    values = np.linspace(0, 1, len(FEATURES))
    assert taught[1].probability(values) != taught[1].probability(values, follow_up=True)
    small = taught[0].corpus
    alone = tuple(row for row in small.calibration if not row.earlier)
    model = learn_answers(assistant_of(replace(small, calibration=alone)))
    assert model is not None
    assert model.probability(values) == model.probability(values, follow_up=True)


def test_a_follow_up_is_judged_as_a_conversation(taught: Taught) -> None:
    """The reader sees the messages as they were written; what is searched for is one question."""
    asked = taught[0].judge.asked_after(
        "and who were its first donors?", ["What is the Migration Emergency Funding Mechanism?"]
    )
    assert asked.follow_up
    assert asked.conversation == "What is the Migration Emergency Funding Mechanism? and who were its first donors?"
    assert not taught[0].judge.asked("who were the first donors?").follow_up


def test_features_are_those_named(taught: Taught) -> None:
    assistant, _, evidence = taught
    asked = assistant.judge.asked("How many of the 47 governments paid 99 million?")
    found = features(asked, evidence, np.zeros(0, dtype=np.float32), 0.25)
    by_name = dict(zip(FEATURES, found.tolist(), strict=True))
    assert (by_name["absent"], by_name["wording"]) == (0, 0.25)
    assert by_name["numbers_not_in_passage"] == 1  # 99; 47 is in the text
    assert np.isfinite(found).all()


def test_what_is_read_are_the_sentences_of_the_nearest_facts(taught: Taught) -> None:
    """As the text has them; without a reader nothing is read."""
    assistant, _, _ = taught
    asked = assistant.judge.asked("How many governments asked IOM to evacuate their nationals from Libya?")
    shown = assistant.judge.sentences(asked.ranking)
    assert len(shown) == SENTENCES
    assert any("47 governments" in sentence for sentence in shown)
    assert all(any(sentence in p.text for p in assistant.corpus.passages) for sentence in shown)
    assert assistant.judge.read(asked) == {}


def test_what_reading_cannot_change_is_settled() -> None:
    """The least and the greatest that the reader can say lie on one side; an average reading then lies there too."""
    size = len(FEATURES) + 1
    weights = np.append(np.zeros(size - 1), [1.0, 0.5])  # the reader's word alone, and an intercept
    weighed = (np.zeros(size), np.ones(size), weights)
    model = AnswerModel(StemVectors((), np.zeros(0), counted=False), np.zeros(1), weighed, weighed)
    values = np.zeros(len(FEATURES))
    lowest, average, highest = (model.probability(values, read) for read in (-READ_MOST, None, READ_MOST))
    assert lowest < average < highest
    assert model.probability(values, 99.0) == highest
    assert [model.settled(values, least) for least in (lowest / 2, average, (highest + 1) / 2)] == [True, False, True]


@pytest.mark.parametrize(
    "question", ["?", "漢字", "of the and", "x " * 500], ids=["mark", "script", "no content", "long"]
)
def test_any_question_can_be_judged(taught: Taught, question: str) -> None:
    assert 0 <= judged(taught, question) <= 1


def test_the_model_is_the_same_after_writing_and_reading(taught: Taught, tmp_path: Path) -> None:
    """The wording is kept in 32 bits: half the file, the same to six digits."""
    assistant, model, _ = taught
    model.save(tmp_path / "answers.npz")
    again = AnswerModel.load(tmp_path / "answers.npz")
    for question in ("How many governments asked?", "the pizza"):
        vector = assistant.retriever.encode(question)
        assert again.wording(question, vector) == pytest.approx(model.wording(question, vector), abs=1e-5)
    values = np.linspace(0, 1, len(FEATURES))
    assert again.probability(values, 1.5) == model.probability(values, 1.5)
    assert again.probability(values) == model.probability(values)
    assert again.probability(values, follow_up=True) == model.probability(values, follow_up=True)


def test_a_file_with_other_features_is_of_another_version(taught: Taught, tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    taught[1].save(path)
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    with path.open("wb") as handle:
        np.savez(handle, **arrays | {"mean": arrays["mean"][:, 1:]})
    with pytest.raises(ValueError, match="another version"):
        AnswerModel.load(path)
    with path.open("wb") as handle:
        np.savez(handle, **{k: v for k, v in arrays.items() if k != "idf"})
    with pytest.raises(ValueError, match="damaged"):
        AnswerModel.load(path)


def cut(corpus: Corpus, lacking: str) -> Corpus:
    no, yes = ([c for c in corpus.calibration if c.answered == a and not c.earlier] for a in "01")
    return {
        "positives": lambda: replace(corpus, entry_points=corpus.entry_points[:19], topic_questions=()),
        "negatives": lambda: replace(corpus, not_covered=corpus.not_covered[:19]),
        "calibration": lambda: replace(corpus, calibration=()),
        "answered calibration": lambda: replace(corpus, calibration=(*no[:60], *yes[:19])),
        "unanswered calibration": lambda: replace(corpus, calibration=(*no[:19], *yes[:60])),
    }[lacking]()


@pytest.mark.parametrize(
    "lacking", ["positives", "negatives", "calibration", "answered calibration", "unanswered calibration"]
)
def test_nothing_is_learned_from_too_few(corpus: Corpus, lacking: str) -> None:
    """Nineteen of a kind are too few, twenty are enough; without a model nothing is refused for its wording."""
    small = cut(small_of(corpus), lacking)
    records = build_records(small)
    encoder = KeywordEncoder(dim=64)
    retriever = HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)

    def never(row: Calibration) -> Asked:
        raise AssertionError(f"nothing needs to be ranked: {row}")

    assert learn(small, retriever, never, lambda asked: {}) is None


def test_calibration_is_not_searched_among(corpus: Corpus) -> None:
    """Or every calibration question would find itself, and the evidence look better than it ever is."""
    records = build_records(small_of(corpus))
    held_out = {r.text for r in records if r.kind == "calibration"}
    assert held_out == {as_asked(c.text) for c in corpus.calibration if not c.earlier}
    encoder = KeywordEncoder(dim=64)
    retriever = HybridRetriever(records, encoder.encode([r.text for r in records]), encoder)
    assert not held_out & {r.text for r in retriever.records if r.kind not in ("entry", "fact")}
    found = retriever.rank(corpus.calibration[0].text, words(corpus.calibration[0].text))
    assert all(h.record.kind != "calibration" for h in found.records)


def test_some_of_many_rows_are_kept_in_their_order_and_stay_when_more_are_added() -> None:
    """Every other row was taken before: three hundred new dialogues changed half of what the models learn from."""
    texts = [f"question {n}" for n in range(1000)]
    kept = spread(texts, 100)
    assert len(kept) == 100
    assert kept == [t for t in texts if t in kept]
    more = spread([*texts, *(f"one more {n}" for n in range(100))], 100)
    assert len(set(kept) & set(more)) >= 80
    assert spread(["a", "b", "a", "c"], 5) == ["a", "b", "c"]
    assert spread([], 3) == []


@pytest.mark.parametrize(
    ("positives", "negatives", "parts"), [(10, 10, 1), (MAX_POSITIVES + 1, 3, 2), (5, 2 * MAX_NEGATIVES + 1, 3)]
)
def test_all_prepared_questions_are_learned_from_in_parts(positives: int, negatives: int, parts: int) -> None:
    """A few more questions changed which of them were taken, and with it a dozen answers of the evaluation."""
    yes, no = [f"y{i}" for i in range(positives)], [f"n{i}" for i in range(negatives)]
    found = _parts(yes, no)
    assert len(found) == parts
    assert sorted(t for part, _ in found for t in part) == sorted(yes)
    assert sorted(t for _, part in found for t in part) == sorted(no)
    assert all(len(a) <= MAX_POSITIVES and len(b) <= MAX_NEGATIVES for a, b in found)
