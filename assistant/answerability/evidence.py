"""What the document's sentences hold for a question: the evidence that an answer is there.

A similarity says whether a question is about the document; whether the document
*says it* shows in the nearest sentences: is each word of the question there, or
something near it, or its opposite; are neighbours in the question neighbours
there, or does another word stand in the slot; is there a date where a date is
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from assistant.answerability import english
from assistant.ranking.signals import PassageSignals
from assistant.ranking.tokens import Token, bigrams
from assistant.ranking.wordvectors import WordVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

#: Candidate sentences a question. Of answerable ones .94 have the sentence that answers among five, .77 first.
SENTENCES = 5
#: Spelling similarity, 0 to 100, from which an unknown word counts as a known one misspelt.
MISSPELT = 75.0
#: Share of a spelling that makes a word of the question known to the document.
KNOWN = 0.8


@dataclass(frozen=True, slots=True)
class Query:
    """A question beside a document's sentences.

    ``words`` has shape ``(n_tokens, dim)``; ``alignment`` ``(n_sentences,
    n_tokens)`` is the best cosine of each word in each sentence; ``cosine`` has
    shape ``(n_sentences,)``; ``fit`` is the ranking's score of every passage.
    ``passage_cosine`` is that of the nearest chunk of the document.
    """

    text: str
    tokens: tuple[Token, ...]
    words: Scores
    alignment: Scores
    cosine: Scores
    passage_cosine: float
    fit: Scores


class WordEvidence(NamedTuple):
    """What a sentence holds for one word of the question. Flags are 0 or 1, similarities cosines."""

    in_sentence: float
    in_window: float
    in_passage: float
    in_document: float
    rarity: float
    is_name: float
    is_quantity: float
    is_quantifier: float
    is_negation: float
    similarity: float
    similarity_anywhere: float
    left_matched: float
    left_missing: float
    right_matched: float
    right_missing: float
    slot_taken: float
    slot_similarity: float
    has_slot: float
    joins_left: float
    joins_right: float
    left_distance: float
    right_distance: float
    opposite_in_sentence: float
    opposite_in_window: float
    spelling: float
    spelling_anywhere: float
    misspelt: float
    after_question_word: float
    is_last: float
    is_first: float
    in_title: float
    rival_of_same_kind: float
    rival_similarity: float
    nearest_is_used: float
    inflected: float
    past: float
    adverb: float
    is_function_word: float
    missing_weight: float
    missing_between_matches: float
    missing_dissimilarity: float


class SentenceEvidence(NamedTuple):
    """What a sentence holds for the question as a whole; ``gap`` is the distance below the best sentence's value."""

    aligned: float
    cosine: float
    covered: float
    covered_gap: float
    aligned_gap: float
    cosine_gap: float
    mean_similarity: float
    least_similarity: float
    two_least_similarities: float
    passage_gap: float
    passage_score: float
    cosine_margin: float
    is_first: float
    bigrams_shared: float
    bigrams_broken: float
    bigrams_half: float
    question_negated: float
    sentence_negated: float
    only_question_negated: float
    only_sentence_negated: float
    quantifiers_missing: float
    asks_when: float
    asks_quantity: float
    asks_who: float
    asks_where: float
    asks_why: float
    asks_how: float
    asks_what: float
    typed_answer: float
    typed_answer_in_window: float
    typed_answers: float
    typed_answer_lacking: float
    typed_answer_lacking_in_window: float
    typed_answer_distance: float
    question_word_similarity: float
    asked_noun_similarity: float
    words_left: float
    sentence_length: float
    question_length: float
    words_missing: float
    words_matched: float
    order_inverted: float
    match_span: float
    question_word_inside: float
    passage_cosine: float
    cosine_deviation: float
    words_unknown: float


