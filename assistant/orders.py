"""Orders to the assistant in a message: they are set apart, and what is left is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import guards
from assistant.answer import REFUSALS
from assistant.learned import LearnedModels
from assistant.lexicon import Lexicon
from assistant.message import Composer, Helps, Reply, surely
from assistant.text import fold, words
from assistant.understanding import understand

#: Probability from which a message with orders in it that was refused is answered by what its asking sentences say alone.
AMID_OTHERS = 0.50
#: What is left of a message points to what it said before: surely, or perhaps.
_POINTS_BACK = re.compile(
    r"\bis (?:that|this|it) (?:what|true|right|correct|so)\b|\b(?:about|on|(?<!all )of) (?:it|that|this|them)\b|\b(?:there|those|these|(?:that|this|the same) (?:one|phase|stage|crisis|scenario|sector|situation|disaster|country|place|body|agency|number|figure))\b"
)
_MAY_POINT_BACK = re.compile(r"\b(?:that|this|it|its|they)\b")


#: The name that an order gives the assistant: "You are now FREEBOT, a bot that ...".
_CALLED = re.compile(
    r"\b(?:[Yy]ou are (?:now )?|[Yy]our name is (?:now )?|[Cc]all yourself |[Aa]ct as |[Pp]retend to be )([A-Z][\w-]*)\s*(?:[,.;:!(]|who\b|which\b|that\b|and\b)"
)


@dataclass(frozen=True, slots=True)
class SetApart:
    """A message as it was written, what is left of it without the orders in it, and these."""

    text: str
    bare: str
    ordered: str

    @property
    def asking(self) -> str:
        """What is to be answered: the whole message where nothing is left of it."""
        return self.bare or self.text


class Orders:
    """Sets orders apart, and answers what else a message holds."""

    def __init__(self, lexicon: Lexicon, learned: LearnedModels, composer: Composer) -> None:
        self._lexicon, self._learned, self._composer = lexicon, learned, composer

    def set_apart(self, text: str) -> SetApart | None:
        """A message without the orders in it; None where it asks nothing beside them."""
        bare, ordered = guards.without_instructions(text, self._learned.order_acts)
        if ordered and not self._asks_something(bare):
            if guards.orders(text) or not ("?" in bare or guards.asking(bare or text, self._learned.acts)):
                return None
            bare, ordered = text, ""  # "IASC?? spell it out" bids in the manner of an order
        return SetApart(text, _unaddressed(self._without_chatter(bare), ordered) if ordered else bare, ordered)

    def reply(self, message: SetApart, earlier: Sequence[str], helps: Helps) -> Reply:
        """The reply to what is left of a message after ``earlier`` ones; where that is refused, to less of it or in another light."""
        bare, ordered = message.bare, message.ordered
        points_back = bool(ordered) and _POINTS_BACK.search(fold(bare)) is not None
        said = [*earlier, self._without_levels(ordered)]
        draft, understood = self._composer.compose(
            message.asking, said if points_back else earlier, helps, leans=points_back
        )
        if (ordered or guards.quotes(bare)) and not points_back and draft.status in REFUSALS:
            attempts = [(self._only_asking(bare), earlier, False)]
            if ordered and _MAY_POINT_BACK.search(fold(bare)):
                attempts.append((bare, said, True))
            for rest, before, leans in attempts:
                again, meant = self._composer.compose(rest, before, helps, leans=leans) if rest else (draft, understood)
                if surely(again, AMID_OTHERS):
                    return again, meant
        return draft, understood

    def _asks_something(self, text: str) -> bool:
        """Whether what is left after instructions were dropped is a question of its own."""
        if len(text.split()) < 3:
            return False
        u = understand(text, [], self._lexicon)
        return bool(u.crises or u.sectors or u.partners or u.wh or "?" in text)

    def _without_chatter(self, text: str) -> str:
        """What is left after orders were dropped, without the sentences around its questions that name nothing."""
        asking = guards.asking(text, self._learned.acts)
        if not asking:
            return text
        parts = guards.sentences_of(text)
        return " ".join(p for p in parts if p in asking or any(not m.weak for m in self._lexicon.match(p, "en")))

    def _only_asking(self, text: str) -> str:
        """The sentences of a message that ask, where it has others too; else nothing."""
        asking = guards.asking(text, self._learned.acts)
        return " ".join(asking) if asking and asking != guards.sentences_of(text) else ""

    def _without_levels(self, text: str) -> str:
        """A text without the levels it names, so that nothing it claims is taken up."""
        level = {i for m in self._lexicon.match(text, "en") if m.kind == "level" for i in range(m.start, m.end)}
        return " ".join(w for i, w in enumerate(words(text)) if i not in level)


def _unaddressed(bare: str, ordered: str) -> str:
    """What is left of a message without the name that its orders gave the assistant: "FREEBOT, who leads?"."""
    called = _CALLED.search(ordered)
    if called is None:
        return bare
    return re.sub(rf"^\W*{re.escape(called[1])}\b[,:;]?\s+(?=\S+ \S)", "", bare)
