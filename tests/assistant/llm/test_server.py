"""The real client of a provider against a server that fails: the composer's answer, in time, and one line for the operator."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.answer import Paragraph
from assistant.assistant import Assistant
from assistant.llm.setup import connect
from assistant.settings import Settings
from bench.measure import WITHOUT_MODEL
from corpus.errors import ChatModelError
from corpus.load import Corpus
from tests.assistant.llm.fake_server import Fault, chat_server
from tests.assistant.llm.protocols import KEY
from tests.fakes import assistant_in_memory, written

pytestmark = pytest.mark.server

QUESTION = "Is humanitarian border management important during a health crisis?"
TRUE = "If international migrants are caught in the crisis, coordination with consular services will be necessary."
REPLY = written((TRUE, [1], []), ("Airports close and flights stop and nobody travels anywhere at all.", [1], []))
#: Seconds that an answer may take beyond the limit set for the model.
SLACK = 2.0


def settings_for(url: str, **values: object) -> Settings:
    defaults: dict[str, object] = {"chat_timeout": 1.0, "chat_retries": 0, "chat_api_key": KEY}
    return Settings(chat_model="openai:some-model", chat_base_url=url, **(defaults | values))  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """The provider's package takes seconds to import; that is no part of any time limit."""
    import langchain_openai  # noqa: F401


@pytest.fixture(scope="module")
def composer(corpus: Corpus) -> Assistant:
    return assistant_in_memory(corpus)


def assistant_at(corpus: Corpus, settings: Settings) -> Assistant:
    return assistant_in_memory(corpus, settings, connect(settings))


def test_a_working_server(corpus: Corpus, caplog: pytest.LogCaptureFixture) -> None:
    with chat_server(REPLY) as server, caplog.at_level(logging.DEBUG):
        answer = assistant_at(corpus, settings_for(server.url, chat_timeout=20)).ask(QUESTION)
    assert Paragraph(TRUE, (2,)) in answer.blocks
    assert answer.trace.model["tokens"] == (22, 14), "as the server counts them, in two rounds"
    sent = server.requests[0]
    assert (sent["model"], sent["temperature"]) == ("some-model", 0.0)
    assert 700 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    assert sent["response_format"]["type"] == "json_schema"
    assert (server.keys[0], server.refused) == (KEY, [])
    assert QUESTION not in caplog.text, "no library logs the question, even at level DEBUG"
    assert KEY not in caplog.text


FAULTS: list[tuple[Fault, str]] = [
    ("401", "key_refused"), ("404", "not_found"), ("429", "throttled"), ("500", "server_error"),
    ("silence", "silent"), ("trickle", "silent"), ("cut", "cut_off"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=[f for f, _ in FAULTS])
def test_a_failing_server_costs_nothing_but_its_sentences(
    composer: Assistant, corpus: Corpus, caplog: pytest.LogCaptureFixture, fault: Fault, kind: str
) -> None:
    with chat_server(REPLY, fault) as server, caplog.at_level(logging.WARNING):
        assistant = assistant_at(corpus, settings_for(server.url))
        began = time.monotonic()
        answer = assistant.ask(QUESTION)
        spent = time.monotonic() - began
    assert spent < 1.0 + SLACK
    assert answer.trace.model["failure"] == kind
    before = composer.ask(QUESTION)
    shown = [b for b in answer.blocks if b != Paragraph(TRUE, (2,))]
    assert shown == list(before.blocks), "all of the composer's answer is there, and only checked sentences beside it"
    lines = [r for r in caplog.records if r.name.startswith("assistant.llm")]
    assert len(lines) == 1
    assert kind in lines[0].getMessage()
    for text in (answer.text, answer.notice, caplog.text):
        assert KEY not in text
    assert "Error" not in answer.text
    assert QUESTION not in caplog.text


def test_twenty_seconds_of_silence_are_given_up_at_the_limit(corpus: Corpus) -> None:
    with chat_server(REPLY, "silence") as server:
        assistant = assistant_at(corpus, settings_for(server.url, chat_timeout=0.5, chat_retries=3))
        began = time.monotonic()
        answer = assistant.ask(QUESTION)
        assert time.monotonic() - began < 0.5 + SLACK
    assert answer.trace.model["failure"] == "silent"


def test_a_server_that_is_down(composer: Assistant, corpus: Corpus) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        assistant = assistant_at(corpus, settings_for(url))
        answers = [assistant.ask(QUESTION) for _ in range(4)]
    assert [a.trace.model["failure"] for a in answers] == ["unreachable"] * 3 + ["paused"]
    assert answers[0].blocks == composer.ask(QUESTION).blocks


@pytest.mark.parametrize("fault", ["429", "500"])
def test_a_passing_failure_is_tried_again(corpus: Corpus, fault: Fault) -> None:
    with chat_server(REPLY, fault, then="") as server:
        answer = assistant_at(corpus, settings_for(server.url, chat_timeout=20, chat_retries=1)).ask(QUESTION)
    assert Paragraph(TRUE, (2,)) in answer.blocks
    assert "failure" not in answer.trace.model
    assert len(server.requests) == 3, "the failed attempt, its repetition, the repair round"


def test_a_server_that_knows_no_schema_is_asked_without_one(corpus: Corpus) -> None:
    with chat_server(REPLY, "no_schema") as server:
        answer = assistant_at(corpus, settings_for(server.url, chat_timeout=20)).ask(QUESTION)
    assert Paragraph(TRUE, (2,)) in answer.blocks
    assert "response_format" not in server.requests[1]


def test_more_calls_than_allowed_do_not_wait_for_long(corpus: Corpus) -> None:
    with chat_server(REPLY, "silence") as server:
        client = connect(settings_for(server.url, chat_concurrency=1))
        first = client.start([("user", "x")], client.clock() + 5)
        client.open(first)
        with pytest.raises(ChatModelError) as failed:
            list(client.start([("user", "x")], client.clock() + 0.2))
    assert failed.value.kind == "busy"


def test_a_tracing_variable_of_another_program_sends_nothing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """LangChain reports every call to LangSmith where this variable is set; a question must not leave that way."""
    with chat_server("{}") as elsewhere, chat_server(REPLY) as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "x")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", elsewhere.url)
        from langsmith import utils

        utils.get_env_var.cache_clear()
        assistant_at(corpus, settings_for(server.url, chat_timeout=20)).ask(QUESTION)
        time.sleep(0.5)
        utils.get_env_var.cache_clear()
    assert server.requests
    assert elsewhere.requests == []


