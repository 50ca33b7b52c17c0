"""Evidence worked out by hand, and the networks' file: what is missing, damaged or of another version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answerability import english
from assistant.answerability.evidence import (
    SENTENCES,
    Evidence,
    EvidenceReader,
    Query,
    SentenceEvidence,
    TopicEvidence,
    WordEvidence,
)
from assistant.answerability.judge import DocumentJudge
from assistant.answerability.model import AnswerabilityModel, network_logit
from assistant.ranking.signals import PassageSignals
from assistant.ranking.tokens import tokenize
from assistant.ranking.wordstore import compute_words
from assistant.ranking.wordvectors import pool_words
from assistant.records import Record
from assistant.retrieval import HybridRetriever
from assistant.text import stem, words
from corpus.errors import ModelError
from tests.assistant.ranking.test_wordvectors import PieceEncoder

TEXTS = (
    ("¶1", "Floods displaced 1,500 people in Haiti in 2010."),
    ("¶1", "Camps were closed before the rains."),
    ("¶2", "The border is stable and open for trade."),
)
ENCODER = PieceEncoder()


RECORDS = [Record(f"s{i}", "sentence", ref, text, start=0, end=len(text)) for i, (ref, text) in enumerate(TEXTS)]
WORDS = compute_words(RECORDS, ENCODER)


def reader() -> EvidenceReader:
    tokens = [tokenize(text) for _, text in TEXTS]
    signals = PassageSignals([[*tokens[0], *tokens[1]], tokens[2]], tokenize("Crises"))
    return EvidenceReader(tokens, [0, 0, 1], WORDS, signals)


def query(text: str) -> Query:
    tokens = tokenize(text)
    vectors = pool_words(ENCODER.read([text])[0], tokens)
    alignment = WORDS.alignment(vectors)
    return Query(
        text, tokens, vectors, alignment, np.array([0.5, 0.2, 0.1], dtype=np.float32), 0.5, np.array([2.0, -1.0])
    )


def sentence(found: Evidence, place: int = 0) -> SentenceEvidence:
    return SentenceEvidence(*found.sentences[place].tolist())


def word(found: Evidence, number: int, place: int = 0) -> WordEvidence:
    return WordEvidence(*found.words[place, number].tolist())


def test_the_sentence_with_the_words_comes_first_and_holds_the_answer() -> None:
    """All four content words of the question are there, and a quantity besides: 1,500 is no year."""
    found = reader().read(query("How many people did floods displace in Haiti?"))
    assert found.records[0] == 0
    best = sentence(found)
    assert (best.asks_quantity, best.typed_answer, best.typed_answer_lacking) == (1, 1, 0)
    assert (best.covered, best.covered_gap) == (pytest.approx(1), pytest.approx(0))
    assert best.words_missing == 0
    assert best.words_matched == 1


def test_an_opposite_in_the_sentence_is_seen() -> None:
    """The border asked for is unstable, that of the text stable: a negative prefix, in the word's own slot."""
    found = reader().read(query("Was the border unstable?"))
    place = found.records.index(2)
    border, unstable = (word(found, n, place) for n in (0, 1))
    assert border.in_sentence == 1
    assert (unstable.in_sentence, unstable.opposite_in_sentence) == (0, 1)
    assert unstable.left_matched == 1
    assert unstable.has_slot == 1


def test_a_date_is_no_quantity() -> None:
    """A year answers "when" but not "how many"."""
    year = tokenize("in 2010")[1]
    assert english.could_answer(year, "when")
    assert not english.could_answer(year, "quantity")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("In what year did it end?", "when"),
        ("How many camps were there?", "quantity"),
        ("Who decided?", "who"),
        ("Which country was first?", "where"),
        ("Why did they leave?", "why"),
        ("How does it work?", "how"),
        ("What is a phase?", "what"),
    ],
)
def test_what_a_question_asks_for(question: str, kind: str) -> None:
    assert english.answer_type(question) == kind


def test_opposites_go_both_ways() -> None:
    assert english.opposite_among(stem("before"), {"after"})
    assert english.opposite_among("after", {stem("before")})
    assert english.opposite_among("legal", {"illegal"})
    assert not english.opposite_among("use", {"unuse2"})


@given(st.text(max_size=80))
def test_any_question_with_words_has_finite_evidence(text: str) -> None:
    tokens = tokenize(text)
    if not tokens:
        with pytest.raises(ValueError, match="has words"):
            reader().read(Query(text, (), np.zeros((0, 26)), np.zeros((3, 0)), np.zeros(3), 0.0, np.zeros(2)))
        return
    vectors = np.ones((len(tokens), 26), dtype=np.float32) / np.float32(26**0.5)
    zeros = np.zeros(3, dtype=np.float32)
    found = reader().read(Query(text, tokens, vectors, WORDS.alignment(vectors), zeros, 0.0, zeros[:2]))
    assert found.sentences.shape == (min(SENTENCES, len(TEXTS)), len(SentenceEvidence._fields))
    assert found.topic.shape == (len(TopicEvidence._fields),)
    assert np.isfinite(found.sentences).all()
    assert np.isfinite(found.words).all()