class TopicEvidence(NamedTuple):
    """What tells a question about the document from one about something else."""

    best_cosine: float
    passage_cosine: float
    best_alignment: float
    best_coverage: float
    known_share: float
    words_unknown: float
    names_unknown: float
    cosine_deviation: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Features of one question.

    ``records`` are the candidate sentences, best first, at most ``SENTENCES``;
    ``sentences`` has shape ``(n, len(SentenceEvidence._fields))`` and ``words``
    ``(n, n_words, len(WordEvidence._fields))``, float32.
    """

    records: tuple[int, ...]
    sentences: Scores
    words: Scores
    topic: Scores


class EvidenceReader:
    """Reads the evidence off a document's sentences. What does not depend on the question is prepared once."""

    def __init__(
        self,
        tokens: Sequence[tuple[Token, ...]],
        passage_of: Sequence[int],
        words: WordVectors,
        signals: PassageSignals,
    ) -> None:
        """``tokens[i]`` are the words of sentence ``i``, which stands in passage ``passage_of[i]``."""
        import numpy as np

        self._tokens, self._signals, self._word_vectors = tuple(tokens), signals, words
        self._passage_of = np.array(passage_of, dtype=np.int64)
        self._stems = tuple(frozenset(t.stem for t in sentence) for sentence in tokens)
        self._bigrams = tuple(frozenset(bigrams(sentence)) for sentence in tokens)
        self._sentences_with: dict[str, list[int]] = {}
        for number, stems in enumerate(self._stems):
            for stem in stems:
                self._sentences_with.setdefault(stem, []).append(number)
        self._windows = tuple(
            tuple(j for j in (i - 1, i, i + 1) if 0 <= j < len(tokens) and passage_of[j] == passage_of[i])
            for i in range(len(tokens))
        )
        together: dict[int, frozenset[str]] = {}
        for place, stems in zip(passage_of, self._stems, strict=True):
            together[place] = together.get(place, frozenset()) | stems
        self._passage_stems = together
        self._vocabulary = frozenset(self._sentences_with)
        self._spellings = tuple(sorted({t.norm for sentence in tokens for t in sentence}))
        self._highest_idf = max((signals.stems.idf(s) for s in self._vocabulary), default=1.0)

    def read(self, query: Query) -> Evidence:
        """Features of a question.

        Raises:
            ValueError: the question has no words, or no sentence is there.
        """
        import numpy as np

        if not query.tokens or not self._tokens:
            raise ValueError("evidence needs a question that has words and a document that has sentences")
        alignment = query.alignment
        weights = self._signals.word_weights(query.tokens)
        present = np.zeros((len(self._tokens), len(query.tokens)), dtype=np.float32)
        for i, token in enumerate(query.tokens):
            present[self._sentences_with.get(token.stem, []), i] = 1.0
        aligned, covered = alignment @ weights, present @ weights
        behind = np.maximum(query.fit[self._passage_of] - query.fit.max(), -10.0)
        # chosen so that the sentence that answers is among the candidates; the network weighs them anew
        fitness = aligned + 0.5 * query.cosine + 0.5 * covered + 0.03 * behind
        order = np.argsort(-fitness, kind="stable")[:SENTENCES].tolist()
        question = _Question(query, weights, alignment, self._known(query.tokens))
        levels = _Levels(aligned, covered, query)
        sentences = [self._sentence(question, levels, record, rank) for rank, record in enumerate(order)]
        words = [self._words(question, record) for record in order]
        return Evidence(
            tuple(order),
            np.array(sentences, dtype=np.float32),
            np.array(words, dtype=np.float32),
            np.array(_topic(question, levels), dtype=np.float32),
        )

    def _known(self, tokens: Sequence[Token]) -> Scores:
        """How well each word is known to the document: 1 if its stem is, else its best spelling match, 0 to 1."""
        import numpy as np
        from rapidfuzz import fuzz, process

        known = np.ones(len(tokens), dtype=np.float32)
        for i, token in enumerate(tokens):
            if token.stem not in self._vocabulary:
                match = process.extractOne(token.norm, self._spellings, scorer=fuzz.ratio)
                known[i] = match[1] / 100 if match else 0.0
        return known

    def _sentence(self, q: _Question, levels: _Levels, record: int, rank: int) -> SentenceEvidence:
        import numpy as np

        tokens, stems, pairs = self._tokens[record], self._stems[record], self._bigrams[record]
        asked_norms, norms = q.norms, {t.norm for t in tokens}
        broken_up = [pair.split() for pair in q.bigrams - pairs]
        matched = [_places(tokens, q.tokens[i].stem) for i in q.content if q.tokens[i].stem in stems]
        firsts = [places[0] for places in matched]
        inversions = [x > y for i, x in enumerate(firsts) for y in firsts[i + 1 :]]
        answers = [i for i, t in enumerate(tokens) if t.stem not in q.stems and english.could_answer(t, q.kind)]
        in_window = any(
            t.stem not in q.stems and english.could_answer(t, q.kind)
            for r in self._windows[record]
            for t in self._tokens[r]
        )
        strict = q.kind in ("when", "quantity", "who", "where")
        similarity = q.alignment[record]
        content = np.sort(similarity[q.content])
        passage = levels.fit[self._passage_of[record]]
        wh = q.question_word
        q_negated, s_negated = bool(asked_norms & english.NEGATIONS), bool(norms & english.NEGATIONS)
        return SentenceEvidence(
            aligned=levels.aligned[record],
            cosine=levels.cosine[record],
            covered=levels.covered[record],
            covered_gap=levels.covered[record] - levels.best_covered,
            aligned_gap=levels.aligned[record] - levels.best_aligned,
            cosine_gap=levels.cosine[record] - levels.best_cosine,
            mean_similarity=similarity.mean(),
            least_similarity=content[0],
            two_least_similarities=content[:2].mean(),
            passage_gap=passage - levels.fit.max(),
            passage_score=levels.fit.max(),
            cosine_margin=levels.cosine_margin,
            is_first=float(rank == 0),
            bigrams_shared=len(q.bigrams & pairs) / max(1, len(q.bigrams)),
            bigrams_broken=sum(a in stems and b in stems for a, b in broken_up),
            bigrams_half=sum((a in stems) != (b in stems) for a, b in broken_up),
            question_negated=q_negated,
            sentence_negated=s_negated,
            only_question_negated=q_negated and not s_negated,
            only_sentence_negated=s_negated and not q_negated,
            quantifiers_missing=len((asked_norms & english.QUANTIFIERS) - norms),
            **{f"asks_{kind}": q.kind == kind for kind in english.ANSWER_TYPES},
            typed_answer=bool(answers),
            typed_answer_in_window=in_window,
            typed_answers=min(len(answers), 5) / 5,
            typed_answer_lacking=strict and not answers,
            typed_answer_lacking_in_window=strict and not in_window,
            typed_answer_distance=_nearest_answer(answers, matched),
            question_word_similarity=similarity[wh] if wh is not None else 0.4,
            asked_noun_similarity=similarity[wh + 1] if wh is not None and wh + 1 < len(q.tokens) else 0.5,
            words_left=sum(not t.is_stop and t.stem not in q.stems for t in tokens) / 20,
            sentence_length=len(tokens) / 40,
            question_length=len(q.content) / 10,
            words_missing=len(q.content) - len(matched),
            words_matched=len(matched) / len(q.content),
            order_inverted=sum(inversions) / len(inversions) if inversions else 0.0,
            match_span=(max(firsts) - min(firsts)) / len(firsts) / 5 if firsts else 0.0,
            question_word_inside=float(wh is not None and wh > 1),
            passage_cosine=levels.passage_cosine,
            cosine_deviation=levels.cosine_deviation,
            words_unknown=sum(q.tokens[i].stem not in self._vocabulary for i in q.looked_at),
        )

    def _words(self, q: _Question, record: int) -> list[WordEvidence]:
        """Evidence for each looked-at word of the question, in order."""
        import numpy as np
        from rapidfuzz import fuzz

        tokens, stems = self._tokens[record], self._stems[record]
        window = frozenset().union(*(self._stems[r] for r in self._windows[record]))
        passage = self._passage_stems[int(self._passage_of[record])]
        similarity = self._word_vectors.similarity(q.words, record)
        places: dict[str, list[int]] = {}
        for i, token in enumerate(tokens):
            places.setdefault(token.stem, []).append(i)
        free = [i for i, t in enumerate(tokens) if not t.is_stop and t.stem not in q.stems]
        free_set, free_norms = frozenset(free), [tokens[i].norm for i in free]
        unasked, unasked_window = stems - q.stems, window - q.stems
        rows = []
        for n, i in enumerate(q.looked_at):
            token = q.tokens[i]
            here = places.get(token.stem)
            left = q.tokens[q.looked_at[n - 1]].stem if n > 0 else None
            right = q.tokens[q.looked_at[n + 1]].stem if n + 1 < len(q.looked_at) else None
            at_left, at_right = places.get(left or "", []), places.get(right or "", [])
            missing = here is None
            to_left = min((abs(x - y) for x in here for y in at_left), default=0) if here else 0
            to_right = min((abs(x - y) for x in here for y in at_right), default=0) if here else 0
            slots: list[int] = []
            if missing:
                near = {p + d for p in at_left for d in (1, 2)} | {p - d for p in at_right for d in (1, 2)}
                slots = [p for p in near if p in free_set]
            taken = missing and any(0 < y - x <= 3 for x in at_left for y in at_right)
            rival = free[int(np.argmax(similarity[i, free]))] if free else None
            nearest = tokens[int(np.argmax(similarity[i]))] if tokens else None
            spelling = 1.0 if not missing else max((fuzz.ratio(token.norm, s) for s in free_norms), default=0.0) / 100
            rarity = self._signals.stems.idf(token.stem) / self._highest_idf
            unlike = float(missing) * (1.0 - float(q.alignment[record, i]))
            kind = _word_kind(token)
            rows.append(
                WordEvidence(
                    in_sentence=not missing,
                    in_window=token.stem in window,
                    in_passage=token.stem in passage,
                    in_document=token.stem in self._vocabulary,
                    rarity=rarity,
                    is_name=token.is_capitalised and token.position > 0,
                    is_quantity=english.is_quantity(token),
                    is_quantifier=token.norm in english.QUANTIFIERS,
                    is_negation=token.norm in english.NEGATIONS,
                    similarity=q.alignment[record, i],
                    similarity_anywhere=q.best_alignment[i],
                    left_matched=bool(at_left),
                    left_missing=left is not None and not at_left,
                    right_matched=bool(at_right),
                    right_missing=right is not None and not at_right,
                    slot_taken=taken,
                    slot_similarity=float(similarity[i, slots].max()) if slots else 0.0,
                    has_slot=bool(slots),
                    joins_left=to_left == 1,
                    joins_right=to_right == 1,
                    left_distance=min(to_left, 10) / 10,
                    right_distance=min(to_right, 10) / 10,
                    opposite_in_sentence=missing and english.opposite_among(token.stem, unasked),
                    opposite_in_window=token.stem not in window and english.opposite_among(token.stem, unasked_window),
                    spelling=spelling,
                    spelling_anywhere=q.known[i],
                    misspelt=spelling * 100 > MISSPELT,
                    after_question_word=q.question_word is not None and i == q.question_word + 1,
                    is_last=n == len(q.looked_at) - 1,
                    is_first=n == 0,
                    in_title=token.stem in self._signals.title_stems,
                    rival_of_same_kind=missing and rival is not None and kind > 0 and _word_kind(tokens[rival]) == kind,
                    rival_similarity=float(similarity[i, rival]) if rival is not None else 0.0,
                    nearest_is_used=missing and nearest is not None and nearest.stem in q.stems,
                    inflected=token.norm.endswith(("ed", "ing", "s")),
                    past=token.norm.endswith("ed"),
                    adverb=token.norm.endswith("ly"),
                    is_function_word=token.is_stop,
                    missing_weight=rarity * unlike,
                    missing_between_matches=missing
                    and (left is None or bool(at_left))
                    and (right is None or bool(at_right)),
                    missing_dissimilarity=unlike,
                )
            )
        return rows


