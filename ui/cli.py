"""``mcof``: the command line. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from assistant.settings import Settings
from corpus.errors import AssistantError, CheckFailedError, SettingsError
from ui.settings import settings_for, settings_of, surface_settings

logger = logging.getLogger(__name__)

#: Commands of the other surfaces: module and attribute, a function or a Typer application. Missing ones are not shown.
ELSEWHERE = {
    "serve": ("ui.web.commands", "serve"),
    "matrix": ("ui.matrix", "app"),
    "eval": ("evals.commands", "app"),
    "feedback": ("ui.web.commands", "feedback"),
    "users": ("ui.web.commands", "users"),
    "bot": ("ui.bots.commands", "app"),
}


class _Commands(TyperGroup):
    """The commands of this file and, imported when they are asked for, those of the other surfaces."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's context has no public type
        return [*super().list_commands(ctx), *(name for name in ELSEWHERE if _there(name))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        if cmd_name not in ELSEWHERE or not _there(cmd_name):
            return super().get_command(ctx, cmd_name)
        module, attribute = ELSEWHERE[cmd_name]
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            holder = typer.Typer(add_completion=False)
            holder.command(cmd_name)(found)
            command = typer.main.get_command(holder)
        command.name = cmd_name
        return command


def _there(name: str) -> bool:
    try:
        return importlib.util.find_spec(ELSEWHERE[name][0]) is not None
    except ModuleNotFoundError:
        return False


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ask IOM's Migration Crisis Operational Framework (SCPF/92) and read cited answers.",
    epilog="Exit status: 0 answered or abstained, 1 a check failed, 2 bad input or usage, 3 index or set-up.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, errors too.")]


@app.callback()
def start(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; default: mcof.toml, where it is.")
    ] = None,
) -> None:
    # --config is read again by the surfaces, which have settings of their own
    if "--help" in sys.argv or ctx.invoked_subcommand == "doctor":
        return
    ctx.obj = settings_for(ctx, Settings)
    from ui.logs import log_to_file

    log_to_file(ctx.obj)


def write_json(value: object) -> None:
    from ui.as_json import dumps

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    sys.stdout.write(dumps(value, ascii_only=encoding != "utf8") + "\n")


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="The question; - reads it from the input.")],
    turn: Annotated[
        list[str] | None, typer.Option("--turn", help="An earlier question of yours, oldest first.")
    ] = None,
    as_json: AsJson = False,
    identifier: Annotated[str, typer.Option("--id", help="Identifier to repeat in the JSON.")] = "",
) -> None:
    """Answer one question."""
    from assistant.answer import Turn
    from assistant.assistant import Assistant

    assistant = Assistant.build(settings_of(ctx))
    text = sys.stdin.buffer.read().decode(errors="replace") if question == "-" else question
    began = time.perf_counter()
    answer = assistant.ask(text, [Turn("user", t) for t in turn or []])
    spent = (time.perf_counter() - began) * 1000
    if as_json:
        from ui.as_json import answer_json

        write_json(answer_json(answer, identifier=identifier, ms=spent))
        return
    from rich.console import Console

    from ui.terminal import answer_view

    Console(highlight=False).print(answer_view(answer))


@app.command()
def chat(ctx: typer.Context) -> None:
    """Have a conversation in the terminal."""
    from assistant.assistant import Assistant
    from ui.chat import converse

    converse(Assistant.build(settings_of(ctx)))


