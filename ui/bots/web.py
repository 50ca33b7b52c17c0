"""The HTTP routes of a bot's process: health, readiness, metrics, and what its network posts to it."""

from __future__ import annotations

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

from ui.bots.metrics import add_routes
from ui.bots.slack import SlackBot

#: Bytes of one request; Slack's and Teams' events stay far below.
MAX_REQUEST = 1_000_000


def slack_app(bot: SlackBot) -> web.Application:
    """``/slack/events`` takes events, commands and clicks where Socket Mode is not used; Bolt checks the signature."""

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bot.app.async_dispatch(await to_bolt_request(request)))

    app = web.Application(client_max_size=MAX_REQUEST)
    app.router.add_post("/slack/events", events)
    add_routes(app, bot.engine.metrics, lambda: {"connected": bot.connected, "ledger": bot.engine.ledger_works()})
    return app
