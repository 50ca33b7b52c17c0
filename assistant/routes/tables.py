"""Answers from the small tables: who leads, topics, coordination, people in need, examples, and what is defined."""

from __future__ import annotations

import re

from assistant.answer import Paragraph
from assistant.compose import passages as by_passage
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft
from assistant.phrases import NOT_IN_DOCUMENT
from assistant.roles import role_asked
from assistant.routes.definitions import Definitions
from assistant.routes.known import Known
from assistant.routes.look import Look
from assistant.routes.means import Means
from assistant.routes.named import crises_meant, numbered_sectors, own_sectors
from assistant.text import fold, words
from assistant.understanding import Understanding, more_words
from corpus.types import Role

#: Words of a question for a whole list that name nothing.
_OF_LISTS = frozenset(
    "five kinds kind types type sorts crises crisis phases stages different various possible exactly short brief quick "
    "one two three few lines line sentences sentence words paragraph sum summarise summarize summary overview describe explain brief nutshell me us please main give what's whats content contents contain contains inside holds hold look looks talk covers cover all main".split()
)
#: What a summary is for: "in two lines for my donor report".
_FOR_WHOM = re.compile(
    r"\bfor (?:me|us|(?:my|our|the|a|an) (?:\w+ ){0,2}(?:report|briefing|brief|note|memo|meeting|speech|slides?|presentation|e-?mail|paper|boss|chief|director|minister|ambassador|donor|colleagues?|team|manager|head|newcomers?|students?|journalists?|press|website))\W*$"
)
#: Asks for kinds of events, not for those that happened: "examples of what counts as slow onset".
_COUNTS_AS = re.compile(
    r"\b(?:counts?|qualif\w+|regarded|seen|considered|classed|classified|treated) as\b|\b(?:kinds?|types?|sorts?) of\b"
)


class Tables:
    """Answers what a table other than the matrix holds."""

    def __init__(self, known: Known, means: Means) -> None:
        self._known, self._corpus, self._means = known, known.corpus, means
        self._definitions = Definitions(known.corpus)

    def by_role(self, draft: Draft, u: Understanding) -> bool:
        """Answer who leads a cluster, and whether the text says so of what is asked."""
        if not self._corpus.roles or not self._means.features.facts:
            return False
        asked = role_asked(u, self._corpus.roles, self._known.names.is_name, self._names)
        if asked is None:
            return False
        draft.route = "role"
        if asked.verdict == "only":
            draft.blocks.append(Paragraph(draft.say("role_only", subject=asked.subject), template=True))
        elif asked.verdict == "unnamed":
            draft.status = "not_in_document"
            key = "role_unnamed" if any(r.role == "lead" for r in asked.rows) else "role_nobody"
            told = draft.say(key, no=NOT_IN_DOCUMENT[draft.language], subject=asked.subject)
            draft.blocks.append(Paragraph(told, template=True))
        by_passage.facts(draft, [self._corpus.fact_by_id[r.fact] for r in asked.rows])
        return True

    def _names(self, row: Role, body: str) -> bool:
        """Whether the fact of a role names a body."""
        return self._known.holds(self._corpus.fact_by_id[row.fact], body)

    def by_topic(self, draft: Draft, u: Understanding) -> bool:
        """Answer a question about one whole topic: what the document is about, what an annex holds, the kinds of crisis, the phases."""
        topics = [m for m in u.matches if m.kind == "topic" and not m.weak]
        named = bool(u.inherited) or any(
            m.kind != "topic" and not any(t.start <= m.start and m.end <= t.end for t in topics) for m in u.matches
        )
        reader = set(words(found[0])) if (found := _FOR_WHOM.search(fold(u.question))) else set()
        more = [w for w in more_words(u) if w not in _OF_LISTS and w not in reader]
        if named or more:
            return False
        known = self._known.topics
        topic = next((t for t in u.topics if t in known), "")
        if topic and not u.follow_up:
            draft.route = "topic"
            if topic == "annexes":
                by_table.annexes(draft)
            by_passage.facts(draft, known[topic])
            return True
        return self._whole_lists(draft, u)

    def _whole_lists(self, draft: Draft, u: Understanding) -> bool:
        """All crises, phases, levels or sectors, where nothing but these is asked for."""
        if u.topics == ("sector_list",):
            return False  # one of them has rules of its own
        corpus = self._corpus
        rows = {
            "sector_list": corpus.sectors,
            "crises": corpus.crises,
            "phases": corpus.phases,
            "levels": corpus.levels,
        }
        lists = {key: by_table.LISTS[key] for key, found in rows.items() if found}
        also = [m.key for m in u.matches if m.kind == "topic" and m.key in lists] if set(u.topics) & set(lists) else []
        listed = list(dict.fromkeys(also))
        whole = bool(listed) and set(u.topics) <= set(listed) and u.wh in ("which", "how_many", "") and not u.levels
        if not whole:
            return False
        draft.route = f"{listed[0].removesuffix('_list')}_list"
        for topic in listed:
            lists[topic](draft)
        return True

    def answer(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Answer from the first table that holds what is asked for."""
        if not self._corpus.crises or _only_rates(u) or look.beyond_tables():
            return False
        return (
            self._definitions.crises_apart(draft, u)
            or self._coordination(draft, u, look)
            or self._people(draft, u, look)
            or self._examples(draft, u)
            or self._definitions.answer(draft, u, look)
        )

    def _coordination(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Whom responses to a crisis are coordinated with."""
        crises = crises_meant(u)
        partnered = bool(u.partners) and u.intent in ("other", "rating") and not u.sectors and not u.levels
        if (
            (u.intent == "coordination" or partnered)
            and u.wh != "how_many"
            and crises
            and (u.groups or u.partners or not u.sectors or u.sector_guessed)
            and self._corpus.coordination
            and not self._known.names_outside(u)
            and not look.elsewhere([r.ref for r in self._corpus.coordination if r.crisis in crises])
        ):
            draft.route = "coordination"
            for crisis in crises:
                by_table.coordination(draft, u, crisis)
            return True
        return False

    def _people(self, draft: Draft, u: Understanding, look: Look) -> bool:
        """Who is in need in a crisis."""
        crises = crises_meant(u)
        people = [r.ref for r in self._corpus.people if r.crisis in crises]
        if u.intent != "people" or not people or u.wh == "how_many" or look.elsewhere(people):
            return False
        draft.route = "people"
        for crisis in crises:
            by_table.people(draft, u, crisis)
        return True

    def _examples(self, draft: Draft, u: Understanding) -> bool:
        """Crises that happened, at a place or of a kind."""
        if u.intent != "examples" or not self._corpus.examples or own_sectors(u) or u.wh in ("when", "how_many"):
            return False
        if u.sectors and "crises" in u.guessed:  # "an example from a past crisis?" is one of the sector spoken of
            return False
        named = by_table.places_named(draft, u)
        if named:
            draft.route = "examples"
            by_table.example_place(draft, named)
            return True
        crises = crises_meant(u)
        if not crises:
            return False
        draft.route = "examples"
        for crisis in crises if _COUNTS_AS.search(fold(u.question)) else ():
            by_table.define_crisis(draft, crisis)
        by_table.examples(draft, crises)
        return True


def _only_rates(u: Understanding) -> bool:
    """Whether no other table than the matrix can answer: then nothing needs to be searched for."""
    named = bool(u.crises or u.sectors)
    if u.comparison and len(u.crises) > 1 and not u.sectors:
        return False  # they may be told apart by what they are
    return u.intent == "rating" and named and not (u.partners or u.which_sector or numbered_sectors(u))
