"""Honest noes: whether the document answers, and what is said where it does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant import labels
from assistant.answer import Paragraph, Status
from assistant.answerable import Asked
from assistant.compose import passages as by_passage
from assistant.compose.draft import Draft, make_citation
from assistant.mentions import term_asked, thing_asked
from assistant.phrases import NOT_IN_DOCUMENT
from assistant.routes.corrections import Corrections, presupposes
from assistant.routes.known import Known
from assistant.routes.look import ANSWERED_FAR, is_far
from assistant.routes.means import Means
from assistant.routes.named import FEW, own_sectors
from assistant.text import as_asked, content_stems, fold
from assistant.understanding import Understanding, outside_words

if TYPE_CHECKING:
    from assistant.retrieval import Ranking

#: Score of the best passage below which nothing in the document is near the question (off-topic).
OFF_TOPIC = 0.285
#: Probability from which a question counts as answered by the document. Of 923 dev questions that are not about ratings .14
#: refuses 87% of the near misses and 2.9% of the others; .20 refuses 89 and 3.5%, .26 refuses 92 and 4.1%.
ANSWERED = 0.15
#: The same for a follow-up. Of 222 on the dev set .10 answers 8 of 55 that are not answered, .35 answers 2 and refuses one more
#: of the others.
ANSWERED_FOLLOW_UP = 0.32
#: Cosine with the nearest text below which a follow-up of several words has left the document: "who won the cup that summer?".
STRAYS = 0.40
#: A refused question is like one of those without an answer from this cosine, and one of the so many nearest.
NEAR_NO, NEAR_NOES = 0.60, 2
#: Score from which the nearest fact is told after a no to what takes something for granted. Of 17 such questions that were
#: refused though the document has it otherwise 15 are told a fact, 14 the right one; of 92 that it does not answer 62 are told one.
OTHERWISE = 0.33
#: Score of the nearest fact with a number from which a follow-up that only asks how many is answered by it.
COUNTED = 0.55
#: Stems of words that say no more than that all are meant, and words for a time.
_IN_ALL = frozenset(
    content_stems("people persons total altogether overall all already so far exactly roughly about number long ones")
)
_YEARS = re.compile(r"\bhow long\b|\byears?\b|\bdecades?\b")
#: Topics of which the text has one word: how much extra money there is, who votes it and when is answered by "none".
SETTLED = ("extra_money",)
#: Places named where a term is used that the text does not define.
NAMED = 5


def template(draft: Draft, key: str, status: Status, **values: str) -> None:
    """One of the assistant's own phrases as the reply; the key of the phrase is the route, too."""
    draft.route = key
    draft.status = status
    draft.blocks.append(Paragraph(draft.say(key, no=NOT_IN_DOCUMENT[draft.language], **values), template=True))


