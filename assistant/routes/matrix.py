"""Ratings, looked up in the matrix of crises, phases and sectors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assistant.answer import ABSTENTIONS, Status
from assistant.compose import ratings
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft
from assistant.guards import situation
from assistant.manner import asks_deeds, asks_whether
from assistant.routes.known import Known
from assistant.routes.look import Look
from assistant.routes.means import Means
from assistant.routes.named import FEW, surely_names
from assistant.text import fold, words
from assistant.understanding import Understanding, more_words, outside_words, uncovered
from corpus.errors import IndexUnusableError, ModelError
from corpus.matrix import Cell
from corpus.types import PHASES

#: Scores of the slot model from which a question is about ratings: beside a word such as "rated" or "priority", and alone.
#: On the dev set 9 of 10 matrix questions score above .63 and 19 of 20 other questions below.
RATING_WITH_CUE, RATING_ALONE = 0.35, 0.60
#: The same where the question names a crisis and a sector, without and with such a word, and where no word of it is in the
#: lexicon at all.
RATING_NAMED, RATING_NAMED_WITH_CUE, RATING_UNNAMED = 0.50, 0.25, 0.90
#: The same for a follow-up that says more than the few words of a changed crisis, phase or sector.
RATING_FOLLOW_UP = 0.20
#: Probability from which a question that names no level is answered from the text where the matrix has only empty cells for it.
#: On the dev set four such questions that the document answers lie above, and one of seven others.
UNRATED = 0.40


#: Asks for the weight of one thing, by what is no name for all that is rated.
_OF_ONE = re.compile(
    r"^\W*(?:(?:so|and|ok|hi|please|tell me|well),? )*(?:how (?:important|critical|essential|crucial|relevant|strong(?:ly)?|high(?:ly)?)? ?(?:is|are|was|were) |(?:is|are|was|were) (?=.+\b(?:critical|important|recommended|rated|ranked)\b))"
)
_OF_ALL = re.compile(
    r"\b(?:each|every\w*|all|any\w*|some\w*|nothing|none|no|one of|which|what|sectors?|response|responses|work|help|assistance|support|things?|ones?|most|there|it)\b"
)
_RATED = re.compile(r"\brat(?:ed|ings?)\b")


class Ratings:
    """Answers from the matrix: one cell, a scenario, a sector across scenarios, or cells side by side."""

    def __init__(self, known: Known, means: Means) -> None:
        self._known, self._corpus, self._means = known, known.corpus, means

    def answer(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Answer what is asked for of the matrix, by what of crisis, phase and sector is named."""
        if not self._corpus.has_matrix or not self._is_rating(u, look):
            return False
        if u.levels == ("recommended",) and not u.sectors:
            self._recommended(draft, u)
            return True
        if u.sectors and (self._told_otherwise(u, look) or self._after_another(u, look)):
            return False
        if u.crises and u.sectors:
            self._cells(draft, u)
            return True
        if u.crises and u.intent == "rating":
            if not (u.levels or asks_deeds(u.english)) and len(outside_words(u)) > FEW and look.beyond_tables():
                return False  # "how strong was the quake?"
            if not (u.sectors or u.follow_up) and _names_other(u):
                return False  # "how is schooling rated?": of what is no sector a list of sectors tells nothing
            draft.route = "list"
            _scenarios(draft, u)
            return True
        return self._across_scenarios(draft, u, look) or self._across_crises(draft, u) or self._choose_crisis(draft, u)

    def note_unrated(self, draft: Draft, u: Understanding, look: Look) -> None:
        """After an answer from elsewhere in the text, that the one cell which a question names is not rated."""
        single = len(u.crises) == len(u.phases) == len(u.sectors) == 1
        if single and draft.status == "grounded" and self._is_rating(u, look) and self._told_otherwise(u, look):
            ratings.note_unrated(draft, self._corpus.matrix.cell(u.crises[0], u.phases[0], u.sectors[0]))

    def names_scenario(self, u: Understanding, look: Look) -> bool:
        """Whether a follow-up only names a crisis, phase or sector, and together with the turn before a part of the matrix.

        Not after a reply that answered nothing: what the dead of an earthquake were, the matrix does not tell "and after?".
        """
        named = (u.crises and u.phases) or u.sectors
        own = any(slot not in u.inherited and getattr(u, slot) for slot in ("crises", "phases", "sectors"))
        bare = u.follow_up and own and not (u.levels or u.wh or more_words(u))
        if not (self._corpus.has_matrix and named and bare):
            return False
        before = look.previous()
        return before is not None and before.status not in ABSTENTIONS

    def of_scenario(self, draft: Draft, u: Understanding) -> None:
        """What the matrix has for such a follow-up, where nothing else answers it: "and after?"."""
        if u.sectors and u.crises:
            self._cells(draft, u)
        elif u.sectors:
            draft.route = "reverse"
            ratings.slice_of_sector(draft, u.sectors[0], phases=u.phases)
        else:
            draft.route = "list"
            _scenarios(draft, u)

    # --- whether ratings are asked for

    def _is_rating(self, u: Understanding, look: Look) -> bool:
        """Whether a question is about ratings, by its words and by the learned model."""
        if u.intent not in ("rating", "other"):
            return False
        across = _which_crises(u)
        asks_fact = u.wh in ("how_many", "why") or (u.wh in ("when", "where") and not across)
        asks_fact = asks_fact or (u.wh == "who" and u.intent == "other")
        if asks_fact and not (u.levels or u.rating_cue or _surely_rating(u)):
            return False
        if u.follow_up and _asks_else(u):
            return False
        if "crises" in u.guessed and not (u.levels or u.rating_cue or u.follow_up) and asks_deeds(u.english):
            return False  # "how do we handle land disputes when people come home?" names no crisis to be rated in
        if not (surely_names(u, "crisis") or surely_names(u, "sector") or u.follow_up) and look.far():
            return False
        if not _asks_rating(u):
            return False
        if u.intent == "other" and not (u.crises and (u.sectors or u.phases)) and not across:
            return False
        return bool(u.levels) or not self._known.names_outside(u)

    def _told_otherwise(self, u: Understanding, look: Look) -> bool:
        """Whether cells that the text does not rate are asked for without a word on ratings, and it answers elsewhere.

        "Lost passports in the flood, what do we do?" asks for what is done; that the cell is empty is no answer.
        """
        if u.follow_up or u.language != "en" or u.levels or u.rating_cue or not self._means.features.abstention:
            return False
        if any(c.basis != "not_stated" for c in self._cells_of(u)):
            return False
        try:
            chance = self._means.judge(look.asked, UNRATED)
            nearest = look.asked.ranking.facts()[:1]
        except (IndexUnusableError, ModelError):
            return False
        of_it = bool(nearest) and self._corpus.fact_by_id[nearest[0].fact].ref in self._known.of_sectors(u.sectors)
        return chance is not None and chance >= UNRATED and (of_it or not u.sector_named)

    def _after_another(self, u: Understanding, look: Look) -> bool:
        """Whether a follow-up to a reply that rates nothing names another scenario, of which the matrix has only empty cells.

        "And in conflicts?" after "who leads camp coordination?" asks who leads there.
        """
        if not u.follow_up or "sectors" not in u.inherited or u.intent == "rating" or u.levels or u.rating_cue:
            return False
        if any(c.basis != "not_stated" for c in self._cells_of(u)):
            return False
        before = look.previous()
        return before is not None and before.status == "grounded" and not before.cells

    def _cells_of(self, u: Understanding) -> Sequence[Cell]:
        """The cells that a question names."""
        return self._corpus.matrix.select(crises=u.crises, phases=u.phases, sectors=u.sectors)

    # --- what of the matrix is shown

    @staticmethod
    def _recommended(draft: Draft, u: Understanding) -> None:
        """Where the matrix has the level "recommended", and what that means."""
        draft.route = "recommended"
        if not (u.crises or u.phases) and u.wh not in ("which", "how_many", "who", "where"):
            by_table.define_levels(draft, u.levels)
        ratings.recommended(draft)
        draft.status = "partial" if len(draft.blocks) > 1 else draft.status

    def _cells(self, draft: Draft, u: Understanding) -> None:
        """The cells of every crisis, phase and sector asked for: one by one, or side by side."""
        crises, phases, sectors = u.crises, u.phases, u.sectors
        draft.route = "cell"
        if len(phases) == 1 and len(crises) == 1 and len(sectors) <= 2 and not (u.comparison or _either(u)):
            statuses: list[Status] = []
            for sector in sectors:
                draft.status = "grounded"
                ratings.one_cell(draft, self._corpus.matrix.cell(crises[0], phases[0], sector), u.levels)
                statuses.append(draft.status)
            draft.status = "grounded" if "grounded" in statuses else "not_rated"
            guessed = "sectors" in u.inherited and not u.sector_named if u.follow_up else u.sector_guessed
            if draft.status == "not_rated" and guessed and not (u.follow_up and u.levels):
                # the sector is only a guess: what is rated in that scenario may hold the one that is meant
                ratings.scenario(draft, crises[0], phases[0], u.levels)
                draft.status = "partial"
            return
        draft.route = "comparison"
        ratings.compare(draft, crises, phases, sectors, u.levels)
        only_told = situation(u.question) and not (u.levels or u.rating_cue)
        if draft.status == "not_rated" and len(crises) == 1 and only_told:
            # "cholera in the evacuation centre" tells of an epidemic and asks for no sector
            _scenarios(draft, u)
            draft.status = "partial"

    def _across_scenarios(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Where sectors stand in all crises and phases."""
        # "can the same sector be critical here and recommended there?" is about no sector that only the model guesses
        anywhere = u.everywhere or u.which_crises or "anywhere" in u.tokens
        named = u.follow_up or u.language != "en" or anywhere or any(m.kind == "sector" for m in u.matches)
        if (
            u.sectors
            and (named or not asks_whether(u.question))
            and (u.intent == "rating" or _which_crises(u))
            and (u.levels or u.rating_cue or u.which_crises or u.everywhere or u.phases)
            and (u.levels or u.rating_cue or not asks_deeds(u.english))  # "how do we handle land disputes after that?"
            and (
                u.levels
                or _of_named(u)
                or not (look.elsewhere(self._known.of_sectors(u.sectors)) or look.beyond_tables())
            )
        ):
            draft.route = "reverse"
            for sector in u.sectors[:3]:
                ratings.slice_of_sector(
                    draft,
                    sector,
                    phases=u.phases,
                    levels=() if u.everywhere else u.levels,
                    claimed_everywhere=u.everywhere,
                )
            return True
        return False

    @staticmethod
    def _across_crises(draft: Draft, u: Understanding) -> bool:
        """The sectors that are rated in a phase, crisis by crisis."""
        if u.sectors or not u.phases or u.intent != "rating" or not (u.levels or not _is_specific(u)):
            return False
        draft.route = "across"
        for phase in u.phases:
            ratings.across_crises(draft, phase, u.levels)
        return True

    @staticmethod
    def _choose_crisis(draft: Draft, u: Understanding) -> bool:
        """Ask which crisis is meant, where only a level is named."""
        if not u.levels or u.intent != "rating" or _is_specific(u):
            return False
        draft.route = "clarify"
        ratings.choose_crisis(draft, u.phases)
        return True


def _names_other(u: Understanding) -> bool:
    """Whether the weight of one thing is asked for that is no sector."""
    folded = fold(u.english)
    return bool(_OF_ONE.match(folded) and more_words(u)) and _OF_ALL.search(folded) is None


def _which_crises(u: Understanding) -> bool:
    """Whether it is asked in which crises a sector stands somewhere."""
    return u.which_crises and surely_names(u, "sector")


def _of_named(u: Understanding) -> bool:
    """Whether it is asked where a sector that is surely named is rated: "in which crisis is it still rated?"."""
    return u.intent == "rating" and surely_names(u, "sector") and _RATED.search(fold(u.english)) is not None


def _surely_rating(u: Understanding) -> bool:
    """Whether the learned model alone is sure: "how big a part does X play?" counts nothing."""
    return u.rating_score is not None and u.rating_score >= RATING_ALONE


def _asks_rating(u: Understanding) -> bool:
    """Whether the learned model agrees that ratings are asked for; its word counts less beside a plain one."""
    if u.rating_score is None or u.follow_up:
        return True
    named = {m.kind for m in u.matches if not m.weak}
    if {"crisis", "sector"} <= named and len(outside_words(u)) <= FEW and ("phase" in named or not u.wh):
        return True
    if {"crisis", "sector"} <= named and len(outside_words(u)) <= 2 * FEW:
        return u.rating_score >= (RATING_NAMED_WITH_CUE if u.rating_cue else RATING_NAMED)
    if not u.matches:
        return u.rating_score >= RATING_UNNAMED
    cue = u.levels or u.rating_cue or (u.sectors and (u.which_crises or (u.comparison and u.crises)))
    return u.rating_score >= (RATING_WITH_CUE if cue else RATING_ALONE)


def _asks_else(u: Understanding) -> bool:
    """Whether a follow-up on ratings asks for something else: "who pays for it?" names no crisis, phase or sector."""
    outside = more_words(u)
    if not outside or u.rating_cue:
        return False
    if all(slot in u.inherited or not getattr(u, slot) for slot in ("crises", "phases", "sectors", "levels")):
        return True
    return len(outside) > FEW and u.rating_score is not None and u.rating_score < RATING_FOLLOW_UP


def _is_specific(u: Understanding) -> bool:
    """Whether content words are left that no slot covers."""
    return len(uncovered(u.tokens, u.matches, u.language)) > 2


def _either(u: Understanding) -> bool:
    """Whether a question puts two sectors against each other: "shelter or health?"."""
    found = sorted((m.start, m.end, m.key) for m in u.matches if m.kind == "sector")
    said = words(u.question)
    return len(u.sectors) > 1 and any("or" in said[a[1] : b[0]] and a[2] != b[2] for a, b in pairwise(found))


def _scenarios(draft: Draft, u: Understanding) -> None:
    """The sectors that are rated in each crisis, phase by phase; of one with the sentences, if they are few or what is done is asked for."""
    phases = u.phases or PHASES
    for crisis in u.crises:
        for phase in phases:
            ratings.scenario(draft, crisis, phase, u.levels)
    deeds = not (u.levels or u.rating_cue) and asks_deeds(u.english)
    ratings.quote_evidence(draft, u.crises, phases, u.levels, all_of_it=deeds)
