"""Hybrid ranking: BM25 over stems beside embeddings, fused; records lead to facts and passages.

Both scores are absolute, not relative to the best hit, so they can be compared
between questions and carry the decision to abstain:

- ``dense``: cosine similarity, -1 to 1;
- ``lexical``: the record's BM25 score over the highest score any text could
  reach for this question, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from assistant.encoder import Reading, WordEncoder
from assistant.ranking.bm25 import Bm25Index
from assistant.ranking.signals import PassageSignals, fitness
from assistant.ranking.tokens import Token, tokenize
from assistant.ranking.wordvectors import WordVectors, pool_words
from assistant.records import EXAMPLES, Record
from assistant.text import index_tokens, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Encoder, Vectors
    from assistant.reader import Reader

    Scores = NDArray[np.float32]

#: BM25 parameters: k1 saturation, b length normalisation (records are short and of like length).
K1, B = 1.2, 0.5
#: Share of the dense score in the fused score, measured on the dev set and the SQuAD articles (docs/evaluation.md).
DENSE_WEIGHT = 0.6

#: Weights of a passage's best records in its score. Three instead of one: recall@3 .897 -> .918, MRR .809 -> .834
#: on 380 prepared questions that are no entry points.
PASSAGE_WEIGHTS = (1.0, 0.5, 0.25)
#: Weights of a fact's best records in its score, and of the fit of its passage. With both, the sentence that a prepared
#: question was written for is among three in .939 of 1,500 (each judged without its own record), by its best record and
#: passage alone in .901.
FACT_WEIGHTS = (0.5, 0.3, 0.2)
FIT_WEIGHT = 0.03
#: What a record of a passage that the conversation is about scores more.
SALIENT = 0.08
#: Encoder runs kept, so that the steps of one answer share one run.
_READINGS_KEPT = 16


class LexicalIndex:
    """BM25 over the records' stems, each score as a share of the highest one any text could reach."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._index = Bm25Index(documents, K1, B)

    @cached_property
    def idf(self) -> dict[str, float]:
        """Inverse document frequency of every stem."""
        return self._index.frequencies()

    @property
    def unseen_idf(self) -> float:
        """Weight of a word that occurs nowhere: that of one occurring in half a record."""
        return self._index.unseen_idf

    def scores(self, tokens: Sequence[str]) -> Scores:
        """Score of every record, shape ``(n_records,)``, 0 to 1."""
        reachable = self._index.reachable(tokens)
        scores = self._index.scores(tokens)
        return scores / reachable if reachable else scores


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """A record as ranked; a higher score is better."""

    record: Record
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage as ranked: its absolute score, its best record, and how well it fits.

    Passages are ordered by ``fit``, which compares the passages of one question
    only; ``score`` compares between questions. The order by one need not be
    that by the other.
    """

    ref: str
    score: float
    best: ScoredRecord
    fit: float = 0.0


@dataclass(frozen=True, slots=True)
class ScoredFact:
    """A fact's id as ranked; a higher score is better."""

    fact: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one question found: records and passages, best first."""

    records: tuple[ScoredRecord, ...]
    by_passage: tuple[ScoredPassage, ...] = ()

    def passages(self, k: int) -> list[ScoredPassage]:
        """Passages, best first, at most ``k``."""
        return list(self.by_passage[:k])

    def facts(self, ref: str = "") -> list[ScoredFact]:
        """The facts of one passage or of all, best first: by their best records and how well their passage fits."""
        scores: dict[str, list[ScoredRecord]] = {}
        for hit in self.records:
            if hit.record.fact and (not ref or hit.record.ref == ref):
                hits = scores.setdefault(hit.record.fact, [])
                if len(hits) < len(FACT_WEIGHTS):
                    hits.append(hit)
        fits = {p.ref: p.fit for p in self.by_passage}
        best = max(fits.values(), default=0.0)
        found = [
            ScoredFact(fact, _weighed([h.score for h in hits]) + FIT_WEIGHT * (fits[hits[0].record.ref] - best))
            for fact, hits in scores.items()
        ]
        return sorted(found, key=lambda f: -f.score)


def _weighed(scores: Sequence[float]) -> float:
    """Weighted mean of a fact's best records; one that it lacks counts nine tenths of the one before."""
    filled = list(scores)
    while len(filled) < len(FACT_WEIGHTS):
        filled.append(0.9 * filled[-1])
    return sum(w * s for w, s in zip(FACT_WEIGHTS, filled, strict=True))


