"""The retriever: absolute scores, an order of passages, languages, determinism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ranking.signals import PassageSignals, fitness, standardised
from assistant.ranking.tokens import tokenize
from assistant.ranking.wordstore import compute_words
from assistant.records import Record
from assistant.retrieval import HybridRetriever, Ranking, evidence_records
from assistant.text import index_tokens, words
from tests.assistant.ranking.test_wordvectors import PieceEncoder

RECORDS = (
    Record("s1", "sentence", "¶1", "Floods displaced people in Haiti in 2010.", start=0, end=41),
    Record("s2", "sentence", "¶1", "Camps were closed.", start=42, end=60),
    Record("c1", "chunk", "¶1", "Floods displaced people in Haiti in 2010. Camps were closed.", start=0, end=60),
    Record("s3", "sentence", "¶2", "Borders stay open for trade.", start=0, end=28),
    Record("c2", "chunk", "¶3", "A sentence that is too long to be a record of its own,", start=0, end=54),
    Record("c3", "chunk", "¶3", "cut at a comma.", start=55, end=70),
)
PREPARED = (
    *RECORDS,
    Record("f1", "fact", "¶2", "Trade crosses open borders.", fact="borders"),
    Record("e1", "entry", "¶2", "¿Están abiertas las fronteras?", lang="es", fact="borders"),
    Record("u1", "utterance", "", "what about borders"),
)


class OneHot:
    """A dimension for each word; no word vectors."""

    model_id = "one-hot"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vocabulary = sorted({w for r in PREPARED for w in words(r.text)})
        out = np.zeros((len(texts), len(vocabulary) + 1), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                out[row, vocabulary.index(word) if word in vocabulary else -1] = 1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def retriever(records: Sequence[Record] = RECORDS, **options: float) -> HybridRetriever:
    encoder = OneHot()
    return HybridRetriever(records, encoder.encode([r.text for r in records]), encoder, **options)  # type: ignore[arg-type]


def ask(found: HybridRetriever, text: str, lang: str = "en") -> Ranking:
    foreign = index_tokens(words(text), lang) if lang != "en" else ()  # type: ignore[arg-type]
    return found.rank(text, words(text), foreign=foreign)


def test_a_passage_scores_by_its_best_three_records() -> None:
    """Weights 1, 1/2, 1/4 over what is there; the passage of one record has that record's score."""
    ranking = ask(retriever(), "displaced people Haiti")
    scores = {hit.record.id: hit.score for hit in ranking.records}
    by_ref = {p.ref: p for p in ranking.by_passage}
    best, second, third = sorted((scores["s1"], scores["s2"], scores["c1"]), reverse=True)
    assert by_ref["¶1"].score == pytest.approx((best + second / 2 + third / 4) / 1.75)
    assert by_ref["¶2"].score == pytest.approx(scores["s3"])
    assert by_ref["¶1"].best.record.id == "s1"
    assert ranking.by_passage[0].ref == "¶1"


def test_scores_are_absolute_and_the_order_is_by_fit() -> None:
    """The score of a passage does not move when passages that have nothing to do with the question go."""
    whole = ask(retriever(), "borders open for trade")
    assert [p.fit for p in whole.by_passage] == sorted((p.fit for p in whole.by_passage), reverse=True)
    assert whole.by_passage[0].ref == "¶2"
    assert whole.by_passage[0].best.dense == pytest.approx(4 / 4**0.5 / 5**0.5, abs=1e-5)


def test_one_half_alone_is_ordered_by_its_score() -> None:
    """Dense or lexical alone, as the evaluation measures them, take no other signal in."""
    for weight in (0.0, 1.0):
        found = retriever(dense_weight=weight)
        ranking = ask(found, "people in camps")
        assert all(p.fit == p.score for p in ranking.by_passage)
        assert "signals" not in vars(found)


def test_words_of_another_language_lead_to_the_passage() -> None:
    ranking = ask(retriever(PREPARED), "¿fronteras abiertas?", "es")
    assert ranking.by_passage[0].ref == "¶2"
    assert ranking.records[0].record.id == "e1"


