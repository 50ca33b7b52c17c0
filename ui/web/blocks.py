"""The Gradio application: one component that holds the page, its events, and the API for programs.

Gradio carries the events, the queue, the API and the MCP server. What is drawn
is HTML made on the server (``ui.render``) and put in place by ``static/page.js``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ui.web.gradio_import import gr  # isort: skip - before any other module of Gradio
from gradio.events import api

from corpus.errors import AssistantError
from ui.i18n import DEFAULT_LANGUAGE, known_language, texts
from ui.web.chat import Chat, answer_json, cell_json, lookup, read_history
from ui.web.settings import WebSettings
from ui.web.shell import shell_html

#: Hands the component over to page.js. The names of the events stand here because Gradio looks for them.
_ON_LOAD = (
    "window.mcof.mount(element, {ask: (d) => trigger('ask', d), stop: () => trigger('stop'), "
    "watch, value: () => props.value});"
)


def build_blocks(chat: Chat, settings: WebSettings) -> gr.Blocks:
    """The page as Gradio Blocks, with ``ask`` and ``lookup_matrix`` as API endpoints and MCP tools."""

    def on_ask(event: gr.EventData) -> Iterator[dict[str, Any]]:
        data = event._data if isinstance(event._data, dict) else {}
        t = texts(known_language(data.get("lang")) or DEFAULT_LANGUAGE)
        question, key = data.get("question"), data.get("id")
        key = key if isinstance(key, str) and key.isalnum() and len(key) <= 40 else "a"
        history = read_history(data.get("history"))
        yield from chat.stream(question if isinstance(question, str) else "", history, key, t)

    def ask(question: str, history: list[dict[str, str]] | None = None) -> dict[str, Any]:
        """Answer a question about IOM's Migration Crisis Operational Framework (SCPF/92, 2012) from its text alone.

        Every statement carries a numbered citation with a verbatim quote and its paragraph label. Ratings of
        sectors say whether the text states the level or this project interprets it. When the document does not
        say, "status" is "not_in_document", "not_rated" or "out_of_scope", and nothing is made up.

        Args:
            question: A question in English, French or Spanish, for example "What is critical during a health crisis?"
            history: Earlier messages of the conversation, oldest first, each
                {"role": "user" or "assistant", "text": "..."}.

        Returns:
            status, text with [1] markers, citations (number, ref, quote, heading_path, link), ratings,
            suggestions, stamp.
        """
        try:
            answer = chat.answer(question, read_history(history), surface="api", t=texts(DEFAULT_LANGUAGE))
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer_json(answer)

    def lookup_matrix(crisis: str = "", phase: str = "", sector: int = 0) -> dict[str, Any]:
        """Look up the sector matrix of Annex I exactly: how important a sector is in a crisis and phase, and why.

        "basis" tells where a level comes from: "stated" (the text's own word), "interpreted" (this project's reading
        of an echoing word, not IOM's), "diagram" (read off an original diagram). "emphasised" and "mentioned" give no
        level, "not_stated" means that the prose says nothing; the original diagrams are missing from this text.

        Args:
            crisis: One of man_made, sudden_onset, slow_onset, protracted, health; empty for all.
            phase: One of before, during, after; empty for all.
            sector: Number of the sector from 1 to 15; 0 for all.

        Returns:
            cells, each with level, basis and evidence (verbatim quote, paragraph label, condition); and the document.
        """
        try:
            cells = lookup(chat.corpus, crisis, phase, int(sector))
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error
        info = chat.corpus.info
        return {
            "cells": [cell_json(cell, chat.corpus) for cell in cells],
            "document": {"symbol": info.symbol, "date": info.date, "text_sha256": chat.corpus.source_sha256},
        }

    blocks: gr.Blocks
    with gr.Blocks(title="MCOF Assistant", analytics_enabled=False, fill_width=True) as blocks:
        page = gr.HTML(
            None,
            html_template=_template(shell_html(chat.corpus, settings)),
            js_on_load=_ON_LOAD,
            apply_default_css=False,
            elem_id="mcof",
        )
        asked = page.ask(
            on_ask, None, page, api_visibility="private", show_progress="hidden", trigger_mode="multiple",
            concurrency_limit=settings.concurrency, stream_every=0.01,
        )  # fmt: skip
        asked.failure(None, js="() => window.mcof.failed()", api_visibility="private")
        page.stop(None, cancels=[asked], api_visibility="private")
        api(ask, api_name="ask", concurrency_limit=settings.concurrency)
        api(lookup_matrix, api_name="lookup_matrix", concurrency_limit=settings.concurrency)
    blocks.queue(max_size=settings.queue_size, default_concurrency_limit=settings.concurrency)
    return blocks


def _template(html: str) -> str:
    """HTML as a Gradio template that evaluates to itself: no ``${}``, no backquote, no handlebars."""
    for bad in ("${", "`", "{{", "\\"):
        assert bad not in html, f"the page's shell must not hold {json.dumps(bad)}"
    return html
