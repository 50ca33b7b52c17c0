"""The page in a real browser: every flow a person goes through."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.conftest import SCREENSHOTS, Live, Start, Visit, Visitor
from tests.ui.fakes import HOSTILE, FakeAssistant
from ui.feedback import Feedback, FeedbackFull, FeedbackStore
from ui.web.shell import FAMILIES

pytestmark = pytest.mark.browser

RATINGS = "What is critical during a health crisis?"


def text(visit: Visit, selector: str) -> str:
    return str(visit.page.inner_text(selector))


def focused(visit: Visit, script: str = "e => e.id || e.className") -> Any:
    return visit.page.evaluate(f"() => ({script})(document.activeElement)")


def test_an_answer_comes_with_status_sources_and_stamp(visitor: Visitor) -> None:
    v = visitor()
    v.ask(RATINGS)
    assert v.last(".status").inner_text() == "Grounded in the document"
    assert "health support is critical" in v.last(".blocks").inner_text()
    assert v.last(".chip").all_inner_texts() == ["▲ critical", "▲ critical", "▲ critical", "◆ important"]
    assert "interpreted" in v.last(".ratings").inner_text()
    assert "SCPF/92, 12 October 2012" in v.last(".stamp").inner_text()
    assert v.last("details.how").get_attribute("open") is None


def test_a_marker_leads_to_its_quote_and_back_by_click_and_keyboard(visitor: Visitor) -> None:
    v = visitor()
    v.ask("What is a migration crisis?")
    v.last(".blocks a.cite").first.click()
    card = v.page.locator(".card.lit")
    assert card.locator("h3").inner_text() == "[1] ¶3"
    assert card.locator("mark").first.inner_text().startswith('"migration crisis", a term')
    assert "The migration crisis approach" in card.locator(".path").inner_text()
    v.page.keyboard.press("Escape")
    assert focused(v, "e => e.textContent") == "[1]"
    v.page.keyboard.press("Tab")
    v.page.keyboard.press("Enter")
    assert "¶3" in v.page.locator(".card.lit h3").inner_text()


def test_the_panel_shows_neighbours_and_opens_the_document_at_the_place(visitor: Visitor) -> None:
    v = visitor()
    v.ask("What is a migration crisis?")
    button = v.page.locator(".card [data-act=around]").first
    button.click()
    v.page.wait_for_selector(".card .nb")
    assert v.page.locator(".card").first.locator(".nb h4").all_inner_texts() == ["Before: ¶2", "After: ¶4"]
    assert button.get_attribute("aria-expanded") == "true"
    with v.context.expect_page() as opened:
        v.page.locator(".card a[href^=document]").first.click()
    document = opened.value
    document.wait_for_load_state()
    assert document.evaluate("document.querySelector('.para:target, .para:has(:target)').id") == "p-3"
    assert document.locator("#p-3").is_visible()


def test_examples_of_every_family_follow_ups_and_choices_are_clickable(visitor: Visitor) -> None:
    v = visitor()
    assert v.page.locator(".examples [data-ask]").count() == len(FAMILIES)
    v.page.locator(".examples [data-ask]").nth(1).click()
    v.page.wait_for_selector(".turn .acts")
    v.last(".chips [data-ask]").first.click()
    v.page.wait_for_selector(".turn:nth-child(2) .acts")
    assert v.last(".said").inner_text().endswith("And after?")
    v.ask("which?")
    assert v.last(".status").inner_text() == "Which do you mean?"
    v.last(".chips [data-ask]").first.click()
    v.page.wait_for_selector(".turn:nth-child(4) .acts")
    assert v.last(".said p").inner_text() == RATINGS


def test_the_conversation_so_far_goes_with_a_question(visitor: Visitor, live: Live) -> None:
    v = visitor()
    v.ask(RATINGS)
    v.ask("And after?")
    question, history = live.assistant.asked[-1]
    assert question == "And after?"
    assert [t.role for t in history] == ["user", "assistant"]
    assert history[0].text == RATINGS
    assert "[1]" in history[1].text


def test_stop_and_ask_again(visitor: Visitor) -> None:
    v = visitor()
    v.page.fill("#mc-q", "please pause over this")
    v.page.press("#mc-q", "Enter")
    v.page.click("[data-act=stop]")
    assert v.last(".failure").inner_text().startswith("No answer\n\nStopped.")
    assert focused(v) == "mc-q"
    v.last("[data-act=retry]").click()
    v.page.wait_for_selector(".turn .acts")
    assert v.page.locator(".turn").count() == 1
    v.ask("What is a migration crisis?")
    assert v.last(".status").inner_text() == "Grounded in the document"


def test_copy_puts_text_sources_and_stamp_on_the_clipboard(visitor: Visitor) -> None:
    v = visitor()
    v.ask("What is a migration crisis?")
    v.last("[data-act=copy]").click()
    v.page.wait_for_function("document.querySelector('[data-status]').textContent === 'Copied'")
    copied = v.page.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "¶3" in copied
    assert "SCPF/92" in copied


def test_how_an_answer_was_made_is_one_click_away(visitor: Visitor) -> None:
    v = visitor()
    v.ask(RATINGS)
    assert not v.last("details.how table").is_visible()
    v.last("details.how summary").click()
    shown = v.last("details.how").inner_text()
    for part in ("health", "matrix", "health crisis, during: Sector 4 Health Support", "0.910", "every quote verbatim"):
        assert part in shown


@pytest.mark.parametrize(
    ("question", "status"),
    [("What are the per diem rates?", "Not in the document"), ("capital of France?", "Not about this document")],
)
def test_what_is_not_there_is_said(visitor: Visitor, question: str, status: str) -> None:
    v = visitor()
    v.ask(question)
    assert v.last(".status").inner_text() == status
    if status == "Not in the document":
        assert "These do not answer the question" in v.last(".nearest").inner_text()
        v.last(".nearest a.cite").first.click()
        assert v.page.locator(".card.lit h3").inner_text() == "¶22"


def test_a_link_carries_the_conversation_in_the_fragment_and_asks_anew(
    visitor: Visitor, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    v = visitor()
    v.ask(RATINGS)
    v.ask("And after?")
    v.last("[data-act=share]").click()
    link = v.last(".sharelink").input_value()
    assert link.startswith(f"{live.url}#a=")
    urls: list[str] = []
    w = visitor("about:blank", ready=False)
    w.page.on("request", lambda r: urls.append(r.url))
    asked = len(live.assistant.asked)
    caplog.clear()
    w.page.goto(link)
    w.page.wait_for_selector(".turn:nth-child(2) .acts")
    assert "same as when it was made" in w.last(".notice").inner_text()
    assert [q for q, _ in live.assistant.asked[asked:]] == [RATINGS, "And after?"]
    assert len(live.assistant.asked[-1][1]) == 2
    assert not any("critical" in u or "#a" in u or "after" in u.lower() for u in urls[1:])
    assert "after?" not in caplog.text.lower()
    assert w.page.url == live.url  # a reload does not ask a second time


def test_a_link_made_from_another_index_says_so(visitor: Visitor, live: Live) -> None:
    v = visitor()
    v.ask(RATINGS)
    v.last("[data-act=share]").click()
    link = v.last(".sharelink").input_value()
    live.assistant.index_id = "another-index"
    try:
        w = visitor(link)
        w.page.wait_for_selector(".turn .acts")
        assert "has changed since it was made" in w.last(".notice").inner_text()
    finally:
        live.assistant.index_id = "fake-index-0001"


def test_a_broken_link_is_one_sentence(visitor: Visitor, live: Live) -> None:
    v = visitor(live.url + "#a=eyJicm9rZW4")
    v.page.wait_for_function("document.querySelector('#mc-err').textContent.length > 0")
    assert "cannot be read" in text(v, "#mc-err")


def test_the_matrix_shows_evidence_filters_and_asks(visitor: Visitor, live: Live) -> None:
    v = visitor()
    v.page.click(".tab[data-view=matrix]")
    v.page.wait_for_selector("table.matrix")
    assert v.page.locator("table.matrix a.cell").count() == 225
    v.page.click("a.cell[href='#c-health-during-13']")
    shown = text(v, ".celld.on")
    assert "essential" in shown
    assert "not IOM’s" in shown
    assert "Annex I ¶33" in shown
    v.page.locator("a.cell[href='#c-none']").first.click()
    assert "not part of this text" in text(v, ".celld.on")
    v.page.select_option(".filters [name=crisis]", "health")
    v.page.select_option(".filters [name=level]", "critical")
    assert v.page.locator("table.matrix a.cell:visible").count() == 4
    assert v.page.locator("table.matrix tbody tr:visible").count() == 4
    v.page.click(".filters [data-act=reset]")
    v.page.click("a.cell[href='#c-health-during-4']")
    v.page.click(".celld.on [data-ask]")
    v.page.wait_for_selector(".turn .acts")
    assert v.last(".said p").inner_text() == "How important is Health Support during a health crisis?"


@pytest.mark.parametrize(("label", "name"), [("CSV", "mcof-matrix.csv"), ("Picture (PNG)", "mcof-matrix.png")])
def test_the_matrix_can_be_saved(visitor: Visitor, label: str, name: str) -> None:
    v = visitor()
    v.page.click(".tab[data-view=matrix]")
    with v.page.expect_download() as download:
        v.page.click(f".exports a:has-text('{label}')")
    assert download.value.suggested_filename == name


def test_feedback_is_stored_with_the_answer_and_nothing_about_the_person(visitor: Visitor, live: Live) -> None:
    v = visitor()
    v.ask("What is a migration crisis? (feedback)")
    v.last("[data-verdict=down]").click()
    v.page.wait_for_selector("form.comment textarea")
    assert v.last("[data-verdict=down]").get_attribute("aria-pressed") == "true"
    v.page.fill("form.comment textarea", "The second source is beside the point.")
    v.page.click("form.comment .btn")
    v.page.wait_for_selector("form.comment", state="detached")  # the thanks stand there from the thumb on
    v.page.wait_for_selector(".after p:has-text('Thank you')")
    [row] = [r for r in live.store.list() if "(feedback)" in r.question]
    assert (row.verdict, row.comment) == ("down", "The second source is beside the point.")
    assert row.citations == ("¶3", "¶6")
    assert row.versions["index"] == "fake-index-0"
    assert "[1]" in row.answer


@pytest.mark.parametrize("form", ["md", "docx"])
def test_a_conversation_can_be_saved(visitor: Visitor, form: str, tmp_path: Path) -> None:
    v = visitor()
    v.ask(RATINGS)
    v.ask("And after?")
    with v.page.expect_download() as download:
        v.page.click(f"[data-export={form}]")
    path = tmp_path / "saved"
    download.value.save_as(path)
    if form == "md":
        saved = path.read_text(encoding="utf-8")
    else:
        from docx import Document

        document = Document(io.BytesIO(path.read_bytes()))
        saved = "\n".join(p.text for p in document.paragraphs)
    for part in (RATINGS.rstrip("?"), "And after", "Annex I ¶33", "12 October 2012", "Not an official IOM product"):
        assert part in saved.replace("\\", "")


def test_the_language_follows_the_browser_and_can_be_switched(visitor: Visitor) -> None:
    v = visitor(locale="fr-FR")
    assert text(v, ".send") == "Demander"
    assert v.page.evaluate("document.documentElement.lang") == "fr"
    v.page.select_option("[data-pref=lang]", "es")
    v.page.wait_for_function("document.querySelector('.send').textContent === 'Preguntar'")
    v.page.reload()
    v.page.wait_for_selector("body.mcof-on")
    assert text(v, ".send") == "Preguntar"
    v.ask("¿Qué es crítico durante una crisis sanitaria?")
    assert v.last(".status").inner_text() == "Basado en el documento"
    v.page.click(".tab[data-view=matrix]")
    v.page.wait_for_selector("table.matrix")
    assert "crisis sanitaria" in text(v, "table.matrix thead")


def test_dark_and_light_can_be_chosen(visitor: Visitor) -> None:
    v = visitor(color_scheme="dark")
    colour = "getComputedStyle(document.querySelector('.mcof')).backgroundColor"
    dark = v.page.evaluate(colour)
    v.page.select_option("[data-pref=theme]", "light")
    assert v.page.evaluate(colour) != dark
    v.page.reload()
    v.page.wait_for_selector("body.mcof-on")
    assert v.page.evaluate(colour) != dark


@pytest.mark.parametrize(("system", "chosen"), [("dark", "light"), ("light", "dark")])
def test_pages_without_script_follow_the_choice_too(visitor: Visitor, live: Live, system: str, chosen: str) -> None:
    """The document opened white beside a page that somebody had made dark."""
    v = visitor(color_scheme=system)
    v.page.select_option("[data-pref=theme]", chosen)
    colour = v.page.evaluate("getComputedStyle(document.querySelector('.mcof')).backgroundColor")
    for path in ("document", "matrix", "simple"):
        v.page.goto(live.url + path)
        assert v.page.evaluate("getComputedStyle(document.body).backgroundColor") == colour
    v.page.goto(live.url)
    v.page.wait_for_selector("body.mcof-on")
    v.page.select_option("[data-pref=theme]", "auto")
    v.page.goto(live.url + "document")
    assert v.page.evaluate("getComputedStyle(document.body).backgroundColor") != colour


def test_fields_can_be_read_in_the_dark(visitor: Visitor) -> None:
    """Gradio's own rule made the field of a shared link white, under light letters."""
    v = visitor(color_scheme="dark")
    v.ask(RATINGS)
    v.last("[data-act=share]").click()
    field = v.last(".sharelink")
    ground = "e => getComputedStyle(e).backgroundColor"
    assert field.evaluate(ground) == v.last(".msg").evaluate(ground)


