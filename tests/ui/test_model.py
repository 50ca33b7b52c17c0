"""Answers that a language model carries on, on the page, in the terminal, in metrics, and what doctor says of it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from assistant.assistant import Assistant
from assistant.settings import Settings
from corpus.load import Corpus
from tests.assistant.llm.fake_server import Fault, chat_server
from tests.fakes import FakeChat, assistant_in_memory, assistant_with, written
from ui.chat import converse
from ui.doctor import Finding, examine
from ui.i18n import texts
from ui.web.chat import Chat
from ui.web.metrics import Metrics

QUESTION = "Is humanitarian border management important during a health crisis?"
TRUE = "If international migrants are caught in the crisis, coordination with consular services will be necessary."
KEY = "sk-very-secret-0123456789"


@pytest.fixture
def assistant(corpus: Corpus) -> Assistant:
    return assistant_with(FakeChat().enqueue(written((TRUE, [1], []), ("Airports close.", [1], []))), corpus)


def test_the_page_grows_and_is_marked_when_complete(assistant: Assistant) -> None:
    shown = list(Chat(assistant, Metrics()).stream(QUESTION, [], "k", texts("en")))
    assert [p["done"] for p in shown] == [False] * (len(shown) - 1) + [True]
    for before, after in pairwise(shown):
        assert after["blocks"][: len(before["blocks"])] == before["blocks"]
    assert sum(TRUE in block for block in shown[-1]["blocks"]) == 1
    assert not any(TRUE in block for block in shown[0]["blocks"])
    assert "not_supported" in shown[-1]["how"], "what was left out is told under 'how this answer was made'"
    assert "Airports" not in str([p["blocks"] for p in shown])


def test_metrics_count_sentences_by_reason(assistant: Assistant, corpus: Corpus) -> None:
    metrics = Metrics()
    Chat(assistant, metrics).answer(QUESTION, surface="api", t=texts("en"))
    told = metrics.text().decode()
    for line in (
        'mcof_chat_answers_total{outcome="completed"} 1.0',
        'mcof_chat_sentences_total{check="kept"} 1.0',
        'mcof_chat_sentences_total{check="not_supported"} 2.0',
        'mcof_chat_tokens_total{kind="read"} 200.0',
    ):
        assert line in told


def test_the_first_answers_may_be_counted_at_the_same_time() -> None:
    """Two threads that both made the counter would cost the second its answer."""
    for _ in range(20):
        metrics = Metrics()
        account = {"outcome": "written", "kept": 1, "tokens": (1, 1), "understanding": {"tokens": (5, 2)}}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(metrics.model.answer, [account] * 8))
        told = metrics.text().decode()
        assert 'mcof_chat_answers_total{outcome="written"} 8.0' in told
        assert 'mcof_chat_tokens_total{kind="read"} 48.0' in told, "those spent on understanding too"


def test_without_a_model_metrics_and_page_are_as_before(corpus: Corpus) -> None:
    metrics = Metrics()
    shown = list(Chat(assistant_in_memory(corpus), metrics).stream(QUESTION, [], "k", texts("en")))
    assert [len(p["blocks"]) for p in shown] == [1, 2, 3]
    assert "mcof_chat" not in metrics.text().decode()
    assert texts("en")("how_model") not in shown[-1]["how"]


def test_the_terminal_shows_each_block_once(assistant: Assistant) -> None:
    console = Console(file=io.StringIO(), width=400)
    converse(assistant, console, lambda _: iter([QUESTION]))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.count(TRUE) == 2, "once as a sentence, once as the quote among the sources"
    assert printed.count("is important during a health crisis") == 1
    assert printed.index("is important during") < printed.index(TRUE) < printed.index("Sources")


def _chat_finding(settings: Settings) -> Finding:
    return next(f for f in examine(settings) if f.what == "chat model")


@pytest.mark.server
@pytest.mark.parametrize(
    ("fault", "state", "told"),
    [("", "ok", "answers in"), ("401", "failed", "MCOF_CHAT_API_KEY"), ("404", "failed", "MCOF_CHAT_MODEL"),
     ("429", "failed", "MCOF_CHAT_CONCURRENCY"), ("silence", "failed", "MCOF_CHAT_TIMEOUT")],
    ids=["well", "key", "name", "too often", "silence"],
)  # fmt: skip
def test_doctor_tries_the_model_once_and_says_what_to_mend(tmp_path: Path, fault: Fault, state: str, told: str) -> None:
    with chat_server("yes", fault) as server:
        finding = _chat_finding(
            Settings(
                data_dir=tmp_path, chat_model="openai:some-model", chat_base_url=server.url, chat_api_key=KEY,
                chat_timeout=2.0, chat_retries=0,
            )  # type: ignore[arg-type]
        )  # fmt: skip
    assert (finding.state, told in f"{finding.text} {finding.remedy}") == (state, True)
    assert len(server.requests) == 1
    assert KEY not in f"{finding.text} {finding.remedy}"


def test_doctor_says_nothing_of_a_model_where_none_is_configured(tmp_path: Path) -> None:
    assert "chat model" not in [f.what for f in examine(Settings(data_dir=tmp_path))]
