"""Building what is missing, with a progress bar, for ``mcof ingest`` and surfaces that need an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assistant.settings import Settings
from corpus.load import Corpus, load_corpus

if TYPE_CHECKING:
    from ingest.build import IngestReport

_STAGES = {
    "wait": "Waiting for another ingest",
    "model": "Preparing the embedding model",
    "embed": "Embedding texts",
    "store": "Writing the index",
    "learn": "Learning from the examples",
    "read": "Reading the prepared questions",
    "train": "Teaching the embedding model",
}


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Something to report progress to, as ``report(stage, done, total)``; it is drawn on the error stream."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        tasks = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(_STAGES.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance


def build_index(settings: Settings, corpus: Corpus | None = None, *, force: bool = False) -> IngestReport:
    """Build the index where it is missing or not the right one; progress goes to the error stream.

    Raises:
        SetupError: the corpus, the model or the data folder cannot be used.
    """
    from ingest.build import ingest

    corpus = corpus or load_corpus(settings.corpus)
    with progress_bar() as advance:
        return ingest(corpus, settings, force=force, progress=advance)
