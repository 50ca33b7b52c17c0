"""Which facts answer a question, of those that were found for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.compose import passages as by_passage
from assistant.manner import asks_deeds
from assistant.naming import crisis_years, holds
from assistant.premises import LABEL, SPELLED
from assistant.routes.before import WHICH_ONES
from assistant.routes.known import Known
from assistant.text import content_stems, fold, words
from assistant.understanding import Understanding
from assistant.verify import figures
from corpus.types import Fact

if TYPE_CHECKING:
    from assistant.retrieval import Ranking, ScoredFact

#: Sentences of the document that one reply states, and one more that it only quotes.
MAX_FACTS = 3
#: A further sentence joins the reply when the score of its fact is at most this much lower than the best.
#: With .20 the 970 such replies of the dev set are as often right, and half of them have 72 words instead of 61.
FACT_LEAD = 0.15
#: The same of what comes after a second one, unless it holds a word of the question that those before lack. Of 787 replies
#: of facts that are right 784 still are; half of them were of 85 words and are of 73.
FURTHER_LEAD = 0.12
#: Facts that are stated in any case.
KEPT = 2
#: How far behind the best (score) a fact may be for whoever asks what else there is, and how many are kept.
ELSE_LEAD, MOST_ELSE = 0.25, 6
#: A question is one for a whole topic when one of that topic's is as near as this (cosine), and nearer by this much (fused
#: score) than any for a single fact: of 33 replies of the dev set that the nearest question alone would give to a topic, 17 of
#: them rightly, this leaves 9, all right.
TOPIC_NEAR, TOPIC_LEAD = 0.70, 0.03
#: What is added to the score of a fact whose value is of the kind that is asked for. Of 1,270 questions whose fact is known, those
#: of calibration.csv and the plain ones, it puts the right fact first in 9 more (1,081 without it); twice as much does no better.
KIND_BONUS = 0.05
#: The same for a fact that tells what is done, where that is asked for.
DEED_BONUS = 0.05
#: The same for one that names somebody or some place, where an example is asked for.
EXAMPLE = 0.05
_EXAMPLE = re.compile(
    r"\b(?:an example|examples?\W*(?:please|pls)?\W*$|for instance|give (?:me )?(?:an? |some )?examples?|par exemple|un ejemplo)"
)
#: The same for one of the phase that is asked about, and less for one of another phase of the crisis.
OF_PHASE = 0.05
#: What is taken from the score of a fact of another crisis than the question is about.
OF_ANOTHER = 0.10
#: What is taken from the score of a fact on another document, where no document is asked for: SCPF/71 is "on IOM's role" in
#: what a question may be about.
OF_DOCUMENT = 0.12
_DOCUMENTS = re.compile(
    r"\b(?:documents?|papers?|publications?|reports?|polic\w+|resolutions?|conventions?|titles?|titled|called|names?|symbols?|workshops?|dialogues?|plans?|strateg\w+|framework|cite[sd]?|referen\w+|refers?|sources?|preamble|recalls?|notes?|footnotes?|read|written|legal|law|laws|mandate|constitution|articles?|procedures?|sops?|tools?|databases?|website|web|link|(?:[A-Z]+/)+\w+|\w+/\d+)\b",
    re.IGNORECASE,
)
#: Asks for a number of people; and a number of what is none.
_HOW_MANY_PEOPLE = re.compile(
    r"\bhow many (?:\w+ ){0,2}?(?:people|persons?|migrants?|refugees|idps|victims|children|women|men|workers|nationals|returnees|evacuees|foreigners|civilians|families)\b"
)
_OF_OTHERS = re.compile(r"\b\d[\d,.]* (?:\w+ )?(?:governments|countries|states|projects|sectors|programmes|years)\b")
#: Asks how many, not for the number of a document.
_HOW_MANY = re.compile(
    r"\bhow many\b|(?<!document )(?<!paper )(?<!reference )\bnumber of (?:the )?(?:[a-z]+ )?[a-z-]+s\b"
)
#: Asks how long, which two years tell as well.
_HOW_LONG = re.compile(r"\bhow many (?:years|decades)\b")
#: A number that is no year, in digits or words, or that there is none.
_COUNTS = re.compile(
    rf"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d|\b(?:{'|'.join(SPELLED[1:])}|hundreds?|thousands?|millions?|dozens?|several|many|no|not|none)\b"
)
#: Asks for all of three things or more, by their number; and a statement that lists as many.
_LIST_THEM = re.compile(
    rf"\b(?:list|name|enumerate|spell out|which|what)(?: me| out| are| were| all)* (?:the |these |those )?(?:[3-9]|[1-9]\d|{'|'.join(SPELLED[3:])}) (?:[a-z]+ )?[a-z-]+s\b"
)
_LISTS = re.compile(r"(?:, | and | or )(?:.*)(?:, | and | or )")
#: Kinds of value that are names.
_NAMING = ("place", "body", "person", "document", "statement")
#: A year that a question names must stand in one of so many nearest passages.
YEARS_IN = 3
_YEAR = re.compile(r"(?:19|20)\d\d")
#: A year that narrows what is asked, at its end.
_IN_YEAR = re.compile(r"\b(?:in|during|for) ((?:19|20)\d\d)$", re.IGNORECASE)
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
#: Words with a prefix, which tell things apart: to co-lead is not to lead.
_HYPHENED = re.compile(r"\b(?:co|non|pre|anti)-[a-z]{3,}\b")


class Choice:
    """Chooses among the facts that a question found."""

    def __init__(self, known: Known) -> None:
        self._known, self._corpus = known, known.corpus

    def best(self, u: Understanding, ranking: Ranking) -> list[Fact]:
        """The facts that answer, best first, of one sentence each: at most one more than are stated.

        One that is not the best holds a word of the question, or a prepared question that leads to it does.
        """
        known = self._known
        aside = _BESIDES.search(u.english)
        named = set(content_stems(aside[1])) if aside else set()
        hits = [h for h in ranking.facts() if not named or not named <= self._stems_said(h.fact)] or ranking.facts()
        folded = fold(u.english)
        kinds = _KINDS["why"] if _WHAT_FOR.search(folded) else _KINDS.get(u.wh, ())
        asked = set(_HYPHENED.findall(folded))
        stems = set(content_stems(u.english))
        doing = asks_deeds(u.english)
        example = _EXAMPLE.search(folded) is not None
        people = _HOW_MANY_PEOPLE.search(folded) is not None
        listing = _LIST_THEM.search(folded) is not None and not known.names.asked(u.english)
        on_documents = _DOCUMENTS.search(u.english) is not None

        def fits(hit: ScoredFact) -> float:
            """Score, more for the kind of value that is asked for, less where a word with a hyphen is only in one of the two."""
            fact = self._corpus.fact_by_id[hit.fact]
            said = fold(fact.statement)
            told = {w for w in _HYPHENED.findall(said) if set(content_stems(w)) & stems}
            apart = bool(told and not asked) or bool(asked and not any(w in said for w in asked))
            of_another = not u.comparison and known.of_another(u, fact.ref)
            bonus = KIND_BONUS * (fact.kind in kinds or (listing and fact.kind == "list")) + DEED_BONUS * (
                doing and fact.id in known.deeds
            )
            if doing and u.phases and fact.ref in known.phases and not of_another and u.crises:
                bonus += OF_PHASE if set(u.phases) & known.phases[fact.ref] else -OF_PHASE
            if example and self._known.names.asked(fact.statement):
                bonus += EXAMPLE
            if people and fact.kind == "number" and _OF_OTHERS.search(said):
                bonus -= 2 * KIND_BONUS
            elsewhere = fact.kind == "document" and not on_documents
            return hit.score + bonus - KIND_BONUS * apart - OF_ANOTHER * of_another - OF_DOCUMENT * elsewhere

        hits.sort(key=lambda h: -fits(h))
        if example and u.follow_up and hits:
            hits = self._examples_among(hits)
        wanted = known.premises.subject_stems(u.english)
        chosen: dict[tuple[str, str], Fact] = {}
        for hit in hits:
            if abs(hits[0].score - hit.score) > FACT_LEAD or len(chosen) > MAX_FACTS:
                break
            fact = self._corpus.fact_by_id[hit.fact]
            if chosen and not u.comparison and known.of_another(u, fact.ref):
                continue
            if chosen and wanted and not wanted & known.premises.stems_of(fact.id):
                continue
            chosen.setdefault((fact.ref, by_passage.sentence_of(fact, self._corpus.by_ref)), fact)
        return list(chosen.values())

    def _examples_among(self, hits: list[ScoredFact]) -> list[ScoredFact]:
        """Of what was found for a message that asks for an example of what was spoken of, the facts that name somebody; else all."""
        near = (h for h in hits if hits[0].score - h.score <= ELSE_LEAD)
        naming = [h for h in near if self._known.names.asked(self._corpus.fact_by_id[h.fact].statement)]
        return naming or hits

    def of_topic(self, u: Understanding, ranking: Ranking) -> list[Fact]:
        """The facts that answer together, in order, where the nearest prepared question is one for a whole topic.

        Empty where the question names somebody, a year or a figure that none of them holds.
        """
        found = [h for h in ranking.records if h.record.lang == "en" and h.record.kind in ("entry", "fact", "topic")]
        nearest = next((h for h in found if h.record.kind == "topic"), None)
        other = next((h.score for h in found if h.record.kind != "topic"), 0.0)
        if nearest is None or nearest.dense < TOPIC_NEAR or nearest.score < other + TOPIC_LEAD:
            return []
        facts = self._known.topics[self._corpus.topic_by_question[nearest.record.text]]
        asked = self._known.names.asked(u.question)
        return facts if all(any(self._known.holds(f, n.text) for f in facts) for n in asked) else []

    def of_form(self, u: Understanding, chosen: list[Fact]) -> list[Fact]:
        """The chosen facts; none where they are not of the form that is asked for.

        Asked how many, the first is one that counts, of those named, or the best lists them; asked to list the ten points,
        the best lists something.
        """
        asked = fold(u.english)
        if chosen and u.wh == "how_many" and _HOW_MANY.search(asked):
            if self._counts(chosen[0], asked):
                return chosen
            names = [n.text for n in self._known.names.asked(u.question) if self._known.holds(chosen[0], n.text)]
            numbers = (f for f in chosen if f.kind == "number" and all(self._known.holds(f, n) for n in names))
            first = next(numbers, None)
            if first is not None:
                return [first, *(f for f in chosen if f is not first)]
            return chosen if _lists(chosen[0]) else []
        if chosen and _LIST_THEM.search(asked) and not _lists(chosen[0]):
            return []
        if chosen and u.follow_up and WHICH_ONES.match(fold(u.question)):
            return self._naming_them(u, chosen)
        return chosen

    def _naming_them(self, u: Understanding, chosen: Sequence[Fact]) -> list[Fact]:
        """Of the chosen facts those that name or list things, and share as many words with what was asked as the best one."""
        asked = set(content_stems(u.english))
        least = max(1, len(asked & self._stems_said(chosen[0].id)))
        sentence = by_passage.sentence_of(chosen[0], self._corpus.by_ref)
        listed = (f for f in chosen if f.kind == "list" or (f.kind in _NAMING and self._known.names.asked(f.statement)))
        found = [f for f in listed if len(asked & self._stems_said(f.id)) >= least]
        if not found and len(self._known.names.asked(sentence.replace(chosen[0].quote, ""))) > 1:
            return [chosen[0]]  # the rest of its sentence names them
        return found

    @staticmethod
    def _counts(fact: Fact, asked: str) -> bool:
        """Whether a fact tells how many, or how long."""
        said = fold(LABEL.sub(" ", fact.statement))
        return _COUNTS.search(said) is not None or (
            _HOW_LONG.search(asked) is not None and _YEAR.search(said) is not None
        )

    def lean(self, u: Understanding, ranking: Ranking, chosen: Sequence[Fact]) -> list[Fact]:
        """The chosen facts without those that only pad the reply; of a comparison, all."""
        if u.comparison:
            return list(chosen)
        score = {h.fact: h.score for h in ranking.facts()}
        asked = set(content_stems(u.english))
        kept: list[Fact] = []
        for fact in chosen:
            adds = (asked & self._stems_said(fact.id)) - {stem for f in kept for stem in self._stems_said(f.id)}
            behind = score.get(chosen[0].id, 0.0) - score.get(fact.id, 1.0)
            if len(kept) < KEPT or behind <= FURTHER_LEAD or adds:
                kept.append(fact)
        return kept

    def _stems_said(self, fact: str) -> set[str]:
        entry = self._corpus.fact_by_id[fact]
        return set(content_stems(f"{entry.subject} {entry.statement}"))

    def further(self, u: Understanding, ranking: Ranking, stated: Sequence[Fact]) -> list[Fact]:
        """What else was found near a question, nearest first, of other sentences than those ``stated`` and of the names it asks for."""
        by_ref, hits = self._corpus.by_ref, ranking.facts()
        shown = {(f.ref, by_passage.sentence_of(f, by_ref)) for f in stated}
        names = [n.text for n in self._known.names.asked(u.question)]
        found: dict[tuple[str, str], Fact] = {}
        for hit in hits:
            if hits[0].score - hit.score > ELSE_LEAD or len(found) == MOST_ELSE:
                break
            fact = self._corpus.fact_by_id[hit.fact]
            place = (fact.ref, by_passage.sentence_of(fact, by_ref))
            of_another = self._known.of_another(u, fact.ref) or not all(self._known.holds(fact, n) for n in names)
            if place not in shown and not of_another:
                found.setdefault(place, fact)
        return list(found.values())

    def one_each(self, u: Understanding, ranking: Ranking) -> list[Fact]:
        """For crises that are compared, the best fact of the scenario of each; none where one of them has none."""
        by_ref = self._corpus.by_ref
        found = []
        for crisis in u.crises:
            heading = by_ref[self._corpus.crisis(crisis).ref].heading_path
            facts = (self._corpus.fact_by_id[h.fact] for h in ranking.facts())
            best = next((f for f in facts if by_ref[f.ref].heading_path == heading), None)
            if best is None:
                return []
            found.append(best)
        return found

    def naming(self, u: Understanding, ranking: Ranking, chosen: list[Fact]) -> list[Fact]:
        """The chosen facts, those that hold the places, bodies and figures asked about first; none where none holds them.

        A question about a place or year that only another sentence of the passage names is not answered by this one.
        """
        near = {f for p in ranking.passages(YEARS_IN) for f in figures(self._corpus.by_ref[p.ref].text)}
        # "Libya in 2011" is the crisis in Libya, whether or not a sentence repeats its year
        of_crises = crisis_years(self._corpus, u.question)
        if {y for y in figures(u.question) if _YEAR.fullmatch(y)} - near - of_crises:
            return []
        # of a follow-up the names are those of this message: "and Nepal?" after a question on Iraq
        tokens = words(u.question) if u.follow_up else u.english_tokens
        aside = _BESIDES.search(u.english)
        tokens = [t for t in tokens if aside is None or t not in words(aside[1])]
        named = {t for t in tokens if self._known.names.is_name(t)}
        asked = named | (figures(u.question) - of_crises - self._known.premises.right_counts(u.question))
        if not asked:
            return chosen

        def missing(fact: Fact) -> int:
            """Names that the fact lacks count double: "47 asked for Syria?" is answered with what there is on Syria."""
            held = fold(self._known.said(fact))
            return sum(1 + (a in named) for a in asked if not holds(held, a))

        others = [self._corpus.fact_by_id[h.fact] for h in ranking.facts(chosen[0].ref)[:8]]
        ranked = sorted(dict.fromkeys([*chosen, *others]), key=missing)
        least = missing(ranked[0])
        if least == 0 or (named and least < missing(chosen[0])):
            chosen = [f for f in ranked if missing(f) == least][:MAX_FACTS]
        year = _IN_YEAR.search(u.english.rstrip(" ?.!"))
        if (
            named
            and year is not None
            and year[1] not in of_crises
            and u.wh == "how_many"
            and not holds(fold(self._known.said(chosen[0])), year[1])
        ):
            return []  # the text has the number of another year
        return chosen if least < len(asked) + len(named) or len(asked) > 1 else []


def _lists(fact: Fact) -> bool:
    """Whether a fact lists three things or more."""
    return fact.kind == "list" or _LISTS.search(fact.statement) is not None
