"""The same answers for programs: HTTP, gradio_client and MCP, as README.md and docs/page.md show them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.conftest import Live, Start
from ui.web.chat import read_history
from ui.web.users import write_user

pytestmark = pytest.mark.server

QUESTION = "What is critical during a health crisis?"
ROOT = Path(__file__).parents[2]


def call(live: Live, name: str, data: list[object], **options: Any) -> Any:
    """Gradio's two-step HTTP API: post, then read the event stream."""
    with httpx.Client(base_url=live.url, timeout=20, **options) as client:
        event = client.post(f"gradio_api/call/{name}", json={"data": data}).json()["event_id"]
        stream = client.get(f"gradio_api/call/{name}/{event}").text
    kind, payload = re.findall(r"event: (\w+)\ndata: (.*)\n", stream)[-1]
    return (json.loads(payload)[0] if kind == "complete" else json.loads(payload)), kind


def test_ask_over_http(live: Live) -> None:
    answer, kind = call(live, "ask", [QUESTION, None])
    assert (kind, answer["status"]) == ("complete", "grounded")
    assert [(r["sector"], r["level"], r["basis"]) for r in answer["ratings"]][2] == (13, "critical", "interpreted")
    for c in answer["citations"]:
        assert c["quote"] in live.assistant.corpus.by_ref[c["ref"]].text
    assert answer["stamp"]["symbol"] == "SCPF/92"


def test_ask_with_history_through_gradio_client(live: Live) -> None:
    from gradio_client import Client

    client = Client(live.url, verbose=False, analytics_enabled=False)
    first = client.predict(QUESTION, api_name="/ask")
    history = [{"role": "user", "text": QUESTION}, {"role": "assistant", "text": first["text"]}]
    second = client.predict("And after?", history, api_name="/ask")
    assert second["citations"][0]["ref"] == "Annex I ¶34"
    assert [t.text for t in live.assistant.asked[-1][1]] == [QUESTION, first["text"]]
    cells = client.predict("health", "during", 4, api_name="/lookup_matrix")["cells"]
    assert [(c["level"], c["evidence"][0]["ref"]) for c in cells] == [("critical", "Annex I ¶33")]


def test_only_the_two_functions_are_offered(live: Live) -> None:
    info = httpx.get(live.url + "gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/ask", "/lookup_matrix"}
    assert info["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("ask", ["x" * 100_000, None], "100000 characters"),
        ("ask", ["", None], "enter a question"),
        ("ask", ["a bug", None], "reference"),
        ("lookup_matrix", ["flood", "", 0], "known are man_made"),
        ("lookup_matrix", ["", "later", 0], "known are before"),
        ("lookup_matrix", ["", "", 16], "1 to 15"),
    ],
)
def test_errors_are_one_sentence(live: Live, name: str, data: list[object], part: str) -> None:
    payload, kind = call(live, name, data)
    assert kind == "error"
    assert part in str(payload)
    assert "Traceback" not in str(payload)


def test_the_matrix_by_key(live: Live) -> None:
    found, _ = call(live, "lookup_matrix", ["", "", 0])
    assert len(found["cells"]) == 225
    blank, _ = call(live, "lookup_matrix", ["health", "after", 1])
    assert (blank["cells"][0]["level"], blank["cells"][0]["basis"], blank["cells"][0]["evidence"]) == (
        None,
        "not_stated",
        [],
    )


async def test_mcp_tools_have_types_and_docstrings_and_answer(live: Live) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        streamable_http_client(live.url + "gradio_api/mcp/") as (read, write, *_),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = {t.name: t for t in (await session.list_tools()).tools}
        assert set(tools) == {"ask", "lookup_matrix"}
        assert "verbatim quote" in (tools["ask"].description or "")
        assert tools["lookup_matrix"].inputSchema["properties"]["sector"]["type"] in ("integer", "number")
        assert "man_made" in json.dumps(tools["lookup_matrix"].inputSchema)
        result = await session.call_tool("lookup_matrix", {"crisis": "health", "phase": "during", "sector": 4})
        assert "Annex I ¶33" in result.content[0].text  # type: ignore[union-attr]
        result = await session.call_tool("ask", {"question": QUESTION})
        assert "grounded" in result.content[0].text  # type: ignore[union-attr]


def test_programs_sign_in_like_people(start: Start, tmp_path: Path) -> None:
    from gradio_client import Client

    write_user(tmp_path / "users.txt", "program", "correct horse battery")
    live = start(auth="users", users_file=tmp_path / "users.txt")
    credentials = httpx.BasicAuth("program", "correct horse battery")
    header = next(credentials.auth_flow(httpx.Request("GET", live.url))).headers["authorization"]
    client = Client(live.url, verbose=False, analytics_enabled=False, headers={"authorization": header})
    assert client.predict(QUESTION, api_name="/ask")["status"] == "grounded"
    with pytest.raises(Exception, match="credentials were not provided"):
        Client(live.url, verbose=False, analytics_enabled=False)


def test_history_of_another_form_is_left_out() -> None:
    odd = [
        {"role": "system", "text": "x"},
        {"role": "user"},
        "x",
        None,
        {"role": "user", "content": "a"},
        {"role": "assistant", "text": "b" * 9000},
    ]
    assert [(t.role, len(t.text)) for t in read_history(odd)] == [("user", 1), ("assistant", 8000)]
    assert read_history("x") == []


@pytest.mark.parametrize(("name", "least"), [("docs/page.md", 3), ("README.md", 1)])
def test_the_examples_of_the_documentation_run(live: Live, name: str, least: int) -> None:
    """Every Python example for programs runs as it stands, against this page."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    blocks = [b for b in blocks if "127.0.0.1:7860" in b]
    assert len(blocks) >= least
    for block in blocks:
        exec(compile(block.replace("http://127.0.0.1:7860/", live.url), name, "exec"), {"__name__": "example"})