def parameters(**changes: Any) -> dict[str, Any]:
    """Networks of one unit that look at one number each: sentence ``covered`` and topic ``known_share``."""
    n_word, n_sentence, n_topic = len(WordEvidence._fields), len(SentenceEvidence._fields), len(TopicEvidence._fields)

    def one_hot(size: int, place: int, value: float) -> list[float]:
        return [value if i == place else 0.0 for i in range(size)]

    covered, known = SentenceEvidence._fields.index("covered"), TopicEvidence._fields.index("known_share")
    network = {
        "sentence_mean": [0.0] * n_sentence,
        "sentence_scale": [1.0] * n_sentence,
        "word_mean": [0.0] * n_word,
        "word_scale": [1.0] * n_word,
        "word_weights": [[0.0] * n_word],
        "word_bias": [0.0],
        "hidden_weights": [[0.0] * (n_sentence + 3)],
        "hidden_bias": [0.0],
        "out_weights": [0.0],
        "out_bias": [-2.0],
        "linear_weights": one_hot(n_sentence + 3, covered, 4.0),
        "attention_weights": one_hot(n_sentence, covered, 50.0),
    }
    topic = {"mean": [0.0] * n_topic, "scale": [1.0] * n_topic, "weights": one_hot(n_topic, known, 10.0), "bias": -5.0}
    return {
        "schema": 2,
        "word_features": list(WordEvidence._fields),
        "sentence_features": list(SentenceEvidence._fields),
        "topic_features": list(TopicEvidence._fields),
        "thresholds": {"on_topic": 0.5, "answered": 0.5},
        "calibration": [1.0, 0.0],
        "topic": topic,
        "networks": [network],
    } | changes


@pytest.mark.parametrize(
    ("question", "about", "answers"),
    [
        ("How many people did floods displace in Haiti?", True, True),
        ("Which camps did storms close in Haiti?", True, False),
        ("Best pizza dough recipe?", False, False),
    ],
    ids=["answered", "about it", "something else"],
)
def test_two_gates(question: str, about: bool, answers: bool) -> None:
    """Logit 4 * covered - 2: half the weight of the question's words must stand in the sentence."""
    judgement = AnswerabilityModel(parameters()).judge(reader().read(query(question)))
    assert (judgement.about, judgement.answers) == (about, answers)


def test_what_is_off_topic_is_never_answered() -> None:
    """Both gates in a row: a question that the first refuses is not answered, whatever the second would say."""
    model = AnswerabilityModel(parameters(thresholds={"on_topic": 0.999, "answered": 0.0}))
    judgement = model.judge(reader().read(query("Best pizza dough recipe?")))
    assert (judgement.about, judgement.answers) == (False, False)


def test_attention_goes_to_the_sentence_that_covers_the_question() -> None:
    found = reader().read(query("How many people did floods displace in Haiti?"))
    network = {k: np.array(v, dtype=np.float32) for k, v in parameters()["networks"][0].items()}
    logit, attention = network_logit(network, found.sentences, found.words)
    assert logit == pytest.approx(2.0, abs=1e-3)
    assert attention.argmax() == 0
    assert attention.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        ("", "damaged or of another version"),
        ("[]", "damaged or of another version"),
        ("{}", "schema None, expected 2"),
        (json.dumps(parameters(schema=1)), "schema 1, expected 2"),
        (json.dumps(parameters(word_features=["other"])), "word_features are not those of WordEvidence"),
        (json.dumps(parameters(networks=[])), "no network"),
        (json.dumps({k: v for k, v in parameters().items() if k != "topic"}), "topic"),
    ],
    ids=["missing", "empty", "a list", "nothing in it", "old", "other features", "no networks", "half"],
)
def test_a_file_that_cannot_be_used_says_how_to_mend_it(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "coefficients.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=reason) as caught:
        AnswerabilityModel.load(path)
    assert "python -m evals.train_answerability" in (caught.value.remedy or "")


def test_the_shipped_networks_can_be_read() -> None:
    model = AnswerabilityModel.load()
    assert 0 < model.on_topic_threshold < 1
    assert 0 < model.answered_threshold < 1


def plain_retriever() -> HybridRetriever:
    vectors = ENCODER.encode([r.text for r in RECORDS])
    return HybridRetriever(RECORDS, vectors, ENCODER, sentence_words=lambda found: compute_words(found, ENCODER))


def test_a_finding_quotes_the_best_sentence_of_the_best_passage_first() -> None:
    retriever = plain_retriever()
    judge = DocumentJudge(retriever, AnswerabilityModel(parameters()))
    question = "Were camps closed before the rains?"
    found = judge.find(question, retriever.rank(question, words(question)))
    assert found is not None
    assert found.sentences[0].text == TEXTS[1][1]
    assert len(found.sentences) == 2


@pytest.mark.parametrize("question", ["", "?!", "…"])
def test_a_question_without_words_is_not_judged(question: str) -> None:
    retriever = plain_retriever()
    judge = DocumentJudge(retriever, AnswerabilityModel(parameters()))
    assert judge.find(question, retriever.rank(question, [])) is None
