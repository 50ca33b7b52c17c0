"""Starting the page: settings in, a running server out."""

from __future__ import annotations

import gc
import logging
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from corpus.errors import IndexUnusableError, SetupError
from ui.feedback import FeedbackStore
from ui.web.logs import configure_logging
from ui.web.settings import WebSettings

if TYPE_CHECKING:
    from ui.web.chat import AssistantLike

logger = logging.getLogger(__name__)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that a taken port is one sentence and port 0 can be told."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SetupError(
            f"The page cannot listen on {host} port {port}: {error.strerror}.", remedy="Choose another with MCOF_PORT."
        ) from error
    return listener


def page_url(settings: WebSettings, port: int) -> str:
    name = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}{settings.root_path}/"


def serve(settings: WebSettings, assistant: AssistantLike | None = None, *, announce: bool = True) -> None:
    """Run the page until it is stopped. Builds the assistant beside the slow import of Gradio.

    Raises:
        AssistantError: the port is taken, the corpus or the index cannot be used, the users file is missing.
    """
    import uvicorn

    started = time.perf_counter()
    configure_logging(settings.log_level, texts=settings.log_questions)
    listener = _listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    gc.disable()  # half a million objects are about to be made and kept: looking for rubbish among them costs 0.7 s
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(_build, settings) if assistant is None else None
        from ui.web.app import build_app

        ready = building.result() if building is not None else assistant
    assert ready is not None
    store = FeedbackStore(settings.feedback_path, days=settings.feedback_days)
    app = build_app(ready, settings, store=store)
    if not settings.is_loopback and settings.auth == "off":
        logger.warning("anybody who reaches this address can use the page: auth is off", extra={"host": settings.host})
    logger.info("settings", extra={"effective": {k: str(v) for k, v in settings.effective().items()}})
    config = uvicorn.Config(
        app, log_config=None, access_log=False, proxy_headers=False, server_header=False, date_header=True,
        timeout_keep_alive=30, timeout_graceful_shutdown=5, lifespan="on", ws="none",
    )  # fmt: skip
    gc.freeze()
    gc.enable()
    server = uvicorn.Server(config)
    threading.Thread(target=_announce, args=(server, page_url(settings, port), started, announce), daemon=True).start()
    threading.Thread(target=_purge_daily, args=(store, settings.feedback), daemon=True).start()
    server.run(sockets=[listener])


def _build(settings: WebSettings) -> AssistantLike:
    from assistant.assistant import Assistant

    assistant = Assistant.build(settings)
    try:
        assistant.warm()
    except IndexUnusableError as error:
        logger.warning("building the index", extra={"why": error.message})
        from ui.setup import build_index

        build_index(settings)
        assistant = Assistant.build(settings)
        assistant.warm()
    assistant.ask("What is a migration crisis?")  # the first question of a person should be a warm one
    return assistant


def _announce(server: object, url: str, started: float, visible: bool) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.02)
    seconds = round(time.perf_counter() - started, 2)
    logger.info("ready", extra={"url": url, "seconds": seconds})
    if visible:
        import sys

        sys.stderr.write(f"\n  MCOF Assistant is ready: {url}\n  Stop it with Ctrl+C.\n\n")
        sys.stderr.flush()


def _purge_daily(store: FeedbackStore, kept: bool) -> None:
    while kept:
        try:
            store.purge()
        except Exception:
            logger.exception("feedback not purged")
        time.sleep(86_400)
