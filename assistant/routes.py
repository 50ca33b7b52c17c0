"""Which way a question is answered: a table where one holds the answer, else facts and passages, else an honest no."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.answer import Paragraph
from assistant.compose import passages as by_passage
from assistant.compose import ratings
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft, make_citation
from assistant.phrases import NOT_IN_DOCUMENT
from assistant.text import FUNCTION_WORDS, content_stems, fold, stem, words
from assistant.understanding import Understanding
from assistant.verify import figures, names
from corpus.errors import IndexUnusableError, ModelError
from corpus.load import Corpus
from corpus.types import PHASES, CrisisKey, Fact, PhaseKey

if TYPE_CHECKING:
    from assistant.assistant import Features
    from assistant.retrieval import HybridRetriever, Ranking, ScoredRecord
    from assistant.settings import Settings

#: Fused score below which nothing in the document is near the question at all (off-topic).
OFF_TOPIC = 0.40
#: Fused score below which the nearest fact does not count as an answer.
ANSWER = 0.50


class Router:
    """Answers one understood question into a draft."""

    def __init__(
        self,
        corpus: Corpus,
        retriever: Callable[[], HybridRetriever | None],
        features: Features,
        settings: Settings,
    ) -> None:
        self.corpus = corpus
        self._retriever = retriever
        self._features = features
        self._settings = settings
        self._rankings: dict[int, Sequence[ScoredRecord]] = {}

    def last_ranking(self, draft: Draft) -> Sequence[ScoredRecord]:
        """The passages ranked while composing ``draft``; taken out, so that nothing is kept."""
        return self._rankings.pop(id(draft), ())

    def answer(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> None:
        """Compose the answer to ``u`` into ``draft`` and set its status and route."""
        if u.intent == "thanks" and not u.follow_up:
            self._template(draft, "empty_thanks", "out_of_scope")
            return
        if u.intent == "author":
            cover = self.corpus.passages[0]
            draft.route = "author"
            draft.blocks.append(
                Paragraph(draft.say("author_head"), (draft.cite(cover.ref, cover.text),), template=True)
            )
            return
        if u.intent in ("reference", "reason", "more") and earlier and (u.follow_up or u.intent != "reference"):
            if self._about_last(draft, u, earlier):
                return
        for route in (self._by_table, self._by_matrix, self._by_fact):
            if route(draft, u):
                return
        self._no(draft, u, None)

    # --- what the reply before was made of

    def _about_last(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> bool:
        """"why?", "which paragraph says that?", "tell me more": from the evidence of the reply before."""
        from assistant.understanding import understand

        return False

    # --- tables

    def _by_table(self, draft: Draft, u: Understanding) -> bool:
        if not self.corpus.crises:
            return False
        crises = u.crises or (u.weak_crises if len(u.weak_crises) == 1 else ())
        if u.intent == "coordination" and crises and self.corpus.coordination:
            draft.route = "coordination"
            for crisis in crises:
                by_table.coordination(draft, u, crisis)
            return True
        if u.intent == "people" and crises and self.corpus.people:
            draft.route = "people"
            for crisis in crises:
                by_table.people(draft, u, crisis)
            return True
        if u.intent == "examples" and crises and self.corpus.examples:
            draft.route = "examples"
            by_table.examples(draft, crises)
            return True
        if u.intent == "definition":
            entry = by_table.find_acronym(draft, u)
            if entry is not None and re.search(r"\b(?:stands? for|mean|signifi|acronym|abbreviat|spell|full (?:name|form))", fold(u.question)):
                draft.route = "acronym"
                by_table.acronym(draft, entry)
                return True
        return False

    # --- matrix

    def _by_matrix(self, draft: Draft, u: Understanding) -> bool:
        if not self.corpus.has_matrix:
            return False
        if u.wh in ("how_many", "when", "where") and not u.levels:
            return False
        crises, phases, sectors = u.crises, u.phases, u.sectors
        if u.intent not in ("rating", "other", "definition"):
            return False
        if u.intent in ("other", "definition") and not (crises and (sectors or phases)) :
            return False
        if self._names_outside(u) and not u.levels:
            return False
        if "recommended" in u.levels and len(u.levels) == 1 and not sectors:
            draft.route = "recommended"
            ratings.recommended(draft)
            return True
        if crises and sectors:
            draft.route = "cell"
            if len(crises) == 1 and len(sectors) == 1 and len(phases) == 1:
                ratings.one_cell(draft, self.corpus.matrix.cell(crises[0], phases[0], sectors[0]), u.levels)
            elif len(phases) == 1 and len(crises) * len(sectors) <= 3 and not u.comparison:
                for crisis in crises:
                    for sector in sectors:
                        ratings.one_cell(draft, self.corpus.matrix.cell(crisis, phases[0], sector), u.levels)
            else:
                draft.route = "comparison"
                ratings.compare(draft, crises, phases, sectors, u.levels)
            return True
        if crises and u.intent == "rating":
            draft.route = "list"
            for crisis in crises:
                for phase in phases or PHASES:
                    ratings.scenario(draft, crisis, phase, u.levels)
            return True
        if sectors and u.intent == "rating" and (u.levels or phases or u.everywhere or u.comparison or "crises" in u.topics):
            draft.route = "reverse"
            for sector in sectors[:3]:
                ratings.slice_of_sector(draft, sector, phases=phases, levels=u.levels, claimed_everywhere=u.everywhere)
            return True
        if phases and u.intent == "rating" and (u.levels or not self._specific(u)):
            draft.route = "across"
            for phase in phases[:1]:
                ratings.across_crises(draft, phase, u.levels)
            return True
        return False

    def _names_outside(self, u: Understanding) -> bool:
        """Whether the question names a place, body or year that the text has outside the scenarios."""
        covered = {i for m in u.matches if m.kind in ("crisis", "phase", "sector", "partner") and not m.weak for i in range(m.start, m.end)}
        return any(t in self._proper_names for i, t in enumerate(u.tokens) if i not in covered)

    @cached_property
    def _proper_names(self) -> frozenset[str]:
        common = {w for p in self.corpus.passages for w in p.text.split() if w.islower()}
        out = {fold(part) for p in self.corpus.passages for n in names(p.text) for part in re.split(r"[\s/'’-]", n)}
        return frozenset(n for n in out if len(n) > 2 and n not in common)

    def _specific(self, u: Understanding) -> bool:
        """Whether content words are left that no slot covers."""
        covered = {i for m in u.matches for i in range(m.start, m.end)}
        left = [t for i, t in enumerate(u.tokens) if i not in covered and t not in FUNCTION_WORDS[u.language]]
        return len(left) > 2

    # --- facts and passages

    def _by_fact(self, draft: Draft, u: Understanding) -> bool:
        retriever = self._retriever()
        if retriever is None:
            self._template(draft, "no_index", "not_in_document")
            return True
        ranking = retriever.rank(u.text, u.tokens, u.language)
        self._rankings[id(draft)] = ranking.passages(self._settings.top_k)
        hits = ranking.facts(5) if self._features.facts else []
        best = hits[0] if hits else None
        top = ranking.records[0] if ranking.records else None
        if top is None or (self._features.abstention and top.score < OFF_TOPIC and not (u.crises or u.sectors or u.partners)):
            self._no(draft, u, ranking)
            return True
        draft.route = "fact"
        if best is not None and best.score >= top.score - 0.05:
            entry = self.corpus.fact_by_id[best.record.fact]
            if self._features.abstention and best.score < ANSWER:
                self._no(draft, u, ranking)
                return True
            by_passage.fact(draft, entry)
            return True
        if self._features.abstention and top.score < ANSWER:
            self._no(draft, u, ranking)
            return True
        passage = self.corpus.by_ref[top.record.ref]
        draft.route = "passage"
        by_passage.passage(draft, passage, by_passage.best_sentences(passage, content_stems(u.text)))
        return True

    # --- noes

    def _template(self, draft: Draft, key: str, status: str) -> None:
        draft.route = key
        draft.status = status  # type: ignore[assignment]
        draft.blocks.append(Paragraph(draft.say(key, no=NOT_IN_DOCUMENT[draft.language]), template=True))

    def _no(self, draft: Draft, u: Understanding, ranking: Ranking | None) -> None:
        """Not about the document, or about it and not in it; the nearest passages offered as such."""
        near = ranking.passages(3) if ranking else []
        about = bool(u.crises or u.sectors or u.partners or u.groups or u.topics) or (bool(near) and near[0].score >= OFF_TOPIC)
        if not about:
            self._template(draft, "out_of_scope", "out_of_scope")
            return
        draft.route = "not_in_document"
        draft.status = "not_in_document"
        draft.blocks.append(
            Paragraph(draft.say("not_in_document", no=NOT_IN_DOCUMENT[draft.language], missing=""), template=True)
        )
        for number, hit in enumerate(near, start=1):
            passage = self.corpus.by_ref[hit.record.ref]
            quote = by_passage.best_sentences(passage, content_stems(u.text), 1)[0]
            draft.nearest.append(make_citation(self.corpus, passage.ref, quote, number))
