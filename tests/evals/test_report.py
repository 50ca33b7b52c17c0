"""The report: escaped, self-contained, silent about what is kept aside."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.load import Corpus
from evals import charts, store
from evals.compare import Comparison
from evals.curves import curves, latency_bars, matrix_cells
from evals.markup import Markup, el, escape, join, visible
from evals.measure import Record
from evals.report import render
from evals.systems import Response
from tests.evals.fakes import REFUSED, WRONG, item, record, refusal

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e'\"&"


def page(corpus: Corpus, records: list[Record], comparison: Comparison | None = None, **extra: object) -> str:
    dev = [r for r in records if r.item.split == "dev"]
    parts = {"curves": curves(dev).as_json(), **extra}
    return render(
        records, store.summarise(records, corpus, dataset="s", system="assistant", extra=parts), corpus, comparison
    )


class Elements(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_whatever_a_user_typed_is_escaped(corpus: Corpus) -> None:
    """Questions, replies, quotes, notes, traces and earlier turns all come from people."""
    bad = item(
        "x", question=ATTACK, turns=(ATTACK,), note=ATTACK, must_not_include=(ATTACK,), must_include=((ATTACK,),)
    )
    reply = Response(ATTACK, "grounded", trace={"understood": {ATTACK: ATTACK}})
    text = page(corpus, [record(corpus, bad, reply)])
    found = Elements(text)
    assert "script" not in found.tags
    assert "img" not in found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert "\u202e" not in text
    assert found.text.count("<script>alert(1)</script>") >= 4


def test_nothing_is_requested(corpus: Corpus) -> None:
    """No address, no source, no import: the page opens on a machine without a network."""
    text = page(corpus, [record(corpus, item("a")), record(corpus, item("b"), WRONG)])
    assert not re.search(r"https?://|url\(|@import|<link|src=|<script", text)
    assert "default-src &#x27;none&#x27;" in text


def test_final_items_are_totals_only(corpus: Corpus) -> None:
    secret = item("secret-id", question="Kept aside?", split="final")
    text = page(corpus, [record(corpus, item("a")), record(corpus, secret, WRONG)])
    assert "Questions kept aside" in text
    assert "secret-id" not in text
    assert "Kept aside?" not in text


def test_failures_show_question_reply_expectation_and_trace(corpus: Corpus) -> None:
    text = Elements(
        page(corpus, [record(corpus, item("bad"), replace(WRONG, trace={"route": "list"})), record(corpus, item("ok"))])
    ).text
    for part in (
        "bad",
        "Shelter is recommended.",
        "“crucial”",
        "resting on Annex I ¶15",
        "lacks 'crucial'",
        '"route": "list"',
    ):
        assert part in text
    assert "1 of 2 replies were not right" in text


def test_a_run_of_refusals_alone_can_be_drawn(corpus: Corpus) -> None:
    """Undefined numbers are dashes: nothing is cited, nothing is ranked, nothing is answered."""
    text = Elements(page(corpus, [record(corpus, refusal(), REFUSED)])).text
    assert "Nothing: every reply was right." in text
    assert "–" in text


def test_a_run_of_final_items_alone_can_be_drawn(corpus: Corpus) -> None:
    assert "Questions kept aside" in page(corpus, [record(corpus, item(split="final"))])


def test_comparison_and_judges_are_shown(corpus: Corpus) -> None:
    comparison = Comparison("earlier", "now", 2, (), 0.5, ("x",), ("y",), (("y", "grounded", "partial"),))
    judged = {
        "model": "m:1",
        "library": "l 1",
        "items": 2,
        "failed": 0,
        "scores": {"faithfulness": {"value": 0.5, "n": 2}},
    }
    text = Elements(page(corpus, [record(corpus, item("x"))], comparison, judges=judged)).text
    for part in (
        "Compared with the run “earlier”",
        "p = 0.500",
        "Right now, wrong before: 1",
        "grounded → partial",
        "chat model m:1",
    ):
        assert part in text


def test_matrix_cells_are_counted_by_crisis_and_phase(corpus: Corpus) -> None:
    """¶15 speaks of the during phase of a sudden-onset disaster: second crisis, second phase."""
    records = [
        record(corpus, item("a")),
        record(corpus, item("b"), WRONG),
        record(corpus, item("c", kind="fact"), WRONG),
    ]
    assert matrix_cells(records, corpus) == {(1, 1): (1, 2)}


def test_curves_by_hand(corpus: Corpus) -> None:
    """Two answers (0.9 right, 0.4 wrong) and two refusals: coverage is over all four."""
    records = [record(corpus, item("a")), record(corpus, item("b"), WRONG)]
    records += [record(corpus, refusal("r"), REFUSED), record(corpus, item("c"), REFUSED)]
    found = curves(records)
    assert found.risk_coverage == ((0.25, 0.0), (0.5, 0.5))
    assert found.aurc == 0.25
    assert found.recall_at_k[:2] == ((1.0, 0.5), (2.0, 1.0))
    assert curves([]).as_json() == {"recall_at_k": [], "risk_coverage": [], "aurc": None}


def test_latency_bars_hold_every_reply(corpus: Corpus) -> None:
    records = [record(corpus, item(), ms=ms) for ms in (0.0, 1.9, 2.0, 49.9, 200.0, 9999.0)]
    bars = dict(latency_bars(records))
    assert (bars["0–2"], bars["2–5"], bars["20–50"], bars["200+"]) == (2, 1, 1, 2)
    assert sum(bars.values()) == 6


def test_charts_say_their_numbers() -> None:
    chart = charts.heat_map("T", ["row"], ["one", "two"], {(0, 0): (1, 2)})
    assert "row, one: 1 of 2 right" in chart
    assert "1 of 2" in Elements(chart).text
    assert "–" in Elements(chart).text
    line = charts.line_chart("T", {"a": [(0, 0.1), (1, 0.5)]}, x_label="x", y_label="y", ticks=(0, 1))
    assert "a: 0 10%, 1 50%" in Elements(line).text


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_text_survives_as_text(text: str) -> None:
    """Any text comes back from a parser as the text that was put in, hidden characters made visible."""
    found = Elements(el("p", text, title=text))
    assert found.tags == ["p"]
    shown = visible(text)
    assert found.text == shown
    assert dict(found.attributes)["title"] == shown


def test_markup_is_not_escaped_twice_and_names_are_checked() -> None:
    assert join("<", el("b", "&")) == "&lt;<b>&amp;</b>"
    assert escape(Markup("<b>")) == "<b>"
    assert el("td", "x", class_="a", hidden=None) == '<td class="a">x</td>'
    with pytest.raises(ValueError, match="not an attribute name"):
        el("p", **{'x onload="y"': 1})


def test_the_share_of_those_kept_aside_stands_beside_the_headline(corpus: Corpus) -> None:
    kept = [record(corpus, replace(item(f"k{i}"), split="final")) for i in range(3)]
    with_kept = Elements(page(corpus, [record(corpus, item("a")), *kept])).text
    assert "Right, of those kept aside" in with_kept
    assert "Right, of those kept aside" not in Elements(page(corpus, [record(corpus, item("a"))])).text
