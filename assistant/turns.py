"""What a message owes to those before it: what they said, and whether it leans on the last of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant import courtesies, form, guards
from assistant.answer import Turn
from assistant.dialogue import LEANS, LEANS_LONG, LEANS_SHORT, LONG, SHORT, Turned
from assistant.learned import LearnedModels
from assistant.lexicon import Lexicon
from assistant.opening import LazyIndex
from assistant.selfname import SelfReference
from assistant.settings import Settings
from assistant.text import FUNCTION_WORDS, as_asked, fold
from assistant.understanding import (
    ABOUT_DOCUMENT,
    ABOUT_REPLY,
    CORRECTS,
    NEW_SUBJECT,
    POINTS_AT,
    POINTS_THERE,
    SAYS,
    SUPPOSES,
    WHAT_THERE_IS,
    WHERE_TO,
    Understanding,
    leans_on_history,
    more_words,
    names_only,
    only_thanks,
    read,
)

#: A message that leans on the one before, as it is understood then; None for one that does not.
Leans = Callable[[Understanding, str], Understanding | None]

#: Words of content with which a later question of one message can be short of a whole one: "and how many for Syria?".
PART = 4


def earlier_messages(history: Sequence[Turn], settings: Settings, own_name: SelfReference) -> list[str]:
    """The user's earlier messages that can be read, oldest first."""
    out = []
    for turn in list(history)[-settings.max_history_turns :] if settings.max_history_turns else []:
        if turn.role == "user" and turn.text.strip():
            text = form.without_size(" ".join(turn.text[: settings.max_question_chars].split()))
            text = form.without_language(text)[0]
            if not text or courtesies.greets(text) or courtesies.asks_help(text) or only_thanks(text):
                continue  # it asked for another language, or nothing
            out.append(own_name.without(guards.without_instructions(text)[0] or text))
    return out


def surely_leans(u: Understanding, before: str) -> Understanding:
    """A message that is known to lean on the one before."""
    return u


def never_leans(u: Understanding, before: str) -> None:
    """A message that is known to be complete in itself."""


class Leaning:
    """Tells whether a message leans on the one before."""

    def __init__(self, lexicon: Lexicon, index: LazyIndex, learned: LearnedModels) -> None:
        self._lexicon, self._index, self._learned = lexicon, index, learned

    def of_message(self, u: Understanding, before: str) -> Understanding | None:
        """A message that leans on the one before, with what it asks about the reply to that; None for one that does not.

        Judged by the learned model where there is one, else by patterns.
        """
        model = self._learned.dialogue() if u.intent != "danger" else None
        if model is None:
            return u if leans_on_history(u) else None
        retriever = self._index.retriever
        before_english = self._lexicon.english(before, self._lexicon.language(before))
        vectors = retriever.encode(as_asked(u.english)), retriever.encode(as_asked(before_english))
        asks = model.about_reply(u.english, vectors[0])
        if WHERE_TO.match(fold(u.question)) or (asks == "author" and not SAYS.search(fold(u.question))):
            asks = "other"
        if u.intent == "thanks" or (asks == "thanks" and not u.matches):
            return None
        folded = fold(u.question)
        if NEW_SUBJECT.match(folded) or ABOUT_DOCUMENT.search(folded):
            return None
        if u.sectors and not (u.crises or u.phases) and WHAT_THERE_IS.match(folded):
            return None
        if u.sectors and not u.crises and POINTS_THERE.search(folded) and self._scenario(before, u):
            return u
        if POINTS_AT.search(folded) or CORRECTS.search(folded) or names_only(u):
            return u
        if u.phases and not (u.crises or u.sectors) and names_only(read(before, self._lexicon, u.language)):
            return u  # "what is done during the crisis?" after "counter-trafficking"
        if SUPPOSES.match(folded) and not (u.crises and (u.sectors or u.levels)):
            return u  # "and if it is an epidemic?"
        size = _content(u)
        least = LEANS_SHORT if size <= SHORT and leans_on_history(u) else LEANS_LONG if size >= LONG else LEANS
        if model.leans(Turned(u, vectors[0], before_english, vectors[1]), retriever) < least:
            return None
        return replace(u, intent=asks) if asks not in ("other", "thanks") and u.intent not in ABOUT_REPLY else u

    def _scenario(self, before: str, u: Understanding) -> bool:
        """Whether the message before names a crisis or phase, or points at one."""
        said = read(before, self._lexicon, u.language)
        folded = fold(before)
        return bool(said.crises or said.phases or POINTS_AT.search(folded) or POINTS_THERE.search(folded))

    def of_part(self, u: Understanding, before: str) -> Understanding | None:
        """The same of a later question of one message, which leans on the one before wherever it is short of one."""
        if u.wh and u.sector_named and more_words(u):
            return None  # "... and how many reintegration projects?" is whole
        return u if _content(u) <= PART and leans_on_history(u) else self.of_message(u, before)


def _content(u: Understanding) -> int:
    """Words of content in a message."""
    return len([t for t in u.english_tokens if t not in FUNCTION_WORDS["en"]])
