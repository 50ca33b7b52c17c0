"""What stands before every route: who may ask, how much, and what a browser may do with the reply.

One ASGI middleware, so that nothing mounted behind it (Gradio, its API, MCP,
the document, metrics) can be reached around it. Health alone is let through
without a name and without a known host.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.web.metrics import Metrics
from ui.web.settings import WebSettings
from ui.web.users import UsersFile, basic_credentials

logger = logging.getLogger(__name__)

HEALTH_PATHS = frozenset({"/health", "/health/ready"})

#: Routes of Gradio that the page and the API need. Everything else it brings (uploads, files, proxies,
#: monitoring, deep links) is not reachable.
_GRADIO = re.compile(
    r"^/(|config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|assets/.+|static/.+|svelte/.+"
    r"|gradio_api/(info/?|startup-events|app_id/?|heartbeat/.+|queue/(join|data|status)|call/.+|cancel|reset/?"
    r"|openapi\.json|mcp/?.*|run/.+|api/.+))$"
)
_OWN = re.compile(
    r"^/(health(/ready)?|metrics|document|matrix(/table|\.csv|\.png)?|around/[a-z0-9-]+|feedback|export|simple|ui/.+)$"
)

#: Requests that cost something: they count against the limit of a client.
_COSTLY = re.compile(
    r"^/(gradio_api/(queue/join|call/[^/]+/?|call/v2/.+|run/.+|api/.+|mcp.*)|feedback|export|simple|matrix\.png)$"
)

#: Wrong passwords a client may send in a minute before it has to wait.
MAX_FAILURES = 10

#: Clients remembered by a limiter; the one unseen for longest is forgotten first.
MAX_CLIENTS = 10_000

STRICT_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def page_csp(html: str) -> str:
    """Policy of the chat page: own files and the inline scripts it holds, by hash.

    ``unsafe-eval`` stays because Gradio compiles component templates with
    ``new Function``, inline styles because its components set them.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        if body.strip() and "src=" not in attributes
    )
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
        "worker-src 'self' blob:; "
        "form-action 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'"
    )


_SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), interest-cohort=()"),
)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class RateLimiter:
    """Token buckets by client: ``burst`` at once, ``per_minute`` in the long run."""

    per_minute: float
    burst: float
    now: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def wait(self, client: str, cost: float = 1.0) -> float:
        """Take ``cost`` from a client's bucket: 0, or the seconds until there is enough again."""
        now = self.now()
        bucket = self._buckets.pop(client, None) or _Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.per_minute / 60)
        bucket.at = now
        self._buckets[client] = bucket
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if bucket.tokens >= cost:
            bucket.tokens -= cost
            return 0.0
        return (cost - bucket.tokens) * 60 / self.per_minute


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why a request is not served: status, reason for the metrics, one sentence for a person."""

    status: int
    reason: str
    sentence: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Guard:
    """Middleware around the whole application; ``transform`` rewrites the HTML of the chat page."""

    def __init__(
        self,
        app: ASGIApp,
        settings: WebSettings,
        metrics: Metrics,
        transform: Callable[[str], str],
        warm: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._app = app
        self._warm = warm
        self._settings = settings
        self._metrics = metrics
        self._transform = transform
        self._users = UsersFile(settings.users_path) if settings.auth == "users" else None
        self._limit = RateLimiter(settings.rate_per_minute, settings.rate_burst)
        self._failures = RateLimiter(MAX_FAILURES, MAX_FAILURES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = time.perf_counter()
        scope = self._without_prefix(scope)
        path: str = scope["path"]
        request = _Exchange(scope, self._settings, self._transform, send)
        try:
            if path not in HEALTH_PATHS:
                await self._admit(scope, path)
            limit = self._settings.max_body_kb * 1024
            if int(_headers(scope).get("content-length") or 0) > limit:
                raise Refusal(
                    413, "length", f"The request is larger than the {self._settings.max_body_kb} kB that are read."
                )
            await self._app(scope, request.bounded(receive, limit), request.send)
            if request.refusal is not None:
                raise request.refusal
        except Refusal as refusal:
            self._metrics.refused.labels(refusal.reason).inc()
            await _refuse(refusal, send, begun=request.status != 0)
            request.status = request.status or refusal.status
        finally:
            seconds = (request.first or time.perf_counter()) - started
            route = route_name(path) if request.status != 404 else "unknown"
            self._metrics.requests.labels(route, str(request.status)).inc()
            self._metrics.request_seconds.labels(route).observe(seconds)
            logger.info(
                "request",
                extra={
                    "method": scope["method"],
                    "route": route,
                    "status": request.status,
                    "ms": round(seconds * 1000, 1),
                },
            )

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start what is behind; then, without making anybody wait, ask it a first question."""
        tasks = []

        async def watch(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete" and self._warm is not None:
                tasks.append(asyncio.ensure_future(self._warm()))

        await self._app(scope, receive, watch)

    def _without_prefix(self, scope: Scope) -> Scope:
        """The request as seen below ``root_path``, whether the proxy strips the prefix or not."""
        prefix = self._settings.root_path
        path = scope["path"]
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            path = path[len(prefix) :] or "/"
        return {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}

    async def _admit(self, scope: Scope, path: str) -> None:
        headers = _headers(scope)
        self._check_host(headers)
        if not (_OWN.match(path) or _GRADIO.match(path)):
            raise Refusal(404, "path", "This page does not exist.")
        peer = scope["client"][0] if scope.get("client") else ""
        trusted = self._is_proxy(peer)
        client = _client(peer, headers, self._is_proxy) if trusted else peer
        user = await self._authenticate(headers, client, trusted)
        scope.setdefault("state", {})["user"] = user
        if (scope["method"] == "POST" and _COSTLY.match(path)) or path == "/matrix.png":
            wait = self._limit.wait(user or client)
            if wait > 0:
                seconds = int(wait) + 1
                raise Refusal(
                    429,
                    "rate",
                    f"Too many requests; please come back in {seconds} seconds.",
                    ((b"retry-after", str(seconds).encode()),),
                )

    def _check_host(self, headers: Mapping[str, str]) -> None:
        """Refuse names this page does not go by: DNS rebinding, and pages of others that post here."""
        if _hostname(headers.get("host", "")) not in self._settings.hosts:
            raise Refusal(421, "host", "This host name is not known here; the operator can add it to allowed_hosts.")
        origin = headers.get("origin")
        if origin is not None:
            parts = urlsplit(origin)
            same = parts.netloc.lower() == headers.get("host", "").lower()
            if (
                parts.scheme not in ("http", "https")
                or (parts.hostname or "") not in self._settings.hosts
                or not (same or (parts.hostname or "") not in ("localhost", "127.0.0.1", "::1"))
            ):
                raise Refusal(403, "origin", "Requests from this origin are not accepted.")
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") not in ("navigate", None):
            raise Refusal(403, "origin", "Requests from other sites are not accepted.")

    def _is_proxy(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._settings.proxies)

    async def _authenticate(self, headers: Mapping[str, str], client: str, trusted: bool) -> str:
        """The user's name, empty when authentication is off."""
        if self._settings.auth == "off":
            return ""
        if self._settings.auth == "proxy":
            user = headers.get(self._settings.auth_header.lower(), "").strip()
            if not trusted or not user:
                raise Refusal(401, "auth", "Please sign in through the address your organization gave you.")
            return user
        assert self._users is not None
        challenge = ((b"www-authenticate", b'Basic realm="MCOF Assistant", charset="UTF-8"'),)
        given = basic_credentials(headers.get("authorization", ""))
        if given is None:
            raise Refusal(401, "auth", "Please sign in.", challenge)
        if self._failures.wait(client, cost=0.0) > 0 or self._failures_left(client) < 1:
            raise Refusal(429, "auth", "Too many wrong passwords; please wait a minute.", ((b"retry-after", b"60"),))
        import anyio.to_thread

        if not await anyio.to_thread.run_sync(self._users.check, *given):
            self._failures.wait(client)
            raise Refusal(401, "auth", "Name or password is wrong.", challenge)
        return given[0]

    def _failures_left(self, client: str) -> float:
        bucket = self._failures._buckets.get(client)
        return bucket.tokens if bucket else float(MAX_FAILURES)


class _Exchange:
    """One response on its way out: adds headers, rewrites the chat page, remembers status and first byte."""

    def __init__(self, scope: Scope, settings: WebSettings, transform: Callable[[str], str], send: Send) -> None:
        self._path: str = scope["path"]
        self._page = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        self._settings = settings
        self._transform = transform
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()
        self.refusal: Refusal | None = None
        self.status = 0
        self.first: float | None = None

    def bounded(self, receive: Receive, limit: int) -> Receive:
        """``receive`` that stops a body longer than ``limit`` bytes, announced or not."""
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                self.refusal = Refusal(
                    413, "length", f"The request is larger than the {limit // 1024} kB that are read."
                )
                raise self.refusal
            return message

        return bounded

    async def send(self, message: Message) -> None:
        if self.refusal is not None:  # what the application makes of it is not sent; the guard answers
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.first = time.perf_counter()
            message["headers"] = self._with_headers(list(message.get("headers", [])))
            kind = dict(message["headers"]).get(b"content-type", b"")
            if self._page and kind.startswith(b"text/html"):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            html = self._transform(self._body.decode())
            body = html.encode()
            headers = [
                (k, v) for k, v in self._start["headers"] if k not in (b"content-length", b"content-security-policy")
            ]
            headers += [
                (b"content-length", str(len(body)).encode()),
                (b"content-security-policy", page_csp(html).encode()),
            ]
            await self._send({**self._start, "headers": headers})
            await self._send({"type": "http.response.body", "body": body})
            return
        await self._send(message)

    def _with_headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {k.lower() for k, _ in headers}
        fixed = self._path.startswith(("/assets/", "/static/fonts/"))
        dropped = {b"server", b"access-control-allow-origin", b"access-control-allow-credentials"} | (
            {b"cache-control"} if fixed else set()
        )
        kept = [(k, v) for k, v in headers if k.lower() not in dropped]
        kept += [(k, v) for k, v in _SECURITY_HEADERS if k not in present]
        if fixed:  # names of these files hold a hash of their content
            kept.append((b"cache-control", b"private, max-age=31536000, immutable"))
        elif b"cache-control" not in present:
            kept.append(
                (
                    b"cache-control",
                    b"no-cache" if self._path.startswith(("/ui/", "/static/", "/theme")) else b"no-store",
                )
            )
        if b"content-security-policy" not in present:
            kept.append((b"content-security-policy", STRICT_CSP.encode()))
        return kept


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of a repeated one the values are joined, except Host, where it is refused."""
    out: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = key.decode("latin-1").lower()
        text = value.decode("latin-1")
        out[name] = f"{out[name]}, {text}" if name in out else text
    return out


def _hostname(host: str) -> str:
    """Name of a Host header without port, lower case; empty for nonsense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() if host and not set(host) & set("/@?#, ") else ""
    except ValueError:
        return ""


def _client(peer: str, headers: Mapping[str, str], is_proxy: Callable[[str], bool]) -> str:
    """The nearest address in X-Forwarded-For that is no trusted proxy."""
    chain = [a.strip() for a in headers.get("x-forwarded-for", "").split(",") if a.strip()]
    return next((a for a in reversed(chain) if not is_proxy(a)), peer)


async def _refuse(refusal: Refusal, send: Send, *, begun: bool) -> None:
    if begun:
        return
    body = json.dumps({"detail": refusal.sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", STRICT_CSP.encode()),
        *_SECURITY_HEADERS,
        *refusal.headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def route_name(path: str) -> str:
    """A path as a route of a closed set: labels of metrics must not grow with what clients send."""
    if path == "/":
        return "page"
    first = path.strip("/").split("/")[0].split(".")[0]
    if first == "gradio_api":
        second = path.strip("/").split("/")[1] if path.count("/") > 1 else ""
        return (
            f"gradio_{second}" if second in ("queue", "call", "mcp", "info", "heartbeat", "cancel") else "gradio_other"
        )
    known = (
        "health",
        "metrics",
        "document",
        "matrix",
        "around",
        "feedback",
        "export",
        "simple",
        "ui",
        "assets",
        "static",
    )
    return first if first in known else "other"
