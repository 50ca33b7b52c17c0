"""``mcof bot slack|teams|matrix-org``: run a bot from settings alone, or check them first with ``--check``."""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from corpus.errors import CheckFailedError, IndexUnusableError, ModelError, SetupError
from ui.bots.settings import BotSettings, refuse_secrets, require

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from ui.bots.check import Finding
    from ui.bots.engine import Engine, FeedbackSink

logger = logging.getLogger(__name__)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Run a team-messaging bot: Slack, Microsoft Teams or Matrix. docs/bots/ takes an administrator through it.",
)

Check = Annotated[bool, typer.Option("--check", help="Test tokens, scopes, connectivity and clock, and do not start.")]


class Bot(Protocol):
    """A bot of any network."""

    engine: Engine

    @property
    def connected(self) -> bool: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@app.command()
def slack(ctx: typer.Context, check: Check = False) -> None:
    """Run the Slack bot, over Socket Mode (app token) or HTTP (signing secret)."""
    settings = _settings(ctx)
    require(settings, "slack_bot_token")
    if not settings.slack_app_token.get_secret_value():
        require(settings, "slack_signing_secret")
    _need("slack_bolt", "slack")
    from ui.bots.check import check_slack

    if check:
        _report(ctx, settings, check_slack(settings))
        return
    from ui.bots.slack import SlackBot
    from ui.bots.web import slack_app

    _serve(ctx, settings, lambda make: SlackBot(settings, make), slack_app)


@app.command()
def teams(ctx: typer.Context, check: Check = False) -> None:
    """Run the Microsoft Teams bot; it listens on MCOF_BOT_PORT for /api/messages."""
    settings = _settings(ctx)
    require(settings, "teams_app_id", "teams_tenant_id", "teams_app_secret")
    _need("microsoft_agents.hosting.aiohttp", "teams")
    from ui.bots.check import check_teams
    from ui.bots.teams import AUDIENCE, TeamsBot, auth_of, msal_tokens
    from ui.bots.web import teams_app

    if check:
        tokens = msal_tokens(auth_of(settings))
        _report(
            ctx, settings, check_teams(settings, lambda: tokens.get_access_token(AUDIENCE, [f"{AUDIENCE}/.default"]))
        )
        return
    _serve(ctx, settings, lambda make: TeamsBot(settings, make), teams_app)


@app.command("matrix-org")
def matrix_org(ctx: typer.Context, check: Check = False) -> None:
    """Run the Matrix bot; ``mcof matrix`` is another command, about the matrix of sectors."""
    settings = _settings(ctx)
    require(settings, "matrix_homeserver", "matrix_user", "matrix_access_token")
    _need("nio", "matrix")
    from ui.bots.check import check_matrix

    if check:
        _report(ctx, settings, check_matrix(settings))
        return
    from ui.bots.matrix_org import MatrixBot
    from ui.bots.web import base_app

    _serve(
        ctx, settings, lambda make: MatrixBot(settings, make), lambda bot: base_app(bot.engine, lambda: bot.connected)
    )


def _settings(ctx: typer.Context) -> BotSettings:
    from ui.settings import settings_for

    config = ctx.find_root().params.get("config")
    refuse_secrets(Path(config) if config else Path("mcof.toml"))
    return settings_for(ctx, BotSettings)


def _need(module: str, extra: str) -> None:
    """The libraries of a network are installed.

    Raises:
        SetupError: they are not; the message says how to install them.
    """
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SetupError(
            f"The libraries of this network are not installed ({error.name}).",
            remedy=f"Run 'pip install \"mcof-assistant[{extra}]\"'.",
        ) from error


def _report(ctx: typer.Context, settings: BotSettings, findings: AsyncIterator[Finding]) -> None:
    """Print every finding; exit status 1 where one failed."""
    from assistant.assistant import Assistant
    from ui.bots.check import check_common

    def ask() -> object:
        return Assistant.build(settings).ask("What is a migration crisis?")

    async def gather() -> list[Finding]:
        found = []
        for source in (findings, check_common(settings, ask)):
            async for finding in source:
                mark = "ok    " if finding.ok else "FAILED"
                typer.echo(
                    f"{mark} {finding.what}: {finding.text}" + (f" -> {finding.remedy}" if finding.remedy else "")
                )
                found.append(finding)
        return found

    found = asyncio.run(gather())
    failed = sum(not f.ok for f in found)
    if failed:
        raise CheckFailedError(f"{failed} of {len(found)} checks failed.")
    typer.echo(f"All {len(found)} checks passed.")


def _serve(
    ctx: typer.Context,
    settings: BotSettings,
    make_bot: Callable[[Callable[[Any], Engine]], Any],
    make_app: Callable[[Any], Any],
) -> None:
    """Run a bot until it is told to stop."""
    from assistant.assistant import Assistant
    from ui.bots import logs

    logs.configure()
    logger.info("settings", extra={"fields": {k: str(v) for k, v in settings.effective().items()}})
    assistant = Assistant.build(settings)
    asyncio.run(run_bot(settings, assistant, _feedback(ctx, settings), make_bot, make_app))


async def run_bot(
    settings: BotSettings,
    assistant: Assistant,
    feedback: FeedbackSink | None,
    make_bot: Callable[[Callable[[Any], Engine]], Any],
    make_app: Callable[[Any], Any],
) -> None:
    """Start health and bot, wait for SIGTERM or SIGINT, finish what was begun."""
    from ui.bots import logs
    from ui.bots.engine import About, Engine
    from ui.bots.ledger import Ledger
    from ui.bots.metrics import serve

    ledger = Ledger(settings.ledger_url(), lease_seconds=settings.bot_lease_seconds)
    about = About(assistant.corpus.info.symbol, assistant.corpus.info.date)
    bot = make_bot(lambda port: Engine(port, assistant, ledger, settings, about=about, feedback=feedback))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        if sys.platform != "win32":
            loop.add_signal_handler(name, stopping.set)
    runner, port = await serve(make_app(bot), settings.bot_host, settings.bot_port)
    try:
        try:
            await asyncio.to_thread(assistant.warm)
        except (IndexUnusableError, ModelError) as error:
            # ratings, partners and definitions need no index; the operator must know of the rest
            logs.event(logger, "without_index", reason=str(error))
        await bot.start()
        logs.event(logger, "started", port=port, replica=ledger.owner[:8])
        work = asyncio.ensure_future(bot.run()) if hasattr(bot, "run") else None
        waiting = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({t for t in (work, waiting) if t}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        logs.event(logger, "stopping")
        await bot.stop()
        if work:
            await work
    finally:
        await runner.cleanup()
        ledger.close()


def _feedback(ctx: typer.Context, settings: BotSettings) -> FeedbackSink | None:
    """The store that the page uses, so that ``mcof feedback`` shows the bots' ratings too."""
    if not settings.bot_feedback:
        return None
    from ui.bots.feedback import StoreSink
    from ui.feedback import FeedbackStore
    from ui.settings import settings_for
    from ui.web.settings import WebSettings

    web = settings_for(ctx, WebSettings)
    return StoreSink(FeedbackStore(web.feedback_path, days=web.feedback_days))
