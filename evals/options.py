"""Options and first steps that the commands share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from assistant.settings import Settings, load_settings
from corpus.load import Corpus, load_corpus

Dataset = Annotated[Path, typer.Option("--dataset", help="Evaluation set, one JSON object a line.")]
Out = Annotated[Path, typer.Option("--out", help="Folder to write the run into.")]
Kinds = Annotated[str, typer.Option("--kinds", help="Only these kinds, separated by commas.")]
Split = Annotated[str, typer.Option("--split", help="dev, final or all.")]

T = TypeVar("T")


def settings_of(ctx: typer.Context) -> Settings:
    """The settings that the command line above this one loaded, or freshly loaded ones."""
    return ctx.obj if isinstance(ctx.obj, Settings) else load_settings()


def corpus_of(settings: Settings) -> Corpus:
    return load_corpus(settings.corpus, diagram=settings.diagram_levels)


def build_assistant(settings: Settings, *, chat: bool = False, **options: Any) -> Any:  # noqa: ANN401 - imported late: it is heavy
    """The assistant as configured; a language model that is configured stays out unless ``chat`` wants it."""
    from assistant.assistant import Assistant

    return Assistant.build(settings if chat else settings.model_copy(update={"chat_model": ""}), **options)


def progress(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar on the terminal's error stream while they are consumed."""
    from rich.console import Console
    from rich.progress import track

    return iter(track(items, description=what, console=Console(stderr=True), transient=True))


def split_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
