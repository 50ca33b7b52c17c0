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
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.records import EXAMPLES, Record
from assistant.text import FUNCTION_WORDS, stem, words
from corpus.types import Language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.encoder import Encoder, Vectors

    Scores = NDArray[np.float32]

#: BM25 parameters: k1 saturation, b length normalisation (records are short and of like length).
K1, B = 1.2, 0.5
#: Share of the dense score in the fused score, measured on the dev set and the SQuAD articles (docs/evaluation.md).
DENSE_WEIGHT = 0.6

#: Weights of a passage's best records in its score. Three instead of one: recall@3 .897 -> .918, MRR .809 -> .834
#: on 380 prepared questions that are no entry points.
PASSAGE_WEIGHTS = (1.0, 0.5, 0.25)


def index_tokens(text: str, lang: Language) -> list[str]:
    """Stems of the content words; French and Spanish ones are marked, so that languages do not mix."""
    stop = FUNCTION_WORDS[lang]
    prefix = "" if lang == "en" else f"{lang}:"
    return [prefix + stem(w, lang) for w in words(text) if w not in stop]


def query_tokens(tokens: Sequence[str], lang: Language) -> list[str]:
    """Stems of a question's folded words; words of another language are also looked up as English names."""
    stop = FUNCTION_WORDS[lang]
    content = [w for w in tokens if w not in stop]
    if lang == "en":
        return [stem(w) for w in content]
    return [f"{lang}:{stem(w, lang)}" for w in content] + [stem(w) for w in content]


