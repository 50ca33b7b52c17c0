"""What is learned from a corpus once it is embedded: what wording asks for, and what the document does not answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

from threadpoolctl import threadpool_limits

from assistant import acts, answerable, dialogue, slots
from assistant.acts import ActModel
from assistant.answerable import AnswerModel
from assistant.assistant import Assistant
from assistant.dialogue import DialogueModel
from assistant.learned import learned_file
from assistant.opening import open_index
from assistant.retrieval import HybridRetriever
from assistant.settings import Settings
from assistant.slots import SlotModel
from assistant.text import as_asked
from assistant.understanding import read
from corpus.errors import IndexMissingError
from corpus.load import Corpus

Learned = SlotModel | AnswerModel | DialogueModel | ActModel


def learn_answers(assistant: Assistant) -> AnswerModel | None:
    """What tells whether the document answers, learned from the assistant's corpus; None where there is too little."""
    corpus, retriever, judge = assistant.corpus, assistant.retriever, assistant.judge
    known = retriever.vectors_of([as_asked(c.text) for c in corpus.calibration])
    return answerable.learn(
        corpus, retriever, lambda row: judge.asked_of(row, known.get(as_asked(row.text))), judge.read
    )


def learn_dialogue(assistant: Assistant) -> DialogueModel | None:
    """The dialogue model of the assistant's corpus; None without dialogues."""
    return dialogue.learn(assistant.corpus, assistant.retriever, lambda text: read(text, assistant.lexicon))


#: What is learned, by the name of its file.
LEARNED: dict[str, Callable[[Assistant], Learned | None]] = {
    "slots": lambda assistant: slots.learn(assistant.corpus, assistant.retriever),
    "acts": lambda assistant: acts.learn(assistant.corpus, assistant.retriever),
    "answers": learn_answers,
    "dialogue": learn_dialogue,
}
#: Learned models kept in all: those of four indexes.
_KEPT = 4 * len(LEARNED)


def has_examples(corpus: Corpus) -> bool:
    """Whether a corpus has something to learn from: labelled utterances, sentences or messages, or questions that it does not answer."""
    return bool(corpus.utterances or corpus.acts or corpus.not_covered or corpus.dialogues)


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
    files = {name: learned_file(settings, name, index, corpus) for name in LEARNED}
    if not has_examples(corpus) or (not force and all(path.is_file() for path in files.values())):
        return
    assistant = Assistant(corpus, settings, lambda: (index, opened()))
    with ExitStack() as rest:
        for number, (name, path) in enumerate(files.items()):
            progress("learn", number, len(files))
            _keep(LEARNED[name](assistant), path)
            if not number:
                halfway()
                # two threads that share a core wait for each other by turning: one alone is several times as fast
                rest.enter_context(threadpool_limits(1, "blas"))
    progress("learn", len(files), len(files))
    kept = sorted(files["slots"].parent.glob("*.npz"), key=lambda p: p.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)


def leave_words(corpus: Corpus, settings: Settings) -> None:
    """Leave the word vectors of a document with nothing prepared beside its index: the first question need not wait."""
    if not has_examples(corpus):
        with suppress(IndexMissingError):  # an encoder of the caller's leaves no export to read single words with
            open_index(corpus, settings)[1].rank("warm", ["warm"], limit=1)


def _keep(model: Learned | None, path: Path) -> None:
    """Write a model under another name and rename it, so that no reader sees half of it; an empty file for none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    if model is None:
        staging.touch()
    else:
        model.save(staging)
    staging.replace(path)
