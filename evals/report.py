"""``report.html``: one self-contained page that a head of unit reads without help.

No script, no font, no image, nothing is requested; every text is escaped.
Items of the split ``final`` appear as totals only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from corpus.load import Corpus
from evals import charts, curves, wording
from evals.compare import Comparison
from evals.markup import Markup, el, join
from evals.measure import METRICS, Record
from evals.sections import (
    baselines_section,
    comparison_section,
    failures_section,
    html_table,
    judges_section,
    settings_section,
)
from evals.tables import UNDEFINED, percent

Totals = Mapping[str, Any]


def _interval(number: Mapping[str, Any] | None) -> str:
    if not number:
        return ""
    return f"95% interval {number['low']:.1%} to {number['high']:.1%}, {number['n']} questions"


def _card(value: str, title: str, detail: str) -> Markup:
    return el("div", title, el("b", value), el("small", detail), class_="card")


def headline(summary: Mapping[str, Any], totals: Totals) -> Markup:
    """The numbers to look at first, each with what it means."""
    table = totals["all"]
    fidelity, right, source = table["quote_fidelity"], table["passed"], table["gold_hit"]
    cards = [
        _card(percent(right), "Right replies", _interval(right)),
        _card(percent(source), "Answers that cite the right place", _interval(source)),
        _card(percent(fidelity), "Quotes word for word", f"in {fidelity['n']} replies that quote" if fidelity else ""),
        _card(percent(table["abstention_recall"]), "Refused where due", "questions the document does not answer"),
        _card(
            percent(table["false_refusal_rate"]), "False refusals", "refused though the document answers; low is good"
        ),
        _card(
            f"{table['words_median']:.0f} words", "Length of a reply", f"19 in 20 are under {table['words_p95']:.0f}"
        ),
    ]
    kept = ((summary.get("final") or {}).get("all") or {}).get("passed")
    if kept:
        cards.insert(
            1, _card(percent(kept), "Right, of those kept aside", f"{_interval(kept)}; nothing was fitted to them")
        )
    if summary.get("matrix_cells"):
        exact = summary["matrix_cells"]
        right = exact["n"] - len(exact["wrong"])
        text = "of a second, independent reading" if not exact["wrong"] else "wrong: " + ", ".join(exact["wrong"][:6])
        cards.append(_card(f"{right} of {exact['n']}", "Matrix cells answered as read", text))
    if summary.get("determinism"):
        again = summary["determinism"]
        cards.append(
            _card(percent(again["value"]), "Same reply when asked again", f"{again['n']} questions asked twice")
        )
    if summary.get("times"):
        slow = f"19 in 20 under {summary['times']['p95']:g} ms"
        cards.append(_card(f"{summary['times']['p50']:g} ms", "Time for a reply", slow))
    return el("div", *cards, class_="cards")


def kinds_table(totals: Totals) -> Markup:
    """Every kind of question with how its replies fared."""
    header = (
        "Kind of question",
        "Questions",
        "Right",
        "95% interval",
        "Refused",
        "Asked back",
        "For review",
        "Facts found",
        "Right source",
        "Words",
    )
    rows = []
    for kind, table in [*totals["kinds"].items(), ("", totals["all"])]:
        right = table["passed"]
        rows.append(
            (
                wording.kind_title(kind) if kind else "All",
                table["items"],
                percent(right),
                f"{right['low']:.0%}–{right['high']:.0%}",
                table["refused"],
                table["asked_back"],
                table["review"],
                percent(table["fact_recall"]),
                percent(table["gold_hit"]),
                f"{table['words_median']:.0f}",
            )
        )
    return html_table(header, rows, last_is_sum=True)


def quality_table(totals: Totals) -> Markup:
    """Every number with its interval and its definition."""
    rows = []
    for metric in METRICS:
        number = totals["all"][metric.name]
        limits = f"{number['low']:.1%}–{number['high']:.1%}" if number else UNDEFINED
        rows.append((metric.title, percent(number), limits, number["n"] if number else 0, el("p", metric.explanation)))
    return html_table(("Number", "Value", "95% interval", "Questions", "What it says"), rows)


def charts_section(summary: Mapping[str, Any], records: Sequence[Record], corpus: Corpus) -> Markup:
    """Heat map, risk and coverage, recall by depth, latency: each only where there is something to draw."""
    own = summary["curves"]
    others = {b["title"]: b["curves"] for b in summary.get("baselines", {}).values() if b["group"] == "baseline"}
    figures: list[Markup] = []
    cells = curves.matrix_cells(records, corpus)
    if cells:
        figures.append(
            join(
                el("h3", "Matrix questions answered right"),
                charts.heat_map(
                    "Matrix questions right, by crisis and phase", wording.CRISIS_TITLES, wording.PHASE_TITLES, cells
                ),
            )
        )
    if own["risk_coverage"]:
        lines = {"assistant": own["risk_coverage"]} | {
            n: c["risk_coverage"] for n, c in others.items() if c["risk_coverage"]
        }
        top = max(0.1, *(y for line in lines.values() for _, y in line))
        text = (
            "Read from the left: the assistant answers only where it is surest. Further right it answers more; "
            "the line shows which share of those answers is wrong. Its end is the assistant as it runs."
        )
        chart = charts.line_chart(
            "Wrong answers by share of questions answered", lines,
            x_label="questions answered", y_label="answers wrong",
            ticks=(0.0, 0.25, 0.5, 0.75, 1.0), top=min(1.0, top * 1.1),
        )  # fmt: skip
        figures.append(join(el("h3", "Risk and coverage"), el("p", text, class_="soft"), chart))
    if own["recall_at_k"]:
        lines = {"assistant": own["recall_at_k"]} | {n: c["recall_at_k"] for n, c in others.items() if c["recall_at_k"]}
        chart = charts.line_chart(
            "Supporting places found by number of passages looked at", lines, x_label="passages looked at",
            y_label="supporting places found", ticks=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        )  # fmt: skip
        figures.append(join(el("h3", "Finding the right places"), chart))
    bars = curves.latency_bars(records)
    chart = charts.bar_chart("Replies by time taken", bars, x_label="milliseconds")
    figures.append(join(el("h3", "Time for a reply"), chart))
    return el("div", *(el("div", f) for f in figures), class_="charts")


def render(
    records: Sequence[Record], summary: Mapping[str, Any], corpus: Corpus, comparison: Comparison | None = None
) -> str:
    """The whole page. ``records`` may hold ``final`` items; only their totals are shown."""
    dev = [r for r in records if r.item.split == "dev"]
    asked = summary["dataset"]
    aside = f", {asked['final']} of them kept aside (below)," if asked["final"] and asked["dev"] else ""
    css = files("evals").joinpath("report.css").read_text(encoding="utf-8")
    title = "How good are the answers?"
    parts: list[Markup] = [
        el("h1", title),
        el(
            "p",
            f"The {summary['system']} was asked {asked['items']} test questions{aside} about {corpus.info.title} "
            f"({corpus.info.symbol}). Each reply was compared with what a careful reader of the document expects. "
            "No language model judged anything.",
        ),
    ]
    if summary["dev"]:
        parts += [
            headline(summary, summary["dev"]),
            el("h2", "By kind of question"),
            kinds_table(summary["dev"]),
            el("h2", "In pictures"),
            charts_section(summary, dev, corpus),
            el("h2", "All numbers"),
            quality_table(summary["dev"]),
            baselines_section(summary),
            comparison_section(comparison, dev),
            failures_section(dev),
        ]
    if summary["final"]:
        text = (
            "These questions are kept aside: nothing was adjusted to them, so they tell how the assistant does on "
            "questions it has not seen. Only totals are shown, so that it stays that way."
        )
        parts += [el("h2", "Questions kept aside"), el("p", text), kinds_table(summary["final"])]
    terms = [join(el("dt", name), el("dd", text)) for name, text in wording.OTHER_TERMS]
    parts += [
        judges_section(summary.get("judges")),
        el("h2", "How to read the numbers"),
        el("dl", *terms),
        settings_section(summary),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} {corpus.info.symbol}"),
        el("style", Markup(css)),
    )
    return f"<!DOCTYPE html>\n{el('html', head, el('body', el('main', *parts)), lang='en')}\n"
