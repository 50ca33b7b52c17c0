"""What a question takes for granted and the text has otherwise: put right instead of refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answer import Paragraph
from assistant.answerable import Asked
from assistant.compose import passages as by_passage
from assistant.compose.draft import Draft
from assistant.guards import only_tells, sentences_of
from assistant.manner import asks_deeds
from assistant.naming import without
from assistant.premises import claimed_figures
from assistant.routes.choice import MAX_FACTS, Choice
from assistant.routes.known import Known
from assistant.routes.means import Means
from assistant.text import fold
from assistant.understanding import Understanding
from assistant.verify import figures
from corpus.types import Fact

if TYPE_CHECKING:
    from assistant.retrieval import Ranking

#: Nearest facts that a question's claim is held against.
CLAIMED_IN = 6
#: Probability from which a question counts as answered without its names and figures that the nearest fact does not hold.
ANSWERED_OTHERWISE = 0.50
#: The same of a question that names what the fact names, too: it is then about that very thing.
ANSWERED_OF_IT = 0.25
#: A year that narrows what is asked, at the end of a text: "in 2014".
_IN_YEAR = re.compile(r"\b(?:in|during|for|of|by|from|year|after|before) (?:19|20)\d\d$", re.IGNORECASE)
#: A figure that is a year: of those, another is another question.
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Takes for granted what it says: "since it was...", "..., isn't it?", "how come...".
_PRESUPPOSES = re.compile(
    r"^\W*(?:since|given that|as|because|now that|why|how come)\b|\bi (?:heard|read|thought|think|understand|believe)\b"
    r"|\b(?:right|correct|yes|no|(?:is|are|was|were|does|do|did|has|have)n'?t (?:it|they|he|she|we|there))\W*$"
)
#: Tells of the user, not of the document; and words that a claim has at least.
_OF_ONESELF = re.compile(r"\W*(?:i|i'm|we|we're|my|our|hi|hello|dear|thanks|please)\b")
_CLAIM = 4
#: Asks whether something is so, of what it names first.
_WHETHER = re.compile(r"(?:and |but |so )?(?:is|are|was|were|does|do|did|has|have)\b")


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What the text says, of others or in other figures than a question has it.

    ``missing`` are the question's names and figures that ``facts`` do not hold; it ``corrects`` where they are what the
    question speaks of.
    """

    missing: tuple[str, ...]
    facts: tuple[Fact, ...]
    corrects: bool