def test_a_missing_package_and_an_unknown_provider_say_what_mends_them(corpus: Corpus) -> None:
    with pytest.raises(ChatModelError) as unknown:
        connect(Settings(chat_model="nobody:x"))
    assert unknown.value.remedy is not None
    assert "MCOF_CHAT_MODEL" in unknown.value.remedy


def test_a_model_that_cannot_be_set_up_does_not_keep_the_assistant_from_answering(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = Assistant.build(Settings(chat_model="recorded:missing.jsonl", data_dir=tmp_path))
    assert assistant.ask(QUESTION).status == "grounded"
    assert len([r for r in caplog.records if "without the chat model" in r.getMessage()]) == 1


def test_nothing_of_a_model_is_imported_unless_one_is_configured(tmp_path: Path) -> None:
    code = (
        "import sys; from assistant.assistant import Assistant; from assistant.settings import Settings; "
        f"a = Assistant.build(Settings(data_dir={str(tmp_path)!r})); a.ask('What is critical during a health crisis?'); "
        "print([m for m in sys.modules if m.startswith(('assistant.llm', 'langchain', 'openai', 'anthropic', 'ollama'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.strip() == "[]"


#: Answers to questions of every kind and a short conversation, as bytes.
ANSWERS = """
from assistant.answer import Turn
from corpus.load import load_corpus
from evals.dataset import DEFAULT_DATASET, load_dataset
from tests.fakes import assistant_in_memory
from ui.as_json import answer_json, dumps

corpus = load_corpus()
assistant = assistant_in_memory(corpus)
items = [i for i in load_dataset(DEFAULT_DATASET, labels=corpus.by_ref) if i.split == "dev" and not i.turns]
for item in items[::10]:
    print(dumps(answer_json(assistant.ask(item.question))))
    print(repr([a for a in assistant.stream(item.question)][-1]))
history = [Turn("user", "What is critical during a health crisis?")]
print(dumps(answer_json(assistant.ask("and before?", history))))
"""


def test_with_no_model_configured_answers_are_the_same_bytes_whether_a_model_could_be_imported_or_not() -> None:
    whole, without = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=240, check=True).stdout
        for code in (ANSWERS, WITHOUT_MODEL + ANSWERS)
    )
    assert whole.count(b"\n") > 20
    assert whole == without


def test_the_block_of_imports_blocks() -> None:
    """Else the comparison above would prove nothing."""
    for module in ("assistant.llm.client", "langchain_openai", "anthropic", "ollama"):
        code = f"{WITHOUT_MODEL}\nimport {module}"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert "ModuleNotFoundError" in run.stderr
