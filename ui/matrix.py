"""``mcof matrix``: show the matrix, write it to a file, take over what was read off a diagram, prove it."""

from __future__ import annotations

import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import AssistantError, CheckFailedError, InputError, StorageError
from corpus.load import Corpus, load_corpus
from corpus.matrix_files import ExportFormat, cell_rows, check_matrix, evidence_rows, import_levels, render
from corpus.types import CRISES, LEVELS, PHASES
from ui.settings import settings_of

app = typer.Typer(no_args_is_help=True, help="The matrix: show, export, import, check.")


# an option that may be repeated takes an enumeration, not a Literal
_Crisis = StrEnum("_Crisis", {key: key for key in CRISES})  # type: ignore[misc]
_Phase = StrEnum("_Phase", {key: key for key in PHASES})  # type: ignore[misc]


def corpus_with_matrix(ctx: typer.Context) -> Corpus:
    """The corpus of the settings, which must have a matrix. Raises InputError where it has none."""
    settings = settings_of(ctx)
    corpus = load_corpus(settings.corpus, diagram=settings.diagram_levels)
    if not corpus.has_matrix:
        raise InputError(f"The corpus {corpus.info.id!r} has no matrix.")
    return corpus


@app.command()
def show(
    ctx: typer.Context,
    crisis: Annotated[list[_Crisis] | None, typer.Option(help="Only this crisis; may be repeated.")] = None,
    phase: Annotated[list[_Phase] | None, typer.Option(help="Only this phase; may be repeated.")] = None,
) -> None:
    """Draw the matrix: crises and phases across, sectors down."""
    from rich.console import Console

    from ui.terminal import matrix_view

    console = Console(highlight=False)
    corpus = corpus_with_matrix(ctx)
    crises = [c for c in CRISES if not crisis or c in crisis]
    phases = [p for p in PHASES if not phase or p in phase]
    console.print(matrix_view(corpus, crises, phases, width=console.width))


@app.command()
def export(
    ctx: typer.Context,
    form: Annotated[ExportFormat, typer.Option("--format", help="Form of the file.")] = "csv",
    evidence: Annotated[bool, typer.Option("--evidence", help="All rows of evidence instead of one a cell.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; without it, the terminal.")] = None,
) -> None:
    """Write all 225 cells, or all evidence behind them."""
    corpus = corpus_with_matrix(ctx)
    text = render(evidence_rows(corpus) if evidence else cell_rows(corpus), form)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise StorageError(f"{str(out)!r} cannot be written: {error.strerror}.") from error


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV: crisis,phase,sector_no,level,read_by,read_on,edition")],
    replace: Annotated[bool, typer.Option("--replace", help="Forget the levels that were imported before.")] = False,
) -> None:
    """Take over levels that a person read off the original diagrams; the evidence of the prose stays beside them."""
    corpus = corpus_with_matrix(ctx)
    done = import_levels(corpus, file, settings_of(ctx).diagram_levels, replace=replace)
    typer.echo(f"{done.added} levels added, {done.changed} changed, {done.unchanged} unchanged.")
    if not done.conflicts:
        typer.echo("None contradicts the prose.")
        return
    number = len(done.conflicts)
    typer.echo(f"{number} {'contradicts' if number == 1 else 'contradict'} the prose; answers show both:")
    for cell in done.conflicts:
        strongest = cell.strongest
        where = f"{cell.crisis}, {cell.phase}, Sector {cell.sector_no} {corpus.sector(cell.sector_no).name}"
        prose = f"{cell.prose_level}, {cell.prose_basis} (“{strongest.word}”, {strongest.ref})" if strongest else ""
        typer.echo(f"- {where}: diagram {cell.level}; prose {prose}")


@app.command()
def check(ctx: typer.Context) -> None:
    """Prove every level against the text, and say what is known and what is not."""
    try:
        corpus = corpus_with_matrix(ctx)
    except InputError:
        raise
    except AssistantError as error:
        raise CheckFailedError(error.message) from error
    problems = check_matrix(corpus)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise CheckFailedError(f"The matrix does not hold: {len(problems)} problems.")
    typer.echo(summary(corpus))


def summary(corpus: Corpus) -> str:
    """What the matrix holds, in a few lines."""
    cells = corpus.matrix.cells
    bases = Counter(cell.basis for cell in cells)
    levels = Counter(cell.level for cell in cells if cell.level)
    quiet = [s for s in corpus.sectors if not any(c.evidence for c in corpus.matrix.select(sectors=[s.no]))]
    lines = [
        f"{len(cells)} cells, {len(corpus.evidence)} rows of evidence, each verbatim at its label.",
        "By basis: " + ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in bases.most_common()) + ".",
        "By level: " + ", ".join(f"{level} {levels[level]}" for level in LEVELS) + ".",
    ]
    prose = {cell.prose_level for cell in cells}
    lines += [f"Finding: the prose calls no sector {level}." for level in LEVELS if level not in prose]
    lines += [f"Finding: Sector {s.no} {s.name} appears in the prose of no scenario." for s in quiet]
    if corpus.diagram:
        conflicts = len(corpus.matrix.conflicts())
        lines.append(f"{len(corpus.diagram)} levels read off diagrams, {conflicts} of them in conflict with the prose.")
    return "\n".join(lines)