def test_an_answer_stands_at_the_top_and_not_below_the_question_box(visitor: Visitor) -> None:
    """Each answer after the first began at the lower end of the conversation: one had to scroll to read it."""
    v = visitor(reduced_motion="reduce")
    for question in (RATINGS, "And after?", "What is a migration crisis?"):
        v.ask(question)
        top = v.page.evaluate(
            "() => document.querySelector('.turn:last-child').getBoundingClientRect().top"
            " - document.querySelector('.convo').getBoundingClientRect().top"
        )
        assert 0 <= top < 40, question


def test_markup_in_questions_and_answers_shows_as_text(visitor: Visitor) -> None:
    v = visitor()
    v.ask("hostile <script>window.hacked=1</script><img src=x onerror=window.hacked=1> ${1+1} {{1}}")
    assert v.page.evaluate("window.hacked") is None
    assert HOSTILE in v.last(".blocks p").first.inner_text()
    assert "<script>" in v.last(".said").inner_text()
    assert HOSTILE in v.last(".chips [data-ask]").inner_text()
    assert v.last(".msg :is(img, script, a[href^=javascript])").count() == 0
    v.last("a.cite").first.click()
    assert v.page.evaluate("window.hacked") is None


def test_right_to_left_questions_keep_their_direction(visitor: Visitor) -> None:
    v = visitor()
    v.ask("ما هي أزمة الهجرة؟")
    assert (
        v.page.evaluate("getComputedStyle(document.querySelector('.said p')).direction") == "rtl"
        or v.page.evaluate("getComputedStyle(document.querySelector('.said')).direction") == "rtl"
    )
    assert v.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_errors_are_one_sentence_and_keep_the_question(visitor: Visitor) -> None:
    v = visitor()
    v.ask("a bug please")
    failure = v.last(".failure").inner_text()
    assert "Something went wrong on the assistant’s side (reference " in failure
    assert "secret" not in failure
    assert v.last(".said p").inner_text() == "a bug please"
    v.ask("an emptied index")
    assert "The index holds no passage." in v.last(".failure").inner_text()
    v.ask("What is a migration crisis?")
    assert v.last(".status").inner_text() == "Grounded in the document"


