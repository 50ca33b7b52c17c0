"""The HTTP routes of a bot's process: health, readiness, metrics, and what its network posts to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from ui.bots.metrics import add_routes

if TYPE_CHECKING:
    from ui.bots.engine import Engine
    from ui.bots.slack import SlackBot
    from ui.bots.teams import TeamsBot

#: Bytes of one request; Slack's and Teams' events stay far below.
MAX_REQUEST = 1_000_000


def base_app(engine: Engine, connected: Callable[[], bool]) -> web.Application:
    """Health, readiness and metrics."""
    app = web.Application(client_max_size=MAX_REQUEST)
    add_routes(app, engine.metrics, lambda: {"connected": connected(), "ledger": engine.ledger_works()})
    return app


def slack_app(bot: SlackBot) -> web.Application:
    """``/slack/events`` takes events, commands and clicks where Socket Mode is not used; Bolt checks the signature."""
    from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bot.app.async_dispatch(await to_bolt_request(request)))

    app = base_app(bot.engine, lambda: bot.connected)
    app.router.add_post("/slack/events", events)
    return app


def teams_app(bot: TeamsBot) -> web.Application:
    """``/api/messages`` takes activities; the SDK checks their token before anything else is read."""
    from microsoft_agents.hosting.aiohttp import jwt_authorization_decorator

    async def messages(request: web.Request) -> web.StreamResponse:
        try:
            return await bot.adapter.process(request, bot) or web.Response(status=202)
        except (ValueError, TypeError):
            return web.json_response({"error": "The activity cannot be read."}, status=400)

    app = base_app(bot.engine, lambda: bot.connected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", web.NotAppKeyWarning)  # the SDK looks it up by this very string
        app["agent_configuration"] = bot.auth
    app.router.add_post("/api/messages", jwt_authorization_decorator(messages))  # type: ignore[no-untyped-call]
    return app
