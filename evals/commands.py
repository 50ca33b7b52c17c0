"""``mcof eval``: measure, compare, guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from assistant.settings import Settings, load_settings
from corpus.errors import AssistantError, CheckFailedError
from corpus.load import Corpus, load_corpus
from evals import checks, gate, store, tables
from evals.compare import compare
from evals.dataset import DEFAULT_DATASET, load_dataset, select
from evals.measure import Record
from evals.report import render
from evals.runner import rescore
from evals.suite import evaluate

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


def echo_totals(summary: dict[str, Any]) -> None:
    for split in ("dev", "final"):
        if summary[split]:
            typer.echo(f"\n{split}: {summary['dataset'][split]} items")
            typer.echo(tables.kind_table(summary[split]))
            typer.echo("\n" + tables.headline(summary[split]))
    if summary["times"]:
        shown = ", ".join(f"{k} {v:g}" for k, v in summary["times"].items() if isinstance(v, float))
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
    against: Annotated[Path | None, typer.Option("--against", help="An earlier run to compare with.")] = None,
    baselines: Annotated[bool, typer.Option("--baselines", help="Run the baselines and ablations too.")] = False,
    judge: Annotated[str, typer.Option("--judge", help="Chat model to ask for opinions, as provider:model.")] = "",
    failures: Annotated[int, typer.Option("--failures", min=0, help="Failed dev items to list.")] = 0,
) -> None:
    """Ask everything, judge it, and write answers, verdicts, summary and report."""
    settings = settings_of(ctx)
    earlier = store.read_run(against) if against else None
    corpus = corpus_of(settings)
    items = select(load_dataset(dataset, labels=corpus.by_ref), kinds=split_words(kinds), split=split)
    assistant = build_assistant(settings)
    records, summary = evaluate(
        assistant, items, settings, dataset=dataset.name, with_baselines=baselines, progress=progress
    )
    if judge:
        from evals.judges import OpenEvalsJudge, cases, judge_all

        passages = {p.ref: p.text for p in corpus.passages}
        summary["judges"] = judge_all(OpenEvalsJudge(judge), progress(cases(records, passages), judge))
    store.write_run(out, records, summary)
    comparison = compare(earlier, store.read_run(out)) if earlier else None
    store.write_text(out / store.REPORT, render(records, summary, corpus, comparison))
    echo_totals(summary)
    if "baselines" in summary:
        typer.echo("\n" + tables.baselines_table(summary))
    if "judges" in summary:
        typer.echo("\n" + tables.judges_table(summary["judges"]))
    if comparison:
        typer.echo("\n" + tables.comparison_table(comparison))
    if failures:
        typer.echo("")
        echo_failures(records, failures)
    typer.echo(f"\nreport: {out / store.REPORT}")


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


@app.command("gate")
def gate_command(
    ctx: typer.Context,
    dataset: Dataset = DEFAULT_DATASET,
    update: Annotated[bool, typer.Option("--update", help="Make the present result the reference.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why items that were right may be wrong now.")] = "",
) -> None:
    """Fail when an answer, a quote, a refusal or a headline number is worse than committed."""
    settings = settings_of(ctx)
    assistant = build_assistant(settings)
    items = load_dataset(dataset, labels=assistant.corpus.by_ref)
    now = gate.measure_gate(assistant, items, progress)
    before = gate.read_reference() if gate.REFERENCE.exists() else {}
    if update:
        gate.accept(now, before, reason)
        typer.echo(f"The reference now holds {len(now.records)} items; raise the thresholds of gate.toml by hand to:")
        for name, value in checks.totals_of(now).items():
            typer.echo(f"  {name} = {value:.3f}")
        return
    failures = checks.check(now, before, gate.read_thresholds())
    for failure in failures:
        typer.echo(failure)
    if failures:
        raise CheckFailedError(f"The gate is red: {checks.counted(len(failures), 'check')} failed.")
    typer.echo(f"The gate is green: {len(now.records)} items and {now.cells} cells are as good as committed.")


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(help="Folder of the earlier run.")],
    second: Annotated[Path, typer.Argument(help="Folder of the later run.")],
) -> None:
    """Compare two recorded runs, number by number and item by item."""
    found = compare(store.read_run(first), store.read_run(second))
    typer.echo(tables.comparison_table(found))


@app.command("lint")
def lint_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Evaluation set, one JSON object a line.")] = DEFAULT_DATASET,
) -> None:
    """Find what is wrong with an evaluation set before it is trusted."""
    from evals.lint import lint

    findings = lint(file, corpus_of(settings_of(ctx)))
    for finding in findings:
        typer.echo(finding.shown(file.name))
    errors = sum(f.severity == "error" for f in findings)
    if errors:
        raise CheckFailedError(f"{file.name}: {checks.counted(errors, 'error')}.")
    typer.echo(f"{file.name}: no errors, {checks.counted(len(findings), 'warning')}.")


@app.command("retrieval")
def retrieval_command(
    ctx: typer.Context,
    beir: Annotated[Path, typer.Option("--beir", help="Folder with corpus.jsonl, queries.jsonl, qrels/test.tsv.")],
    method: Annotated[str, typer.Option("--method", help="bm25, dense, hybrid, or several by commas.")] = "hybrid",
    out: Annotated[Path | None, typer.Option("--out", help="JSON file to write the numbers into.")] = None,
) -> None:
    """Measure the retriever on a data set in BEIR form."""
    from evals import retrieval
    from ingest.export import ensure_export

    settings = settings_of(ctx)
    methods = split_words(method)
    retrieval.check_methods(methods)
    data = retrieval.load_beir(beir)
    encoder = ensure_export(settings.data_dir, settings.embedding_model) if set(methods) != {"bm25"} else None
    found = {}
    for name in methods:
        retriever = retrieval.build_retriever(data.documents, name, encoder)
        found[name] = retrieval.evaluate(data, retriever, progress(data.judged, name))
    names = list(next(iter(found.values())))
    rows = [["method", *names], *([m, *(f"{v[n]['value']:.4f}" for n in names)] for m, v in found.items())]
    typer.echo(tables.columns(rows))
    typer.echo(f"{len(data.documents)} documents, {len(data.judged)} of {len(data.queries)} queries judged")
    if out:
        store.write_json(out, {"documents": len(data.documents), "queries": len(data.judged), "methods": found})


@app.command("documents")
def documents_command(
    ctx: typer.Context,
    data: Annotated[Path, typer.Option("--data", help="Folder of folders with document.md and questions.jsonl.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the replies and numbers into.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Questions an article, evenly spread; 0: all.")] = 0,
    only: Annotated[str, typer.Option("--only", help="Only these articles, separated by commas.")] = "",
) -> None:
    """Run the one-document benchmark: each folder a corpus of its own."""
    from evals import documents
    from evals.replies import dump_lines

    settings = settings_of(ctx)
    articles = documents.load_articles(data)
    found = {}
    for article in documents.chosen(articles, split_words(only)):
        records = documents.ask_article(article, articles, settings, limit=limit, progress=progress)
        found[article.name] = records
        if out:
            store.write_text(out / article.name / store.ANSWERS, dump_lines(r.reply.as_json() for r in records))
    summary = documents.summarise(found)
    typer.echo(tables.documents_table(summary))
    typer.echo("\n" + tables.kind_table(summary["pooled"]))
    if out:
        store.write_json(out / store.SUMMARY, summary)


@app.command("drafts")
def drafts_command(
    feedback: Annotated[Path, typer.Argument(help="Recorded feedback, one JSON object a line.")],
    out: Annotated[Path, typer.Option("--out", help="File to write the draft items into.")] = Path("drafts.jsonl"),
    dataset: Dataset = DEFAULT_DATASET,
) -> None:
    """Turn thumbs-down and comments into draft items that a person completes."""
    from evals.drafts import drafts, read_feedback
    from evals.replies import dump_lines

    found = drafts(read_feedback(feedback), load_dataset(dataset))
    store.write_text(out, dump_lines(found.items))
    left = f"{found.praised} without complaint, {found.repeated} repeated, {found.known} already in the set"
    typer.echo(f"{checks.counted(len(found.items), 'draft')} written to {out} ({left}).")
    typer.echo("Complete must_include, gold_refs and kind, then check them with 'mcof eval lint'.")


@app.command("export")
def export_command(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run.")] = Path("runs/latest"),
    form: Annotated[str, typer.Option("--format", help="ragas.")] = "ragas",
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("ragas.jsonl"),
    dataset: Dataset = DEFAULT_DATASET,
) -> None:
    """Write a run in the form of another evaluation library."""
    from evals.export import export_run
    from evals.replies import dump_lines

    corpus = corpus_of(settings_of(ctx))
    lines = export_run(run, load_dataset(dataset, labels=corpus.by_ref), corpus, form)
    store.write_text(out, dump_lines(lines))
    typer.echo(f"{checks.counted(len(lines), 'sample')} written to {out}.")


def main() -> None:
    """Run as ``python -m evals.commands``; ``mcof eval`` is the same."""
    try:
        app()
    except AssistantError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
