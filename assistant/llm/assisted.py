"""The composer's answers with a chat model beside it, which helps to understand a question and carries an answer on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.answer import REFUSALS, Answer
from assistant.compose.draft import Draft
from assistant.learned import LearnedModels
from assistant.lexicon import Lexicon
from assistant.llm.client import ChatClient
from assistant.message import Helps, unhelped
from assistant.refine import is_decided
from assistant.settings import Settings
from assistant.slots import Slots
from assistant.understanding import Understanding
from corpus.load import Corpus

if TYPE_CHECKING:
    from assistant.llm.understand import Helper
    from assistant.llm.writer import Writer

#: Probability from which a follow-up that was refused is answered as a chat model has written it anew. Of 25 right refusals on
#: the dev set the worst of up to 60 rewritings that the helper lets through turns 4 into an answer (without a mark 9), and of 4
#: wrong ones the best answers 2 (3).
REWRITTEN = 0.90


class Assisted:
    """Asks the chat model as far as the settings let it; where that fails, the composer's answer stands."""

    def __init__(
        self,
        chat: ChatClient,
        corpus: Corpus,
        lexicon: Lexicon,
        learned: LearnedModels,
        settings: Settings,
        *,
        writes: bool,
    ) -> None:
        self._chat, self._corpus, self._lexicon = chat, corpus, lexicon
        self._learned, self._settings, self._writes = learned, settings, writes

    def answers(self, compose: Callable[[Helps], tuple[Answer, str]]) -> Iterator[Answer]:
        """The composer's answer, or its beginning, then what is added to it, then the whole.

        ``compose`` gives the answer to a question, and the question as it was understood to stand alone.
        """
        began = self._chat.clock()
        composed, asked = compose(unhelped)
        asks_back = composed.status == "needs_clarification"
        refused = composed.status in REFUSALS and "follow_up" in composed.trace.understood
        if (asks_back or refused) and self._helper is not None:
            again, meant = compose(self._help if asks_back else self._rewrite)
            likely = again.trace.understood.get("confidence", 0.0)
            if again.status == "grounded" and (asks_back or (isinstance(likely, float) and likely >= REWRITTEN)):
                composed, asked = again, meant
            else:
                composed = replace(composed, trace=replace(composed.trace, model=again.trace.model))
        helped = composed.trace.model.get("understanding")
        failed = isinstance(helped, dict) and "failure" in helped
        if self._writer is None or failed:
            yield composed
            return
        spent = self._chat.clock() - began if helped else 0.0
        yield from self._writer.stream(composed, asked, self._deadline() - spent)

    def _deadline(self) -> float:
        return self._chat.clock() + self._settings.chat_timeout

    @cached_property
    def _writer(self) -> Writer | None:
        """What carries answers on; None where the model may not write."""
        if not self._writes:
            return None
        from assistant.llm.support import LEXICAL, EntailmentSupport
        from assistant.llm.writer import Writer

        folder = self._settings.chat_entailment
        support = EntailmentSupport(folder) if folder else LEXICAL
        limit = self._settings.chat_context_chars
        return Writer(self._chat, self._corpus, self._lexicon, context_chars=limit, support=support)

    @cached_property
    def _helper(self) -> Helper | None:
        """What helps to understand; None where the model may not."""
        if not self._settings.chat_understanding or not self._corpus.has_matrix:
            return None
        from assistant.llm.understand import Helper

        return Helper(self._chat, self._corpus, self._lexicon)

    def _help(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
        """The understanding with what was taken of the model's proposals; what it did is noted in the draft."""
        if is_decided(u) and not u.follow_up:
            return u
        return self._proposed(draft, u, earlier, self._learned.slots(u))

    def _rewrite(self, draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
        """The same of a follow-up that is refused: only as what it is searched by."""
        return self._proposed(draft, u, earlier, None)

    def _proposed(self, draft: Draft, u: Understanding, earlier: Sequence[str], slots: Slots | None) -> Understanding:
        if self._helper is None:
            return u
        u, told = self._helper.complete(u, earlier, slots, self._deadline())
        if told is not None:
            draft.helped = {"name": self._chat.name, "understanding": told.shown()}
        return u
