"""The models that ``mcof ingest`` learned from a corpus: where they are kept, and what they say of a message."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from assistant import guards
from assistant.acts import NO_ORDER, ActModel, Acts
from assistant.answerable import AnswerModel
from assistant.dialogue import DialogueModel
from assistant.lexicon import Lexicon
from assistant.opening import LazyIndex
from assistant.settings import Settings
from assistant.slots import SlotModel, Slots
from assistant.text import as_asked
from assistant.understanding import Understanding
from corpus.errors import IndexDamagedError, IndexForeignError, IndexUnusableError
from corpus.load import Corpus

logger = logging.getLogger(__name__)

Model = TypeVar("Model")
#: Raised when the stored form of a learned model changes, or what it is learned from beside the corpus.
_LEARNED_FORMAT = 14


def learned_file(settings: Settings, name: str, index: str, corpus: Corpus) -> Path:
    """Where ``mcof ingest`` keeps what was learned from a corpus and its index: ``name`` is slots, acts, answers or dialogue.

    The name holds what was learned from, every table of the corpus and its
    reader: after an edit there is another file or none, never a stale one. Of a
    corpus with too few examples the file is empty.
    """
    from assistant.encoder import file_sha256

    reader = file_sha256(settings.reader) if settings.reader else ""
    key = hashlib.sha256(f"{_LEARNED_FORMAT} {index} {corpus.fingerprint} {reader}".encode()).hexdigest()[:16]
    return settings.data_dir / "models" / f"{name}-{key}.npz"


class LearnedModels:
    """The learned models of one corpus, each loaded when it is first needed.

    What only helps to understand a message is done without where there is no
    index, or where a model is missing; the reason is logged.
    """

    def __init__(self, corpus: Corpus, settings: Settings, lexicon: Lexicon, index: LazyIndex) -> None:
        self._corpus, self._settings, self._lexicon, self._index = corpus, settings, lexicon, index

    def slots(self, u: Understanding) -> Slots | None:
        """The slot model's scores for a message; None where there is no index or nothing was learned."""
        model = self._or_none(lambda: self.slot_model, "answering without the slot model")
        if model is None:
            return None
        asked = self._lexicon.english(u.question, u.language)
        return model.predict(asked, self._index.retriever.encode(as_asked(asked)))

    def acts(self, sentence: str) -> Acts | None:
        """What a sentence of a message does; None where there is no index or nothing was learned."""
        model = self._acts_or_none()
        return None if model is None else model.acts(sentence, self._index.retriever.encode(sentence))

    def order_acts(self, sentence: str) -> Acts | None:
        """The same, as far as it takes to tell an order: a sentence whose words make none is not embedded."""
        model = self._acts_or_none()
        spared = model is not None and not guards.orders(sentence) and not model.maybe_order(sentence)
        return NO_ORDER if spared else self.acts(sentence)

    def dialogue(self) -> DialogueModel | None:
        """The dialogue model; None without dialogues to learn from, and as long as there is no index."""
        if not self._corpus.dialogues:
            return None
        return self._or_none(lambda: self._dialogue_model, "following up by patterns alone")

    @cached_property
    def answers(self) -> AnswerModel | None:
        """What tells whether the document answers; None where there is too little to learn from.

        Raises:
            IndexUnusableError, ModelError: the index or the model cannot be used.
        """
        return self._load("answers", AnswerModel.load) if self._corpus.not_covered else None

    @cached_property
    def slot_model(self) -> SlotModel | None:
        """The slot model over the corpus' utterances; None where there is too little to learn from. Raises as ``answers``."""
        return self._load("slots", SlotModel.load) if self._corpus.utterances else None

    @cached_property
    def _act_model(self) -> ActModel | None:
        """The act model over the corpus' labelled sentences; None where there is too little to learn from."""
        return self._load("acts", ActModel.load) if self._corpus.acts else None

    @cached_property
    def _dialogue_model(self) -> DialogueModel | None:
        """The dialogue model over the corpus' dialogues; None where there are too few to learn from."""
        return self._load("dialogue", DialogueModel.load)

    def _acts_or_none(self) -> ActModel | None:
        return self._or_none(lambda: self._act_model, "telling orders by patterns alone")

    def _or_none(self, model: Callable[[], Model | None], without: str) -> Model | None:
        """A model; None where there is no index or nothing was learned. ``without`` says what is done then."""
        if self._index.retriever_or_none() is None:
            return None
        try:
            return model()
        except IndexUnusableError as error:
            logger.warning("%s: %s", without, error.message)
            return None

    def _load(self, name: str, load: Callable[[Path], Model]) -> Model | None:
        """A model that was learned from this very corpus; None where there was too little to learn from.

        Raises:
            IndexUnusableError: there is no such file: a table was edited since, or it is damaged.
        """
        identifier, _ = self._index.opened()
        path = learned_file(self._settings, name, identifier, self._corpus)
        try:
            return load(path) if path.stat().st_size else None
        except FileNotFoundError as error:
            text = "What is learned from the prepared questions belongs to another version of the tables."
            raise IndexForeignError(text, remedy="Run 'mcof ingest' to learn it anew.") from error
        except (OSError, ValueError) as error:
            text = "What is learned from the prepared questions cannot be read."
            raise IndexDamagedError(text, remedy="Run 'mcof ingest --force' to learn it anew.") from error
