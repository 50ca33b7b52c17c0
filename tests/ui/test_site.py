"""The page's own routes: document, matrix, feedback, export, simple page."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from corpus.load import load_corpus
from tests.ui.fakes import HOSTILE, FakeAssistant, web_settings
from ui.feedback import FeedbackStore
from ui.web.app import build_app

CORPUS = load_corpus()


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant(CORPUS)


@pytest.fixture
async def client(tmp_path: Path, assistant: FakeAssistant) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(assistant, web_settings(tmp_path))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as c:
        yield c


async def test_every_label_has_its_anchor_in_the_document(client: httpx.AsyncClient) -> None:
    html = (await client.get("/document")).text
    for passage in CORPUS.passages:
        assert html.count(f'id="{passage.anchor}"') == 1, passage.ref
        assert html.count(f'href="#{passage.anchor}"') >= 1, passage.ref
    for passage in CORPUS.passages:
        for note in passage.footnotes:
            assert f'href="#{note.replace(" ", "-")}"' in html


async def test_the_document_is_found_and_marked_without_regard_to_case_and_accents(client: httpx.AsyncClient) -> None:
    html = (await client.get("/document", params={"q": "COTE D'IVOIRE"})).text
    assert "<mark>Côte d&#x27;Ivoire</mark>" in html
    html = (await client.get("/document", params={"q": HOSTILE})).text
    assert "<script>window" not in html
    assert "No passage holds" in html


async def test_pages_speak_the_browsers_language(client: httpx.AsyncClient) -> None:
    reply = await client.get("/document", headers={"accept-language": "es-MX,es;q=0.9,en;q=0.5"})
    assert '<html lang="es">' in reply.text
    assert "Buscar en el documento" in reply.text
    assert '<html lang="fr">' in (await client.get("/document?lang=fr", headers={"accept-language": "es"})).text
    assert '<html lang="en">' in (await client.get("/document?lang=%22%3E", headers={"accept-language": "*"})).text


async def test_the_csv_holds_every_cell_and_all_evidence(client: httpx.AsyncClient) -> None:
    reply = await client.get("/matrix.csv")
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert len({(r["crisis"], r["phase"], r["sector_no"]) for r in rows}) == 225
    assert sum(r["basis"] != "not_stated" for r in rows) == len(CORPUS.evidence)
    assert all(r["document"].startswith("SCPF/92, 12 October 2012") for r in rows)
    assert all(r["quote"] in CORPUS.by_ref[r["ref"]].text for r in rows if r["ref"])


@pytest.mark.parametrize("lang", ["en", "fr", "es"])
async def test_the_picture_is_a_png(client: httpx.AsyncClient, lang: str) -> None:
    reply = await client.get(f"/matrix.png?lang={lang}")
    assert reply.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(reply.content) < 300_000


async def test_the_matrix_page_filters_on_the_server(client: httpx.AsyncClient) -> None:
    html = (await client.get("/matrix?crisis=health&phase=during&level=critical")).text
    assert html.count('class="cell ') == 4
    assert (await client.get("/matrix?crisis=<script>&sector=99&level=x")).text.count('class="cell ') == 225


async def test_neighbours_of_a_passage(client: httpx.AsyncClient) -> None:
    html = (await client.get("/around/annex-i-33")).text
    assert "Before: Annex I ¶32" in html
    assert "After: Annex I ¶34" in html
    assert "Before" not in (await client.get("/around/cover")).text
    assert (await client.get("/around/nowhere")).status_code == 404


async def test_the_simple_page_answers_a_post(client: httpx.AsyncClient, assistant: FakeAssistant) -> None:
    html = (await client.post("/simple", data={"question": "hostile"})).text
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<img" not in html
    assert (await client.post("/simple", data={"question": "x" * 100_000})).status_code == 400
    assert (await client.post("/simple", data={"question": "a bug"})).text.count("Something went wrong") == 1
    assert (await client.post("/simple", data={"question": " "})).status_code == 400


FEEDBACK = {"id": "a1", "verdict": "up", "question": "q", "answer": "a"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        FEEDBACK | {"verdict": "meh"},
        FEEDBACK | {"comment": "x" * 3000},
        FEEDBACK | {"name": "Fatima"},
        FEEDBACK | {"id": "<b>"},
        [],
    ],
    ids=["empty", "verdict", "long comment", "unknown field", "id", "list"],
)
async def test_malformed_feedback_is_one_sentence(client: httpx.AsyncClient, body: object) -> None:
    reply = await client.post("/feedback", json=body)
    assert reply.status_code == 422
    assert set(reply.json()) == {"detail"}


async def test_feedback_must_be_json(client: httpx.AsyncClient) -> None:
    """A form of another site can post text/plain without asking first."""
    reply = await client.post("/feedback", content=b"{}", headers={"content-type": "text/plain"})
    assert reply.status_code == 415


async def test_an_unusable_feedback_file_is_one_sentence(tmp_path: Path, assistant: FakeAssistant) -> None:
    bad = tmp_path / "feedback.sqlite3"
    bad.write_bytes(b"this is no database" * 100)
    app = build_app(assistant, web_settings(tmp_path), store=FeedbackStore(bad))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as c:
        reply = await c.post("/feedback", json=FEEDBACK)
        assert reply.status_code == 500
        assert "cannot be used. Your conversation is not affected." in reply.json()["detail"]
        assert (await c.post("/simple", data={"question": "What is a migration crisis?"})).status_code == 200


async def test_an_export_computes_the_answers_anew(client: httpx.AsyncClient, assistant: FakeAssistant) -> None:
    reply = await client.post("/export", json={"format": "md", "lang": "en", "questions": ["hostile", "And after?"]})
    assert reply.status_code == 200
    assert [len(h) for _, h in assistant.asked] == [0, 2]
    assert "<script>" not in reply.text
    assert "\\<script\\>" in reply.text
    assert "[link](" not in reply.text
    failed = await client.post("/export", json={"format": "md", "lang": "en", "questions": ["a bug"]})
    assert (failed.status_code, "could not be saved" in failed.json()["detail"]) == (400, True)


async def test_pages_are_small_on_the_wire(client: httpx.AsyncClient) -> None:
    sizes = {}
    for path in ("/document", "/matrix", "/simple", "/ui/page.js", "/ui/page.css"):
        async with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as reply:
            sizes[path] = sum([len(chunk) async for chunk in reply.aiter_raw()])
    assert sizes["/simple"] < 3_000
    assert sizes["/document"] < 40_000
    assert sum(sizes.values()) < 90_000, sizes