def test_a_question_of_100000_characters_is_refused_in_a_sentence(visitor: Visitor, live: Live) -> None:
    v = visitor()
    v.page.evaluate("document.querySelector('#mc-q').value = 'x'.repeat(100000)")
    v.page.press("#mc-q", "Enter")
    assert "has 100000 characters; the longest that can be answered has 2000" in text(v, "#mc-err")
    assert v.page.evaluate("document.querySelector('#mc-q').value.length") == 100_000
    assert v.page.locator(".turn").count() == 0


def test_too_many_questions_are_told_to_come_back(visitor: Visitor, start: Start) -> None:
    busy = start(rate_per_minute=1, rate_burst=1)
    v = visitor(busy.url)
    v.ask("What is a migration crisis?")
    v.ask(RATINGS)
    assert re.search(r"ask again in \d+ seconds", v.last(".failure").inner_text())


def _fill(store: FeedbackStore, size: int) -> None:
    for n in range(2_000):
        store.add(Feedback(f"{size}x{n}", time.time(), "page", "up", "", "q" * size, "", "", (), {}))


def test_a_full_disk_for_the_feedback_file_is_one_sentence(visitor: Visitor, start: Start, tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "full.sqlite3", max_pages=12)
    for size in (2_000, 10):
        with pytest.raises(FeedbackFull):
            _fill(store, size)
    v = visitor(start(store=store).url)
    v.ask("What is a migration crisis?")
    v.last("[data-verdict=up]").click()
    v.page.wait_for_selector(".after [role=alert]")
    assert "no room left" in v.last(".after").inner_text()
    assert v.last("[data-verdict=up]").get_attribute("aria-pressed") == "false"
    v.ask(RATINGS)
    assert v.last(".status").inner_text() == "Grounded in the document"