def test_examples_are_no_places() -> None:
    found = retriever(PREPARED)
    assert found.refs == ("¶1", "¶2", "¶3")
    assert [r.id for r in found.examples["utterance"][0]] == ["u1"]


def test_evidence_is_the_document_once() -> None:
    """Sentences, and the chunks of a sentence too long to be one; a chunk of whole sentences repeats them."""
    assert [PREPARED[i].id for i in evidence_records(PREPARED)] == ["s1", "s2", "s3", "c2", "c3"]


def test_word_vectors_take_part_only_without_prepared_questions() -> None:
    encoder = PieceEncoder()

    def opened(records: Sequence[Record]) -> HybridRetriever:
        vectors = encoder.encode([r.text for r in records])
        return HybridRetriever(records, vectors, encoder, sentence_words=lambda s: compute_words(s, encoder))

    assert opened(PREPARED).evidence is None
    plain = opened(RECORDS)
    assert plain.evidence is not None
    assert plain.evidence.records == (0, 1, 3, 4, 5)
    runs = encoder.runs
    assert ask(plain, "camps closed").by_passage[0].ref == "¶1"
    assert encoder.runs == runs + 1, "embedding and word vectors come from one run"


def test_equal_questions_get_equal_rankings() -> None:
    assert ask(retriever(), "open camps") == ask(retriever(), "open camps")


def test_passages_without_any_difference_keep_the_order_of_the_document() -> None:
    twice = [replace(r, id=f"{r.id}'", ref="¶9") for r in RECORDS if r.ref == "¶1"]
    ranking = ask(retriever([*RECORDS, *twice]), "displaced people Haiti")
    assert [p.ref for p in ranking.by_passage[:2]] == ["¶1", "¶9"]


@given(st.text(max_size=60), st.sampled_from(["en", "fr", "es"]))
def test_any_text_can_be_ranked(text: str, lang: str) -> None:
    ranking = ask(retriever(PREPARED), text, lang)
    assert sorted(p.ref for p in ranking.by_passage) == ["¶1", "¶2", "¶3"]
    assert all(-1.01 <= p.score <= 1.01 for p in ranking.by_passage)
    assert all(0 <= hit.lexical <= 1.001 for hit in ranking.records)


def test_names_are_weighed_by_how_rare_they_are() -> None:
    """One of two passages holds "Haiti", both hold "2010": idf ln 2 and ln 1.2, so ¶2 has .2083 of the two."""
    signals = PassageSignals([tokenize("floods in Haiti 2010"), tokenize("borders 2010")])
    assert signals.read(tokenize("What of Haiti in 2010?"))["names"] == pytest.approx([1.0, 0.2083], abs=1e-4)


def test_words_of_the_title_tell_passages_apart_badly() -> None:
    passages = [tokenize("border crisis"), tokenize("water")]
    plain, titled = PassageSignals(passages), PassageSignals(passages, tokenize("The Crisis"))
    question = tokenize("the crisis water")
    assert plain.word_weights(question) == pytest.approx([0, 0.5, 0.5])
    assert titled.word_weights(question) == pytest.approx([0, 0.3 / 1.3, 1 / 1.3])


def test_a_signal_that_tells_nothing_counts_nothing() -> None:
    assert standardised(np.full(3, 7.0, dtype=np.float32)).tolist() == [0, 0, 0]
    assert standardised(np.zeros(0, dtype=np.float32)).tolist() == []
    fused = np.array([0.1, 0.3], dtype=np.float32)
    same = np.zeros(2, dtype=np.float32)
    assert fitness({"fused": fused, "grams": same, "bigrams": same, "names": same}) == pytest.approx([-1.81, 1.81])


def test_records_and_examples_are_compared_with_an_embedding_once() -> None:
    found = retriever(PREPARED)
    vector = found.encode("what about borders")
    scores = found.alike("utterance", vector)
    assert scores == pytest.approx(found.examples["utterance"][1] @ vector)
    assert found.alike("utterance", vector.copy()) is scores
    assert found.cosines(vector.copy()) is found.cosines(vector)
    assert found.cosines(vector) == pytest.approx(found.vectors @ vector)
    assert found.alike("absent", vector).size == 0
    assert found.like("absent", "what about borders", 2) == []
