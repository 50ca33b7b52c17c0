"""Whether a document without prepared questions answers: its sentences read as evidence, judged by trained networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.answerability.evidence import Evidence, EvidenceReader, Query
from assistant.answerability.model import COEFFICIENTS, AnswerabilityModel, Judgement
from assistant.ranking.tokens import tokenize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.records import Record
    from assistant.retrieval import HybridRetriever, Ranking


#: Sentences quoted for a question. Of 1,540 answerable ones the best sentence of the best passage holds the answer
#: for .808, two sentences of that passage for .870, it and the next best of any passage for .889 (54 words).
QUOTED = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What a document holds for a question: the judgement, and the sentences nearest to it, best first."""

    judgement: Judgement
    sentences: tuple[Record, ...]


class DocumentJudge:
    """Judges questions by the sentences of the document that a retriever ranks."""

    def __init__(self, retriever: HybridRetriever, model: AnswerabilityModel | None = None) -> None:
        """``model`` is the shipped one unless another is given. Reads no file before the first question."""
        self._retriever = retriever
        self._given = model

    @cached_property
    def model(self) -> AnswerabilityModel:
        """The networks. Raises ModelError where their file is missing or damaged."""
        return self._given or AnswerabilityModel.load(COEFFICIENTS)

    @cached_property
    def _reader(self) -> EvidenceReader | None:
        retriever = self._retriever
        if retriever.evidence is None:
            return None
        numbers = retriever.evidence.records
        return EvidenceReader(
            [tokenize(retriever.records[i].text) for i in numbers],
            [int(retriever.passage_of[i]) for i in numbers],
            retriever.evidence.words,
            retriever.signals,
        )

    @cached_property
    def _chunks(self) -> NDArray[np.int64]:
        """Numbers of the records whose cosine says how near the question is to a stretch of text."""
        import numpy as np

        kinds = np.array([r.kind == "chunk" for r in self._retriever.records])
        return np.flatnonzero(kinds if kinds.any() else ~kinds)

    def evidence(self, text: str, ranking: Ranking) -> Evidence | None:
        """The evidence for a question; None where nothing can be judged.

        That is so for a question without words, and for a document beside which
        prepared questions stand, or whose encoder gives no word vectors.
        """
        import numpy as np

        retriever, reader = self._retriever, self._reader
        aligned = retriever.aligned(text)
        if reader is None or retriever.evidence is None or aligned is None or not aligned.tokens:
            return None
        cosine = retriever.cosines(retriever.encode(text))
        fits = {hit.ref: hit.fit for hit in ranking.by_passage}
        return reader.read(
            Query(
                text=text,
                tokens=aligned.tokens,
                words=aligned.words,
                alignment=aligned.best,
                cosine=cosine[list(retriever.evidence.records)],
                passage_cosine=float(cosine[self._chunks].max()),
                fit=np.array([fits[ref] for ref in retriever.refs], dtype=np.float32),
            )
        )

    def find(self, text: str, ranking: Ranking) -> Finding | None:
        """The judgement on a question and the sentences to quote for it; None where nothing can be judged."""
        evidence = self.evidence(text, ranking)
        if evidence is None or self._retriever.evidence is None:
            return None
        numbers = self._retriever.evidence.records
        candidates = [self._retriever.records[numbers[i]] for i in evidence.records]
        first = next((r for r in candidates if r.ref == ranking.by_passage[0].ref), candidates[0])
        others = [r for r in candidates if r is not first]
        return Finding(self.model.judge(evidence), (first, *others[: QUOTED - 1]))