class Corrections:
    """Holds what a question claims against what the text says."""

    def __init__(self, known: Known, means: Means, choice: Choice) -> None:
        self._known, self._corpus, self._means, self._choice = known, known.corpus, means, choice

    def wrong_count(self, draft: Draft, u: Understanding) -> bool:
        """Say no to a number of parts that a question claims and the text gives otherwise."""
        wrong = self._known.premises.wrong_count(u.question) if u.language == "en" else None
        if wrong is None:
            return False
        asked, count = wrong
        passage = self._corpus.by_ref[count.ref]
        sentence = by_passage.enclosing_sentence(passage, count.quote)
        draft.route = "premise"
        _no_other(draft, asked, draft.cite(passage.ref, sentence))
        draft.quote(passage.ref, sentence)
        return True

    def wrong_number(self, draft: Draft, u: Understanding, fact: Fact) -> None:
        """Say no to a number that a question claims of something by name, where the text has another of it."""
        claimed = claimed_figures(u.question)
        sentence = by_passage.sentence_of(fact, self._corpus.by_ref)
        held = figures(f"{fact.statement} {sentence}")
        named = [t for t in u.english_tokens if self._known.names.is_name(t)]
        if fact.kind != "number" or not named or not claimed or claimed & held or not held:
            return
        cited = draft.cite(fact.ref, fact.quote)
        for number in sorted(claimed):
            _no_other(draft, number, cited)

    def contradicted(self, draft: Draft, u: Understanding, ranking: Ranking) -> bool:
        """Whether a question that is refused as it stands takes something for granted that the text has otherwise, and is told so."""
        if u.language != "en" or u.follow_up or not self._means.features.facts:
            return False
        facts = [self._corpus.fact_by_id[h.fact] for h in ranking.facts()[:CLAIMED_IN]]
        found = self._known.premises.contradicted(u.question, facts)
        if found is None:
            return False
        draft.route = "premise"
        draft.status = "grounded"
        if found.claimed:
            _no_other(draft, found.claimed, draft.cite(found.fact.ref, found.fact.quote))
        by_passage.facts(draft, [found.fact])
        return True

    def otherwise(self, u: Understanding, asked: Asked) -> Otherwise | None:
        """What the text says of others than those that a question names; None where that is not what is amiss.

        It is amiss where the document answers the question without the names and figures that its fact does not hold.
        A question that shares a name or a figure with that fact speaks of it, and is put right; any other asks the same
        of somebody else.
        """
        if u.language != "en" or not self._means.features.facts:
            return None
        holds = self._known.holds
        question = u.english if u.follow_up else u.question
        named = self._known.names.asked(question)
        near = [self._corpus.fact_by_id[h.fact] for h in asked.ranking.facts()[:1]]
        missing = tuple(n for n in named if near and not holds(near[0], n.text))
        if not missing or (u.follow_up and not any(n.text in u.question for n in missing)):
            return None
        rest = self._means.ask(without(question, missing))
        of_it = any(n not in missing and not n.text[0].isdigit() and holds(near[0], n.text) for n in named)
        least = ANSWERED_OF_IT if of_it else ANSWERED_OTHERWISE
        chance = self._means.judge(rest, least)
        if chance is None or chance < least:
            return None
        chosen = [f for f in self._choice.best(u, rest.ranking) if not any(holds(f, n.text) for n in missing)]
        if not chosen:
            return None
        shared = any(n not in missing and holds(chosen[0], n.text) for n in named)
        figured = all(n.text[0].isdigit() for n in missing)
        amounts = figured and not any(_YEAR.fullmatch(n.text) for n in missing)
        if amounts and asks_deeds(question) and all(_told_before(question, n.text) for n in missing):
            # "4,000 people are stuck, what can we do?" asks for no number
            return Otherwise((), tuple(chosen[:MAX_FACTS]), corrects=True)
        numbers = any(n.text[0].isdigit() for n in missing)
        if numbers and not any(figures(self._known.told(f)) for f in chosen):
            # there is no figure to put in its place
            return Otherwise(tuple(n.text for n in missing), tuple(chosen[:MAX_FACTS]), corrects=False)
        other_years = [n for n in missing if _IN_YEAR.search(question[: n.end]) and n.text not in self._known.figures]
        narrowed = (u.wh == "how_many" and not figured) or bool(other_years)
        claims = shared or figured or _PRESUPPOSES.search(fold(question)) is not None
        corrects = claims and not narrowed and not u.follow_up and not _WHETHER.match(fold(question))
        return Otherwise(tuple(n.text for n in missing), tuple(chosen[:MAX_FACTS]), corrects)


def presupposes(question: str) -> bool:
    """Whether a message takes something for granted: "since it is binding, ...?", "... , isn't it?", "So it replaces them. How?"."""
    *told, _ = sentences_of(question)
    claims = (t for t in told if only_tells(t) and not _OF_ONESELF.match(fold(t)))
    return _PRESUPPOSES.search(fold(question)) is not None or any(len(t.split()) >= _CLAIM for t in claims)


def _told_before(question: str, figure: str) -> bool:
    """Whether a figure stands in a part of a message that only tells what happened, before what is asked."""
    parts = re.split(r"(?<!\d)[,;:]\s|(?<=[.!?])\s|,\s", question)
    return any(figure in part and only_tells(part) for part in parts[:-1])


def _no_other(draft: Draft, asked: str, cited: int) -> None:
    """Say that the text does not have it as it is asked."""
    draft.blocks.append(Paragraph(draft.say("no_other", asked=asked), (cited,), template=True))
