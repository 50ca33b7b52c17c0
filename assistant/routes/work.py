"""What is done: in a sector its activities, or what the scenarios say of it; in a crisis what has weight there."""

from __future__ import annotations

import re

from assistant.answer import Paragraph
from assistant.compose import ratings
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft, capital
from assistant.manner import asks_deeds
from assistant.routes.known import Known
from assistant.routes.named import names_itself
from assistant.text import fold
from assistant.understanding import ASKING, Understanding, outside_words

#: Asks for activities, whatever else it says.
_ACTIVITIES = re.compile(r"\b(?:activit\w+|measures?|actions?|interventions?|initiatives?)\b")
#: Words of such a question that name nothing; with any other, it asks for something of its own.
_OF_WORK = ASKING | frozenset(
    "activity activities measure measures action actions intervention interventions initiative initiatives "
    "do done doing carry carried undertake undertaken implement implemented run conduct conducted include take taken put "
    "place offer provide give help support assist work kind kinds type types sort sorts example examples possible main crisis emergency disaster happens happen now iom usually phase phases stage stages needed too also well exactly already people person persons those affected suffering problem problems issue issues".split()
)


class Work:
    """Answers what is done in one sector or in a crisis, where no rating is asked for."""

    def __init__(self, known: Known) -> None:
        self._known, self._corpus = known, known.corpus

    def answer(self, draft: Draft, u: Understanding) -> bool:
        """List the activities; False where another route answers better: one cell, which quotes its own sentence."""
        asked = not (u.levels or u.rating_cue or u.which_sector or u.comparison) and u.language == "en"
        if not asked or not self._corpus.activities or not _OF_WORK.issuperset(outside_words(u)):
            return False
        if not u.sectors:
            return self._in_crises(draft, u)
        if len(u.sectors) > 1:
            return False
        if _asks_when(u) and not self._known.names.asked(u.text):
            if not self._by_scenario(draft, u) and u.phases:
                draft.route = "reverse"  # that the scenarios say nothing of it there
                ratings.slice_of_sector(draft, u.sectors[0], phases=u.phases)
            return bool(draft.blocks)
        # "what do we do for them?" is about those spoken of, not about the sector of the turn before
        deeds = asks_deeds(u.english) and "sectors" not in u.inherited
        sector = u.sectors[0]
        if not (_ACTIVITIES.search(fold(u.question)) or deeds):
            return False
        if not self._itself(u, sector):
            # what it does in a phase or crisis is told by the scenarios, by whatever words it is named
            placed = u.sector_named and not (u.crises and u.phases) and bool(u.crises or u.phases)
            return placed and "sectors" not in u.inherited and self._by_scenario(draft, u)
        if not (u.crises or u.phases):
            draft.route = "work"
            by_table.define_sector(draft, sector, work=True)
            return True
        return not (u.crises and u.phases and "phases" not in u.guessed) and self._by_scenario(draft, u)

    def _in_crises(self, draft: Draft, u: Understanding) -> bool:
        """What has weight in the crises that a message names, where it asks for nothing but what is done there."""
        named = u.crises and "crises" not in u.guessed and not (u.partners or u.groups)
        if not named or not asks_deeds(u.english):
            return False
        draft.route = "list"
        ratings.phases(draft, u.crises, u.phases)
        ratings.quote_evidence(draft, u.crises, u.phases, all_of_it=True)
        return True

    def _itself(self, u: Understanding, sector: int) -> bool:
        """Whether a message names the sector itself, not something it does, or takes it over from the one before."""
        terms = [m.term for m in u.matches if m.kind == "sector"]
        row = self._corpus.sector(sector)
        spelled = {a.acronym: a.expansion for a in self._corpus.acronyms}
        named = (re.sub(r" activit\w+$", "", fold(term)) for term in terms)
        return bool(terms or u.inherited) and all(names_itself(spelled.get(t.upper(), t), row) for t in named)

    def _by_scenario(self, draft: Draft, u: Understanding) -> bool:
        """The sentences on the sector in those crises or phases, each with its scenario, in the document's order."""
        phases = () if "phases" in u.guessed else u.phases
        told: dict[tuple[str, str], str] = {}
        for cell in self._corpus.matrix.select(crises=u.crises, phases=phases, sectors=u.sectors):
            for evidence in cell.evidence:
                told.setdefault((evidence.ref, evidence.quote), draft.place(cell.crisis, cell.phase))
        if not told:
            return False
        draft.route = "work"
        head = draft.say("work_head", sector=draft.sector(u.sectors[0]))
        draft.blocks.append(Paragraph(head, template=True))
        draft.bullets(
            (f"{capital(place)}: “{quote}”", (draft.cite(ref, quote),)) for (ref, quote), place in told.items()
        )
        return True


#: Begins a question for somebody, a number or a time: its follow-up asks for the same of another phase.
_OF_SOMETHING = re.compile(
    r"^\W*(?:(?:and|so|but|ok(?:ay)?|hi|hello) )*(?:who|whom|whose|when|where|how (?:many|much|long)|which)\b"
)


def _asks_when(u: Understanding) -> bool:
    """Whether a follow-up asks for nothing but the phases of the sector spoken of: "and before the crisis?", "when?"."""
    own_phases = bool(u.phases) and "phases" not in u.inherited
    asks = own_phases or u.which_phases or u.wh == "when"
    spoken_of = "sectors" in u.inherited and not u.crises and not _OF_SOMETHING.search(fold(u.text))
    return u.follow_up and spoken_of and asks
