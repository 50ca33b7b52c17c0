"""``mcof eval``: measure, compare, guard."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from corpus.errors import AssistantError, CheckFailedError
from evals import checks, gate, more_commands, store, tables
from evals.compare import compare
from evals.dataset import DEFAULT_DATASET, load_dataset, select
from evals.measure import Record
from evals.options import Dataset, Kinds, Out, Split, build_assistant, corpus_of, progress, settings_of, split_words
from evals.report import render
from evals.runner import rescore
from evals.suite import evaluate

app = typer.Typer(no_args_is_help=True, help="Measure how good the answers are.")


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


for _name, _command in (
    ("retrieval", more_commands.retrieval_command),
    ("chat", more_commands.chat_command),
    ("support", more_commands.support_command),
    ("documents", more_commands.documents_command),
    ("drafts", more_commands.drafts_command),
    ("export", more_commands.export_command),
):
    app.command(_name)(_command)


def main() -> None:
    """Run as ``python -m evals.commands``; ``mcof eval`` is the same."""
    try:
        app()
    except AssistantError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