@app.command()
def adapt(
    ctx: typer.Context,
    epochs: Annotated[int, typer.Option(min=1, max=50, help="How often every prepared question is seen.")] = 3,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew instead of going on from what is there.")] = False,
    reader: Annotated[
        bool, typer.Option("--reader", help="Train the reader instead; it needs the index, so after 'mcof ingest'.")
    ] = False,
) -> None:
    """Teach the embedding model the corpus: train its adapter, or its reader, anew (an hour on two cores)."""
    from assistant.adapter import ADAPTER
    from assistant.reader import READER
    from corpus.load import load_corpus
    from ui.setup import progress_bar

    settings = settings_of(ctx)
    path = settings.corpus / (READER if reader else ADAPTER)
    start = path if path.is_file() and not fresh else None
    threads = os.cpu_count() or 1
    with progress_bar() as progress:
        if reader:
            from assistant.assistant import Assistant
            from assistant.opening import open_index
            from ingest import reading

            corpus = load_corpus(settings.corpus)
            # a reader that is damaged, or not exported yet, must not stand in the way of a new one
            assistant = Assistant(corpus, settings, lambda: open_index(corpus, settings, reads=False))
            apart = reading.train(
                assistant,
                settings.corpus,
                epochs=epochs,
                threads=threads,
                start=start,
                progress=progress,
            )
            told = (
                f"It tells an answered question from one that is not in {apart:.1%} of the pairs kept out of training."
            )
        else:
            from ingest.adapt import train

            result = train(
                load_corpus(settings.corpus),
                settings.corpus,
                epochs=epochs,
                threads=threads,
                start=start,
                progress=progress,
            )
            told = (
                f"The nearest fact is the right one for {result['after']:.1%} of the questions kept out of training, "
                f"{result['before']:.1%} without it."
            )
    typer.echo(f"{path.name} written. {told} Run 'mcof ingest' to use it.")


@app.command()
def ingest(
    ctx: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Build it even if the right index is there.")] = False,
) -> None:
    """Build the search index of the corpus."""
    from ui.setup import build_index

    report = build_index(settings_of(ctx), force=force)
    manifest = report.manifest
    word = "built" if report.built else "is already there"
    typer.echo(f"Index {manifest.index_id} {word}: {manifest.count:,} records, {report.seconds:.1f} s.")


@app.command()
def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look for what is missing, stale or wrong, and say what mends it."""
    from ui.doctor import as_rows, examine

    try:
        settings: Settings | SettingsError = settings_for(ctx, Settings)
        for kind in surface_settings():
            if issubclass(kind, Settings):
                settings_for(ctx, kind)
    except SettingsError as error:
        settings = error
    findings = list(examine(settings))
    if as_json:
        write_json({"findings": as_rows(findings)})
    else:
        for finding in findings:
            mark = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}[finding.state]
            typer.echo(f"{mark} {finding.what}: {finding.text}" + (f" -> {finding.remedy}" if finding.remedy else ""))
    failed = sum(f.state == "failed" for f in findings)
    if failed and as_json:
        raise typer.Exit(CheckFailedError.exit_code)
    if failed:
        raise CheckFailedError(f"{failed} of {len(findings)} checks failed.")


# --- from exceptions to one sentence and an exit status ---------------------------------------


def run(args: list[str]) -> int:
    """Run a command line; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = app(args=args or ["--help"], prog_name="mcof", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except AssistantError as error:
        return _fail(args, str(error), error, error.exit_code)
    except typer.Abort:
        return 130
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the command line parser
            return _fail(args, _usage(error), "UsageError", 2)
        return _fail(args, _bug(error), "InternalError", 1)


def _usage(error: Any) -> str:  # noqa: ANN401 - the parser's exceptions have no public type
    message = str(error.format_message()).strip()
    context = getattr(error, "ctx", None)
    if context is None or not message or "\n" in message:
        return message
    return f"{message.rstrip('.')}. Try '{context.command_path} --help'."


def _bug(error: Exception) -> str:
    """One sentence for the user; the traceback goes to the log and nowhere else."""
    from ui.logs import log_in_use

    path = log_in_use()
    logger.error("unexpected error", exc_info=error)
    return f"Something went wrong inside ({type(error).__name__}); the log {str(path)!r} has the details."


def _fail(args: list[str], sentence: str, error: AssistantError | str, code: int) -> int:
    if "--json" in args:
        from ui.as_json import error_json

        write_json(error_json(error) if isinstance(error, AssistantError) else error_json(sentence, kind=error))
    elif sentence:
        sys.stderr.write(f"{sentence}\n")
    return code


def main() -> None:
    """Entry point of the console command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
