"""What the operator can watch, in Prometheus form, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ui.export import app_version
from ui.model_counters import ModelCounters

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
        self.model = ModelCounters(r)
        info = Gauge("mcof_info", "Version of the assistant.", ["version"], registry=r)
        info.labels(app_version()).set(1)

    def text(self) -> bytes:
        return generate_latest(self.registry)