class Noes:
    """Says that the document does not answer, and what it has instead."""

    def __init__(self, known: Known, means: Means, corrections: Corrections) -> None:
        self._known, self._corpus, self._means, self._corrections = known, known.corpus, means, corrections

    def answerable(self, draft: Draft, u: Understanding, asked: Asked) -> bool:
        """Whether the document answers: near enough at all, and judged to hold what is asked for."""
        ranking = asked.ranking
        best = ranking.by_passage[0]
        if best.score < OFF_TOPIC:
            return False
        least = ANSWERED_FOLLOW_UP if u.follow_up else ANSWERED
        if is_far(ranking):
            least = ANSWERED_FAR
        draft.confidence = self._means.judge(asked, least)
        return draft.confidence is None or draft.confidence >= least or self._counted(u, ranking)

    def _counted(self, u: Understanding, ranking: Ranking) -> bool:
        """Whether a follow-up asks how many, or how long, and says nothing that the nearest fact with a number does not hold.

        "How many was that in total?" is answered, "how many of them were women?" is not.
        """
        if not u.follow_up or u.wh != "how_many" or u.language != "en" or not self._means.features.facts:
            return False
        fact = next((self._corpus.fact_by_id[h.fact] for h in ranking.facts()[:1] if h.score >= COUNTED), None)
        if fact is None or fact.kind != "number":
            return False
        own = {s for s in content_stems(u.question) if s not in _IN_ALL}
        of_years = _YEARS.search(fold(u.question)) is not None
        named = (self._known.holds(fact, n.text) for n in self._known.names.asked(u.question))
        fits = own <= self._known.premises.stems_of(fact.id) and all(named)
        return fits and of_years == (_YEARS.search(fold(fact.statement)) is not None)

    def strays(self, u: Understanding) -> bool:
        """Whether a message that leans on the turn before is far from the document by what it says itself."""
        if not u.follow_up or u.language != "en" or len(outside_words(u)) <= FEW:
            return False
        retriever = self._means.retriever()
        return float(retriever.cosines(retriever.encode(as_asked(u.question))).max()) < STRAYS

    def refuse(self, draft: Draft, u: Understanding, asked: Asked) -> None:
        """An honest no; or what the text says instead, where the question only takes something wrong for granted."""
        if self._corrections.contradicted(draft, u, asked.ranking) or self._settled(draft, u):
            return
        otherwise = self._corrections.otherwise(u, asked)
        if otherwise is None:
            self.no(draft, u, asked.ranking, missing=self._lacks(draft, u))
            return
        terms = ", ".join(f"“{term}”" for term in otherwise.missing)
        if not otherwise.corrects:
            self.no(draft, u, asked.ranking, missing=draft.say("missing_terms", terms=terms))
            return
        draft.route = "premise" if terms else "fact"
        draft.status = "grounded"
        if terms:
            draft.blocks.append(Paragraph(draft.say("not_given", terms=terms), template=True))
        by_passage.facts(draft, otherwise.facts)

    def _settled(self, draft: Draft, u: Understanding) -> bool:
        """Answer by the one fact that settles whatever is asked of its topic; not of something that has a name of its own."""
        topic = next((t for t in u.topics if t in SETTLED and t in self._known.topics), "")
        if not topic or self._known.names.asked(u.question):
            return False
        draft.route, draft.status = "premise", "grounded"
        by_passage.facts(draft, self._known.topics[topic])
        return True

    def no(
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
            template(draft, "out_of_scope", "out_of_scope")
            return
        template(draft, "not_in_document", "not_in_document", missing=missing)
        for number, hit in enumerate(near, start=1):
            passage = self._corpus.by_ref[hit.ref]
            quote = by_passage.best_sentences(passage, content_stems(u.english), 1)[0]
            draft.nearest.append(make_citation(self._corpus, passage.ref, quote, number))

    def near(self, draft: Draft, u: Understanding, ranking: Ranking) -> bool:
        """After a no, what the text has on a matter that it does not settle: who pays, whether it was adopted, how far it binds.

        To what takes something for granted, else the nearest fact: it may have it otherwise. False where it has nothing of
        the kind.
        """
        rows = self._known.see_rows
        if u.language != "en":
            return False
        question = u.english if u.follow_up else u.question
        scores = self._means.retriever().like("absent", as_asked(question), NEAR_NOES) if rows else []
        topic = next((rows[text] for text, score in scores if text in rows and score >= NEAR_NO), "")
        facts = self._known.topics.get(topic, [])
        own = own_sectors(u) if rows else ()
        if not facts and not u.follow_up and presupposes(u.question) and self._means.features.facts:
            facts = [self._corpus.fact_by_id[h.fact] for h in ranking.facts()[:1] if h.score >= OTHERWISE]
        if facts:
            draft.blocks.append(Paragraph(draft.say("near_head"), template=True))
            draft.bullets((f.statement, (draft.cite(f.ref, f.quote),)) for f in facts)
        elif 0 < len(own) <= FEW and not u.levels:
            near = [self._corpus.sector(no) for no in own]
            draft.add(draft.say("near_sector", sector=draft.sectors(own)), *(draft.cite(s.ref, s.quote) for s in near))
            for sector in near[: 3 - len(near)]:  # the aims of two would be long
                draft.quote(sector.ref, sector.quote)
        else:
            return False
        return True

    def _lacks(self, draft: Draft, u: Understanding) -> str:
        """A sentence on what the text does not mention, or mentions and does not define; empty where a question asks neither."""
        if u.language != "en":
            return ""
        thing = thing_asked(u.question)
        if thing:
            return draft.say("missing_terms", terms=f"“{thing}”")
        term = "" if u.follow_up else term_asked(u.question)
        found = self._known.mentioned(term)
        refs = labels.listed(m.ref for m in found[:NAMED])
        return draft.say("not_defined", term=term, refs=refs) if found else ""
