"""The whole page as one ASGI application: own routes first, Gradio behind them, the guard around all."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from corpus.errors import AssistantError, StorageError
from ui.export import conversation_docx, conversation_markdown
from ui.feedback import Feedback, FeedbackFull, FeedbackStore
from ui.i18n import Texts, known_language, pick_language, texts
from ui.render import around_html, esc
from ui.web import preload
from ui.web.chat import AssistantLike, Chat
from ui.web.guard import Guard
from ui.web.matrix_view import Filter, body_html, matrix_csv, matrix_page, matrix_png
from ui.web.metrics import Metrics
from ui.web.pages import document_page, frame, simple_page
from ui.web.settings import WebSettings

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
MAX_QUESTIONS = 50
PROBE_SECONDS = 10.0
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FeedbackBody(_Body):
    """What the page sends with a thumb."""

    id: str = Field(pattern=r"^[A-Za-z0-9]{1,40}$")
    verdict: str = Field(pattern="^(up|down)$")
    comment: str = Field("", max_length=2_000)
    question: str = Field(max_length=20_000)
    answer: str = Field(max_length=40_000)
    status: str = Field("", max_length=40)
    citations: list[str] = Field(default_factory=list, max_length=200)
    versions: dict[str, str] = Field(default_factory=dict, max_length=10)


class ExportBody(_Body):
    """The questions of a conversation, in order; their answers are computed anew."""

    format: str = Field(pattern="^(md|docx)$")
    lang: str = Field("en", max_length=10)
    questions: list[str] = Field(min_length=1, max_length=MAX_QUESTIONS)


B = TypeVar("B", bound=_Body)


class Site:
    """The page's own routes."""

    def __init__(self, chat: Chat, settings: WebSettings, metrics: Metrics, store: FeedbackStore) -> None:
        self.chat = chat
        self.settings = settings
        self.metrics = metrics
        self.store = store
        self._probed: tuple[float, bool] | None = None
        # what depends on nothing but the language is made once
        self._document = cache(lambda lang: document_page(chat.corpus, texts(lang)))
        self._matrix = cache(lambda lang: body_html(chat.corpus, texts(lang)))
        self._png = cache(lambda lang: matrix_png(chat.corpus, texts(lang)))

    def routes(self) -> list[Route]:
        get, post = ["GET"], ["POST"]
        return [
            Route("/health", self.health, methods=get),
            Route("/health/ready", self.readiness, methods=get),
            Route("/metrics", self.show_metrics, methods=get),
            Route("/document", self.document, methods=get),
            Route("/matrix", self.matrix, methods=get),
            Route("/matrix/table", self.matrix_table, methods=get),
            Route("/matrix.csv", self.csv, methods=get),
            Route("/matrix.png", self.png, methods=get),
            Route("/around/{anchor}", self.around, methods=get),
            Route("/feedback", self.feedback, methods=post),
            Route("/export", self.export, methods=post),
            Route("/simple", self.simple, methods=["GET", "POST"]),
            Route("/ui/texts/{language}.json", self.texts, methods=get),
            Route("/ui/{name}", self.static, methods=get),
        ]

    # --- for machines ---

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readiness(self, request: Request) -> Response:
        ready = await anyio.to_thread.run_sync(self.probe)
        return PlainTextResponse("ready" if ready else "not ready: the index cannot be used", 200 if ready else 503)

    def probe(self) -> bool:
        """Whether the index can be used; looked at again after PROBE_SECONDS at the earliest.

        Without an index the page still answers from the matrix and the tables.
        """
        if self._probed is None or time.monotonic() - self._probed[0] > PROBE_SECONDS:
            opener = getattr(self.chat.assistant, "retriever_or_none", None)
            self._probed = (time.monotonic(), opener is None or opener() is not None)
            self.metrics.ready.set(self._probed[1])
        return self._probed[1]

    async def show_metrics(self, request: Request) -> Response:
        await anyio.to_thread.run_sync(self.probe)
        return Response(self.metrics.text(), media_type=self.metrics.content_type)

    # --- pages ---

    async def document(self, request: Request) -> Response:
        t = _texts(request)
        search = request.query_params.get("q", "")
        return _page(request, document_page(self.chat.corpus, t, search) if search else self._document(t.language))

    async def matrix(self, request: Request) -> Response:
        if not self.chat.corpus.has_matrix:
            return _page_error(404, _texts(request)("matrix_absent"), _texts(request))
        return _page(request, matrix_page(self.chat.corpus, _texts(request), Filter.read(request.query_params)))

    async def matrix_table(self, request: Request) -> Response:
        return HTMLResponse(self._matrix(_texts(request).language))

    async def csv(self, request: Request) -> Response:
        if not self.chat.corpus.has_matrix:
            return _page_error(404, _texts(request)("matrix_absent"), _texts(request))
        return _download(matrix_csv(self.chat.corpus).encode("utf-8-sig"), "text/csv; charset=utf-8", "mcof-matrix.csv")

    async def png(self, request: Request) -> Response:
        if not self.chat.corpus.has_matrix:
            return _page_error(404, _texts(request)("matrix_absent"), _texts(request))
        picture = await anyio.to_thread.run_sync(self._png, _texts(request).language)
        return _download(picture, "image/png", "mcof-matrix.png")

    async def around(self, request: Request) -> Response:
        html = around_html(self.chat.corpus, request.path_params["anchor"], _texts(request))
        return HTMLResponse(html) if html is not None else _error(404, _texts(request)("error_gone"))

    async def simple(self, request: Request) -> Response:
        t = _texts(request)
        limit = self.settings.max_question_chars
        if request.method == "GET":
            return _page(request, simple_page(t, limit=limit))
        form = await request.form(max_files=0, max_fields=5)
        question = str(form.get("question", ""))
        try:
            answer = await anyio.to_thread.run_sync(lambda: self.chat.answer(question, surface="simple", t=t))
        except AssistantError as error:
            return _page(request, simple_page(t, limit=limit, question=question[:limit], error=str(error)), 400)
        return _page(request, simple_page(t, limit=limit, question=question, answer=answer, corpus=self.chat.corpus))

    # --- what the page's own script asks for ---

    async def texts(self, request: Request) -> Response:
        language = known_language(request.path_params["language"])
        if language is None:
            return _error(404, texts("en")("error_gone"))
        return JSONResponse(dict(texts(language).table), headers={"cache-control": "no-cache"})

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not re.fullmatch(r"[a-z]+\.(js|css|svg)", name) or not (STATIC / name).is_file():
            return _error(404, texts("en")("error_gone"))
        return FileResponse(STATIC / name)

    async def feedback(self, request: Request) -> Response:
        t = _texts(request)
        if not self.settings.feedback:
            return _error(404, t("feedback_off"))
        body = await _read(request, FeedbackBody)
        if isinstance(body, Response):
            return body
        row = Feedback(
            id=body.id, at=time.time(), surface="page", verdict="up" if body.verdict == "up" else "down",
            comment=body.comment, question=body.question, answer=body.answer, status=body.status,
            citations=tuple(body.citations), versions=body.versions,
        )  # fmt: skip
        try:
            await anyio.to_thread.run_sync(self.store.add, row)
        except StorageError as error:
            full = isinstance(error, FeedbackFull)
            logger.error("feedback not stored", extra={"kind": type(error).__name__, "why": str(error)})
            self.metrics.errors.labels("page", "feedback").inc()
            reason = t("feedback_full" if full else "feedback_unreadable")
            return _error(507 if full else 500, t("feedback_failed", reason=reason))
        self.metrics.feedback.labels(row.verdict).inc()
        return JSONResponse({"detail": t("feedback_thanks")})

    async def export(self, request: Request) -> Response:
        body = await _read(request, ExportBody)
        if isinstance(body, Response):
            return body
        t = texts(known_language(body.lang) or _texts(request).language)
        try:
            answers = await anyio.to_thread.run_sync(lambda: self.chat.replay(body.questions, t, surface="export"))
        except AssistantError as error:
            return _error(400, t("export_failed", reason=str(error)))
        made = datetime.now(UTC)
        if body.format == "md":
            text = conversation_markdown(answers, t, made)
            return _download(text.encode(), "text/markdown; charset=utf-8", "mcof-conversation.md")
        content = await anyio.to_thread.run_sync(lambda: conversation_docx(answers, t, made))
        return _download(content, DOCX, "mcof-conversation.docx")


