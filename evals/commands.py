"""``mcof eval``: measure, compare, guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from assistant.settings import Settings, load_settings
from corpus.errors import AssistantError
from corpus.load import Corpus, load_corpus
from evals import store, tables
from evals.dataset import DEFAULT_DATASET, Item, load_dataset, select
from evals.measure import Record
from evals.runner import rescore, run
from evals.systems import AssistantSystem, System

app = typer.Typer(no_args_is_help=True, help="Measure how good the answers are.")

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


def build_assistant(settings: Settings, **options: Any) -> Any:  # noqa: ANN401 - imported late: it is heavy
    from assistant.assistant import Assistant

    return Assistant.build(settings, **options)


def progress(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar on the terminal's error stream while they are consumed."""
    from rich.console import Console
    from rich.progress import track

    return iter(track(items, description=what, console=Console(stderr=True), transient=True))


def split_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def collect(system: System, items: Sequence[Item], corpus: Corpus) -> list[Record]:
    return list(run(system, progress(items, system.name), corpus))


def echo_totals(summary: dict[str, Any]) -> None:
    for split in ("dev", "final"):
        if summary[split]:
            typer.echo(f"\n{split}: {summary['dataset'][split]} items")
            typer.echo(tables.kind_table(summary[split]))
            typer.echo("\n" + tables.headline(summary[split]))
    if summary["times"]:
        shown = ", ".join(f"{name} {value:g}" for name, value in summary["times"].items())
        typer.echo(f"\nmilliseconds a reply: {shown}")


def echo_failures(records: Iterable[Record], limit: int) -> None:
    """The first failed ``dev`` items with their reasons."""
    failed = [r for r in records if not r.verdict.passed and r.item.split == "dev"]
    for record in failed[:limit]:
        item = record.item
        typer.echo(f"{item.id} [{item.kind}] {item.question}")
        typer.echo(f"    {'; '.join(record.verdict.reasons)}")
    if len(failed) > limit:
        typer.echo(f"... and {len(failed) - limit} more")


@app.command("run")
def run_command(
    ctx: typer.Context,
    dataset: Dataset = DEFAULT_DATASET,
    out: Out = Path("runs/latest"),
    kinds: Kinds = "",
    split: Split = "all",
    failures: Annotated[int, typer.Option("--failures", min=0, help="Failed dev items to list.")] = 0,
) -> None:
    """Ask everything, judge it, and write answers, verdicts, summary and report."""
    settings = settings_of(ctx)
    corpus = corpus_of(settings)
    items = select(load_dataset(dataset, labels=corpus.by_ref), kinds=split_words(kinds), split=split)
    system = AssistantSystem(build_assistant(settings), corpus)
    records = collect(system, items, corpus)
    summary = store.summarise(records, corpus, dataset=dataset.name, system=system.name, settings=settings)
    store.write_run(out, records, summary)
    echo_totals(summary)
    if failures:
        typer.echo("")
        echo_failures(records, failures)


@app.command("score")
def score_command(
    ctx: typer.Context,
    answers: Annotated[Path, typer.Argument(help="answers.jsonl of any program.")],
    dataset: Dataset = DEFAULT_DATASET,
    failures: Annotated[int, typer.Option("--failures", min=0, help="Failed dev items to list.")] = 0,
) -> None:
    """Judge replies that were recorded before, by this or another program."""
    from evals.replies import read_replies

    corpus = corpus_of(settings_of(ctx))
    items = load_dataset(dataset, labels=corpus.by_ref)
    records = rescore(items, read_replies(answers), corpus)
    echo_totals(store.summarise(records, corpus, dataset=dataset.name, system=answers.stem))
    if failures:
        echo_failures(records, failures)


def main() -> None:
    """Run as ``python -m evals.commands``; ``mcof eval`` is the same."""
    try:
        app()
    except AssistantError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
