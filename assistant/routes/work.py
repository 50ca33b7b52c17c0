"""What is done in a sector: its activities, or those that the scenarios name for a phase or a crisis."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answer import Paragraph
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft
from assistant.compose.passages import sentence_of
from assistant.deeds import asks_deeds
from assistant.routes.known import Known
from assistant.routes.look import Look
from assistant.routes.named import names_itself
from assistant.text import fold
from assistant.understanding import ASKING, Understanding, outside_words
from corpus.errors import IndexUnusableError, ModelError
from corpus.types import Fact

#: Asks for activities, whatever else it says.
_ACTIVITIES = re.compile(r"\b(?:activit\w+|measures?|actions?|interventions?|initiatives?)\b")
#: Facts of one paragraph, and of all, that one reply lists; and how much lower than the best one's score theirs may be.
OF_ONE, OF_ALL, LEAD = 2, 6, 0.25
#: Words of such a question that name nothing; with any other, it asks for something of its own.
_OF_WORK = ASKING | frozenset(
    "activity activities measure measures action actions intervention interventions initiative initiatives "
    "do done doing carry carried undertake undertaken implement implemented run conduct conducted include take taken put "
    "place offer provide give help support assist work kind kinds type types sort sorts example examples possible main crisis emergency disaster".split()
)


class Work:
    """Answers what is done in one sector, where no rating is asked for."""

    def __init__(self, known: Known) -> None:
        self._corpus = known.corpus

    def answer(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """List the activities; False where another route answers better: one cell, which quotes its own sentence."""
        asked = len(u.sectors) == 1 and u.sector_named and not (u.levels or u.rating_cue or u.which_sector)
        if not asked or u.language != "en" or u.comparison or not self._corpus.activities:
            return False
        # "what do we do for them?" is about those spoken of, not about the sector of the turn before
        deeds = asks_deeds(u.question) and "sectors" not in u.inherited
        if not (_ACTIVITIES.search(fold(u.question)) or deeds):
            return False
        sector = u.sectors[0]
        if not _OF_WORK.issuperset(outside_words(u)) or not self._itself(u, sector):
            return False
        if not (u.crises or u.phases):
            draft.route = "work"
            by_table.define_sector(draft, sector, work=True)
            return True
        if u.crises and u.phases:
            return False
        facts = self._of_scenarios(u, look)
        if not facts:
            return False
        draft.route = "work"
        draft.blocks.append(Paragraph(draft.say("work_head", sector=draft.sector(sector)), template=True))
        draft.bullets((f.statement, (draft.cite(f.ref, f.quote),)) for f in facts)
        return True

    def _itself(self, u: Understanding, sector: int) -> bool:
        """Whether a message names the sector itself, not something it does, or takes it over from the one before."""
        terms = [m.term for m in u.matches if m.kind == "sector"]
        row = self._corpus.sector(sector)
        spelled = {a.acronym: a.expansion for a in self._corpus.acronyms}
        return all(names_itself(spelled.get(term.upper(), term), row) for term in terms)

    def _of_scenarios(self, u: Understanding, look: Look) -> list[Fact]:
        """The nearest facts of the paragraphs that speak of the sector in those crises or phases, in the document's order."""
        cells = self._corpus.matrix.select(crises=u.crises, phases=u.phases, sectors=u.sectors)
        refs = [e.ref for cell in cells for e in cell.evidence]
        try:
            hits = [h for h in look.ranking.facts() if self._is_of(self._corpus.fact_by_id[h.fact], refs, u.sectors[0])]
        except (IndexUnusableError, ModelError):
            return []
        chosen: list[Fact] = []
        for hit in hits:
            fact = self._corpus.fact_by_id[hit.fact]
            if hit.score < hits[0].score - LEAD or len(chosen) == OF_ALL:
                break
            if sum(f.ref == fact.ref for f in chosen) < OF_ONE:
                chosen.append(fact)
        return sorted(chosen, key=lambda f: refs.index(f.ref))

    def _is_of(self, fact: Fact, refs: Sequence[str], sector: int) -> bool:
        """Whether a fact stands in those paragraphs, in no sentence that is on other sectors alone."""
        if fact.ref not in refs:
            return False
        sentence = sentence_of(fact, self._corpus.by_ref)
        on = {
            e.sector_no
            for e in self._corpus.evidence
            if e.ref == fact.ref and (e.quote in sentence or sentence in e.quote)
        }
        return not on or sector in on
