"""Which way a question is answered: a table where one holds the answer, else facts and passages, else an honest no."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from assistant import courtesies, entities, labels
from assistant.answer import ABSTENTIONS, Citation, Paragraph, Status
from assistant.answerable import Asked
from assistant.compose import passages as by_passage
from assistant.compose import ratings
from assistant.compose import tables as by_table
from assistant.compose.draft import Draft, make_citation
from assistant.deeds import asks_deeds
from assistant.guards import is_order, sentences_of, wants_more_than_text
from assistant.mentions import Mention, mentions, term_asked, thing_asked
from assistant.naming import Names, holds, without
from assistant.phrases import NOT_IN_DOCUMENT
from assistant.premises import Premises, claimed_figures
from assistant.roles import role_asked
from assistant.text import FUNCTION_WORDS, content_stems, fold, words
from assistant.understanding import ABOUT_REPLY, ASKING, Understanding, outside_words
from assistant.verify import figures
from corpus.errors import IndexUnusableError, ModelError
from corpus.load import Corpus
from corpus.types import PHASES, Fact

if TYPE_CHECKING:
    from assistant.acts import Acts
    from assistant.answerability.judge import Finding
    from assistant.assistant import Features
    from assistant.encoder import Vectors
    from assistant.retrieval import HybridRetriever, Ranking, ScoredFact
    from assistant.settings import Settings

#: Score of the best passage below which nothing in the document is near the question (off-topic).
OFF_TOPIC = 0.285
#: Probability from which a question counts as answered by the document. Of 923 dev questions that are not about ratings .14
#: refuses 87% of the near misses and 2.9% of the others; .20 refuses 89 and 3.5%, .26 refuses 92 and 4.1%.
ANSWERED = 0.15
#: The same for a follow-up. Of 222 on the dev set .10 answers 8 of 55 that are not answered, .35 answers 2 and refuses one more
#: of the others.
ANSWERED_FOLLOW_UP = 0.32
#: A question whose nearest text is no nearer than this (cosine) counts as answered only with the probability beside it:
#: on the dev set .55 is the least of what is answered rightly, and 31 of 34 off-topic questions lie below.
FAR, ANSWERED_FAR = 0.54, 0.90
#: Scores of the slot model from which a question is about ratings: beside a word such as "rated" or "priority", and alone.
#: On the dev set 9 of 10 matrix questions score above .63 and 19 of 20 other questions below.
RATING_WITH_CUE, RATING_ALONE = 0.35, 0.60
#: The same where the question names a crisis and a sector, without and with such a word, and where no word of it is in the
#: lexicon at all.
RATING_NAMED, RATING_NAMED_WITH_CUE, RATING_UNNAMED = 0.50, 0.25, 0.90
#: Probability from which a question that names no level is answered from the text where the matrix has only empty cells for it.
#: On the dev set four such questions that the document answers lie above, and one of seven others.
UNRATED = 0.40
#: Probability below which a question that says more than a table's slots is not answered from that table: on the dev set
#: four that the document does not answer lie below, and none that it does.
TABLED = 0.05
#: The same for a follow-up that says more than the few words of a changed crisis, phase or sector.
RATING_FOLLOW_UP = 0.20
#: A further sentence joins the reply when the score of its fact is at most this much lower than the best.
FACT_LEAD = 0.20
#: Content words beside the slots that a question whose crisis, phase and sector are all named may hold and be about ratings.
_FEW = 2
#: Score from which a fact is added to a table's answer, by route; to lists of ratings nothing is added. On the dev set it
#: adds what was asked for in 4 of 9 questions and something near it in the others.
BESIDE = {"cell": 0.38, "people": 0.33, "definition": 0.33}
#: Cosine with the nearest text below which a follow-up of several words has left the document: "who won the cup that summer?".
STRAYS = 0.40
#: Nearest facts that a question's claim is held against.
CLAIMED_IN = 6
#: Probability from which a question counts as answered without its names and figures that the nearest fact does not hold.
ANSWERED_OTHERWISE = 0.50
#: What is added to the score of a fact whose value is of the kind that is asked for. Of 1,270 questions whose fact is known, those
#: of calibration.csv and the plain ones, it puts the right fact first in 9 more (1,081 without it); twice as much does no better.
KIND_BONUS = 0.05
#: The same for a fact that tells what is done, where that is asked for.
DEED_BONUS = 0.05
#: The same for one of the phase that is asked about, and less for one of another phase of the crisis.
OF_PHASE = 0.05
#: What is taken from the score of a fact of another crisis than the question is about.
OF_ANOTHER = 0.10
#: Kinds of value by the question word that asks for them.
_KINDS: dict[str, tuple[str, ...]] = {
    "how_many": ("number",), "when": ("date",), "where": ("place",), "who": ("body", "person"), "why": ("reason", "purpose"),
}  # fmt: skip
#: Asks what something is for, in other words than "why".
_WHAT_FOR = re.compile(
    r"\bwhat (?:was|is|were|are) (?:\w+ ){0,2}(?:point|purpose|aim|goal|idea|use|good|reason)\b|\bwhat for\b|\bpurpose\b|\bto what end\b"
    r"|\bwhat\b.{0,40}\bfor\W*$"
)
#: What a question sets aside: "besides CCCM, in what clusters does IOM have a role?".
_BESIDES = re.compile(
    r"\b(?:besides|except(?: for)?|other than|apart from|aside from|in addition to|not counting) (?:the )?((?:[\w/’'-]+ ?){1,5}?)(?=[,;?]|$| (?:what|which|who|where|how|in|does|do|is|are)\b)",
    re.IGNORECASE,
)
#: A refused question is like one of those without an answer from this cosine, and one of the so many nearest.
NEAR_NO, NEAR_NOES = 0.60, 2
#: A year that narrows what is asked, at the end of a text: "in 2014".
_IN_YEAR = re.compile(r"\b(?:in|during|for|of|by|from|year|after|before) (?:19|20)\d\d$", re.IGNORECASE)
#: Takes for granted what it says: "since it was...", "..., isn't it?", "how come...".
_PRESUPPOSES = re.compile(
    r"^\W*(?:since|given that|as|because|now that|why|how come)\b|\bi (?:heard|read|thought|think|understand|believe)\b"
    r"|\b(?:right|correct|yes|no|(?:is|are|was|were|does|do|did|has|have)n'?t (?:it|they|he|she|we|there))\W*$"
)
#: Asks whether something is so, of what it names first.
_WHETHER = re.compile(r"(?:and |but |so )?(?:is|are|was|were|does|do|did|has|have)\b")
#: How much nearer (fused score) another passage must be for a table's answer to be given up.
ELSEWHERE = 0.08
#: A year that a question names must stand in one of so many nearest passages.
YEARS_IN = 3
#: Places named where a term is used that the text does not define.
NAMED = 5
#: Places named of those that mention a thing; of more their number is told.
PLACES = 12
#: Places quoted of those that mention a thing; the others are named.
QUOTED = 3
#: Sentences of the document that one reply states, and one more that it only quotes.
MAX_FACTS = 3

_YEAR = re.compile(r"(?:19|20)\d\d")
#: Words of a question for the meaning of an acronym.
_OF_ACRONYMS = frozenset(
    "acronym abbreviation letters letter short form full name names word term called know again exactly anyway english que significa signifie veut dire quiere decir sigla sigle".split()
)
#: Words with a prefix, which tell things apart: to co-lead is not to lead.
_HYPHENED = re.compile(r"\b(?:co|non|pre|anti)-[a-z]{3,}\b")
#: Words of a question for a whole list that name nothing.
_OF_LISTS = frozenset(
    "five kinds kind types type sorts crises crisis phases stages different various possible exactly short brief quick "
    "one two three few lines line sentences sentence words paragraph sum summarise summarize summary overview describe explain brief nutshell me us please main give what's whats content contents contain contains inside holds hold look looks talk covers cover all main".split()
)
_STANDS_FOR = re.compile(
    r"\b(?:stands? for|mean\w*|signif\w*|acronym\w*|abbreviat\w*|spell\w*|full (?:name|form)|expan\w+|defin\w+)\b"
)
_SPELLED_OUT = re.compile(
    r"\b(?:stands? for|mean\w*|signif\w*|acronym\w*|abbreviat\w*|spell\w*|full (?:name|form)|expan\w+|defin\w+|what(?:'s| is| are| r)?|who(?:'s| is| are)|que es|que son|qu'est)\b"
)


class Previous(Protocol):
    """Composes an earlier reply anew: the last, or one further ``back``; None where there is none."""

    def __call__(self, back: int = 0, /) -> Draft | None: ...


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What the text says, of others or in other figures than a question has it.

    ``missing`` are the question's names and figures that ``facts`` do not hold; it ``corrects`` where they are what the
    question speaks of.
    """

    missing: tuple[str, ...]
    facts: tuple[Fact, ...]
    corrects: bool