class LexicalIndex:
    """BM25 over the records' stems, as posting lists.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework:
    BM25 and Beyond", 2009, with the non-negative idf of Lucene.
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        import numpy as np

        lengths = np.array([len(d) for d in documents], dtype=np.float32)
        average = float(lengths.mean()) if len(documents) else 1.0
        counts: dict[str, dict[int, int]] = {}
        for number, document in enumerate(documents):
            for token in document:
                row = counts.setdefault(token, {})
                row[number] = row.get(number, 0) + 1
        self.size = len(documents)
        self.idf: dict[str, float] = {}
        self._postings: dict[str, tuple[NDArray[np.int64], Scores]] = {}
        for token, row in counts.items():
            numbers = np.fromiter(row.keys(), dtype=np.int64)
            frequency = np.fromiter(row.values(), dtype=np.float32)
            idf = float(np.log(1 + (self.size - len(row) + 0.5) / (len(row) + 0.5)))
            norm = K1 * (1 - B + B * lengths[numbers] / max(average, 1.0))
            self.idf[token] = idf
            self._postings[token] = (numbers, idf * frequency * (K1 + 1) / (frequency + norm))

    @cached_property
    def unseen_idf(self) -> float:
        """Weight of a word that occurs nowhere: that of one occurring in half a record."""
        import math

        return math.log(1 + (self.size + 0.5) / 0.5)

    def scores(self, tokens: Sequence[str]) -> Scores:
        """BM25 score of every record, shape ``(n_records,)``, over the highest reachable one."""
        import numpy as np

        out = np.zeros(self.size, dtype=np.float32)
        reachable = 0.0
        for token in dict.fromkeys(tokens):
            reachable += self.idf.get(token, 0.0) * (K1 + 1)
            if token in self._postings:
                numbers, weights = self._postings[token]
                out[numbers] += weights
        return out / reachable if reachable else out


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """A record as ranked; a higher score is better."""

    record: Record
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage as ranked: its score, and its best record."""

    ref: str
    score: float
    best: ScoredRecord


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one question found: records and passages, best first."""

    records: tuple[ScoredRecord, ...]
    by_passage: tuple[ScoredPassage, ...] = ()

    def passages(self, k: int) -> list[ScoredPassage]:
        """Passages, best first, at most ``k``."""
        return list(self.by_passage[:k])

    def facts(self, ref: str = "") -> list[ScoredRecord]:
        """The best record of each fact, best first, of one passage or of all."""
        best: dict[str, ScoredRecord] = {}
        for hit in self.records:
            if hit.record.fact and (not ref or hit.record.ref == ref):
                best.setdefault(hit.record.fact, hit)
        return list(best.values())


class HybridRetriever:
    """Ranks all records for a question. Built once; safe to share between threads."""

    def __init__(
        self,
        records: Sequence[Record],
        vectors: Vectors,
        encoder: Encoder,
        *,
        dense_weight: float = DENSE_WEIGHT,
    ) -> None:
        """``vectors`` has shape ``(len(records), dim)``, unit rows; ``dense_weight`` 0 is BM25 alone, 1 dense alone.

        Records that lead to no passage are kept apart: they are examples, not places.
        """
        places = [i for i, r in enumerate(records) if r.kind not in EXAMPLES]
        self.records = tuple(records[i] for i in places)
        self.examples = {
            kind: (tuple(records[i] for i in rows), vectors[rows])
            for kind in EXAMPLES
            if (rows := [i for i, r in enumerate(records) if r.kind == kind])
        }
        self._vectors = vectors[places]
        self._encoder = encoder
        self._dense_weight = dense_weight
        refs = {ref: i for i, ref in enumerate(dict.fromkeys(r.ref for r in self.records))}
        self._refs = tuple(refs)
        groups: list[list[int]] = [[] for _ in refs]
        for number, record in enumerate(self.records):
            groups[refs[record.ref]].append(number)
        self._groups = tuple(tuple(g) for g in groups)
        self.lexical = LexicalIndex([index_tokens(r.text, r.lang) for r in self.records])  # type: ignore[arg-type]

    def vectors_of(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Stored vectors of those of the texts that are records' texts."""
        wanted = set(texts)
        out = {r.text: self._vectors[i] for i, r in enumerate(self.records) if r.text in wanted}
        for records, vectors in self.examples.values():
            out.update({r.text: vectors[i] for i, r in enumerate(records) if r.text in wanted})
        return out

    def encode(self, text: str) -> Vectors:
        """Embedding of a question, shape ``(dim,)``."""
        return self._encoder.encode([text])[0]

    def rank(
        self, text: str, tokens: Sequence[str], lang: Language, *, limit: int = 200, vector: Vectors | None = None
    ) -> Ranking:
        """Rank records for ``text`` and its folded ``tokens``; at most ``limit``. ``vector`` is its embedding if known.

        Ties are broken by the records' own order. For a question that is not
        English the embedding carries no meaning and the words alone decide.
        """
        import numpy as np

        lexical = self.lexical.scores(query_tokens(tokens, lang))
        weight = self._dense_weight
        if lang != "en":
            weight = min(weight, 0.15)
        if weight:
            dense = self._vectors @ (self.encode(text) if vector is None else vector)
        else:
            dense = np.zeros_like(lexical)
        fused = weight * dense + (1 - weight) * lexical
        order = np.argsort(-fused, kind="stable")[: min(limit, len(fused))]

        def scored(i: int) -> ScoredRecord:
            return ScoredRecord(self.records[i], float(fused[i]), float(dense[i]), float(lexical[i]))

        return Ranking(tuple(scored(i) for i in order.tolist()), tuple(self._passages(fused, scored)))

    def _passages(self, fused: Scores, scored: Callable[[int], ScoredRecord]) -> list[ScoredPassage]:
        """Passages by the weighted mean of their best records' scores: several ways that lead there count."""
        import numpy as np

        out = []
        for ref, group in zip(self._refs, self._groups, strict=True):
            values = fused[list(group)]
            best = np.argsort(-values, kind="stable")[: len(PASSAGE_WEIGHTS)]
            total = sum(w * float(values[i]) for w, i in zip(PASSAGE_WEIGHTS, best, strict=False))
            out.append((total / sum(PASSAGE_WEIGHTS[: len(best)]), group[int(best[0])], ref))
        out.sort(key=lambda row: -row[0])
        return [ScoredPassage(ref, score, scored(i)) for score, i, ref in out]
