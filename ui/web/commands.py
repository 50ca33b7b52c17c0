"""``mcof serve``, ``mcof users`` and ``mcof feedback``. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from corpus.errors import InputError
from ui.feedback import FeedbackStore
from ui.settings import settings_for
from ui.web.settings import WebSettings

users = typer.Typer(help="Who may use the page when it asks for names and passwords.", no_args_is_help=True)
feedback = typer.Typer(help="What readers thought of answers.", no_args_is_help=True)

Verdict = Literal["up", "down"]


def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 7860, 0 takes a free one.")] = None,
) -> None:
    """Open the chat page (and the API and MCP tools for programs)."""
    from ui.web.serve import serve as run

    run(settings_for(ctx, WebSettings, host=host, port=port))


# --- users ----------------------------------------------------------------------------------


@users.command("add")
def users_add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Letters, digits and . _ @ + -")],
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the password from the input, not the keyboard.")] = False,
) -> None:
    """Add a user, or give one a new password."""
    from ui.web.users import write_user

    settings = settings_for(ctx, WebSettings)
    password = sys.stdin.readline().rstrip("\r\n") if stdin else _ask_password(name)
    write_user(settings.users_path, name, password)
    typer.echo(f"{name} can sign in; the file is {settings.users_path}.")
    if settings.auth != "users":
        typer.echo("The page does not ask for names yet: set MCOF_AUTH=users.")


def _ask_password(name: str) -> str:
    if not sys.stdin.isatty():
        raise InputError("There is no keyboard to type a password on.", remedy="Use --stdin.")
    return str(typer.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True))


@users.command("remove")
def users_remove(ctx: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Remove a user."""
    from ui.web.users import remove_user

    remove_user(settings_for(ctx, WebSettings).users_path, name)
    typer.echo(f"{name} can no longer sign in.")


@users.command("list")
def users_list(ctx: typer.Context) -> None:
    """The names in the users file."""
    from ui.web.users import read_users

    for name in read_users(settings_for(ctx, WebSettings).users_path):
        typer.echo(name)


# --- feedback -------------------------------------------------------------------------------


@feedback.command("list")
def feedback_list(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    verdict: Annotated[str, typer.Option(help="Only 'up' or only 'down'.")] = "",
) -> None:
    """The newest feedback, a few lines each."""
    rows = _store(ctx).list(limit=limit, verdict=_verdict(verdict))
    for row in rows:
        when = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{row.id}  {when}  {row.verdict:4}  {row.status}: {' '.join(row.question.split())[:200]}")
        if row.comment:
            typer.echo(f"    {' '.join(row.comment.split())}")
    if not rows:
        typer.echo("There is no feedback.")


@feedback.command("export")
def feedback_export(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write; - writes to the screen.")],
    form: Annotated[str, typer.Option("--format", help="jsonl or csv.")] = "jsonl",
) -> None:
    """Write all feedback with answers, citations and versions."""
    from corpus.errors import StorageError
    from ui.feedback import export

    rows = _store(ctx).list()
    if str(path) == "-":
        export(rows, sys.stdout, form)
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            export(rows, file, form)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    typer.echo(f"{len(rows)} rows in {path}.")


@feedback.command("delete")
def feedback_delete(
    ctx: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(help="Identifiers, as 'list' shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete all feedback.")] = False,
    before: Annotated[str, typer.Option(help="Delete what is older than this day, such as 2026-03-31.")] = "",
) -> None:
    """Delete feedback for good."""
    if not ids and not everything and not before:
        raise InputError("Nothing to delete was named.", remedy="Give identifiers, --before or --all.")
    try:
        moment = datetime.fromisoformat(before).replace(tzinfo=UTC).timestamp() if before else None
    except ValueError as error:
        raise InputError(f"{before!r} is no date; write it as 2026-03-31.") from error
    gone = _store(ctx).delete(ids or (), everything=everything, before=moment)
    typer.echo(f"{gone} deleted.")


def _store(ctx: typer.Context) -> FeedbackStore:
    settings = settings_for(ctx, WebSettings)
    return FeedbackStore(settings.feedback_path, days=settings.feedback_days)


def _verdict(text: str) -> Verdict | None:
    if text not in ("", "up", "down"):
        raise InputError(f"{text!r} is no verdict; known are up and down.")
    return "up" if text == "up" else "down" if text == "down" else None
