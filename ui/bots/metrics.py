"""Counts and times of a bot, in a registry of their own, and the small HTTP server that shows them."""

from __future__ import annotations

import time
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ui.model_counters import ModelCounters

#: Seconds; the aim is a median below 0.3 from message to reply.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)


class Metrics:
    """What an operator watches. No label ever holds a name, a channel or words of a question."""

    def __init__(self, network: str) -> None:
        self.registry = CollectorRegistry()
        self._network = network
        label = ["network"]
        self._received = Counter("mcof_bot_events", "Events received", [*label, "result"], registry=self.registry)
        self._outcomes = Counter("mcof_bot_replies", "Replies by outcome", [*label, "outcome"], registry=self.registry)
        self._sends = Counter("mcof_bot_sends", "Messages sent", [*label, "result"], registry=self.registry)
        self._recovered = Counter("mcof_bot_recovered", "Events taken over", [*label, "state"], registry=self.registry)
        self._notices = Counter(
            "mcof_bot_notices", "Times 'please ask again' was said; blind: without having been able to look",
            [*label, "kind"], registry=self.registry,
        )  # fmt: skip
        self._feedback = Counter("mcof_bot_feedback", "Ratings", [*label, "rating"], registry=self.registry)
        self._reconnects = Counter("mcof_bot_reconnects", "Connections made anew", label, registry=self.registry)
        self._seconds = Histogram(
            "mcof_bot_seconds", "Seconds from event to reply", label, buckets=BUCKETS, registry=self.registry
        )
        self._asked = Histogram(
            "mcof_bot_ask_seconds", "Seconds of the assistant alone", label, buckets=BUCKETS, registry=self.registry
        )
        self.model = ModelCounters(self.registry, network=network)
        self.open = Gauge("mcof_bot_open", "Events being worked on", label, registry=self.registry).labels(network)
        self.connected = Gauge(
            "mcof_bot_connected", "Whether the network is connected", label, registry=self.registry
        ).labels(network)

    def received(self, result: str) -> None:
        self._received.labels(self._network, result).inc()

    def replied(self, outcome: str, seconds: float) -> None:
        self._outcomes.labels(self._network, outcome).inc()
        self._seconds.labels(self._network).observe(seconds)

    def asked(self, seconds: float) -> None:
        self._asked.labels(self._network).observe(seconds)

    def sent(self, result: str) -> None:
        self._sends.labels(self._network, result).inc()

    def recovered(self, state: str) -> None:
        self._recovered.labels(self._network, state).inc()

    def noticed(self, kind: str) -> None:
        self._notices.labels(self._network, kind).inc()

    def rated(self, rating: str) -> None:
        self._feedback.labels(self._network, rating).inc()

    def reconnected(self) -> None:
        self._reconnects.labels(self._network).inc()

    def value(self, name: str, **labels: str) -> float:
        """One figure, for tests and the closing log line; 0 where nothing was counted yet."""
        return self.registry.get_sample_value(name, {"network": self._network, **labels}) or 0.0

    def text(self) -> bytes:
        return generate_latest(self.registry)


def add_routes(app: web.Application, metrics: Metrics, ready: Callable[[], dict[str, bool]]) -> None:
    """``/health`` (the process runs), ``/ready`` (it can answer now: 503 names what is missing), ``/metrics``."""
    started = time.monotonic()

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "seconds": round(time.monotonic() - started)})

    async def readiness(_: web.Request) -> web.Response:
        checks = ready()
        return web.json_response({"ready": all(checks.values()), **checks}, status=200 if all(checks.values()) else 503)

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/health", health)
    app.router.add_get("/ready", readiness)
    app.router.add_get("/metrics", figures)


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start ``app``; returns its runner, to be cleaned up, and the port it listens on."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    sockets = site._server.sockets if site._server is not None else ()  # type: ignore[attr-defined]
    return runner, int(sockets[0].getsockname()[1]) if sockets else port
