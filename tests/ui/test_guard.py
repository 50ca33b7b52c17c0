"""Who is let in, how much they may send, and what a browser may do with the reply."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpus.errors import SettingsError
from tests.ui.fakes import FakeAssistant, web_settings
from ui.web.app import build_app
from ui.web.guard import RateLimiter, _hostname, page_csp, route_name
from ui.web.users import write_user

HOST = "127.0.0.1:7860"
#: Every kind of route there is: own pages, exports, API, MCP, metrics, static files.
ROUTES = (
    "/ /config /document /matrix /matrix/table /matrix.csv /matrix.png /around/p-3 /metrics /simple /ui/page.js "
    "/ui/texts/en.json /gradio_api/info /gradio_api/mcp/ /gradio_api/queue/status /theme.css"
).split()

Client = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    opened: list[httpx.AsyncClient] = []

    def make(*, peer: str = "127.0.0.1", host: str = HOST, **values: Any) -> httpx.AsyncClient:
        app = build_app(FakeAssistant(), web_settings(tmp_path, **values))
        transport = httpx.ASGITransport(app=app, client=(peer, 5000), raise_app_exceptions=False)
        opened.append(httpx.AsyncClient(transport=transport, base_url=f"http://{host}"))
        return opened[-1]

    yield make
    for one in opened:
        await one.aclose()


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def test_health_needs_no_name_and_no_known_host(client: Client, tmp_path: Path) -> None:
    write_user(tmp_path / "users.txt", "amina", "correct horse battery")
    c = client(auth="users")
    for path in ("/health", "/health/ready"):
        reply = await c.get(path, headers={"host": "10.0.0.7:8080"})
        assert (reply.status_code, reply.text in ("ok", "ready")) == (200, True)


async def test_unknown_hosts_are_refused(client: Client) -> None:
    """A page of somebody else that rebinds its name to 127.0.0.1 still sends its own name."""
    c = client()
    for host in ("evil.example", "evil.example:7860", "127.0.0.1.nip.io", "", "127.0.0.1@evil.example", "[::1"):
        assert (await c.get("/document", headers={"host": host})).status_code == 421, host


async def test_unknown_origins_are_refused(client: Client) -> None:
    c = client(allowed_hosts="mcof.example.org")
    cases = {
        "http://127.0.0.1:7860": 422, "https://mcof.example.org": 422, "http://evil.example": 403, "null": 403,
        "http://127.0.0.1:3000": 403, "http://127.0.0.1:7860.evil.example": 403, "chrome-extension://abcdef": 403,
    }  # fmt: skip
    for origin, status in cases.items():
        assert (await c.post("/feedback", json={}, headers={"origin": origin})).status_code == status, origin


async def test_cross_site_requests_are_refused_but_links_are_not(client: Client) -> None:
    c = client()
    fetch = await c.get("/document", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"})
    link = await c.get("/document", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert (fetch.status_code, link.status_code) == (403, 200)


async def test_a_users_file_covers_every_route(client: Client, tmp_path: Path) -> None:
    write_user(tmp_path / "users.txt", "amina", "correct horse battery")
    c = client(auth="users")
    for path in ROUTES:
        for headers in ({}, {"authorization": "Basic !!"}, {"authorization": "Bearer x"}):
            reply = await c.get(path, headers=headers)
            assert (reply.status_code, "Basic" in reply.headers["www-authenticate"]) == (401, True), path
        if "mcp" not in path:
            assert (await c.get(path, headers=basic("amina", "correct horse battery"))).status_code == 200, path
    for path in (
        "/gradio_api/queue/join",
        "/gradio_api/call/ask",
        "/gradio_api/mcp/",
        "/feedback",
        "/export",
        "/simple",
    ):
        assert (await c.post(path, json={})).status_code == 401, path
    for headers in (basic("amina", "wrong"), basic("nobody", "correct horse battery")):
        assert (await c.get("/document", headers=headers)).status_code == 401


async def test_a_changed_users_file_takes_effect_at_once(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    write_user(path, "amina", "correct horse battery")
    c = client(auth="users")
    assert (await c.get("/document", headers=basic("amina", "correct horse battery"))).status_code == 200
    write_user(path, "amina", "another password")
    assert (await c.get("/document", headers=basic("amina", "correct horse battery"))).status_code == 401
    path.unlink()
    assert (await c.get("/document", headers=basic("amina", "another password"))).status_code == 401


async def test_guessing_passwords_is_slowed_down(client: Client, tmp_path: Path) -> None:
    write_user(tmp_path / "users.txt", "amina", "correct horse battery")
    c = client(auth="users")
    codes = [(await c.get("/document", headers=basic("amina", f"guess {n}"))).status_code for n in range(12)]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("10.1.2.3", {"x-forwarded-user": "amina"}, 200),
        ("10.1.2.3", {}, 401),
        ("192.168.0.9", {"x-forwarded-user": "amina"}, 401),
        ("127.0.0.1", {"x-forwarded-user": "amina"}, 401),
    ],
    ids=["trusted proxy", "no name", "stranger", "loopback is not trusted by itself"],
)
async def test_headers_name_a_user_only_from_a_trusted_proxy(
    client: Client, peer: str, headers: dict[str, str], status: int
) -> None:
    c = client(peer=peer, auth="proxy", trusted_proxies="10.1.0.0/16")
    for path in ("/document", "/metrics", "/gradio_api/info"):
        assert (await c.get(path, headers=headers)).status_code == status


def test_settings_that_would_be_unsafe_are_refused(tmp_path: Path) -> None:
    for values in ({"auth": "proxy"}, {"host": "0.0.0.0"}, {"trusted_proxies": "not an address", "auth": "proxy"}):
        with pytest.raises((ValueError, SettingsError)):
            web_settings(tmp_path, **values)
    assert web_settings(tmp_path).is_loopback


async def test_clients_behind_a_proxy_are_told_apart(client: Client) -> None:
    c = client(peer="10.1.2.3", auth="off", trusted_proxies="10.1.0.0/16", rate_per_minute=1, rate_burst=1)

    async def code(forwarded: str) -> int:
        return (await c.post("/feedback", json={}, headers={"x-forwarded-for": forwarded})).status_code

    assert await code("1.1.1.1") == 422
    assert await code("1.1.1.1") == 429
    assert await code("2.2.2.2") == 422
    assert await code("3.3.3.3, 2.2.2.2, 10.1.9.9") == 429  # what a client writes itself stands further left


async def test_too_much_is_refused_announced_or_not(client: Client) -> None:
    c = client(max_body_kb=16)
    assert (await c.post("/feedback", content=b"x" * 20_000)).status_code == 413

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024

    reply = await c.post("/feedback", content=drip(), headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert "16 kB" in reply.json()["detail"]


async def test_what_gradio_brings_and_nobody_needs_is_not_there(client: Client) -> None:
    c = client()
    for path in (
        "/gradio_api/upload /gradio_api/file=/etc/passwd /file=/etc/passwd /gradio_api/proxy=http://evil.example "
        "/login /gradio_api/deep_link /gradio_api/component_server /monitoring /docs /openapi.json /ui/../settings.py"
        " /ui/app.py"
    ).split():
        assert (await c.get(path)).status_code == 404, path


async def test_every_reply_carries_the_security_headers(client: Client) -> None:
    c = client()
    for path in ("/", "/document", "/gradio_api/info", "/nowhere"):
        headers = (await c.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
    page = (await c.get("/")).headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-eval' 'sha256-" in page
    assert "unsafe-inline" not in page.split("script-src")[1].split(";")[0]
    assert "script-src" not in (await c.get("/document")).headers["content-security-policy"]  # default-src 'none' holds


async def test_the_page_holds_no_outside_address_but_gradios_licence_notes(client: Client) -> None:
    html = (await client().get("/")).text
    assert "githubusercontent" not in html
    assert 'src="http' not in html
    assert 'href="http' not in html


def test_a_policy_names_the_inline_scripts_by_hash() -> None:
    policy = page_csp('<script>a()</script><script src="x.js"></script><script type="module">b()</script>')
    assert policy.count("sha256-") == 2


async def test_a_prefix_works_stripped_or_not(client: Client) -> None:
    c = client(root_path="/mcof")
    for path in ("/mcof/document", "/document", "/mcof/health", "/mcof/", "/mcof/config"):
        assert (await c.get(path)).status_code == 200, path
    assert (await c.get("/mcofdocument")).status_code == 404


async def test_metrics_count_without_text_of_users(client: Client) -> None:
    c = client()
    await c.post("/simple", data={"question": "What is a migration crisis?"})
    await c.get("/secret-path-of-a-user")
    text = (await c.get("/metrics")).text
    assert 'mcof_answers_total{status="grounded",surface="simple"} 1.0' in text
    assert 'mcof_refused_total{reason="path"} 1.0' in text
    assert "mcof_ready 1.0" in text
    assert "secret" not in text
    assert "migration" not in text


@pytest.mark.parametrize("asked", [False, True])
async def test_the_log_holds_questions_only_when_asked_to(
    client: Client, caplog: pytest.LogCaptureFixture, asked: bool
) -> None:
    from ui.web.logs import JsonFormatter

    caplog.set_level(logging.INFO)
    c = client(log_questions=asked)
    for question in ("What is a migration crisis?", "a bug about Fatima"):
        await c.post("/simple", data={"question": question})
    await c.get("/document", params={"q": "Fatima"})
    lines = [JsonFormatter(texts=asked).format(r) for r in caplog.records if r.name.startswith("ui.")]
    assert any('"event": "answer"' in line for line in lines)
    assert any('"error": "RuntimeError"' in line for line in lines)
    assert any("Fatima" in line for line in lines) == asked


def test_a_bucket_fills_up_again() -> None:
    """Two at once, then one every 30 s: 2 a minute."""
    clock = [0.0]
    limiter = RateLimiter(per_minute=2, burst=2, now=lambda: clock[0])
    assert [limiter.wait("a"), limiter.wait("a"), limiter.wait("b")] == [0.0, 0.0, 0.0]
    assert limiter.wait("a") == 30.0
    clock[0] = 29.0
    assert limiter.wait("a") == pytest.approx(1.0)
    clock[0] = 30.0
    assert limiter.wait("a") == 0.0


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:7860", "localhost"),
        ("[::1]:7860", "::1"),
        ("A.Example", "a.example"),
        ("a b", ""),
        ("x@y", ""),
        ("[::1", ""),
    ],
)
def test_the_name_of_a_host_header(host: str, name: str) -> None:
    assert _hostname(host) == name


def test_labels_of_routes_are_a_closed_set() -> None:
    assert {route_name(p) for p in ("/" + "x" * n for n in range(1, 50))} == {"other"}
    assert route_name("/gradio_api/call/ask/abc") == "gradio_call"


async def test_nobody_waits_for_somebody_elses_refusal(client: Client) -> None:
    c = client()
    replies = await asyncio.gather(*(c.get("/document" if n % 2 else "/nowhere") for n in range(10)))
    assert sorted(r.status_code for r in replies) == [200] * 5 + [404] * 5
