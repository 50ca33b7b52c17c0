"""What a language model did in answers, counted in the form operators collect: the same for the page and the bots."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter


class ModelCounters:
    """Counters that exist from the first answer that a language model had to do with. Safe to share between threads."""

    def __init__(self, registry: CollectorRegistry, **labels: str) -> None:
        self._registry = registry
        self._labels = labels
        self._counters: dict[str, Counter] = {}
        self._lock = threading.Lock()

    def _count(self, name: str, about: str, label: str, value: str, by: float = 1) -> None:
        with self._lock:  # answers are counted in several threads, and a second counter of a name is an error
            if name not in self._counters:
                names = [*self._labels, label]
                self._counters[name] = Counter(f"mcof_chat_{name}", about, names, registry=self._registry)
        self._counters[name].labels(*self._labels.values(), value).inc(by)

    def answer(self, account: Mapping[str, Any]) -> None:
        """Count what ``Trace.model`` tells of one answer; nothing where there is no model."""
        if not account:
            return
        outcome = account.get("failure") or account.get("outcome", "none")
        self._count("answers", "Answers by what the language model did.", "outcome", outcome)
        sentences = {"kept": account.get("kept", 0), **account.get("findings", {})}
        for check, number in sentences.items():
            self._count("sentences", "Its sentences: kept, or the check that failed.", "check", check, number)
        for asked in (account, account.get("understanding", {})):
            for kind, number in zip(("read", "written"), asked.get("tokens", ()), strict=False):
                self._count("tokens", "Its tokens, read and written.", "kind", kind, number)