#: Says of something which sector it is: "land and property is sector 8, yes?".
_IS_SECTOR = re.compile(
    r"\b(?:(?:it|that|this)'?s|is|are|was|under|in|of|as|belongs to|called) (?:in |under )?sector (?:no\.? |number )?\d"
)
#: Asks for kinds of events, not for those that happened: "examples of what counts as slow onset".
_COUNTS_AS = re.compile(
    r"\b(?:counts?|qualif\w+|regarded|seen|considered|classed|classified|treated) as\b|\b(?:kinds?|types?|sorts?) of\b"
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
#: Asks for a sector's name, not for what it does.
_ITS_NAME = re.compile(r"\b(?:called|named?|title|aim|purpose|goal)\b")


class Look:
    """What the document has for one question, searched for once and only when it is needed.

    Each property raises IndexUnusableError or ModelError where the document cannot be searched.
    """

    def __init__(self, router: Router, u: Understanding, previous: Previous) -> None:
        self._router, self._u, self.previous = router, u, previous

    @cached_property
    def vector(self) -> Vectors:
        return self._router.retriever().encode(self._u.english)

    @cached_property
    def ranking(self) -> Ranking:
        """By the question alone."""
        return self._ranked(())

    @cached_property
    def asked(self) -> Asked:
        """For the judgement: where the question leans on the reply before, what that cited counts more."""
        cited, notes = self._router.cited(self.previous() if self._u.follow_up else None)
        ranking = self._ranked([*cited, *notes]) if cited else self.ranking
        u = self._u
        return Asked(u.english, u.english_tokens, self.vector, ranking, u.conversation)

    def _ranked(self, salient: Sequence[str]) -> Ranking:
        u, retriever = self._u, self._router.retriever()
        return retriever.rank(u.english, u.english_tokens, foreign=u.foreign_stems, salient=salient, vector=self.vector)


class Router:
    """Answers one understood question into a draft."""

    def __init__(
        self,
        corpus: Corpus,
        retriever: Callable[[], HybridRetriever],
        ask: Callable[[str], Asked],
        judge: Callable[[Asked, float], float | None],
        find: Callable[[str, Ranking], Finding | None],
        acts: Callable[[str], Acts | None],
        features: Features,
        settings: Settings,
    ) -> None:
        self.corpus = corpus
        self.retriever = retriever
        self._ask = ask
        self._judge = judge
        self._find = find
        self._acts = acts
        self._features = features
        self._settings = settings

    def answer(self, draft: Draft, u: Understanding, previous: Previous) -> None:
        """Compose the answer to ``u`` into ``draft`` and set its status and route.

        ``previous`` composes the reply before, for questions about that reply.

        Raises:
            IndexUnusableError, ModelError: no table answers and the document cannot be searched. To abstain would be
                to say that the document does not answer.
        """
        if courtesies.greets(u.question) or (courtesies.asks_help(u.question) and not u.follow_up):
            self._template(draft, "greeting" if courtesies.greets(u.question) else "help", "out_of_scope")
            return
        if u.intent == "thanks":
            self._template(draft, "empty_thanks", "out_of_scope")
            return
        if u.intent == "author":
            cover = self.corpus.passages[0]
            draft.route = "author"
            if self._sources(draft, previous()):
                return
            said = "author_head" if u.follow_up else "author_document"
            publisher = self.corpus.info.publisher or "?"
            told = draft.say(said, publisher=publisher)
            draft.blocks.append(Paragraph(told, (draft.cite(cover.ref, cover.text),), template=True))
            return
        if self._by_label(draft, u):
            return
        if u.intent in ABOUT_REPLY and u.follow_up and self._about_last(draft, u, previous):
            return
        if self._about_assistant(draft, u):
            return
        wrong = self._premises.wrong_count(u.question) if u.language == "en" else None
        if wrong is not None:
            asked, count = wrong
            passage = self.corpus.by_ref[count.ref]
            sentence = by_passage.enclosing_sentence(passage, count.quote)
            draft.route = "premise"
            draft.blocks.append(
                Paragraph(draft.say("no_other", asked=asked), (draft.cite(passage.ref, sentence),), template=True)
            )
            draft.quote(passage.ref, sentence)
            return
        if not (u.crises and u.sectors) and wants_more_than_text(u.question):
            self._template(draft, "opinion", "not_in_document")
            return
        if self._by_role(draft, u) or self._by_topic(draft, u) or self._by_mention(draft, u):
            return
        look = Look(self, u, previous)
        blocks, citations = len(draft.blocks), len(draft.citations)
        if self._by_table(draft, u, look) or self._by_matrix(draft, u, look):
            self._beside(draft, u, look)
            return
        self._by_fact(draft, u, look)
        if draft.status in ABSTENTIONS:  # an acronym spelled out before is not what was asked for
            del draft.blocks[blocks:-1], draft.citations[citations:]
        if draft.route == "not_in_document":
            self._near(draft, u)

    # --- what the reply before was made of

    def cited(self, before: Draft | None) -> tuple[list[str], list[str]]:
        """Labels of the passages that a reply cites, and of their footnotes, each in order."""
        cited = list(dict.fromkeys(c.ref for c in before.citations)) if before else []
        return cited, [n for ref in cited for n in self.corpus.by_ref[ref].footnotes if n in self.corpus.by_ref]

    def _sources(self, draft: Draft, before: Draft | None) -> bool:
        """Footnotes that give the source of what the reply before said, or that it cites."""
        cited, notes = self.cited(before)
        notes += [r for r in cited if self.corpus.by_ref[r].kind == "footnote" and r not in notes]
        for ref in notes[:2]:
            draft.add(draft.say("quote_head", ref=ref), draft.cite(ref, self.corpus.by_ref[ref].text))
            draft.quote(ref, self.corpus.by_ref[ref].text)
        return bool(notes)

    def _about_last(self, draft: Draft, u: Understanding, previous: Previous) -> bool:
        """Answer “why?”, “which paragraph says that?”, “tell me more” from the evidence of the reply before."""
        before = previous()
        skipped = before is not None and not before.citations and u.intent == "reference"
        if skipped:
            before = previous(1)  # a reply that says nothing has no place: the one before it has
        if before is None or not before.citations:
            return False
        draft.route = f"about_last:{u.intent}"
        draft.status = before.status  # the reason for a rating that the text does not give is not given either
        draft.cells.extend(before.cells)
        cited: dict[str, list[Citation]] = {}
        for citation in before.citations:
            cited.setdefault(citation.ref, []).append(citation)
        if u.intent == "reference":
            numbers = [draft.cite(cs[0].ref, cs[0].quote) for cs in cited.values()]
            refs = ", ".join(cited)
            head = "reference_before" if skipped else "reference_head"
            draft.blocks.append(Paragraph(draft.say(head, refs=refs), tuple(numbers), template=True))
            for citation in before.citations[:3]:
                draft.quote(citation.ref, citation.quote)
            return True
        if u.intent == "less":
            self._shorter(draft, before)
            return True
        draft.blocks.append(Paragraph(draft.say("reason_head" if u.intent == "reason" else "more_head"), template=True))
        refs_shown = list(cited)[:2]
        for ref in refs_shown:
            passage = self.corpus.by_ref[ref]
            if u.intent == "more" and len(passage.text.split()) <= 150:
                draft.quote(ref, passage.text)
            else:
                for citation in cited[ref][:3]:
                    draft.quote(ref, by_passage.enclosing_sentence(passage, citation.quote))
        return True

    @staticmethod
    def _shorter(draft: Draft, before: Draft) -> None:
        """The first block of the reply before, which answers, with its citations."""
        draft.citations.extend(before.citations)
        draft.blocks.append(before.blocks[0])

    # --- the assistant itself

    def _about_assistant(self, draft: Draft, u: Understanding) -> bool:
        """What the words beside a level mean, whether this is official, what became of the colours: no text says so."""
        asked = courtesies.about_levels(u.question) if self.corpus.has_matrix and not u.sectors else ""
        if asked == "bases" and not u.crises:
            self._template(draft, "bases", "out_of_scope")
        elif asked == "colours" and not self.corpus.diagram:
            self._template(draft, "colours", "not_in_document")
        elif asked == "never" and not (
            u.crises or u.levels or u.phases or u.partners or u.groups or self._names_outside(u)
        ):
            return self._never_spoken_of(draft)
        elif courtesies.asks_whether_official(u.question):
            self._template(draft, "official", "out_of_scope")
        else:
            return False
        return True

    def _never_spoken_of(self, draft: Draft) -> bool:
        """The sectors that the prose of no scenario speaks of; False where there is none."""
        cells = self.corpus.matrix.select
        silent = [
            s.no
            for s in self.corpus.sectors
            if all(c.strongest is None and c.level is None for c in cells(sectors=[s.no]))
        ]
        if not silent:
            return False
        draft.route = "never"
        cited = tuple(draft.cite(self.corpus.sector(n).ref, self.corpus.sector(n).quote) for n in silent)
        draft.add(draft.say("never_rated", sectors=draft.sectors(silent)), *cited)
        return True

    # --- labels

    def _by_label(self, draft: Draft, u: Understanding) -> bool:
        """Quote the places that a question names by their labels, whole or what they say of its subject; or say that there are none."""
        named = labels.named(u.question, u.language, self.corpus.by_ref)
        if named is None or not all(label.last for label in named.labels):
            return False
        missing = [label for label in named.labels if label.passage is None]
        if missing and len(named.about) <= _FEW:
            draft.route, draft.status = "label", "not_in_document"
            for label in missing:
                text = draft.say("no_label", label=label.name, last=label.last)
                draft.blocks.append(Paragraph(text, template=True))
            return True
        found = [label.passage for label in named.labels if label.passage is not None]
        known = {stem for p in found for stem in content_stems(p.text)}
        if missing or (named.about and not (len(named.about) <= _FEW and named.about <= known)):
            return False
        draft.route = "label"
        for p in found:
            by_passage.passage(draft, p, by_passage.best_sentences(p, list(named.about)) if named.about else [p.text])
        return True

    # --- roles

    def _by_role(self, draft: Draft, u: Understanding) -> bool:
        """Answer who leads a cluster, and whether the text says so of what is asked."""
        if not self.corpus.roles or not self._features.facts:
            return False
        asked = role_asked(u, self.corpus.roles, self._names.is_name)
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
        by_passage.facts(draft, [self.corpus.fact_by_id[r.fact] for r in asked.rows])
        return True

    # --- topics, and what is mentioned

    def _by_topic(self, draft: Draft, u: Understanding) -> bool:
        """Answer a question about one whole topic: what the document is about, what an annex holds, the kinds of crisis, the phases."""
        topics = [m for m in u.matches if m.kind == "topic" and not m.weak]
        named = bool(u.inherited) or any(
            m.kind != "topic" and not any(t.start <= m.start and m.end <= t.end for t in topics) for m in u.matches
        )
        more = [w for w in outside_words(u) if w not in ASKING and w not in _OF_LISTS]
        if named or more:
            return False
        facts = self._topics.get(next((t for t in u.topics if t in self._topics), ""), ())
        if facts and not u.follow_up:
            draft.route = "topic"
            by_passage.facts(draft, facts)
            return True
        corpus = self.corpus
        rows = {
            "sector_list": corpus.sectors,
            "crises": corpus.crises,
            "phases": corpus.phases,
            "levels": corpus.levels,
        }
        lists = {key: by_table.LISTS[key] for key, found in rows.items() if found}
        if u.topics == ("sector_list",):
            lists = {}  # one of them has rules of its own
        also = [m.key for m in u.matches if m.kind == "topic" and m.key in lists] if set(u.topics) & set(lists) else []
        listed = list(dict.fromkeys(also))
        whole = bool(listed) and set(u.topics) <= set(listed) and u.wh in ("which", "how_many", "") and not u.levels
        if whole:
            draft.route = f"{listed[0].removesuffix('_list')}_list"
            for topic in listed:
                lists[topic](draft)
            return True
        return False

    @cached_property
    def _topics(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for row in self.corpus.topics:
            found.setdefault(row.topic, []).append(self.corpus.fact_by_id[row.fact])
        return found

    def _by_mention(self, draft: Draft, u: Understanding) -> bool:
        """Quote where the document mentions what a question asks it to; nothing where its words do not stand there."""
        plain = u.language == "en" and not (u.levels or u.rating_cue or u.follow_up)
        thing = thing_asked(u.question) if plain else ""
        found = mentions(thing, self.corpus.passages, self._names.is_name) if thing else []
        if not found:
            return plain and (self._by_name(draft, u) or self._unheard(draft, thing))
        draft.route = "mention"
        places = len(found)
        found = self._legends_last(found)[:PLACES]
        numbers = tuple(draft.cite(m.ref, m.sentence) for m in found)
        refs = labels.listed(m.ref for m in found)
        if places > len(found):
            refs = draft.say("more_places", refs=refs, number=places - len(found))
        draft.blocks.append(Paragraph(draft.say("mentioned", refs=refs), numbers, template=True))
        for m in found[:QUOTED]:
            draft.quote(m.ref, m.sentence)
        return True

    def _unheard(self, draft: Draft, thing: str) -> bool:
        """Say that the text does not mention a thing of whose words neither it nor any prepared question has one."""
        stems = set(content_stems(thing))
        if not stems or any(self._premises.knows(stem) for stem in stems) or not self._features.abstention:
            return False
        missing = draft.say("missing_terms", terms=f"“{thing}”")
        self._template(draft, "not_in_document", "not_in_document", missing=missing)
        return True

    def _by_name(self, draft: Draft, u: Understanding) -> bool:
        """State what every passage tells of the one body or place that all is asked about."""
        name = entities.name_asked(u.question, self._names, self.corpus)
        told = entities.facts_on(name, self.corpus.facts, self.corpus.by_ref) if name else []
        years = figures(u.question)
        told = [f for f in told if years <= figures(self._said(f))]
        if not told or not self._features.facts:
            return False
        draft.route = "name"
        draft.blocks.append(Paragraph(draft.say("named_head", name=name), template=True))
        draft.bullets((f.statement, (draft.cite(f.ref, f.quote),)) for f in told[: entities.MOST])
        rest = told[entities.MOST :]
        if rest:
            numbers = tuple(draft.cite(f.ref, f.quote) for f in rest)
            draft.blocks.append(
                Paragraph(draft.say("also_named", refs=labels.listed(f.ref for f in rest)), numbers, template=True)
            )
        return True

    # --- tables

    def _by_table(self, draft: Draft, u: Understanding, look: Look) -> bool:
        if not self.corpus.crises or self._only_rates(u) or self._beyond_tables(u, look):
            return False
        own_sectors = u.sectors if "sectors" not in u.inherited else ()
        crises = u.crises or (u.weak_crises if len(u.weak_crises) == 1 else ())
        partnered = bool(u.partners) and u.intent in ("other", "rating") and not u.sectors and not u.levels
        if (
            (u.intent == "coordination" or partnered)
            and u.wh != "how_many"
            and crises
            and (u.groups or u.partners or not u.sectors or u.sector_guessed)
            and self.corpus.coordination
            and not self._names_outside(u)
            and not self._elsewhere(u, look, [r.ref for r in self.corpus.coordination if r.crisis in crises])
        ):
            draft.route = "coordination"
            for crisis in crises:
                by_table.coordination(draft, u, crisis)
            return True
        people = [r.ref for r in self.corpus.people if r.crisis in crises]
        if u.intent == "people" and people and u.wh != "how_many" and not self._elsewhere(u, look, people):
            draft.route = "people"
            for crisis in crises:
                by_table.people(draft, u, crisis)
            return True
        if u.intent == "examples" and self.corpus.examples and not own_sectors and u.wh not in ("when", "how_many"):
            named = by_table.places_named(draft, u)
            if named:
                draft.route = "examples"
                by_table.example_place(draft, named)
                return True
            if crises:
                draft.route = "examples"
                for crisis in crises if _COUNTS_AS.search(fold(u.question)) else ():
                    by_table.define_crisis(draft, crisis)
                by_table.examples(draft, crises)
                return True
        entry = by_table.find_acronym(draft, u)
        if (
            entry is not None
            and (len(u.tokens) <= 9 or u.follow_up)
            and _SPELLED_OUT.search(fold(u.question))
            and u.intent in ("definition", "other")
        ):
            more = bool(self._beside_acronym(u, entry.acronym))
            if not more or _STANDS_FOR.search(fold(u.question)):
                draft.route = "acronym"
                by_table.acronym(draft, entry)
                return not more
        own_sector = u.follow_up and len(own_sectors) == 1
        if (
            u.which_sector
            and u.sectors
            and not u.levels
            and not (u.rating_cue and crises)
            and not (crises and u.phases and u.intent == "rating" and not u.rating_score)
        ):
            draft.route = "definition"
            for sector in u.sectors[:2]:
                by_table.define_sector(draft, sector)
            return True
        if u.which_sector and u.follow_up and not u.sectors:
            before = look.previous()
            cited = [c.ref for c in before.citations] if before else []
            listed = next((s.no for s in self.corpus.sectors if s.ref in cited), None)
            if listed is not None:
                draft.route = "definition"
                by_table.define_sector(draft, listed)
                return True
        by_number = [int(m.key) for m in u.matches if m.kind == "sector" and fold(m.term).startswith("sector ")]
        by_name = [int(m.key) for m in u.matches if m.kind == "sector" and not m.weak and int(m.key) not in by_number]
        if by_number and by_name and not (crises or u.phases or u.levels) and _IS_SECTOR.search(fold(u.question)):
            draft.route = "definition"
            for sector in (by_name[0], by_number[0]):
                by_table.define_sector(draft, sector)
            return True
        if u.intent == "definition" and own_sector and len([w for w in outside_words(u) if w not in ASKING]) <= _FEW:
            draft.route = "definition"
            by_table.define_sector(draft, u.sectors[0], work=True)
            return True
        apart = u.comparison and len(u.sectors) == 2 and not (crises or u.phases or u.levels or u.rating_cue)
        if apart and len(outside_words(u)) <= _FEW and not u.follow_up:
            draft.route = "definition"
            for sector in u.sectors:
                by_table.define_sector(draft, sector)
            return True
        if (
            u.levels
            and not u.sectors
            and not crises
            and (u.intent == "definition" or (u.comparison and not u.follow_up))
        ):
            draft.route = "definition"
            by_table.define_levels(draft, u.levels)
            return True
        if u.intent == "definition" and not u.follow_up:
            defined = [c.ref for c in self.corpus.crises if c.key in crises]
            if len(crises) == 1 and not u.sectors and not u.phases and not self._elsewhere(u, look, defined):
                draft.route = "definition"
                by_table.define_crisis(draft, crises[0])
                return True
            numbered = [
                m for m in u.matches if m.kind == "sector" and not m.weak and self._names_sector(m.term, int(m.key))
            ]
            if numbered and not crises and len({m.key for m in numbered}) == 1:
                draft.route = "definition"
                by_table.define_sector(draft, int(numbered[0].key), work=not _ITS_NAME.search(fold(u.question)))
                return True
        if self._no_sector(draft, u):
            return True
        if (
            "sector_list" in u.topics
            and not (u.levels or crises or u.phases or u.sectors)
            and u.wh in ("which", "how_many", "")
            and not _ONE_OF_THEM.search(fold(u.question))
        ):
            draft.route = "sector_list"
            by_table.sector_list(draft)
            return True
        return False

    def _no_sector(self, draft: Draft, u: Understanding) -> bool:
        """Say that what a question takes for one of the sectors is none of that name, and which there are."""
        found = _A_SECTOR.match(fold(u.question)) if u.language == "en" and not u.follow_up else None
        if found is None or not self.corpus.sectors:
            return False
        name = found["a"] or found["b"]
        thing = set(content_stems(name))
        if (
            not thing
            or any(c.isdigit() for c in name)
            or (found["b"] and u.sectors)
            or any(thing <= set(content_stems(s.name)) for s in self.corpus.sectors)
        ):
            return False
        draft.blocks.append(Paragraph(draft.say("no_sector", thing=name), template=True))
        if u.sector_named:  # it is what one of them does, or its number
            draft.route = "definition"
            for sector in u.sectors[:_FEW]:
                by_table.define_sector(draft, sector)
            return True
        draft.route = "sector_list"
        by_table.sector_list(draft)
        return True

    @staticmethod
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

    @staticmethod
    def _only_rates(u: Understanding) -> bool:
        """Whether no other table than the matrix can answer: then nothing needs to be searched for."""
        numbered = any(m.kind == "sector" and fold(m.term).startswith("sector ") for m in u.matches)
        return u.intent == "rating" and bool(u.crises or u.sectors) and not (u.partners or u.which_sector or numbered)

    def _beyond_tables(self, u: Understanding, look: Look) -> bool:
        """Whether a question that says more than a table's slots asks for what the document does not hold.

        "Which countries belong to the Colombo Process?" names a sector's work and does not ask what that is.
        """
        more = len(outside_words(u)) > (1 if u.follow_up else 0)
        if not self._features.abstention or not more or u.comparison:
            return False
        try:
            chance = self._judge(look.asked, TABLED)
        except (IndexUnusableError, ModelError):
            return False
        return chance is not None and chance < TABLED

    def _names_sector(self, term: str, no: int) -> bool:
        """Whether a term is the sector's own name or number rather than something it does."""
        name = self.corpus.sector(no).name
        return fold(term).startswith("sector") or fold(term) in fold(name) or fold(name) in fold(term)

    # --- matrix

    def _by_matrix(self, draft: Draft, u: Understanding, look: Look) -> bool:
        if not self.corpus.has_matrix or u.intent not in ("rating", "other"):
            return False
        across = u.which_crises and self._named(u, "sector")
        asks_fact = u.wh in ("how_many", "why") or (u.wh in ("when", "where") and not across)
        asks_fact = asks_fact or (u.wh == "who" and u.intent == "other")
        if asks_fact and not (u.levels or u.rating_cue or self._surely_rating(u)):
            return False
        if u.follow_up and self._asks_else(u):
            return False
        if not (self._named(u, "crisis") or self._named(u, "sector") or u.follow_up) and self._far(look):
            return False
        if not self._asks_rating(u):
            return False
        crises, phases, sectors = u.crises, u.phases, u.sectors
        if u.intent == "other" and not (crises and (sectors or phases)) and not across:
            return False
        if self._names_outside(u) and not u.levels:
            return False
        if u.levels == ("recommended",) and not sectors:
            draft.route = "recommended"
            if not (crises or phases) and u.wh not in ("which", "how_many", "who", "where"):
                by_table.define_levels(draft, u.levels)
            ratings.recommended(draft)
            draft.status = "partial" if len(draft.blocks) > 1 else draft.status
            return True
        if sectors and self._told_otherwise(u, look):
            return False
        if crises and sectors:
            self._cells(draft, u)
            return True
        if crises and u.intent == "rating":
            draft.route = "list"
            for crisis in crises:
                for phase in phases or PHASES:
                    ratings.scenario(draft, crisis, phase, u.levels)
            return True
        if (
            sectors
            and (u.intent == "rating" or across)
            and (u.levels or u.rating_cue or u.which_crises or u.everywhere or phases)
            and (u.levels or not (self._elsewhere(u, look, self._of_sectors(sectors)) or self._beyond_tables(u, look)))
        ):
            draft.route = "reverse"
            for sector in sectors[:3]:
                ratings.slice_of_sector(
                    draft,
                    sector,
                    phases=phases,
                    levels=() if u.everywhere else u.levels,
                    claimed_everywhere=u.everywhere,
                )
            return True
        if phases and u.intent == "rating" and (u.levels or not self._specific(u)):
            draft.route = "across"
            for phase in phases[:1]:
                ratings.across_crises(draft, phase, u.levels)
            return True
        if u.levels and u.intent == "rating" and not self._specific(u):
            draft.route = "clarify"
            ratings.choose_crisis(draft, phases)
            return True
        return False

    def _told_otherwise(self, u: Understanding, look: Look) -> bool:
        """Whether cells that the text does not rate are asked for without a word on ratings, and it answers elsewhere.

        "Lost passports in the flood, what do we do?" asks for what is done; that the cell is empty is no answer.
        """
        if u.follow_up or u.language != "en" or u.levels or u.rating_cue or not self._features.abstention:
            return False
        cells = self.corpus.matrix.select(crises=u.crises, phases=u.phases, sectors=u.sectors)
        if any(c.basis != "not_stated" for c in cells):
            return False
        try:
            chance = self._judge(look.asked, UNRATED)
            nearest = look.asked.ranking.facts()[:1]
        except (IndexUnusableError, ModelError):
            return False
        of_it = bool(nearest) and self.corpus.fact_by_id[nearest[0].fact].ref in self._of_sectors(u.sectors)
        return chance is not None and chance >= UNRATED and (of_it or not u.sector_named)

    def _of_sectors(self, sectors: Sequence[int]) -> list[str]:
        """The passages that define sectors and that rate them."""
        evidence = (e.ref for cell in self.corpus.matrix.select(sectors=sectors) for e in cell.evidence)
        return list(dict.fromkeys([*(self.corpus.sector(no).ref for no in sectors), *evidence]))

    @staticmethod
    def _surely_rating(u: Understanding) -> bool:
        """Whether the learned model alone is sure: "how big a part does X play?" counts nothing."""
        return u.rating_score is not None and u.rating_score >= RATING_ALONE

    @staticmethod
    def _asks_rating(u: Understanding) -> bool:
        """Whether the learned model agrees that ratings are asked for; its word counts less beside a plain one."""
        if u.rating_score is None or u.follow_up:
            return True
        named = {m.kind for m in u.matches if not m.weak}
        if {"crisis", "sector"} <= named and len(outside_words(u)) <= _FEW and ("phase" in named or not u.wh):
            return True
        if {"crisis", "sector"} <= named and len(outside_words(u)) <= 2 * _FEW:
            return u.rating_score >= (RATING_NAMED_WITH_CUE if u.rating_cue else RATING_NAMED)
        if not u.matches:
            return u.rating_score >= RATING_UNNAMED
        cue = u.levels or u.rating_cue or (u.sectors and (u.which_crises or (u.comparison and u.crises)))
        return u.rating_score >= (RATING_WITH_CUE if cue else RATING_ALONE)

    @staticmethod
    def _asks_else(u: Understanding) -> bool:
        """Whether a follow-up on ratings asks for something else: "who pays for it?" names no crisis, phase or sector."""
        outside = [w for w in outside_words(u) if w not in ASKING]
        if not outside or u.rating_cue:
            return False
        if all(slot in u.inherited or not getattr(u, slot) for slot in ("crises", "phases", "sectors", "levels")):
            return True
        return len(outside) > _FEW and u.rating_score is not None and u.rating_score < RATING_FOLLOW_UP

    @staticmethod
    def _named(u: Understanding, kind: str) -> bool:
        """Whether a certain word of the lexicon names one of a kind."""
        return any(m.kind == kind and not m.weak for m in u.matches)

    def _cells(self, draft: Draft, u: Understanding) -> None:
        """The cells of every crisis, phase and sector asked for: one by one, or side by side."""
        crises, phases, sectors = u.crises, u.phases, u.sectors
        draft.route = "cell"
        if len(phases) == 1 and len(crises) == 1 and len(sectors) <= 2 and not (u.comparison or self._either(u)):
            statuses: list[Status] = []
            for sector in sectors:
                draft.status = "grounded"
                ratings.one_cell(draft, self.corpus.matrix.cell(crises[0], phases[0], sector), u.levels)
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

    @staticmethod
    def _either(u: Understanding) -> bool:
        """Whether a question puts two sectors against each other: "shelter or health?"."""
        found = sorted((m.start, m.end, m.key) for m in u.matches if m.kind == "sector")
        said = words(u.question)
        return len(u.sectors) > 1 and any("or" in said[a[1] : b[0]] and a[2] != b[2] for a, b in pairwise(found))

    def _names_outside(self, u: Understanding) -> bool:
        """Whether the question names a place, body or year that the text has outside the scenarios."""
        covered = {
            i for m in u.matches if m.kind in ("crisis", "phase", "sector", "partner") for i in range(m.start, m.end)
        }
        # the places of the terms are those of this message; what it inherits was looked at in its own turn
        examples = {w for e in self.corpus.examples if e.crisis in u.crises for w in words(e.place)}
        own = enumerate(words(u.question))
        return any(t in self._names.proper and t not in examples for i, t in own if i not in covered)

    @cached_property
    def _names(self) -> Names:
        return Names(self.corpus)

    @cached_property
    def _figures(self) -> frozenset[str]:
        """All numbers and years of the document."""
        return frozenset(f for p in self.corpus.passages for f in figures(p.text))

    @cached_property
    def _premises(self) -> Premises:
        return Premises(self.corpus)

    def _specific(self, u: Understanding) -> bool:
        """Whether content words are left that no slot covers."""
        covered = {i for m in u.matches for i in range(m.start, m.end)}
        left = [t for i, t in enumerate(u.tokens) if i not in covered and t not in FUNCTION_WORDS[u.language]]
        return len(left) > 2

    # --- facts and passages

    @staticmethod
    def _far(look: Look) -> bool:
        """Whether nothing in the document is near a question; False where it cannot be searched."""
        try:
            nearest = max((h.dense for h in look.ranking.records), default=0.0)
        except (IndexUnusableError, ModelError):
            return False
        return nearest < FAR

    def _elsewhere(self, u: Understanding, look: Look, refs: Sequence[str]) -> bool:
        """Whether another passage than those of a table is clearly nearer to a question that says more than the table asks.

        False for a short question, for one that leans on the turn before, and where the document cannot be searched.
        """
        if u.follow_up or len(outside_words(u)) <= _FEW:
            return False
        try:
            found = look.ranking.by_passage
        except (IndexUnusableError, ModelError):
            return False
        own = max((p.score for p in found if p.ref in refs), default=0.0)
        # the same paragraph on another crisis is no other passage
        others = [p.score for p in found if not self._of_another(u, p.ref)]
        return bool(others) and max(others) >= own + ELSEWHERE

    def _by_fact(self, draft: Draft, u: Understanding, look: Look) -> bool:
        asked = look.asked
        ranking = asked.ranking
        found = ranking.passages(self._settings.top_k)
        draft.ranked = found
        if not found:
            self._template(draft, "out_of_scope", "out_of_scope")
            return True
        if by_table.find_acronym(draft, u) is None and self._orders(u):
            self._template(draft, "instruction", "out_of_scope")
            return True
        finding = self._find(u.english, ranking)
        if finding is not None:
            self._by_sentence(draft, u, ranking, finding)
            return True
        if self._features.abstention and (self._strays(u) or not self._answerable(draft, u, asked)):
            self._refuse(draft, u, asked)
            return True
        chosen = self._choose(u, ranking) if self._features.facts else []
        if chosen and u.comparison and len(u.crises) > 1:
            chosen = self._one_each(u, ranking) or chosen
        if chosen and self._features.abstention and not self._holds_names(u, ranking, chosen):
            self._refuse(draft, u, asked)
            return True
        if chosen:
            self._correct_number(draft, u, chosen[0])
        draft.route = "fact" if chosen else "passage"
        if chosen:
            by_passage.facts(draft, chosen[:MAX_FACTS], chosen[MAX_FACTS:])
        else:
            passage = self.corpus.by_ref[found[0].ref]
            by_passage.passage(draft, passage, by_passage.best_sentences(passage, content_stems(u.english)))
        return True

    def _beside(self, draft: Draft, u: Understanding, look: Look) -> None:
        """After a table's answer, the fact of the same paragraph that is nearest to words the table does not cover."""
        least = BESIDE.get(draft.route)
        if least is None or u.rating_score is None or len(outside_words(u)) <= _FEW:
            return
        if not self._features.facts:
            return
        cited = {c.ref for c in draft.citations}
        near = (h for h in look.ranking.facts() if h.score >= least)
        fact = next((f for h in near if (f := self.corpus.fact_by_id[h.fact]).ref in cited), None)
        if fact is None:
            return
        sentence = by_passage.sentence_of(fact, self.corpus.by_ref)
        shown = any(c.ref == fact.ref and (c.quote in sentence or sentence in c.quote) for c in draft.citations)
        if not shown:
            by_passage.facts(draft, [fact])
            if draft.status == "not_rated" and not self._named(u, "sector"):
                draft.status = "partial"  # the cell was only a guess; this sentence may be what was asked for

    def _by_sentence(self, draft: Draft, u: Understanding, ranking: Ranking, finding: Finding) -> None:
        """A document without prepared questions: its nearest sentences quoted, or an honest no."""
        draft.confidence = finding.judgement.answered
        if self._features.abstention and not finding.judgement.answers:
            self._no(draft, u, ranking, about=finding.judgement.about)
            return
        draft.route = "sentence"
        for ref in dict.fromkeys(s.ref for s in finding.sentences):
            quotes = sorted((s for s in finding.sentences if s.ref == ref), key=lambda s: s.start)
            by_passage.passage(draft, self.corpus.by_ref[ref], [s.text for s in quotes])

    def _holds_names(self, u: Understanding, ranking: Ranking, chosen: list[Fact]) -> bool:
        """Whether the facts hold the places, bodies and figures asked about; facts that do are put first.

        A question about a place or year that only another sentence of the passage names is not answered by this one.
        """
        near = {f for p in ranking.passages(YEARS_IN) for f in figures(self.corpus.by_ref[p.ref].text)}
        if {y for y in figures(u.question) if _YEAR.fullmatch(y)} - near:
            return False
        # of a follow-up the names are those of this message: "and Nepal?" after a question on Iraq
        tokens = words(u.question) if u.follow_up else u.english_tokens
        aside = _BESIDES.search(u.english)
        tokens = [t for t in tokens if aside is None or t not in words(aside[1])]
        named = {t for t in tokens if self._names.is_name(t)}
        asked = named | figures(u.question)
        if not asked:
            return True

        def missing(fact: Fact) -> int:
            """Names that the fact lacks count double: "47 asked for Syria?" is answered with what there is on Syria."""
            held = fold(self._said(fact))
            return sum(1 + (a in named) for a in asked if not holds(held, a))

        others = [self.corpus.fact_by_id[h.fact] for h in ranking.facts(chosen[0].ref)[:8]]
        ranked = sorted(dict.fromkeys([*chosen, *others]), key=missing)
        if missing(ranked[0]) == 0:
            chosen[:] = [f for f in ranked if missing(f) == 0][:MAX_FACTS]
            return True
        if named and missing(ranked[0]) < missing(chosen[0]):
            chosen[:] = [f for f in ranked if missing(f) == missing(ranked[0])][:MAX_FACTS]
        return missing(ranked[0]) < len(asked) + len(named) or len(asked) > 1

    def _choose(self, u: Understanding, ranking: Ranking) -> list[Fact]:
        """The facts that answer, best first, of one sentence each: at most one more than are stated.

        One that is not the best holds a word of the question, or a prepared question that leads to it does.
        """
        aside = _BESIDES.search(u.english)
        named = set(content_stems(aside[1])) if aside else set()
        hits = [h for h in ranking.facts() if not named or not named <= self._stems_said(h.fact)] or ranking.facts()
        kinds = _KINDS["why"] if _WHAT_FOR.search(fold(u.english)) else _KINDS.get(u.wh, ())
        asked = set(_HYPHENED.findall(fold(u.english)))

        def fits(hit: ScoredFact) -> float:
            """Score, more for the kind of value that is asked for, less where a word with a hyphen is only in one of the two."""
            fact = self.corpus.fact_by_id[hit.fact]
            told = {w for w in _HYPHENED.findall(fold(fact.statement)) if set(content_stems(w)) & stems}
            said = fold(fact.statement)
            apart = bool(told and not asked) or bool(asked and not any(w in said for w in asked))
            of_another = not u.comparison and self._of_another(u, fact.ref)
            bonus = KIND_BONUS * (fact.kind in kinds) + DEED_BONUS * (doing and fact.id in self._deeds)
            if doing and u.phases and fact.ref in self._phases and not of_another and u.crises:
                bonus += OF_PHASE if set(u.phases) & self._phases[fact.ref] else -OF_PHASE
            return hit.score + bonus - KIND_BONUS * apart - OF_ANOTHER * of_another

        stems = set(content_stems(u.english))
        doing = asks_deeds(u.english)
        hits.sort(key=lambda h: -fits(h))
        wanted = self._premises.subject_stems(u.english)
        chosen: dict[tuple[str, str], Fact] = {}
        for hit in hits:
            if abs(hits[0].score - hit.score) > FACT_LEAD or len(chosen) > MAX_FACTS:
                break
            fact = self.corpus.fact_by_id[hit.fact]
            if chosen and not u.comparison and self._of_another(u, fact.ref):
                continue
            if chosen and wanted and not wanted & self._premises.stems_of(fact.id):
                continue
            chosen.setdefault((fact.ref, by_passage.sentence_of(fact, self.corpus.by_ref)), fact)
        return list(chosen.values())

    def _of_another(self, u: Understanding, ref: str) -> bool:
        """Whether a passage belongs to the scenario of another crisis than those asked about."""
        return bool(u.crises) and self._scenario(ref) not in ("", *u.crises)

    def _scenario(self, ref: str) -> str:
        """The crisis whose scenario a passage belongs to; empty for any other passage."""
        return self._scenarios.get(self.corpus.by_ref[ref].heading_path[:2], "")

    @cached_property
    def _scenarios(self) -> dict[tuple[str, ...], str]:
        """Crises by the headings of their scenarios."""
        return {self.corpus.by_ref[c.ref].heading_path[:2]: c.key for c in self.corpus.crises}

    @cached_property
    def _phases(self) -> dict[str, set[str]]:
        """The phases that each paragraph on a scenario's sectors speaks of."""
        found: dict[str, set[str]] = {}
        for row in self.corpus.evidence:
            found.setdefault(row.ref, set()).add(row.phase)
        return found

    @cached_property
    def _deeds(self) -> frozenset[str]:
        """Facts that tell what is done: their words are those of an activity, or of a sentence on a scenario's sectors."""
        told: dict[str, list[str]] = {}
        for ref, quote in [
            *((a.ref, a.quote) for a in self.corpus.activities),
            *((e.ref, e.quote) for e in self.corpus.evidence),
        ]:
            told.setdefault(ref, []).append(quote)
        return frozenset(
            f.id for f in self.corpus.facts if any(f.quote in q or q in f.quote for q in told.get(f.ref, ()))
        )

    def _orders(self, u: Understanding) -> bool:
        """Whether a message of one sentence, which no table answers, tells the assistant what to do."""
        short = u.follow_up and len(u.question.split()) <= 2 * _FEW  # "spell it out" is about what was asked before
        if not self._features.abstention or short or len(sentences_of(u.question)) != 1:
            return False
        acts = self._acts(u.question)
        return acts is not None and is_order(acts)

    def _stems_said(self, fact: str) -> set[str]:
        entry = self.corpus.fact_by_id[fact]
        return set(content_stems(f"{entry.subject} {entry.statement}"))

    def _strays(self, u: Understanding) -> bool:
        """Whether a message that leans on the turn before is far from the document by what it says itself."""
        if not u.follow_up or u.language != "en" or len(outside_words(u)) <= _FEW:
            return False
        retriever = self.retriever()
        return float(retriever.cosines(retriever.encode(u.question)).max()) < STRAYS

    def _correct_number(self, draft: Draft, u: Understanding, fact: Fact) -> None:
        """Say no to a number that a question claims of something by name, where the text has another of it."""
        claimed = claimed_figures(u.question)
        sentence = by_passage.sentence_of(fact, self.corpus.by_ref)
        held = figures(f"{fact.statement} {sentence}")
        named = [t for t in u.english_tokens if self._names.is_name(t)]
        if fact.kind != "number" or not named or not claimed or claimed & held or not held:
            return
        cited = draft.cite(fact.ref, fact.quote)
        for number in sorted(claimed):
            draft.blocks.append(Paragraph(draft.say("no_other", asked=number), (cited,), template=True))

    def _corrects(self, draft: Draft, u: Understanding, ranking: Ranking) -> bool:
        """Whether a question that is refused as it stands takes something for granted that the text has otherwise, and is told so."""
        if u.language != "en" or u.follow_up or not self._features.facts:
            return False
        facts = [self.corpus.fact_by_id[h.fact] for h in ranking.facts()[:CLAIMED_IN]]
        found = self._premises.contradicted(u.question, facts)
        if found is None:
            return False
        draft.route = "premise"
        draft.status = "grounded"
        if found.claimed:
            cited = draft.cite(found.fact.ref, found.fact.quote)
            draft.blocks.append(Paragraph(draft.say("no_other", asked=found.claimed), (cited,), template=True))
        by_passage.facts(draft, [found.fact])
        return True

    def _refuse(self, draft: Draft, u: Understanding, asked: Asked) -> None:
        """An honest no; or what the text says instead, where the question only takes something wrong for granted."""
        if self._corrects(draft, u, asked.ranking):
            return
        otherwise = self._otherwise(u, asked)
        if otherwise is None:
            self._no(draft, u, asked.ranking, missing=self._lacks(draft, u))
            return
        terms = ", ".join(f"“{term}”" for term in otherwise.missing)
        if not otherwise.corrects:
            self._no(draft, u, asked.ranking, missing=draft.say("missing_terms", terms=terms))
            return
        draft.route = "premise"
        draft.status = "grounded"
        draft.blocks.append(Paragraph(draft.say("not_given", terms=terms), template=True))
        by_passage.facts(draft, otherwise.facts)

    def _lacks(self, draft: Draft, u: Understanding) -> str:
        """A sentence on what the text does not mention, or mentions and does not define; empty where a question asks neither."""
        if u.language != "en":
            return ""
        thing = thing_asked(u.question)
        if thing:
            return draft.say("missing_terms", terms=f"“{thing}”")
        term = "" if u.follow_up else term_asked(u.question)
        found = mentions(term, self.corpus.passages, self._names.is_name) if term else []
        refs = labels.listed(m.ref for m in self._legends_last(found)[:NAMED])
        return draft.say("not_defined", term=term, refs=refs) if found else ""

    def _legends_last(self, found: Sequence[Mention]) -> list[Mention]:
        """Mentions in document order, those in the legends of diagrams last: they name every cluster and group."""
        return sorted(found, key=lambda m: self.corpus.by_ref[m.ref].kind == "diagram")

    def _otherwise(self, u: Understanding, asked: Asked) -> Otherwise | None:
        """What the text says of others than those that a question names; None where that is not what is amiss.

        It is amiss where the document answers the question without the names and figures that its fact does not hold.
        A question that shares a name or a figure with that fact speaks of it, and is put right; any other asks the same
        of somebody else.
        """
        if u.language != "en" or not self._features.facts:
            return None
        question = u.english if u.follow_up else u.question
        named = self._names.asked(question)
        near = [self.corpus.fact_by_id[h.fact] for h in asked.ranking.facts()[:1]]
        missing = tuple(n for n in named if near and not self._holds(near[0], n.text))
        if not missing or (u.follow_up and not any(n.text in u.question for n in missing)):
            return None
        rest = self._ask(without(question, missing))
        chance = self._judge(rest, ANSWERED_OTHERWISE)
        if chance is None or chance < ANSWERED_OTHERWISE:
            return None
        chosen = [f for f in self._choose(u, rest.ranking) if not any(self._holds(f, n.text) for n in missing)]
        if not chosen:
            return None
        shared = any(n not in missing and self._holds(chosen[0], n.text) for n in named)
        figured = all(n.text[0].isdigit() for n in missing)
        numbers = any(n.text[0].isdigit() for n in missing)
        if numbers and not any(figures(self._said(f).removesuffix(f.ref)) for f in chosen):
            # there is no figure to put in its place
            return Otherwise(tuple(n.text for n in missing), tuple(chosen[:MAX_FACTS]), corrects=False)
        other_years = [n for n in missing if _IN_YEAR.search(question[: n.end]) and n.text not in self._figures]
        narrowed = (u.wh == "how_many" and not figured) or bool(other_years)
        claims = shared or figured or _PRESUPPOSES.search(fold(question)) is not None
        corrects = claims and not narrowed and not u.follow_up and not _WHETHER.match(fold(question))
        return Otherwise(tuple(n.text for n in missing), tuple(chosen[:MAX_FACTS]), corrects)

    def _said(self, fact: Fact) -> str:
        """All that is said with a fact: its row, and the sentence it rests on."""
        sentence = by_passage.sentence_of(fact, self.corpus.by_ref)
        return f"{fact.subject} {fact.statement} {fact.value} {sentence} {fact.ref}"

    def _holds(self, fact: Fact, name: str) -> bool:
        """Whether a fact, or the sentence it rests on, holds a name or figure."""
        text = self._said(fact)
        return name in figures(text) if name[:1].isdigit() else holds(fold(text), name)

    def _one_each(self, u: Understanding, ranking: Ranking) -> list[Fact]:
        """For crises that are compared, the best fact of the scenario of each; none where one of them has none."""
        found = []
        for crisis in u.crises:
            heading = self.corpus.by_ref[self.corpus.crisis(crisis).ref].heading_path
            facts = (self.corpus.fact_by_id[h.fact] for h in ranking.facts())
            best = next((f for f in facts if self.corpus.by_ref[f.ref].heading_path == heading), None)
            if best is None:
                return []
            found.append(best)
        return found

    def _answerable(self, draft: Draft, u: Understanding, asked: Asked) -> bool:
        """Whether the document answers: near enough at all, and judged to hold what is asked for."""
        ranking = asked.ranking
        best = ranking.by_passage[0]
        if best.score < OFF_TOPIC:
            return False
        least = ANSWERED_FOLLOW_UP if u.follow_up else ANSWERED
        if max(h.dense for h in ranking.records) < FAR:
            least = ANSWERED_FAR
        draft.confidence = self._judge(asked, least)
        return draft.confidence is None or draft.confidence >= least

    # --- noes

    def _template(self, draft: Draft, key: str, status: Status, **values: str) -> None:
        draft.route = key
        draft.status = status
        draft.blocks.append(Paragraph(draft.say(key, no=NOT_IN_DOCUMENT[draft.language], **values), template=True))

    def _near(self, draft: Draft, u: Understanding) -> None:
        """After a no, what the text has on a matter that it does not settle: who pays, whether it was adopted, how far it binds."""
        rows = self._see_rows
        if not rows or u.language != "en":
            return
        question = u.english if u.follow_up else u.question
        scores = self.retriever().like("absent", question, NEAR_NOES)
        topic = next((rows[text] for text, score in scores if text in rows and score >= NEAR_NO), "")
        facts = self._topics.get(topic, [])
        own = u.sectors if "sectors" not in u.inherited else ()
        if facts:
            draft.blocks.append(Paragraph(draft.say("near_head"), template=True))
            draft.bullets((f.statement, (draft.cite(f.ref, f.quote),)) for f in facts)
        elif 0 < len(own) <= _FEW and not u.levels:
            near = [self.corpus.sector(no) for no in own]
            draft.add(draft.say("near_sector", sector=draft.sectors(own)), *(draft.cite(s.ref, s.quote) for s in near))
            for sector in near[: 3 - len(near)]:  # the aims of two would be long
                draft.quote(sector.ref, sector.quote)

    @cached_property
    def _see_rows(self) -> dict[str, str]:
        """Topics that questions without an answer come near, by their text."""
        return {n.text: n.see for n in self.corpus.not_covered if n.see}

    def _no(
        self, draft: Draft, u: Understanding, ranking: Ranking, *, about: bool | None = None, missing: str = ""
    ) -> None:
        """Not about the document, or ``about`` it and not in it; the nearest passages offered as such.

        ``missing`` is a sentence that says what of the question the text does not have.
        """
        near = ranking.passages(3)
        if about is None:
            close = bool(near) and near[0].score >= OFF_TOPIC
            about = close or bool(u.crises or u.sectors or u.partners or u.groups or u.topics)
        if not about:
            self._template(draft, "out_of_scope", "out_of_scope")
            return
        self._template(draft, "not_in_document", "not_in_document", missing=missing)
        for number, hit in enumerate(near, start=1):
            passage = self.corpus.by_ref[hit.ref]
            quote = by_passage.best_sentences(passage, content_stems(u.english), 1)[0]
            draft.nearest.append(make_citation(self.corpus, passage.ref, quote, number))