class _Question:
    """A question with what all its features share."""

    def __init__(self, query: Query, weights: Scores, alignment: Scores, known: Scores) -> None:
        self.tokens, self.words, self.weights = query.tokens, query.words, weights
        self.alignment, self.best_alignment, self.known = alignment, alignment.max(axis=0), known
        self.kind = english.answer_type(query.text)
        self.stems = frozenset(t.stem for t in query.tokens)
        self.norms = frozenset(t.norm for t in query.tokens)
        self.bigrams = frozenset(bigrams(query.tokens))
        self.question_word = english.first_question_word(query.tokens)
        everything = list(range(len(query.tokens)))
        self.content = [i for i, t in enumerate(query.tokens) if not t.is_stop] or everything
        telling = english.NEGATIONS | english.QUANTIFIERS
        self.looked_at = [i for i, t in enumerate(query.tokens) if not t.is_stop or t.norm in telling] or everything


class _Levels:
    """Similarities of all sentences, and their best values."""

    def __init__(self, aligned: Scores, covered: Scores, query: Query) -> None:
        import numpy as np

        self.aligned, self.covered, self.cosine, self.fit = aligned, covered, query.cosine, query.fit
        cosines = np.sort(query.cosine)
        self.best_aligned, self.best_covered = float(aligned.max()), float(covered.max())
        self.best_cosine = float(cosines[-1])
        self.cosine_margin = float(cosines[-1] - cosines[-2]) if len(cosines) > 1 else 0.0
        self.cosine_deviation = float((cosines[-1] - cosines.mean()) / max(float(cosines.std()), 1e-6)) / 5
        self.passage_cosine = query.passage_cosine


