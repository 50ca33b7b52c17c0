"""What is learned from a corpus once it is embedded: what wording asks for, and what the document does not answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from assistant.answerable import AnswerModel
from assistant.answerable import learn as learn_answers
from assistant.assistant import Assistant, learn_slots, learned_file, open_index
from assistant.retrieval import HybridRetriever
from assistant.settings import Settings
from assistant.slots import SlotModel
from corpus.errors import IndexMissingError
from corpus.load import Corpus

#: Learned models kept in all: two for each of four indexes.
_KEPT = 8


def has_examples(corpus: Corpus) -> bool:
    """Whether a corpus has something to learn from: labelled utterances, or questions that it does not answer."""
    return bool(corpus.utterances or corpus.not_covered)


def learn(
    corpus: Corpus,
    settings: Settings,
    index: str,
    opened: Callable[[], HybridRetriever],
    progress: Callable[[str, int, int], None],
    *,
    force: bool = False,
    halfway: Callable[[], None] = lambda: None,
) -> None:
    """Fit and keep the models of an index, where they are missing and the corpus has something to learn from.

    Missing they are after any edit to the corpus, too: their names hold what they were learned from.
    ``force`` learns again in any case; ``halfway`` is called when the step that takes the most memory and all
    cores is over: what follows leaves a core free. Models of other indexes stay, the newest few: another corpus may use them.
    """
    slots, answers = (learned_file(settings, name, index, corpus) for name in ("slots", "answers"))
    if not has_examples(corpus) or (not force and slots.is_file() and answers.is_file()):
        return
    assistant = Assistant(corpus, settings, lambda: (index, opened()))
    progress("learn", 0, 2)
    _keep(learn_slots(corpus, assistant.retriever), slots)
    progress("learn", 1, 2)
    halfway()
    _keep(learn_answers(corpus, assistant.retriever, assistant.asked), answers)
    progress("learn", 2, 2)
    kept = sorted(slots.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)


def leave_words(corpus: Corpus, settings: Settings) -> None:
    """Leave the word vectors of a document with nothing prepared beside its index: the first question need not wait."""
    if not has_examples(corpus):
        with suppress(IndexMissingError):  # an encoder of the caller's leaves no export to read single words with
            open_index(corpus, settings)[1].rank("warm", ["warm"], "en", limit=1)


def _keep(model: SlotModel | AnswerModel | None, path: Path) -> None:
    """Write a model under another name and rename it, so that no reader sees half of it; an empty file for none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    if model is None:
        staging.touch()
    else:
        model.save(staging)
    staging.replace(path)
