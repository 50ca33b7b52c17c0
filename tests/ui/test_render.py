"""Rendering: whole, marked at the right place, and everything escaped."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Answer, Bullets, Paragraph, Quote, RatingRow, RatingTable, Stamp
from corpus.load import load_corpus
from corpus.types import Evidence, Passage
from tests.ui.fakes import HOSTILE, FakeAssistant, cite
from ui.export import conversation_docx, conversation_markdown
from ui.i18n import LANGUAGES, texts
from ui.render import answer_html, answer_markdown, around_html, document_href, md, passage_html

CORPUS = load_corpus()
EN = texts("en")
TAG = re.compile(r"<[^>]+>")


def plain(markup: str) -> str:
    return html.unescape(TAG.sub("", markup))


@pytest.mark.parametrize("passage", CORPUS.passages, ids=lambda p: p.ref)
def test_a_passage_keeps_every_word_and_its_footnotes(passage: Passage) -> None:
    marked = passage_html(passage, CORPUS.source, [(0, len(passage.text))])
    without_notes = re.sub(r"<sup>.*?</sup>", "", marked)
    assert "".join(plain(without_notes).split()) == "".join(passage.text.split())
    assert re.findall(r'href="#(fn-\d+)"', marked) == [n.replace(" ", "-") for n in passage.footnotes]


@pytest.mark.parametrize("row", CORPUS.evidence, ids=lambda e: f"{e.crisis}-{e.phase}-{e.sector_no}-{e.basis}")
def test_the_quote_is_what_is_marked(row: Evidence) -> None:
    passage = CORPUS.by_ref[row.ref]
    marked = passage_html(passage, CORPUS.source, [passage.find(row.quote) or (0, 1)])
    shown = " ".join(plain(m) for m in re.findall(r"<mark>(.*?)</mark>", marked))
    assert "".join(shown.split()) == "".join(row.quote.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", ["What is critical?", "hostile", "per diem", "which?", "What is X?"])
def test_ids_are_unique_and_markers_resolve(language: str, question: str) -> None:
    parts = answer_html(FakeAssistant(CORPUS).ask(question), CORPUS, texts(language), "k1")  # type: ignore[arg-type]
    whole = "".join([*parts.blocks, parts.sources, parts.evidence, parts.how])
    ids = re.findall(r'\bid="([^"]+)"', whole)
    assert len(ids) == len(set(ids))
    assert {h for h in re.findall(r'href="#([^"]+)"', whole) if h.startswith("e-")} <= set(ids)
    assert not re.search(r"<(script|img)\b|javascript:(?!alert)", re.sub(r"&lt;.*?&gt;", "", whole))


ANY = st.text(max_size=80) | st.just(HOSTILE)


def answer_of(text: str) -> Answer:
    c = cite(CORPUS, 1, "¶3")
    row = RatingRow("health", "during", 4, text, "critical", "interpreted", text, text, text, (1,), text)
    blocks = (Paragraph(text, (1,)), Quote(text, 1), Bullets((Paragraph(text),)), RatingTable(text, (row,)))
    return Answer(
        text, "en", "grounded", blocks, (c,), Stamp("SCPF/92", "2012", "0" * 64, None), notice=text, suggestions=(text,)
    )


@given(ANY)
def test_no_text_becomes_markup(text: str) -> None:
    """The tags of an answer are the same whatever its texts are."""
    parts = answer_html(answer_of(text), CORPUS, EN)
    expected = answer_html(answer_of("x"), CORPUS, EN)
    names = lambda blocks: re.findall(r"<(/?\w+)", "".join(blocks))  # noqa: E731
    given_names = [n for n in names(parts.blocks) if n != "br"]
    assert given_names == [n for n in names(expected.blocks) if n != "br"] or not text


@given(ANY)
def test_markdown_holds_no_live_markup(text: str) -> None:
    for special in re.findall(r"(?<!\\)[<>*_`\[\]]", re.sub(r"\\.", "", md(text))):
        raise AssertionError(special)


@given(ANY)
def test_exports_never_raise(text: str) -> None:
    made = datetime(2026, 1, 2, tzinfo=UTC)
    assert "# " in conversation_markdown([answer_of(text)], EN, made)


@pytest.mark.parametrize("text", ["", "\x00\x01\ud7ff\ufffe", HOSTILE, "مرحبا", "\u202e"])
def test_documents_hold_any_text(text: str) -> None:
    assert conversation_docx([answer_of(text)], EN, datetime(2026, 1, 2, tzinfo=UTC))[:2] == b"PK"


def test_markdown_has_numbered_sources_and_the_stamp() -> None:
    text = answer_markdown(FakeAssistant(CORPUS).ask("What is critical?"), EN)
    assert "1. **Annex I ¶33**" in text
    assert "| Health Support | critical \\(stated\\) |" in text
    assert "SCPF/92, 12 October 2012" in text


def test_links_mark_the_quote_and_leave_nothing_unescaped() -> None:
    assert document_href("p-3", "a-b, c&d") == "document#p-3:~:text=a%2Db%2C%20c%26d"
    assert document_href("p-3", " ".join("abcdefghijkl")) == "document#p-3:~:text=a%20b%20c%20d%20e,h%20i%20j%20k%20l"


def test_the_first_and_last_passage_have_one_neighbour() -> None:
    assert (around_html(CORPUS, "cover", EN) or "").count("<section") == 1
    assert (around_html(CORPUS, CORPUS.passages[-1].anchor, EN) or "").count("<section") == 1
    assert around_html(CORPUS, "nowhere", EN) is None