def _topic(q: _Question, levels: _Levels) -> TopicEvidence:
    unknown = [i for i in q.content if q.known[i] < KNOWN]
    return TopicEvidence(
        best_cosine=levels.best_cosine,
        passage_cosine=levels.passage_cosine,
        best_alignment=levels.best_aligned,
        best_coverage=levels.best_covered,
        known_share=float(sum(q.weights[i] for i in q.content if q.known[i] >= KNOWN)),
        words_unknown=len(unknown),
        names_unknown=sum(q.tokens[i].is_name for i in unknown),
        cosine_deviation=levels.cosine_deviation,
    )


def _word_kind(token: Token) -> int:
    """2 for a quantity, 1 for a name, 0 for another word."""
    return 2 if english.is_quantity(token) else int(token.is_capitalised and token.position > 0)


def _places(tokens: Sequence[Token], stem: str) -> list[int]:
    return [i for i, t in enumerate(tokens) if t.stem == stem]


def _nearest_answer(answers: Sequence[int], matched: Sequence[Sequence[int]]) -> float:
    """Mean word distance from the best placed answer to the matched words, over 10, at most 2."""
    if not answers or not matched:
        return 2.0
    distances = (sum(min(abs(p - a) for p in places) for places in matched) / len(matched) for a in answers)
    return min(*distances, 20.0) / 10
