"""What is learned from a corpus once it is embedded: what wording asks for, and what the document does not answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from assistant.answerable import AnswerModel
from assistant.answerable import learn as learn_answers
from assistant.assistant import Assistant, learn_slots, learned_file, open_index
from assistant.settings import Settings
from assistant.slots import SlotModel
from corpus.errors import IndexMissingError
from corpus.load import Corpus

#: Learned models kept in all: two for each of four indexes.
_KEPT = 8


def learn(
    corpus: Corpus, settings: Settings, index: str, progress: Callable[[str, int, int], None], *, force: bool = False
) -> None:
    """Fit and keep the models of an index, where they are missing and the corpus has something to learn from.

    ``force`` learns again in any case. Models of other indexes stay, the newest few: another corpus may use them.
    A document with nothing prepared has nothing to learn from; the word vectors of its sentences are left beside the
    index, so that the first question need not wait for them.
    """
    slots, answers = learned_file(settings, "slots", index), learned_file(settings, "answers", index)
    if not force and slots.is_file() and answers.is_file():
        return
    if not corpus.utterances and not corpus.not_covered:
        with suppress(IndexMissingError):  # an encoder of the caller's leaves no export to read single words with
            open_index(corpus, settings)[1].rank("warm", ["warm"], "en", limit=1)
        return
    assistant = Assistant(corpus, settings, lambda: open_index(corpus, settings))
    progress("learn", 0, 2)
    _keep(learn_slots(corpus, assistant.retriever), slots)
    progress("learn", 1, 2)
    _keep(learn_answers(corpus, assistant.retriever, assistant.asked), answers)
    progress("learn", 2, 2)
    kept = sorted(slots.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)


def _keep(model: SlotModel | AnswerModel | None, path: Path) -> None:
    """Write a model under another name and rename it, so that no reader sees half of it."""
    if model is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    model.save(staging)
    staging.replace(path)
