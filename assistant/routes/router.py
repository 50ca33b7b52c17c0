"""The way of one question: what is tried, and in which order."""

from __future__ import annotations

import re
from functools import lru_cache

from assistant import courtesies
from assistant.answer import ABSTENTIONS, Paragraph
from assistant.compose.draft import Draft
from assistant.guards import wants_more_than_text
from assistant.routes.before import Previous, about_last, conditions, listed_before, sources
from assistant.routes.choice import Choice
from assistant.routes.corrections import Corrections
from assistant.routes.facts import Facts
from assistant.routes.itself import about_assistant
from assistant.routes.known import Known
from assistant.routes.look import Look
from assistant.routes.matrix import Ratings
from assistant.routes.means import Means
from assistant.routes.noes import Noes, template
from assistant.routes.places import Places
from assistant.routes.tables import Tables
from assistant.routes.work import Work
from assistant.text import fold
from assistant.understanding import ABOUT_REPLY, Understanding
from corpus.load import Corpus

#: Looks kept: a comparison and two questions in one are asked in parts and then together.
_LOOKS = 8


class Router:
    """Answers one understood question into a draft."""

    def __init__(self, corpus: Corpus, means: Means) -> None:
        self.known = Known(corpus)
        self.means = means
        choice = Choice(self.known)
        self._corrections = Corrections(self.known, self.means, choice)
        self._noes = Noes(self.known, self.means, self._corrections)
        self._places = Places(self.known, self.means)
        self._tables = Tables(self.known, self.means)
        self._work = Work(self.known)
        self._ratings = Ratings(self.known, self.means)
        self._facts = Facts(self.known, self.means, choice, self._corrections, self._noes)
        # what is found for a message that does not lean on another follows from the message alone
        self._alone = lru_cache(maxsize=_LOOKS)(lambda u: Look(self.known, self.means, u, _nothing_before))

    def answer(self, draft: Draft, u: Understanding, previous: Previous) -> None:
        """Compose the answer to ``u`` into ``draft`` and set its status and route.

        ``previous`` composes the reply before, for questions about that reply.

        Raises:
            IndexUnusableError, ModelError: no table answers and the document cannot be searched. To abstain would be
                to say that the document does not answer.
        """
        if (
            _courtesy(draft, u)
            or _author(draft, u, previous)
            or self._places.by_label(draft, u)
            or (u.intent in ABOUT_REPLY and u.follow_up and about_last(draft, u, previous))
            or conditions(draft, u, previous)
            or (u.follow_up and listed_before(draft, u, previous))
            or about_assistant(draft, u, self.known)
            or self._corrections.wrong_count(draft, u)
            or _opinion(draft, u)
            or self._tables.by_role(draft, u)
            or self._tables.by_topic(draft, u)
            or self._places.by_mention(draft, u)
        ):
            return
        look = Look(self.known, self.means, u, previous) if u.follow_up else self._alone(u)
        begun = draft.mark()
        if self._tables.answer(draft, u, look) or self._work.answer(draft, u) or self._ratings.answer(draft, u, look):
            self._facts.beside(draft, u, look)
            return
        self._facts.answer(draft, u, look)
        self._ratings.note_unrated(draft, u, look)
        if draft.status in ABSTENTIONS:  # an acronym spelled out before is not what was asked for
            blocks, citations, _ = begun
            del draft.blocks[blocks:-1], draft.citations[citations:]
        if draft.route == "not_in_document" and self._ratings.names_scenario(u, look):
            draft.back_to(begun)
            self._ratings.of_scenario(draft, u)
            return
        if draft.route == "not_in_document" and not self._noes.near(draft, u, look.ranking):
            self._places.speaks_of(draft, u)


#: Asks for the date of what was spoken of.
_WHEN = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?)\W+)*(?:when|(?:in )?(?:what|which) year|(?:on )?what date|since when)(?: was (?:that|it|this))?\W*$"
)


def _of_author(before: Draft | None) -> bool:
    """Whether the reply before told who wrote the document."""
    return before is not None and before.route == "author"


def _nothing_before(back: int = 0) -> None:
    """What a message that does not lean on another is told of the reply before."""


def _courtesy(draft: Draft, u: Understanding) -> bool:
    """Greet, help, or take thanks."""
    if courtesies.greets(u.question):
        template(draft, "greeting", "out_of_scope")
    elif courtesies.asks_help(u.question) and not u.follow_up:
        template(draft, "help", "out_of_scope")
    elif u.intent == "thanks":
        template(draft, "empty_thanks", "out_of_scope")
    else:
        return False
    return True


def _author(draft: Draft, u: Understanding, previous: Previous) -> bool:
    """Who wrote what the reply before said, by its footnotes; else who published the document."""
    if u.intent != "author" and not (u.follow_up and _WHEN.match(fold(u.question)) and _of_author(previous())):
        return False
    draft.route = "author"
    if sources(draft, previous()):
        return True
    cover = draft.corpus.passages[0]
    said = "author_head" if u.follow_up else "author_document"
    told = draft.say(said, publisher=draft.corpus.info.publisher or "?")
    draft.blocks.append(Paragraph(told, (draft.cite(cover.ref, cover.text),), template=True))
    return True


def _opinion(draft: Draft, u: Understanding) -> bool:
    """Decline what asks for more than the text says, unless the matrix can be asked for it."""
    if (u.crises and u.sectors) or not wants_more_than_text(u.question):
        return False
    template(draft, "opinion", "not_in_document")
    return True
