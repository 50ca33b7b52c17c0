"""Whether the document answers a question: what is searched, read and judged for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.answerable import Asked, Evidence, features
from assistant.compose.passages import sentence_of
from assistant.learned import LearnedModels
from assistant.lexicon import Lexicon
from assistant.opening import LazyIndex
from assistant.reader import SENTENCES, Readings
from assistant.text import as_asked
from assistant.understanding import Understanding, following, read
from corpus.load import Corpus
from corpus.types import BETWEEN, Calibration

if TYPE_CHECKING:
    from assistant.answerability.judge import DocumentJudge, Finding
    from assistant.encoder import Vectors
    from assistant.retrieval import Ranking


class Judge:
    """Judges questions to one corpus by what is found for them. All methods raise what opening the index raises."""

    def __init__(self, corpus: Corpus, lexicon: Lexicon, index: LazyIndex, learned: LearnedModels) -> None:
        self._corpus, self._lexicon, self._index, self._learned = corpus, lexicon, index, learned

    def asked(self, question: str, vector: Vectors | None = None) -> Asked:
        """An English question read and ranked for the judgement.

        ``vector`` is its embedding, where it is known.
        """
        return self._ranked(read(question, self._lexicon), vector)

    def asked_after(self, question: str, earlier: Sequence[str]) -> Asked:
        """The same of a message that leans on the last of those before it, oldest first."""
        return self._ranked(following(question, earlier, self._lexicon), None)

    def asked_of(self, row: Calibration, vector: Vectors | None = None) -> Asked:
        """The same of a calibration question, which may lean on a message before."""
        return self.asked_after(row.text, row.earlier.split(BETWEEN)) if row.earlier else self.asked(row.text, vector)

    def _ranked(self, u: Understanding, vector: Vectors | None) -> Asked:
        retriever = self._index.retriever
        vector = retriever.encode(as_asked(u.english)) if vector is None else vector
        ranking = retriever.rank(u.english, u.english_tokens, vector=vector)
        return Asked(u.english, u.english_tokens, vector, ranking, u.conversation)

    def probability(self, asked: Asked, least: float) -> float | None:
        """Probability that the document answers, 0 to 1; None where nothing was learned about that.

        The nearest sentence is read where that could move the probability across ``least``; reading takes longer than
        all else together.
        """
        model = self._learned.answers
        if model is None:
            return None
        if not asked.signs:
            wording = model.wording(asked.question, asked.vector)
            absent = self._index.retriever.alike("absent", asked.vector)
            asked.signs.append(features(asked, self._evidence, absent, wording))
        values = asked.signs[0]
        if model.settled(values, least, follow_up=asked.follow_up):
            return model.probability(values, follow_up=asked.follow_up)
        reading = max(self.read(asked).values(), default=None)
        return model.probability(values, reading, follow_up=asked.follow_up)

    def sentences(self, ranking: Ranking) -> list[str]:
        """The sentences of the nearest facts that the reader is shown, nearest first."""
        found: dict[str, None] = {}
        for hit in ranking.facts():
            fact = self._corpus.fact_by_id[hit.fact]
            found[sentence_of(fact, self._corpus.by_ref)] = None
            if len(found) == SENTENCES:
                break
        return list(found)

    def read(self, asked: Asked) -> Readings:
        """Log odds that each of the nearest sentences answers a question, nearest first; empty without a reader.

        Raises:
            IndexUnusableError: the reader's export is damaged.
        """
        reader = self._index.retriever.reader
        if reader is not None and not asked.readings:
            shown = self.sentences(asked.ranking)
            asked.readings.update(zip(shown, reader.logits(asked.spoken, shown).tolist(), strict=True))
        return asked.readings

    def find(self, question: str, ranking: Ranking) -> Finding | None:
        """The sentences of a document without prepared questions, judged; None beside such questions."""
        return self.document_judge.find(question, ranking)

    @cached_property
    def document_judge(self) -> DocumentJudge:
        """What judges a document without prepared questions."""
        from assistant.answerability.judge import DocumentJudge

        return DocumentJudge(self._index.retriever)

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self._corpus, self._index.retriever)
