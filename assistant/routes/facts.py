"""Answers from facts and passages that were searched for, where no table holds the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.compose import passages as by_passage
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft
from assistant.guards import is_order, sentences_of
from assistant.routes.choice import MAX_FACTS, Choice
from assistant.routes.corrections import Corrections
from assistant.routes.known import Known
from assistant.routes.look import Look
from assistant.routes.means import Means
from assistant.routes.named import FEW, surely_names
from assistant.routes.noes import Noes, template
from assistant.routes.second import Second
from assistant.text import content_stems, words
from assistant.understanding import Understanding, outside_words

if TYPE_CHECKING:
    from assistant.answerability.judge import Finding
    from assistant.retrieval import Ranking

#: Score from which a fact is added to a table's answer, by route; to lists of ratings nothing is added. On the dev set it
#: adds what was asked for in 4 of 9 questions and something near it in the others.
BESIDE = {"cell": 0.38, "people": 0.33, "definition": 0.33}


#: Words that only hold two crises against each other, and what lexicon terms of them leave over.
_COMPARING = frozenset(
    "difference differences differ differs different compare compared compares comparing comparison versus vs between against than same way both "
    "sudden slow onset natural disaster disasters crisis crises such like one ones when comes it".split()
)


class Facts:
    """Answers from what a search finds, or refuses."""

    def __init__(self, known: Known, means: Means, choice: Choice, corrections: Corrections, noes: Noes) -> None:
        self._corpus, self._means = known.corpus, means
        self._choice, self._corrections, self._noes = choice, corrections, noes
        self._second = Second(known, means)

    def answer(self, draft: Draft, u: Understanding, look: Look) -> None:
        """State the facts that answer, or quote the passage that does; else say no."""
        asked = look.asked
        ranking = asked.ranking
        features = self._means.features
        found = ranking.passages(self._means.settings.top_k)
        draft.ranked = found
        if not found:
            template(draft, "out_of_scope", "out_of_scope")
            return
        if by_table.find_acronym(draft, u) is None and self._orders(u):
            template(draft, "instruction", "out_of_scope")
            return
        finding = self._means.find(u.english, ranking)
        if finding is not None:
            self._by_sentence(draft, u, ranking, finding)
            return
        if features.abstention and (self._noes.strays(u) or not self._noes.answerable(draft, u, asked)):
            self._noes.refuse(draft, u, asked)
            return
        together = self._choice.of_topic(u, ranking) if features.facts else []
        if together:
            draft.route = "topic"
            by_passage.facts(draft, together)
            draft.further = self._choice.further(u, ranking, together)
            return
        chosen = self._choice.best(u, ranking) if features.facts else []
        if not chosen:
            draft.route = "passage"
            passage = self._corpus.by_ref[found[0].ref]
            by_passage.passage(draft, passage, by_passage.best_sentences(passage, content_stems(u.english)))
            return
        if u.comparison and len(u.crises) > 1:
            chosen = self._choice.one_each(u, self._by_aspect(u, ranking)) or chosen
        if features.abstention:
            chosen = self._choice.of_form(u, self._choice.naming(u, ranking, chosen))
        if not chosen:
            self._noes.refuse(draft, u, asked)
            return
        self._corrections.wrong_number(draft, u, chosen[0])
        draft.route = "fact"
        chosen = self._choice.lean(u, ranking, chosen)
        second = self._second.fact(u, chosen[0]) if features.facts and features.abstention else None
        if second is not None:
            others = [f for f in chosen[1:] if f is not second]
            chosen = [chosen[0], second, *others]
        by_passage.facts(draft, chosen[:MAX_FACTS], chosen[MAX_FACTS:])
        draft.further = self._choice.further(u, ranking, chosen)

    def _by_aspect(self, u: Understanding, ranking: Ranking) -> Ranking:
        """What is found for that in which crises are compared, their names left out; by the whole question where nothing is left."""
        named = {i for m in u.matches if m.kind == "crisis" for i in range(m.start, m.end)}
        said = words(u.question)
        aspect = " ".join(w for i, w in enumerate(said) if i not in named and w not in _COMPARING)
        return self._means.ask(aspect).ranking if content_stems(aspect) and u.language == "en" else ranking

    def _orders(self, u: Understanding) -> bool:
        """Whether a message of one sentence, which no table answers, tells the assistant what to do."""
        short = u.follow_up and len(u.question.split()) <= 2 * FEW  # "spell it out" is about what was asked before
        if not self._means.features.abstention or short or len(sentences_of(u.question)) != 1:
            return False
        acts = self._means.acts(u.question)
        return acts is not None and is_order(acts)

    def _by_sentence(self, draft: Draft, u: Understanding, ranking: Ranking, finding: Finding) -> None:
        """A document without prepared questions: its nearest sentences quoted, or an honest no."""
        draft.confidence = finding.judgement.answered
        if self._means.features.abstention and not finding.judgement.answers:
            self._noes.no(draft, u, ranking, about=finding.judgement.about)
            return
        draft.route = "sentence"
        for ref in dict.fromkeys(s.ref for s in finding.sentences):
            quotes = sorted((s for s in finding.sentences if s.ref == ref), key=lambda s: s.start)
            by_passage.passage(draft, self._corpus.by_ref[ref], [s.text for s in quotes])

    def beside(self, draft: Draft, u: Understanding, look: Look) -> None:
        """After a table's answer, the fact of the same paragraph that is nearest to words the table does not cover."""
        least = BESIDE.get(draft.route)
        if least is None or u.rating_score is None or len(outside_words(u)) <= FEW:
            return
        if not self._means.features.facts:
            return
        cited = {c.ref for c in draft.citations}
        near = (h for h in look.ranking.facts() if h.score >= least)
        fact = next((f for h in near if (f := self._corpus.fact_by_id[h.fact]).ref in cited), None)
        if fact is None:
            return
        sentence = by_passage.sentence_of(fact, self._corpus.by_ref)
        shown = any(c.ref == fact.ref and (c.quote in sentence or sentence in c.quote) for c in draft.citations)
        if shown:
            return
        by_passage.facts(draft, [fact])
        # a level that the sentence speaks of is one of its own cells, which were not asked for
        matrix, rows = self._corpus.matrix, (e for e in self._corpus.evidence if e.ref == fact.ref)
        told = [matrix.cell(e.crisis, e.phase, e.sector_no) for e in rows if e.quote in sentence or sentence in e.quote]
        draft.cells.extend(c for c in told if c not in draft.cells)
        there = any(c.crisis in u.crises and c.phase in u.phases for c in told) and not (u.levels or u.rating_cue)
        if draft.status == "not_rated" and (there or not surely_names(u, "sector")):
            draft.status = "partial"  # the cell was only a guess; this sentence may be what was asked for
