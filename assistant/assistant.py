"""The assistant: understand, look up and rank, compose, verify. One object, no session state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, get_args

from assistant import form, guards
from assistant.answer import Answer, Turn
from assistant.features import ALL, Features
from assistant.finishing import Finisher
from assistant.judging import Judge
from assistant.learned import LearnedModels
from assistant.message import Composer, Helps, unhelped
from assistant.opening import LazyIndex, open_index
from assistant.orders import Orders
from assistant.routes import Means, Router
from assistant.selfname import SelfReference
from assistant.settings import Settings
from assistant.text import detect_language
from assistant.turns import Leaning, earlier_messages
from assistant.understanding import in_danger, read
from assistant.vocabulary import lexicon_of
from corpus.errors import ChatModelError
from corpus.load import Corpus, load_corpus
from corpus.types import Language

if TYPE_CHECKING:
    from assistant.llm.assisted import Assisted
    from assistant.llm.client import ChatClient
    from assistant.retrieval import HybridRetriever

logger = logging.getLogger(__name__)

#: A question that takes the longest way.
_WARMING = "What does the document say about this?"


class Assistant:
    """Answers questions about one corpus.

    Safe to share between threads: nothing changes after construction but the
    index and the models, which are loaded by the first question that needs them.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: Settings,
        open_retriever: Callable[[], tuple[str, HybridRetriever]],
        *,
        features: Features = ALL,
        chat: ChatClient | None = None,
    ) -> None:
        self.corpus = corpus
        self.settings = settings
        self.chat = chat
        self.lexicon = lexicon_of(corpus, settings.embedding_model, with_terms=features.lexicon)
        self._index = index = LazyIndex(open_retriever)
        self._own_name = SelfReference(corpus.info)
        self._learned = learned = LearnedModels(corpus, settings, self.lexicon, index)
        self.judge = judge = Judge(corpus, self.lexicon, index, learned)
        means = Means(
            lambda: index.retriever, judge.asked, judge.probability, judge.find, learned.acts, features, settings
        )
        self._router = Router(corpus, means)
        leaning = Leaning(self.lexicon, index, learned)
        composer = partial(Composer, corpus, self.lexicon, self._own_name, learned, leaning, self._router)
        #: By the language that replies are in whatever that of the message is; None for its own.
        self._orders = {
            language: Orders(self.lexicon, learned, composer(language)) for language in (None, *get_args(Language))
        }
        self._finisher = Finisher(
            corpus, index, emergency_contact=settings.emergency_contact, verifies=features.verification
        )
        self._assisted = None if chat is None else self._assisted_by(chat, writes=features.verification)

    @classmethod
    def build(cls, settings: Settings, *, features: Features = ALL) -> Assistant:
        """The assistant for the settings' corpus. Loads no model and no index yet.

        Raises:
            CorpusError: the corpus folder cannot be used.
        """
        corpus = load_corpus(settings.corpus, diagram=settings.diagram_levels)
        if not features.matrix:
            corpus = replace(corpus, evidence=(), diagram=())
        opener = partial(open_index, corpus, settings, features)
        return cls(corpus, settings, opener, features=features, chat=chat_client(settings))

    def _assisted_by(self, chat: ChatClient, *, writes: bool) -> Assisted:
        """What asks the chat model, which may write only where all it says is verified."""
        from assistant.llm.assisted import Assisted

        writes = writes and self.settings.chat_writing
        return Assisted(chat, self.corpus, self.lexicon, self._learned, self.settings, writes=writes)

    @property
    def retriever(self) -> HybridRetriever:
        """The retriever. Raises IndexUnusableError or ModelError with the command that mends it."""
        return self._index.retriever

    def retriever_or_none(self) -> HybridRetriever | None:
        """The retriever, or None where there is no usable index (the reason is logged)."""
        return self._index.retriever_or_none()

    @property
    def index_id(self) -> str | None:
        """Id of the opened index; None before the first question that needed it."""
        return self._index.id

    def warm(self) -> None:
        """Load everything a question could need, learned models too. Raises what opening the index raises."""
        _ = self.retriever, self._learned.slot_model, self._learned.dialogue()
        asked = self.judge.asked(_WARMING)
        self.judge.probability(asked, 0.0)
        self.judge.read(asked)
        self.judge.find(_WARMING, asked.ranking)
        self._composed(_WARMING, (), unhelped)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer a question in the light of the turns before it, oldest first.

        Raises:
            InputError: the question is empty or too long.
            IndexUnusableError, ModelError: a passage is needed and cannot be searched.
        """
        *_, last = self._answers_to(question, history)
        return last

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Answer]:
        """The answer of ``ask`` while it grows.

        Each value begins with the blocks of the one before; only the last is ``complete``.
        """
        shown = 0
        for answer in self._answers_to(question, history):
            for size in range(shown + 1, len(answer.blocks) + (not answer.complete)):
                yield replace(answer, blocks=answer.blocks[:size], complete=False)
            shown = len(answer.blocks)
            if answer.complete:
                yield answer

    def _answers_to(self, question: str, history: Sequence[Turn]) -> Iterator[Answer]:
        """The composer's answer; with a model that writes, its beginning, then what is added to it, then the whole."""
        if self._assisted is None:
            yield self._composed(question, history, unhelped)[0]
        else:
            yield from self._assisted.answers(partial(self._composed, question, history))

    def _composed(self, question: str, history: Sequence[Turn], helps: Helps) -> tuple[Answer, str]:
        """The composer's verified answer, and the question as it was understood to stand alone."""
        text = guards.readable(question, self.settings.max_question_chars)
        asked, language = form.without_language(text)
        if not asked:  # "now in French" asks for the reply before
            before = [n for n, t in enumerate(history) if t.role == "user" and self._asks(t.text)]
            if language is None or not before:
                return self._finisher.fixed(question, "languages", detect_language(text)), text
            history, asked = (
                history[: before[-1]],
                guards.readable(history[before[-1]].text, self.settings.max_question_chars),
            )
        return self._replied(question, asked, history, helps, language)

    def _asks(self, text: str) -> bool:
        """Whether a message asks more than for another language, and does not only thank."""
        rest = form.without_language(text)[0].strip()
        return bool(rest) and read(rest, self.lexicon).intent != "thanks"

    def _replied(
        self, question: str, text: str, history: Sequence[Turn], helps: Helps, language: Language | None
    ) -> tuple[Answer, str]:
        """The same to a readable ``text``, in a language of its own or the one given."""
        if in_danger(text):
            return self._finisher.danger(question, language or detect_language(text)), text
        if guards.foreign_script(text):
            return self._finisher.fixed(question, "out_of_scope", language or detect_language(question)), text
        orders = self._orders[language]
        message = orders.set_apart(text)
        if message is None:
            return self._finisher.fixed(question, "instruction", language or detect_language(text)), text
        draft, understood = orders.reply(message, earlier_messages(history, self.settings, self._own_name), helps)
        size = form.size_asked(text)
        if size is not None and len(understood) == 1 and not understood[0].comparison:
            draft.shorten(size)
        asked = understood[0].text if len(understood) == 1 else message.asking
        return self._finisher.finish(question, draft, understood), asked


def chat_client(settings: Settings) -> ChatClient | None:
    """The client of the configured chat model; None where none is configured or it cannot be set up (logged)."""
    if not settings.chat_model:
        return None
    from assistant.llm.setup import connect

    try:
        return connect(settings)
    except ChatModelError as error:
        logger.warning("answering without the chat model %s: %s", settings.chat_model, error)
        return None
