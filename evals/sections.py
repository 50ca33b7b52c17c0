"""Sections of the report: baselines, failures, the comparison with another run, opinions, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evals import wording
from evals.compare import Comparison
from evals.markup import Markup, el, join
from evals.measure import Record
from evals.tables import UNDEFINED, percent

#: Failed items shown in full; the others are named.
MAX_FAILURES = 400


def html_table(header: Sequence[object], rows: Sequence[Sequence[object]], *, last_is_sum: bool = False) -> Markup:
    head = el("tr", *(el("th", cell, scope="col") for cell in header))
    body = []
    for i, row in enumerate(rows):
        cells = [el("th", row[0], scope="row"), *(_cell(cell) for cell in row[1:])]
        body.append(el("tr", *cells, class_="sum" if last_is_sum and i == len(rows) - 1 else None))
    return el("div", el("table", el("thead", head), el("tbody", *body)), class_="scroll")


def _cell(value: object) -> Markup:
    """A number stands to the right; a sentence, given as an element, to the left."""
    return el("td", value, class_="words" if isinstance(value, Markup) and value.startswith("<p") else None)


def _difference(number: Mapping[str, Any]) -> Markup:
    change = f"{number['value'] * 100:+.1f} ({number['low'] * 100:+.1f} to {number['high'] * 100:+.1f})"
    clear = number["low"] > 0 or number["high"] < 0
    return el("span", change, class_=("good" if number["value"] > 0 else "bad") if clear else None)


def baselines_section(summary: Mapping[str, Any]) -> Markup:
    """Other ways to do it, and the assistant with one part switched off."""
    found = summary.get("baselines")
    if not found:
        return Markup("")
    header = (
        "System",
        "Right",
        "Difference in points (95% interval)",
        "Facts found",
        "Right source",
        "Found in 5",
        "Refused where due",
        "False refusals",
        "Words",
    )
    all_rows = [{"title": "the assistant", "group": "", "all": summary["dev"]["all"], "change": None}, *found.values()]
    rows = [
        (
            row["title"],
            percent(row["all"]["passed"]),
            _difference(row["change"]) if row["change"] else "",
            percent(row["all"]["fact_recall"]),
            percent(row["all"]["gold_hit"]),
            percent(row["all"]["recall@5"]),
            percent(row["all"]["abstention_recall"]),
            percent(row["all"]["false_refusal_rate"]),
            f"{row['all']['words_median']:.0f}",
        )
        for row in all_rows
    ]
    text = (
        "The first rows are other ways to answer from the same document; the rows that begin with “without” are the "
        "assistant with one part switched off. A difference in colour is larger than chance explains. Systems that "
        "pour out long passages hold many facts: compare the words too."
    )
    planted = _planted(summary.get("planted"))
    return join(
        el("h2", "Compared with other ways, and what each part is worth"),
        el("p", text),
        html_table(header, rows),
        planted,
    )


def _planted(planted: Sequence[Mapping[str, Any]] | None) -> Markup:
    if not planted:
        return Markup("")
    text = (
        "Verification and refusal earn their place on errors, not on the average: each error below was planted on "
        "purpose, and the table shows how many got through to the reader with the part on and off."
    )
    rows = [(p["error"], p["part"], p["n"], p["through_on"], p["through_off"]) for p in planted]
    header = ("Planted error", "Part", "Planted", "Got through with it", "Got through without it")
    return join(el("h3", "Planted errors"), el("p", text), html_table(header, rows))


def _pairs(*pairs: tuple[str, object]) -> Markup:
    return el("dl", *(join(el("dt", name), el("dd", value)) for name, value in pairs if value not in ("", None)))


def failure(record: Record) -> Markup:
    """One failed item: question, answer, what was expected, why it failed, and how the answer came about."""
    item, reply = record.item, record.reply
    facts = " and ".join(" / ".join(f"“{a}”" for a in group) for group in item.must_include)
    expected = [
        "a refusal: the document does not say" if not item.answerable else "an answer",
        f"that holds {facts}" if facts else "",
        f"resting on {', '.join(item.gold_refs)}" if item.gold_refs and item.answerable else "",
    ]
    never = "; ".join(f"“{p}”" for p in item.must_not_include)
    cited = [el("div", f"[{n}] {c.ref}: “{c.quote}”") for n, c in enumerate(reply.citations, start=1)]
    trace = record.response.trace
    shown = json.dumps(trace, ensure_ascii=False, indent=1, sort_keys=True) if trace else ""
    body = _pairs(
        ("Earlier messages", join(*(el("div", turn) for turn in item.turns)) if item.turns else ""),
        ("Question", item.question),
        ("Reply", el("div", reply.answer, class_="reply")),
        ("Status", reply.status),
        ("Cites", join(*cited) if cited else ""),
        ("Expected", ", ".join(e for e in expected if e)),
        ("Never", never),
        ("Why it failed", "; ".join(record.verdict.reasons)),
        ("Note", item.note),
    )
    how = el("details", el("summary", "How the reply came about"), el("pre", shown)) if shown else Markup("")
    title = join(el("b", item.id), " ", el("span", wording.kind_title(item.kind), class_="soft"), " ", item.question)
    return el("details", el("summary", title), body, how, id=f"item-{item.id}")


def failures_section(records: Sequence[Record]) -> Markup:
    """Every failed ``dev`` item, by kind as in the run."""
    failed = [r for r in records if not r.verdict.passed]
    if not failed:
        return join(el("h2", "What went wrong"), el("p", "Nothing: every reply was right."))
    more = [el("p", "Further: " + ", ".join(r.item.id for r in failed[MAX_FAILURES:]))] if failed[MAX_FAILURES:] else []
    text = f"{len(failed)} of {len(records)} replies were not right. Open one to see why."
    return join(el("h2", "What went wrong"), el("p", text), *(failure(r) for r in failed[:MAX_FAILURES]), *more)


def comparison_section(comparison: Comparison | None, records: Sequence[Record]) -> Markup:
    """The change from another run, number by number and item by item."""
    if comparison is None:
        return Markup("")
    rows = []
    for difference in comparison.differences:
        colour = {"better": "good", "worse": "bad"}.get(difference.judgement)
        change = difference.change
        rows.append(
            (
                difference.metric.title,
                f"{difference.first:.1%}",
                f"{difference.second:.1%}",
                f"{change.value * 100:+.1f} ({change.low * 100:+.1f} to {change.high * 100:+.1f})",
                el("span", difference.judgement, class_=colour),
            )
        )
    questions = {r.item.id: r.item.question for r in records}
    lists = []
    for title, ids in (("Right now, wrong before", comparison.gained), ("Wrong now, right before", comparison.lost)):
        entries = [el("li", el("b", i), " ", questions.get(i, "")) for i in ids] or [el("li", "none")]
        lists.append(join(el("h3", f"{title}: {len(ids)}"), el("ul", *entries)))
    moved = [el("li", el("b", i), f" {before} → {after}") for i, before, after in comparison.other_status]
    if moved:
        lists.append(el("details", el("summary", f"Status changed: {len(moved)}"), el("ul", *moved)))
    text = f"{comparison.items} questions are in both runs. McNemar's test of “right”: p = {comparison.p_value:.3f}."
    return join(
        el("h2", f"Compared with the run “{comparison.first}”"),
        el("p", text),
        html_table(("Number", "Before", "Now", "Change in points (95% interval)", "Judgement"), rows),
        *lists,
    )


def judges_section(judged: Mapping[str, Any] | None) -> Markup:
    """What a chat model thought of the replies, apart from everything else."""
    if not judged:
        return Markup("")
    rows = [(name, percent(number), number["n"]) for name, number in judged["scores"].items()]
    text = (
        f"Opinions of the chat model {judged['model']} through {judged['library']}, on {judged['items']} replies. "
        "They depend on that model, change from day to day, and decide nothing here."
    )
    return join(el("h2", "A language model's opinion"), el("p", text), html_table(("Number", "Mean", "Replies"), rows))


def settings_section(summary: Mapping[str, Any]) -> Markup:
    """What was measured, with which settings."""
    dataset, corpus = summary["dataset"], summary["corpus"]
    rows = [
        ("Document", f"{corpus['symbol']}, text {corpus['text_sha256'][:12]}, tables {corpus['tables_sha256'][:12]}"),
        ("Index", summary["index"] or UNDEFINED),
        ("Test set", f"{dataset['name']}, {dataset['items']} questions, {dataset['sha256'][:12]}"),
        *((f"Setting {key}", value) for key, value in summary["settings"].items()),
        *((f"Version of {key}", value) for key, value in summary["versions"].items()),
    ]
    table = el(
        "table", *(el("tr", el("th", name, scope="row"), el("td", value, class_="words")) for name, value in rows)
    )
    return join(el("h2", "What was measured"), el("div", table, class_="scroll"))
