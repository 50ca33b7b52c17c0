"""A bot in a process of its own that kills itself at a given step. Started by test_kill.py, told what to do by lines.

``python -m tests.ui.bots.kill_child NETWORK STEP SETTINGS``: it recovers what
its predecessor left, says READY, and once it has read ``arm`` the next time it
comes past STEP it is gone, as after a power cut of the process: SIGKILL, no
cleanup. STEP "" never kills.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from assistant.answer import Answer, Citation, Paragraph, Stamp, Turn
from ui.bots.engine import About, Engine
from ui.bots.ledger import Ledger
from ui.bots.metrics import serve
from ui.bots.settings import BotSettings

#: Every place between receipt and reply at which a process can die.
STEPS = ("received", "claimed", "answered", "prepared", "sending", "sent", "part done", "done")


class Longwinded:
    """Answers in three parts on every network, each of them naming the question."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        name = question.split()[0]
        blocks = [
            Paragraph(" ".join(f"{name} part {part} sentence {n} says a little." for n in range(310)), (1,))
            for part in "abc"
        ]
        quote = "one passage"
        citation = Citation(1, "¶1", quote, 0, len(quote), ((0, len(quote)),), "p-1", ())
        stamp = Stamp("SCPF/92", "12 October 2012", "0" * 64, None)
        return Answer(question, "en", "grounded", tuple(blocks), (citation,), stamp)


async def main(network: str, step: str, values: dict[str, Any]) -> None:
    armed = False

    def checkpoint(name: str) -> None:
        if armed and name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = BotSettings(**values)
    ledger = Ledger(settings.ledger_url(), lease_seconds=settings.bot_lease_seconds)

    def engine(port: Any) -> Engine:
        return Engine(port, Longwinded(), ledger, settings, about=About("SCPF/92", "2012"), checkpoint=checkpoint)

    bot: Any
    address = ""
    if network == "slack":
        from ui.bots.slack import SlackBot

        bot = SlackBot(settings, engine)
        await bot.start()
    elif network == "matrix":
        from ui.bots.matrix_org import MatrixBot

        bot = MatrixBot(settings, engine)
        await bot.start()
        bot.running = asyncio.create_task(bot.run())
    else:
        from microsoft_agents.hosting.core.authorization.jwt import JwtTokenValidator

        from tests.ui.bots.test_teams import LocalTokens
        from ui.bots.teams import TeamsBot
        from ui.bots.web import teams_app

        public = json.loads(os.environ["TEST_PUBLIC_KEY"])
        JwtTokenValidator._jwk_client_manager = _Key(public)  # type: ignore[assignment]
        bot = TeamsBot(settings, engine, tokens=LocalTokens())
        await bot.start()
        _, port = await serve(teams_app(bot), "127.0.0.1", 0)
        address = f" http://127.0.0.1:{port}"
    while not bot.connected or ledger.open_count():
        await asyncio.sleep(0.02)
    sys.stdout.write(f"READY{address}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        armed = line == "arm"
        sys.stdout.write("OK\n")
        sys.stdout.flush()


class _Key:
    def __init__(self, public: dict[str, Any]) -> None:
        from jwt import PyJWK

        self._public = PyJWK(public)

    async def get_signing_key(self, jwks_uri: str, header: Any) -> Any:
        return self._public


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
    os._exit(0)
