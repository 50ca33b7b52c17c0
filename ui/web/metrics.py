"""What the operator can watch, in Prometheus form, in a registry of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ui.export import app_version

#: Seconds; an answer takes milliseconds, a page half a second.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one running page. No label ever holds text of a user."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.answers = Counter(
            "mcof_answers_total", "Answers by surface and status.", ["surface", "status"], registry=r
        )
        self.errors = Counter(
            "mcof_errors_total", "Questions that ended in an error, by kind.", ["surface", "kind"], registry=r
        )
        self.seconds = Histogram("mcof_answer_seconds", "Time the assistant took.", buckets=_BUCKETS, registry=r)
        self.requests = Counter(
            "mcof_http_requests_total", "Requests by route and status.", ["route", "code"], registry=r
        )
        self.request_seconds = Histogram(
            "mcof_http_request_seconds",
            "Time to the first byte of a response.",
            ["route"],
            buckets=_BUCKETS,
            registry=r,
        )
        self.refused = Counter("mcof_refused_total", "Requests refused, by reason.", ["reason"], registry=r)
        self.feedback = Counter("mcof_feedback_total", "Feedback stored, by verdict.", ["verdict"], registry=r)
        self.ready = Gauge("mcof_ready", "Whether the page is ready to answer.", registry=r)
        info = Gauge("mcof_info", "Version of the assistant.", ["version"], registry=r)
        info.labels(app_version()).set(1)

    @cached_property
    def _model(self) -> tuple[Counter, Counter, Counter]:
        """Counters that exist only where a language model does."""
        r = self.registry
        return (
            Counter("mcof_chat_answers_total", "Answers by what the language model did.", ["outcome"], registry=r),
            Counter(
                "mcof_chat_sentences_total", "Its sentences: kept, or the check that failed.", ["check"], registry=r
            ),
            Counter("mcof_chat_tokens_total", "Its tokens, read and written.", ["kind"], registry=r),
        )

    def model(self, account: Mapping[str, Any]) -> None:
        """Count what ``Trace.model`` tells; nothing where there is no model."""
        if not account:
            return
        answers, sentences, tokens = self._model
        answers.labels(account.get("failure") or account.get("outcome", "none")).inc()
        sentences.labels("kept").inc(account.get("kept", 0))
        for check, count in account.get("findings", {}).items():
            sentences.labels(check).inc(count)
        for kind, count in zip(("read", "written"), account.get("tokens", ()), strict=False):
            tokens.labels(kind).inc(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)