def _texts(request: Request) -> Texts:
    """Texts in the language of ``?lang=``, else of the browser."""
    chosen = known_language(request.query_params.get("lang"))
    return texts(chosen or pick_language(request.headers.get("accept-language", "")))


def _page(request: Request, html: str, status: int = 200) -> Response:
    """A page without script, light or dark as was chosen on the chat page, else as the browser wishes."""
    theme = request.cookies.get("mcof_theme")
    if theme in ("light", "dark"):
        html = html.replace('<body class="plain">', f'<body class="plain {theme}">', 1)
    return HTMLResponse(html, status)


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence}, status)


def _page_error(status: int, sentence: str, t: Texts) -> Response:
    return HTMLResponse(frame(sentence, f"<h1>{esc(sentence)}</h1>", t), status)


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


async def _read(request: Request, kind: type[B]) -> B | Response:
    """The JSON body as ``kind``, or the response that says in one sentence what is wrong with it."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return _error(415, "The request must be JSON.")
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return _error(422, f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg'].lower()}.")
    except ClientDisconnect:
        return _error(400, "The request was cut off.")


_EXTERNAL_META = re.compile(r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>\s*")


def page_transform() -> Callable[[str], str]:
    """Rewrite Gradio's index page: own title, style and script, no outside addresses, a way without JavaScript."""
    t = texts("en")
    head = (
        '<link rel="icon" href="ui/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="ui/page.css">'
        '<script src="ui/page.js"></script><meta name="color-scheme" content="light dark">'
        f'<meta name="description" content="{esc(t("app_tagline"))}">{preload.links()}'
    )
    waiting = (
        f'<noscript><p class="boot">{esc(t("no_js"))} <a href="simple">{esc(t("simple_page"))}</a> · '
        f'<a href="document">{esc(t("document_title"))}</a> · <a href="matrix">{esc(t("matrix_title"))}</a>'
        f"</p></noscript>"
        f'<div id="mcof-boot" class="boot" role="status"><p><strong>{esc(t("app_title"))}</strong></p>'
        f"<p>{esc(t('loading'))}</p>"
        f'<p><a href="simple">{esc(t("simple_page"))}</a> · <a href="document">{esc(t("document_title"))}</a></p></div>'
    )

    def transform(html: str) -> str:
        html = _EXTERNAL_META.sub("", html)
        html = re.sub(r"<link[^>]+href=\"https?://[^>]*>", "", html)
        html = re.sub(r"<script[^>]+src=\"https?://[^>]*>\s*</script>", "", html)
        html = re.sub(r"<title>.*?</title>", "", html, flags=re.DOTALL)
        html = html.replace("</head>", f"<title>{esc(t('app_title'))}</title>{head}</head>", 1)
        return re.sub(r"(<body[^>]*>)", lambda m: m[1] + waiting, html, count=1)

    return transform


