"""A page served from this process on a free loopback port, and a real browser to use it with."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ui.fakes import FakeAssistant, web_settings
from ui.feedback import FeedbackStore

CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SCREENSHOTS = Path(os.environ.get("MCOF_SCREENSHOTS") or Path(__file__).parents[2] / "build" / "screenshots")


@dataclass
class Live:
    """A running page and what stands behind it."""

    url: str
    assistant: FakeAssistant
    store: FeedbackStore
    settings: Any
    outside: list[object] = field(default_factory=list)


def _is_loopback(address: object) -> bool:
    return not isinstance(address, tuple) or str(address[0]).startswith("127.") or address[0] in ("::1", "localhost")


@pytest.fixture(scope="session")
def outside_connections() -> Iterator[list[object]]:
    """Every address outside loopback that this process tries to reach; the attempt is refused."""
    attempts: list[object] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address):
            attempts.append(address)
            raise OSError("no connections outside loopback in tests")
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield attempts


Start = Callable[..., Live]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory, outside_connections: list[object]) -> Iterator[Start]:
    """Starts pages: ``start(**settings)`` or with ``assistant=`` and ``store=``."""
    import uvicorn

    from ui.web.app import build_app

    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def run(*, assistant: FakeAssistant | None = None, store: FeedbackStore | None = None, **values: object) -> Live:
        settings = web_settings(tmp_path_factory.mktemp("page"), **values)
        assistant = assistant or FakeAssistant()
        store = store or FeedbackStore(settings.feedback_path, days=settings.feedback_days)
        app = build_app(assistant, settings, store=store)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, proxy_headers=False, ws="none", timeout_graceful_shutdown=1
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.started
        servers.append((server, thread))
        return Live(f"http://127.0.0.1:{listener.getsockname()[1]}/", assistant, store, settings, outside_connections)

    yield run
    for server, _ in servers:
        server.should_exit = True
    for _, thread in servers:
        thread.join(10)


@pytest.fixture(scope="session")
def live(start: Start) -> Live:
    return start()


def chromium_path() -> str | None:
    named = os.environ.get("MCOF_CHROMIUM")
    return named or next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium, and under CI the browser tests must run: apt-get install chromium.")
        pytest.skip("There is no Chromium on this machine; install it to run the browser tests.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """One browser context: a visitor, with what went wrong on the way."""

    context: Any
    page: Any
    outside: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        before = self.page.locator(".turn").count()
        self.page.fill("#mc-q", question)
        self.page.press("#mc-q", "Enter")
        self.page.wait_for_selector(f".turn:nth-child({before + 1}) .msg :is(.acts, .failure)")

    def last(self, selector: str) -> Any:
        return self.page.locator(f".turn:last-child {selector}")


Visitor = Callable[..., Visit]


@pytest.fixture
def visitor(browser: Any, live: Live) -> Iterator[Visitor]:
    """Opens pages: ``visitor(url, **context options)``. No visit may reach outside or end with a script error."""
    visits: list[Visit] = []

    def open_page(url: str | None = None, *, ready: bool = True, **options: Any) -> Visit:
        options = {
            "viewport": {"width": 1280, "height": 800},
            "locale": "en-GB",
            "permissions": ["clipboard-read", "clipboard-write"],
        } | options
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        visit = Visit(context, None)
        context.on(
            "request",
            lambda r: (
                visit.outside.append(r.url) if not r.url.startswith(("http://127.0.0.1:", "blob:", "data:")) else None
            ),
        )
        context.on("weberror", lambda e: visit.problems.append(str(e.error)))
        context.on("console", lambda m: visit.problems.append(m.text) if "Content Security Policy" in m.text else None)
        visit.page = context.new_page()
        visits.append(visit)
        visit.page.goto(url or live.url)
        if ready:
            visit.page.wait_for_selector("body.mcof-on")
        return visit

    yield open_page
    for visit in visits:
        visit.context.close()
    assert [u for v in visits for u in v.outside] == []
    assert [p for v in visits for p in v.problems] == []