class HybridRetriever:
    """Ranks all records for a question. Built once; safe to share between threads."""

    def __init__(
        self,
        records: Sequence[Record],
        vectors: Vectors,
        encoder: Encoder,
        *,
        dense_weight: float = DENSE_WEIGHT,
        title: str = "",
        sentence_words: Callable[[Sequence[Record]], WordVectors] | None = None,
        reader: Reader | None = None,
    ) -> None:
        """``vectors`` has shape ``(len(records), dim)``, unit rows; ``dense_weight`` 0 is BM25 alone, 1 dense alone.

        Records that lead to no passage are kept apart: they are examples, not
        places. ``title`` is what the document is about. ``sentence_words``
        gives the word vectors of sentences; where it and an encoder of words
        are there, and no prepared questions are, they take part in the ranking.
        ``reader`` reads a question beside what is found.
        """
        import numpy as np

        places = [i for i, r in enumerate(records) if r.kind not in EXAMPLES]
        self.records = tuple(records[i] for i in places)
        self.examples = {
            kind: (tuple(records[i] for i in rows), vectors[rows])
            for kind in EXAMPLES
            if (rows := [i for i, r in enumerate(records) if r.kind == kind])
        }
        #: Vectors of ``records``, ``(n_records, dim)``, unit rows.
        self.vectors = vectors[places]
        self._without_embedding = [i for i, r in enumerate(self.records) if r.lang != "en"]
        self._encoder = encoder
        self.reader = reader
        self._dense_weight = dense_weight
        self.refs = tuple(dict.fromkeys(r.ref for r in self.records))
        number = {ref: i for i, ref in enumerate(self.refs)}
        #: Place in ``refs`` of each record's passage.
        self.passage_of: NDArray[np.int64] = np.array([number[r.ref] for r in self.records], dtype=np.int64)
        self._members = _members(self.passage_of, len(self.refs))
        self.lexical = LexicalIndex([index_tokens(words(r.text), r.lang) for r in self.records])  # type: ignore[arg-type]
        self.title = tokenize(title)
        self._sentence_words = sentence_words
        self._read = lru_cache(maxsize=_READINGS_KEPT)(self._read_now)
        self._align = lru_cache(maxsize=_READINGS_KEPT)(self._align_now)
        # a follow-up is ranked with and without the reply before; what is judged and then refused is compared again
        self._cosines = lru_cache(maxsize=_READINGS_KEPT)(self._cosines_now)
        self._alike = lru_cache(maxsize=_READINGS_KEPT)(self._alike_now)

    def cosines(self, vector: Vectors) -> Scores:
        """Cosine similarity of every record, ``(n_records,)``; it is only read."""
        return self._cosines(vector.astype("float32", copy=False).tobytes())

    def _cosines_now(self, vector: bytes) -> Scores:
        import numpy as np

        return self.vectors @ np.frombuffer(vector, dtype=np.float32)

    @cached_property
    def signals(self) -> PassageSignals:
        """The signals over whole passages, made when the first question is ranked by them."""
        return PassageSignals(passage_tokens(self.records, self.refs), self.title)

    @cached_property
    def evidence(self) -> EvidenceSentences | None:
        """The document's sentences with their word vectors; None beside prepared questions or without such vectors."""
        prepared = any(r.kind not in ("sentence", "chunk") for r in self.records)
        if prepared or self._sentence_words is None or not isinstance(self._encoder, WordEncoder):
            return None
        numbers = evidence_records(self.records)
        return EvidenceSentences(numbers, self._sentence_words([self.records[i] for i in numbers])) if numbers else None

    @cached_property
    def _by_text(self) -> dict[str, list[int]]:
        """Places of the records with a text."""
        out: dict[str, list[int]] = {}
        for number, record in enumerate(self.records):
            out.setdefault(record.text, []).append(number)
        return out

    def vectors_of(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Stored vectors of those of the texts that are records' texts."""
        out = {t: self.vectors[self._by_text[t][0]] for t in texts if t in self._by_text}
        if len(out) < len(texts):
            wanted = set(texts) - set(out)
            for records, vectors in self.examples.values():
                out.update({r.text: vectors[i] for i, r in enumerate(records) if r.text in wanted})
        return out

    def like(self, kind: str, text: str, count: int) -> list[tuple[str, float]]:
        """The ``count`` examples of a kind that are nearest to a text, with their cosine; none where there are none of the kind."""
        records, _ = self.examples.get(kind, ((), None))
        if not records:
            return []
        scores = self.alike(kind, self.encode(text))
        return [(records[i].text, float(scores[i])) for i in scores.argsort()[: -count - 1 : -1]]

    def alike(self, kind: str, vector: Vectors) -> Scores:
        """Cosine of each example of a kind with an embedding, ``(n,)``; it is only read."""
        return self._alike(kind, vector.astype("float32", copy=False).tobytes())

    def _alike_now(self, kind: str, vector: bytes) -> Scores:
        import numpy as np

        _, vectors = self.examples.get(kind, ((), self.vectors[:0]))
        return vectors @ np.frombuffer(vector, dtype=np.float32)

    def encode(self, text: str) -> Vectors:
        """Embedding of a question, shape ``(dim,)``."""
        return self._read(text).vector

    def encode_all(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of many texts at once, ``(len(texts), dim)``."""
        return self._encoder.encode(texts)

    def aligned(self, text: str) -> Aligned | None:
        """A question's words beside those of the document's sentences; None where there are no such vectors."""
        return self._align(text) if self.evidence is not None else None

    def _align_now(self, text: str) -> Aligned | None:
        tokens = tokenize(text)
        if self.evidence is None:
            return None
        vectors = pool_words(self._read(text), tokens)
        return Aligned(tokens, vectors, self.evidence.words.alignment(vectors))

    def _read_now(self, text: str) -> Reading:
        import numpy as np

        if isinstance(self._encoder, WordEncoder):
            return self._encoder.read([text])[0]
        return Reading(self._encoder.encode([text])[0], np.zeros((0, 0), dtype=np.float32), ())

    def rank(
        self,
        text: str,
        tokens: Sequence[str],
        *,
        foreign: Sequence[str] = (),
        salient: Sequence[str] = (),
        limit: int = 200,
        vector: Vectors | None = None,
    ) -> Ranking:
        """Rank records for an English ``text`` and its folded ``tokens``; at most ``limit``.

        ``foreign`` are the stems of a French or Spanish question, marked as ``index_tokens`` marks them; ``text`` and
        ``tokens`` are then its gloss. Records in that language are found by these alone.
        ``salient`` passages were spoken of before: their records score ``SALIENT`` higher.
        ``vector`` is its embedding if known.

        Ties are broken by the records' own order.
        """
        import numpy as np

        lexical = self.lexical.scores(index_tokens(tokens, "en"))
        if foreign:
            lexical = np.maximum(lexical, self.lexical.scores(foreign))
        weight = self._dense_weight
        if not weight:
            dense = np.zeros_like(lexical)
        else:
            dense = self.cosines(self.encode(text) if vector is None else vector)
        fused = weight * dense + (1 - weight) * lexical
        if foreign:  # records that have no embedding
            fused[self._without_embedding] = lexical[self._without_embedding]
        if salient:
            wanted = [i for i, ref in enumerate(self.refs) if ref in salient]
            fused[np.isin(self.passage_of, wanted)] += np.float32(SALIENT)
        score, best = self._by_passage(fused)
        fit = self._fit(text, score) if 0 < weight < 1 else score
        passages = np.argsort(-fit, kind="stable")

        def scored(rows: NDArray[np.int64]) -> list[ScoredRecord]:
            columns = fused[rows].tolist(), dense[rows].tolist(), lexical[rows].tolist()
            return list(map(ScoredRecord, [self.records[i] for i in rows.tolist()], *columns))

        refs = [self.refs[i] for i in passages.tolist()]
        by_passage = map(ScoredPassage, refs, score[passages].tolist(), scored(best[passages]), fit[passages].tolist())
        return Ranking(tuple(scored(_highest(fused, limit))), tuple(by_passage))

    def _by_passage(self, fused: Scores) -> tuple[Scores, NDArray[np.int64]]:
        """Weighted mean of each passage's best records, ``(n_passages,)``, and the number of its best record."""
        import numpy as np

        rows = np.arange(len(self.refs))
        left = np.append(fused, np.float32(-np.inf))[self._members]
        total, shares = np.zeros(len(rows)), np.zeros(len(rows))
        best = np.zeros(len(rows), dtype=np.int64)
        for rank, share in enumerate(PASSAGE_WEIGHTS[: left.shape[1]]):
            place = left.argmax(axis=1)
            value = left[rows, place]
            there = np.isfinite(value)
            total[there] += share * value[there].astype(np.float64)
            shares[there] += share
            if rank == 0:
                best = self._members[rows, place]
            left[rows, place] = -np.inf
        return (total / shares).astype(np.float32), best

    def _fit(self, text: str, score: Scores) -> Scores:
        """How well each passage fits the question, among the passages."""
        tokens = tokenize(text)
        signals = self.signals.read(tokens) | {"fused": score}
        aligned = self.aligned(text)
        if aligned is not None and self.evidence is not None:
            weighed = aligned.best @ self.signals.word_weights(tokens)
            signals["words"] = self.best_by_passage(weighed, self.evidence.records)
        return fitness(signals)

    def best_by_passage(self, values: Scores, records: Sequence[int]) -> Scores:
        """The largest of the ``values`` that belong to ``records``, by passage; 0 where a passage has none of them."""
        import numpy as np

        best = np.full(len(self.refs), -np.inf, dtype=np.float32)
        np.maximum.at(best, self.passage_of[list(records)], values)
        return np.where(np.isinf(best), np.float32(0), best)


def _members(passage_of: NDArray[np.int64], n_passages: int) -> NDArray[np.int64]:
    """Numbers of each passage's records in their order, ``(n_passages, most)``; ``len(passage_of)`` fills short rows."""
    import numpy as np

    counts = np.bincount(passage_of, minlength=n_passages)
    members = np.full((n_passages, int(counts.max(initial=0))), len(passage_of), dtype=np.int64)
    order = np.argsort(passage_of, kind="stable")
    begins = np.cumsum(counts) - counts
    members[passage_of[order], np.arange(len(order)) - begins[passage_of[order]]] = order
    return members


def _highest(scores: Scores, limit: int) -> NDArray[np.int64]:
    """Numbers of the highest scores, best first, at most ``limit``; ties by number."""
    import numpy as np

    if limit >= len(scores):
        return np.argsort(-scores, kind="stable")
    candidates = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
    return candidates[np.argsort(-scores[candidates], kind="stable")][:limit]


@dataclass(frozen=True)
class EvidenceSentences:
    """Numbers of the records that are the document's own sentences, and the word vectors of each."""

    records: tuple[int, ...]
    words: WordVectors


@dataclass(frozen=True)
class Aligned:
    """A question's words, their vectors ``(n_words, dim)``, and their best cosines ``(n_sentences, n_words)``."""

    tokens: tuple[Token, ...]
    words: Vectors
    best: Scores


def evidence_records(records: Sequence[Record]) -> tuple[int, ...]:
    """Numbers of the records that are the document once: its sentences, and chunks of those too long to be one."""
    sentences: dict[str, list[Record]] = {}
    for record in records:
        if record.kind == "sentence":
            sentences.setdefault(record.ref, []).append(record)
    return tuple(
        i
        for i, r in enumerate(records)
        if r.kind == "sentence"
        or (r.kind == "chunk" and not any(r.start < s.end and s.start < r.end for s in sentences.get(r.ref, ())))
    )


def passage_tokens(records: Sequence[Record], refs: Sequence[str]) -> list[list[Token]]:
    """The words that lead to each passage: its own, once, and those of its prepared English questions and facts."""
    number = {ref: i for i, ref in enumerate(refs)}
    tokens: list[list[Token]] = [[] for _ in refs]
    own = set(evidence_records(records))
    for i, record in enumerate(records):
        if i in own or (record.kind not in ("sentence", "chunk") and record.lang == "en"):
            tokens[number[record.ref]].extend(tokenize(record.text))
    return tokens
