"""Each service that has an extra, called by its real client in its own protocol: the whole path, well and failing."""

from __future__ import annotations

import gc
import logging
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from assistant.answer import Paragraph
from assistant.assistant import Assistant
from assistant.llm.setup import chat_model, connect, probe
from assistant.settings import Settings
from corpus.errors import ChatModelError
from corpus.load import Corpus
from tests.assistant.llm.fake_server import Fault, chat_server
from tests.assistant.llm.protocols import KEY, MODEL, READ, SERVICES, WRITTEN, Service
from tests.fakes import assistant_in_memory, written
from ui.doctor import examine

pytestmark = pytest.mark.server

QUESTION = "Is humanitarian border management important during a health crisis?"
TRUE = "If international migrants are caught in the crisis, coordination with consular services will be necessary."
REPLY = written((TRUE, [1], []), ("Airports close and flights stop and nobody travels anywhere at all.", [1], []))
#: Seconds that an answer may take beyond the limit set for the model.
SLACK = 2.0

each = pytest.mark.parametrize("service", SERVICES, ids=[s.setting.partition(":")[0] for s in SERVICES])


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY", "LANGSMITH_GATEWAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """A provider's package takes seconds to import; that is no part of any time limit."""
    for provider in ("anthropic", "ollama", "openai"):
        import_module(f"langchain_{provider}")


@pytest.fixture(autouse=True)
def _clients_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ollama's client leaves its connection to the garbage collector, which warns of it; the others keep one for all."""
    yield
    if "ollama" in request.node.name:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="module")
def composer(corpus: Corpus) -> Assistant:
    return assistant_in_memory(corpus)


def settings_for(service: Service, url: str, **values: object) -> Settings:
    defaults: dict[str, Any] = {"chat_timeout": 20.0, "chat_retries": 0, "chat_api_key": KEY}
    return Settings(chat_model=service.setting, chat_base_url=url, **(defaults | values))


def assistant_at(corpus: Corpus, settings: Settings) -> Assistant:
    return assistant_in_memory(corpus, settings, connect(settings))


@each
def test_a_good_reply(corpus: Corpus, caplog: pytest.LogCaptureFixture, service: Service) -> None:
    with chat_server(REPLY, service=service) as server, caplog.at_level(logging.DEBUG):
        answer = assistant_at(corpus, settings_for(service, server.url)).ask(QUESTION)
    assert Paragraph(TRUE, (2,)) in answer.blocks
    assert answer.trace.model["tokens"] == (2 * READ, 2 * WRITTEN), "as the service counts them, in two rounds"
    assert "not_supported" in answer.trace.model["findings"]  # type: ignore[operator]
    assert (server.refused, server.keys) == ([], [KEY, KEY])
    sent = str(server.requests[0])
    assert QUESTION in sent
    assert KEY not in sent
    assert QUESTION not in caplog.text, "no library logs the question, even at level DEBUG"
    assert KEY not in caplog.text


@each
def test_the_settings_arrive(service: Service) -> None:
    with chat_server("yes", service=service) as server:
        client = connect(settings_for(service, server.url, chat_max_tokens=55, chat_temperature=0.3))
        assert probe(client, 20) < 20
        reply = chat_model(settings_for(service, server.url)).invoke([("user", "Say yes.")])  # type: ignore[attr-defined]
    assert reply.content == "yes", "the same without streaming"
    sent = server.requests[0]
    options = sent.get("options", sent)
    assert (sent["model"], options["temperature"]) == (MODEL, 0.3)
    assert 55 in (options.get("max_tokens"), options.get("max_completion_tokens"), options.get("num_predict"))
    assert server.refused == []


FAULTS: list[tuple[Fault, str]] = [
    ("401", "key_refused"), ("404", "not_found"), ("429", "throttled"), ("500", "server_error"),
    ("silence", "silent"), ("cut", "cut_off"),
]  # fmt: skip


@each
@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=[f for f, _ in FAULTS])
def test_a_failure_costs_nothing_but_its_sentences(
    composer: Assistant, corpus: Corpus, caplog: pytest.LogCaptureFixture, service: Service, fault: Fault, kind: str
) -> None:
    limit = 1.0 if fault == "silence" else 5.0
    with chat_server(REPLY, fault, service=service) as server, caplog.at_level(logging.WARNING):
        assistant = assistant_at(corpus, settings_for(service, server.url, chat_timeout=limit))
        began = time.monotonic()
        answer = assistant.ask(QUESTION)
        assert time.monotonic() - began < limit + SLACK
    assert answer.trace.model["failure"] == kind
    shown = [b for b in answer.blocks if b != Paragraph(TRUE, (2,))]
    assert shown == list(composer.ask(QUESTION).blocks)
    lines = [r for r in caplog.records if r.name.startswith("assistant.llm")]
    assert len(lines) == 1
    assert kind in lines[0].getMessage()
    for text in (answer.text, answer.notice, caplog.text):
        assert KEY not in text
    assert QUESTION not in caplog.text


@each
def test_a_key_that_the_service_does_not_know(corpus: Corpus, service: Service) -> None:
    with chat_server(REPLY, service=service) as server:
        answer = assistant_at(corpus, settings_for(service, server.url, chat_api_key="sk-wrong")).ask(QUESTION)
    assert answer.trace.model["failure"] == "key_refused"
    assert [r.status for r in server.refused] == [401]