def build_app(
    assistant: AssistantLike,
    settings: WebSettings,
    *,
    store: FeedbackStore | None = None,
    metrics: Metrics | None = None,
) -> ASGIApp:
    """The page over an assistant: an ASGI application ready to be served."""
    from ui.web.blocks import build_blocks
    from ui.web.gradio_import import gr

    metrics = metrics or Metrics()
    store = store or FeedbackStore(settings.feedback_path, days=settings.feedback_days)
    chat = Chat(
        assistant, metrics, max_chars=settings.max_question_chars, max_turns=settings.max_history_turns,
        log_questions=settings.log_questions,
    )  # fmt: skip
    site = Site(chat, settings, metrics, store)
    app = FastAPI(title="MCOF Assistant", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.extend(site.routes())
    theme = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    app = gr.mount_gradio_app(
        app, build_blocks(chat, settings), path="", footer_links=[], run_history=False, ssr_mode=False, mcp_server=True,
        theme=theme, enable_monitoring=False, pwa=False, show_error=True, root_path=settings.root_path or None,
        server_name=settings.host, server_port=settings.port or 7860,
    )  # fmt: skip
    guard = Guard(app, settings, metrics, page_transform(), warm=lambda: _warm(app))
    return GZipMiddleware(guard, minimum_size=1024)


async def _warm(app: ASGIApp) -> None:
    """Load the page and send an empty question, so that no person pays for what Gradio does once (0.7 s)."""
    import httpx

    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            await client.get("/")
            event = {
                "data": [],
                "fn_index": 0,
                "session_hash": "warm",
                "trigger_id": None,
                "event_data": {"id": "warm"},
            }
            await client.post("/gradio_api/queue/join", json=event)
            await client.get("/gradio_api/queue/data", params={"session_hash": "warm"}, timeout=20)
    except Exception:
        logger.exception("warming up failed")