def test_a_page_without_feedback_offers_none(visitor: Visitor, start: Start) -> None:
    v = visitor(start(feedback=False).url)
    v.ask(RATINGS)
    assert v.last(".thumb").count() == 0


def test_a_reload_keeps_the_conversation(visitor: Visitor) -> None:
    v = visitor()
    v.ask(RATINGS)
    v.page.reload()
    v.page.wait_for_selector("body.mcof-on")
    assert v.page.locator(".turn").count() == 1
    v.ask("And after?")
    v.page.click("[data-act=new]")
    assert v.page.locator(".turn").count() == 0


def test_nothing_outside_loopback_is_asked_by_page_or_server(visitor: Visitor, live: Live) -> None:
    v = visitor()
    for question in (RATINGS, "And after?", "What are the per diem rates?"):
        v.ask(question)
    v.page.click(".tab[data-view=matrix]")
    v.page.wait_for_selector("table.matrix")
    v.page.wait_for_timeout(500)
    assert v.outside == []
    assert live.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["start", "answer", "sheet", "matrix", "document", "simple"])
def test_axe_finds_nothing_serious(visitor: Visitor, live: Live, scheme: str, place: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    width = 360 if place == "sheet" else 1280
    plain = place in ("document", "simple")
    v = visitor(
        live.url + place if plain else None,
        ready=not plain,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    if place in ("answer", "sheet"):
        v.ask(RATINGS)
        v.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        v.last("a.cite").first.click()
        v.page.wait_for_timeout(300)
    if place == "matrix":
        v.page.click(".tab[data-view=matrix]")
        v.page.click("a.cell[href='#c-health-during-13']")
    results = Axe().run(v.page).response
    serious = [
        f"{r['id']}: {n['target']} {n.get('failureSummary', '')}"
        for r in results["violations"]
        if r["impact"] in ("serious", "critical")
        for n in r["nodes"]
    ]
    assert serious == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_width_holds_without_scrolling_sideways(visitor: Visitor, live: Live, width: int) -> None:
    """Screenshots stay in build/screenshots to be looked at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        v = visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)

        def shoot(name: str, v: Visit = v, scheme: str = scheme) -> None:
            v.page.wait_for_timeout(250)
            v.page.screenshot(path=SCREENSHOTS / f"{width}-{scheme}-{name}.png")
            assert v.page.evaluate("document.documentElement.scrollWidth") <= width, name

        shoot("start")
        v.ask(RATINGS)
        shoot("answer")
        v.last("a.cite").first.click()
        shoot("evidence")
        v.page.keyboard.press("Escape")
        v.page.click(".tab[data-view=matrix]")
        v.page.wait_for_selector("table.matrix")
        shoot("matrix")
        for path in ("document", "simple"):
            v.page.goto(live.url + path)
            shoot(path)


def test_the_keyboard_alone_suffices(visitor: Visitor) -> None:
    v = visitor()
    v.page.keyboard.press("Tab")
    assert "skip" in focused(v)
    v.page.keyboard.press("Enter")
    assert focused(v) == "mc-q"
    v.page.keyboard.type("What is a migration crisis?")
    v.page.keyboard.press("Enter")
    v.page.wait_for_selector(".turn .acts")
    seen: list[str] = []
    for _ in range(60):
        v.page.keyboard.press("Shift+Tab")
        seen.append(str(focused(v, "e => (e.dataset.verdict || e.dataset.act || e.tagName + '.' + e.className)")))
        if seen[-1] == "A.cite":
            break
    assert "A.cite" in seen
    assert {"copy", "share", "retry", "up", "down"} <= set(seen)
    v.page.keyboard.press("Enter")
    assert v.page.locator(".card:focus").count() == 1


def test_a_screen_reader_hears_the_answer_before_its_sources(visitor: Visitor) -> None:
    """The live region holds status, text and sources in this order; only additions are announced."""
    v = visitor()
    v.ask("What is a migration crisis?")
    log = v.page.locator("[role=log]")
    assert log.get_attribute("aria-live") == "polite"
    assert log.get_attribute("aria-busy") == "false"
    heard = log.inner_text()
    assert heard.index("Grounded") < heard.index("large-scale") < heard.index("[2] ¶6")
    assert v.last(".blocks a.cite").first.get_attribute("aria-label") == "Sources 1: ¶3"


@pytest.mark.parametrize("path", ["document", "matrix", "simple"])
def test_the_plain_pages_need_no_javascript(visitor: Visitor, live: Live, path: str) -> None:
    v = visitor(live.url + path, ready=False, java_script_enabled=False)
    if path == "document":
        v.page.fill("#q", "Hyogo")
        v.page.click(".search button")
        assert "passages hold “Hyogo”" in text(v, ".hits h2")
        v.page.click(".hits a >> nth=0")
        assert v.page.url.endswith("#" + v.page.locator(".para:target").get_attribute("id"))
        v.page.goto(live.url + "document")
        v.page.click("#p-16 sup a >> nth=0")
        assert v.page.url.endswith("#fn-9")
        assert v.page.locator("#fn-9 a[href='#fnref-9']").count() == 1
    elif path == "matrix":
        v.page.select_option("[name=crisis]", "health")
        v.page.click(".filters button")
        assert v.page.locator("a.cell").count() == 45
        v.page.click("a.cell[href='#c-health-during-4']")
        assert v.page.locator(".celld:target").is_visible()
    else:
        v.page.fill("#question", RATINGS)
        v.page.click(".simple .btn")
        assert "▲ critical" in text(v, ".ratings")
        v.page.click(".blocks a.cite, .msg a.cite >> nth=0")
        assert v.page.url.split("#")[1].startswith("e-a-1")
        assert "[1] Annex I ¶33" in text(v, ".evidence")


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _run_page(port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.fakes"], env=os.environ | {"PAGE_PORT": str(port)}, stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.2)
    process.kill()
    raise AssertionError("the page did not start")


def test_a_restart_in_mid_answer_loses_nothing(visitor: Visitor) -> None:
    """The question and the conversation stay; one sentence says what happened; asking again works without a reload."""
    port = _free_port()
    process = _run_page(port)
    try:
        v = visitor(f"http://127.0.0.1:{port}/")
        v.ask(RATINGS)
        v.page.fill("#mc-q", "please answer slowly")
        v.page.press("#mc-q", "Enter")
        v.page.wait_for_selector(".wait")
        v.page.wait_for_timeout(400)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        v.page.wait_for_selector(".turn:nth-child(2) .failure", timeout=25_000)
        assert "are kept" in v.last(".failure").inner_text() or "is kept" in v.last(".failure").inner_text()
        v.page.fill("#mc-q", "What is a migration crisis?")
        process = _run_page(port)
        v.page.wait_for_timeout(2_500)  # Gradio may reload the page once it reaches the server again
        v.page.wait_for_function("document.querySelectorAll('.turn').length === 2")
        assert v.page.input_value("#mc-q") == "What is a migration crisis?"
        v.page.press("#mc-q", "Enter")
        v.page.wait_for_selector(".turn:nth-child(3) .acts", timeout=15_000)
        assert json.loads(v.page.evaluate("sessionStorage.getItem('mcof.turns')"))[1]["q"] == "please answer slowly"
    finally:
        process.kill()
        process.wait(10)


def test_one_slow_answer_holds_nobody_up(visitor: Visitor, live: Live) -> None:
    v, w = visitor(), visitor()
    live.assistant.release.clear()
    v.page.fill("#mc-q", "answer slowly")
    v.page.press("#mc-q", "Enter")
    w.ask(RATINGS)
    assert w.last(".status").inner_text() == "Grounded in the document"
    live.assistant.release.set()
    v.page.wait_for_selector(".turn .acts")


assert FakeAssistant  # the type behind Live.assistant
