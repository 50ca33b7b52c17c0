"""Answers to what something is: an acronym, a sector, a level, a kind of crisis; and which sectors there are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answer import Paragraph
from assistant.compose import ratings as by_rating
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft
from assistant.manner import asks_manner, asks_whether
from assistant.routes.look import Look
from assistant.routes.named import FEW, crises_meant, names_itself, numbered_sectors, own_sectors
from assistant.text import FUNCTION_WORDS, content_stems, fold, words
from assistant.understanding import ASKING, Understanding, asks_by_place, more_words, outside_words
from corpus.load import Corpus
from corpus.types import Acronym

#: Words of a question for the meaning of an acronym.
_OF_ACRONYMS = frozenset(
    "acronym abbreviation letters letter short form full name names word term called know again exactly anyway english que significa signifie veut dire quiere decir sigla sigle".split()
)
_MEANS = r"stands? for|mean\w*|signif\w*|acronym\w*|abbreviat\w*|spell\w*|full (?:name|form)|expan\w+|defin\w+"
_STANDS_FOR = re.compile(rf"\b(?:{_MEANS})\b")
_SPELLED_OUT = re.compile(rf"\b(?:{_MEANS}|what(?:'s| is| are| r)?|who(?:'s| is| are)|que es|que son|qu'est)\b")
#: Says of something which sector it is: "land and property is sector 8, yes?".
_IS_SECTOR = re.compile(
    r"\b(?:(?:it|that|this)'?s|is|are|was|under|in|of|as|belongs to|called) (?:in |under )?sector (?:no\.? |number )?\d"
)
#: Asks what a sector is, not which there are.
_ONE_OF_THEM = re.compile(
    r"\b(?:meant by|counts? as|mean by) |\bwhat\b.{0,12}\b(?:is|'s) (?:a|an|each|one) \W?sector of assistance\b|\b(?:a|each|one|any|'|\")\W?sectors? of assistance\b.{0,20}\b(?:is|mean|in plain)"
)
#: Asks whether something is one of the sectors.
_A_SECTOR = re.compile(
    r"^\W*(?:(?:so|and|but|ok)\W+)*(?:(?:is|are) (?P<a>(?!there\b|it\b|this\b|that\b|they\b)[\w /&-]{2,40}?) (?:an?|one of the|one of iom's|among the|part of the|its own)(?: (?:own|separate|15|fifteen|iom))* sectors?(?: of assistance)?"
    r"|(?:is there|do (?:we|you) have) (?:an?|any)(?: (?:own|separate|special|iom))? sectors? (?:of assistance )?(?:for|on|about|called|named) (?P<b>[\w /&-]{2,40}?))(?: (?:here|too|in (?:this|the) (?:framework|document|mcof)))?\W*$"
)
#: Asks how many sectors there are, or whether there are so many.
_COUNTED = re.compile(r"\bhow many\b|\b(?:has|have|are there|there are) (?:[a-z]+ ){0,2}(?:\d+|fifteen|twelve|ten)\b")
#: Asks for a sector's name, not for what it does.
_ITS_NAME = re.compile(r"\b(?:called|named?|title|aim|purpose|goal)\b")


#: Words of a question for what tells kinds of crisis apart that ask for nothing more.
_OF_KINDS = ASKING | frozenset(
    "difference differences differ different distinguish compare compared comparison between versus vs contrast tell apart "
    "kind kinds type types onset crisis crises disaster disasters natural main quick short exactly basically examples example hazards please".split()
)


class Definitions:
    """Answers from the tables of acronyms, sectors, levels and crises."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def answer(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Define what is asked for; an acronym that is only a part of that is spelled out, and the answer is left to others."""
        entry = _acronym_asked(draft, u)
        if entry is not None:
            draft.route = "acronym"
            by_table.acronym(draft, entry)
            return not _beside_acronym(u, entry.acronym)
        return (
            self._which_sector(draft, u)
            or self._sector_before(draft, u, look)
            or self._name_and_number(draft, u)
            or self._sector_of_follow_up(draft, u)
            or self._sectors_apart(draft, u)
            or self._levels(draft, u)
            or self._crisis(draft, u, look)
            or self._sector(draft, u)
            or self._no_sector(draft, u)
            or self._sector_list(draft, u)
        )

    def _which_sector(self, draft: Draft, u: Understanding) -> bool:
        """Which sector does something: those that the question's words are of."""
        crises = crises_meant(u)
        if (
            u.which_sector
            and u.sectors
            and not u.levels
            and not (u.rating_cue and crises)
            and not (crises and u.phases and u.intent == "rating" and not u.rating_score)
        ):
            return _define_sectors(draft, u.sectors[:2])
        return False

    def _sector_before(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Which sector that is: the first that the reply before cites."""
        if not u.which_sector or not u.follow_up or u.sectors:
            return False
        before = look.previous()
        cited = [c.ref for c in before.citations] if before else []
        listed = next((s.no for s in self._corpus.sectors if s.ref in cited), None)
        return listed is not None and _define_sectors(draft, [listed])

    def _name_and_number(self, draft: Draft, u: Understanding) -> bool:
        """Whether something is the sector of a number: what it is, and what has that number."""
        by_number = numbered_sectors(u)
        by_name = [int(m.key) for m in u.matches if m.kind == "sector" and not m.weak and int(m.key) not in by_number]
        if not by_number or not by_name or crises_meant(u) or u.phases or u.levels:
            return False
        return _IS_SECTOR.search(fold(u.question)) is not None and _define_sectors(draft, (by_name[0], by_number[0]))

    def _sector_of_follow_up(self, draft: Draft, u: Understanding) -> bool:
        """What the one sector is that a follow-up names itself."""
        placed = u.crises and u.phases  # "and mobilizing the diaspora, same moment?" asks how it stands there
        if u.intent != "definition" or not u.follow_up or len(own_sectors(u)) != 1 or placed:
            return False
        return len(more_words(u)) <= FEW and _define_sectors(draft, u.sectors[:1], work=True)

    def _sectors_apart(self, draft: Draft, u: Understanding) -> bool:
        """What tells two sectors apart, where no ratings are compared."""
        apart = u.comparison and len(u.sectors) == 2 and not (crises_meant(u) or u.phases or u.levels or u.rating_cue)
        numbered = len(numbered_sectors(u)) == len(u.sectors)
        return (
            apart
            and (numbered or len(outside_words(u)) <= FEW)
            and not u.follow_up
            and _define_sectors(draft, u.sectors)
        )

    def crises_apart(self, draft: Draft, u: Understanding) -> bool:
        """What tells kinds of crisis apart: what each is, and what counts in its phases."""
        if not u.comparison or len(u.crises) < 2 or u.sectors or u.phases or u.levels or u.rating_cue or u.follow_up:
            return False
        if u.intent not in ("definition", "other", "examples", "rating") or not _OF_KINDS.issuperset(outside_words(u)):
            return False
        draft.route = "definition"
        by_rating.crises_apart(draft, u.crises)
        return True

    def _levels(self, draft: Draft, u: Understanding) -> bool:
        """What levels mean."""
        asked = u.intent == "definition" or (u.comparison and not u.follow_up)
        if not u.levels or u.sectors or crises_meant(u) or not asked:
            return False
        draft.route = "definition"
        by_table.define_levels(draft, u.levels)
        return True

    def _crisis(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """What a kind of crisis is."""
        crises = crises_meant(u)
        in_conversation = u.follow_up and not asks_by_place(u)
        # "where do people head in a flood?" asks no meaning
        asks_of_it = u.wh in ("where", "when", "who", "how_many", "why") and bool(more_words(u))
        if u.intent != "definition" or len(crises) != 1 or u.sectors or u.phases or in_conversation or asks_of_it:
            return False
        if look.elsewhere([c.ref for c in self._corpus.crises if c.key in crises]):
            return False
        draft.route = "definition"
        by_table.define_crisis(draft, crises[0])
        return True

    def _sector(self, draft: Draft, u: Understanding) -> bool:
        """What the one sector is that is asked for by its name or number."""
        if u.intent != "definition" or u.follow_up or crises_meant(u):
            return False
        named = {
            int(m.key)
            for m in u.matches
            if m.kind == "sector" and not m.weak and names_itself(m.term, self._corpus.sector(int(m.key)))
        }
        return len(named) == 1 and _define_sectors(draft, [*named], work=not _ITS_NAME.search(fold(u.question)))

    def _no_sector(self, draft: Draft, u: Understanding) -> bool:
        """Say that what a question takes for one of the sectors is none of that name, and which there are."""
        found = _A_SECTOR.match(fold(u.question)) if u.language == "en" and not u.follow_up else None
        if found is None or not self._corpus.sectors:
            return False
        name = found["a"] or found["b"]
        thing = set(content_stems(name))
        if (
            not thing
            or any(c.isdigit() for c in name)
            or (found["b"] and u.sectors)
            or any(thing <= set(content_stems(s.name)) for s in self._corpus.sectors)
        ):
            return False
        draft.blocks.append(Paragraph(draft.say("no_sector", thing=name), template=True))
        if u.sector_named:  # it is what one of them does, or its number
            return _define_sectors(draft, u.sectors[:FEW])
        draft.route = "sector_list"
        by_table.sector_list(draft)
        return True

    @staticmethod
    def _sector_list(draft: Draft, u: Understanding) -> bool:
        """Which sectors there are."""
        if (
            "sector_list" in u.topics
            and not (u.levels or crises_meant(u) or u.phases or u.sectors)
            and u.wh in ("which", "how_many", "")
            and (_COUNTED.search(fold(u.question)) or not (asks_whether(u.question) or asks_manner(u.question)))
            and not _ONE_OF_THEM.search(fold(u.question))
        ):
            draft.route = "sector_list"
            by_table.sector_list(draft)
            return True
        return False


def _define_sectors(draft: Draft, sectors: Sequence[int], *, work: bool = False) -> bool:
    """What each of the sectors is for; always True."""
    draft.route = "definition"
    for sector in sectors:
        by_table.define_sector(draft, sector, work=work)
    return True


def _acronym_asked(draft: Draft, u: Understanding) -> Acronym | None:
    """The acronym that a short question asks to be spelled out, alone or surely beside something else."""
    entry = by_table.find_acronym(draft, u)
    if (
        entry is not None
        and (len(u.tokens) <= 9 or u.follow_up)
        and _SPELLED_OUT.search(fold(u.question))
        and u.intent in ("definition", "other")
        and (not _beside_acronym(u, entry.acronym) or _STANDS_FOR.search(fold(u.question)))
    ):
        return entry
    return None


def _beside_acronym(u: Understanding, acronym: str) -> list[str]:
    """Content words of a question beside an acronym and those that ask for its meaning: "the role of UNHCR" asks more."""
    own = {fold(acronym), *words(acronym)}
    said = words(u.question) if u.follow_up else u.tokens
    return [
        t
        for t in said
        if t not in FUNCTION_WORDS[u.language]
        and t not in own
        and not _SPELLED_OUT.search(t)
        and t not in ASKING | _OF_ACRONYMS
    ]