@each
def test_a_service_that_asks_to_wait_is_asked_again_after_that_time(corpus: Corpus, service: Service) -> None:
    with chat_server(REPLY, "429", then="", service=service, retry_after=1) as server:
        began = time.monotonic()
        answer = assistant_at(corpus, settings_for(service, server.url, chat_retries=1)).ask(QUESTION)
        assert time.monotonic() - began >= 1
    assert Paragraph(TRUE, (2,)) in answer.blocks
    assert len(server.requests) == 3, "the failed attempt, its repetition, the repair round"


@each
def test_nobody_at_the_address(composer: Assistant, corpus: Corpus, service: Service) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}{service.base}"
        answer = assistant_at(corpus, settings_for(service, url)).ask(QUESTION)
    assert answer.trace.model["failure"] == "unreachable"
    assert answer.blocks == composer.ask(QUESTION).blocks


@each
@pytest.mark.parametrize(
    ("fault", "state", "told"),
    [("", "ok", "answers in"), ("401", "failed", "MCOF_CHAT_API_KEY"), ("404", "failed", "MCOF_CHAT_MODEL"),
     ("429", "failed", "MCOF_CHAT_CONCURRENCY"), ("silence", "failed", "MCOF_CHAT_TIMEOUT")],
    ids=["well", "key", "name", "too often", "silence"],
)  # fmt: skip
def test_doctor_says_what_to_mend(tmp_path: Path, service: Service, fault: Fault, state: str, told: str) -> None:
    limit = 1.0 if fault == "silence" else 20.0
    with chat_server("yes", fault, service=service) as server:
        settings = settings_for(service, server.url, chat_timeout=limit, data_dir=tmp_path)
        finding = next(f for f in examine(settings) if f.what == "chat model")
    assert (finding.state, told in f"{finding.text} {finding.remedy}") == (state, True)
    assert len(server.requests) == 1
    assert KEY not in f"{finding.text} {finding.remedy}"


@each
def test_the_command_line_with_variables_alone(tmp_path: Path, service: Service) -> None:
    """``mcof ask`` as an operator sets it up, in a process of its own."""
    with chat_server(REPLY, service=service) as server:
        variables = {
            "MCOF_CHAT_MODEL": service.setting, "MCOF_CHAT_BASE_URL": server.url, "MCOF_CHAT_API_KEY": KEY,
            "MCOF_DATA_DIR": str(tmp_path), "COLUMNS": "300",
        }  # fmt: skip
        run = subprocess.run(
            [sys.executable, "-m", "ui.cli", "ask", QUESTION], env=os.environ | variables, capture_output=True,
            text=True, timeout=120, check=True,
        )  # fmt: skip
    assert TRUE in run.stdout
    assert KEY not in run.stdout + run.stderr
    assert server.refused == []


@pytest.mark.parametrize(
    ("setting", "variables", "told"),
    [
        ("openai:x", {}, "key"),
        ("azure_openai:x", {}, "key"),
        ("azure_openai:x", {"AZURE_OPENAI_API_KEY": "x", "OPENAI_API_VERSION": ""}, "OPENAI_API_VERSION"),
        ("anthropic:x", {}, "MCOF_CHAT_API_KEY"),
        ("anthropic:x", {"ANTHROPIC_API_KEY": "x", "LANGSMITH_GATEWAY": "true"}, "LANGSMITH_GATEWAY"),
        ("openai:x", {"OPENAI_API_KEY": "x", "LANGSMITH_GATEWAY": "https://example.org"}, "LANGSMITH_GATEWAY"),
    ],
    ids=["openai", "azure", "version", "anthropic", "gateway", "gateway elsewhere"],
)
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, setting: str, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    url = "https://name.openai.azure.com" if setting.startswith("azure") else ""
    with pytest.raises(ChatModelError) as failed:
        connect(Settings(chat_model=setting, chat_base_url=url))
    assert failed.value.kind == "not_set_up"
    assert told in str(failed.value.remedy)


@each
def test_a_recorded_conversation_replays_exactly(corpus: Corpus, tmp_path: Path, service: Service) -> None:
    """What came over the wire, piece by piece, gives the same answer with nobody at the other end."""
    path = tmp_path / "talk.jsonl"
    seen: list[list[Any]] = []
    with chat_server(REPLY, service=service) as server:
        recorded = settings_for(service, server.url, chat_record=path)
        seen.append(list(assistant_at(corpus, recorded).stream(QUESTION)))
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(server.requests) == 2
    assert KEY not in path.read_text(encoding="utf-8")
    settings = Settings(chat_model=f"recorded:{path}")
    seen.append(list(assistant_at(corpus, settings).stream(QUESTION)))
    first, again = ([(a.blocks, a.citations, a.complete, named(a.trace.model)) for a in answers] for answers in seen)
    assert first == again
    assert Paragraph(TRUE, (2,)) in seen[1][-1].blocks
    assert seen[1][-1].trace.model["tokens"] == (2 * READ, 2 * WRITTEN)


@each
def test_a_recorded_failure_replays_as_that_failure(corpus: Corpus, tmp_path: Path, service: Service) -> None:
    """Cut in the middle: what had arrived is kept, then as now."""
    path = tmp_path / "talk.jsonl"
    with chat_server(REPLY, "cut", service=service) as server:
        first = assistant_at(corpus, settings_for(service, server.url, chat_record=path)).ask(QUESTION)
    again = assistant_at(corpus, Settings(chat_model=f"recorded:{path}")).ask(QUESTION)
    assert again.trace.model["failure"] == "cut_off"
    assert (first.blocks, first.citations) == (again.blocks, again.citations)


def named(model: Any) -> dict[str, Any]:
    """What a model did, without its name."""
    return {k: v for k, v in model.items() if k != "name"}
