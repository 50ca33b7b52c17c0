"""Numbers as plain text, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.compare import Comparison

UNDEFINED = "–"


def percent(value: object) -> str:
    """``0.8732`` as ``87.3%``; undefined as a dash."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return f"{float(value):.1%}" if isinstance(value, (int, float)) else UNDEFINED


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def kind_table(totals: Mapping[str, Any]) -> str:
    """One line a kind: items, passed, for review, refused, asked back, and the main shares."""
    header = ["kind", "items", "right", "", "review", "refused", "asked back", "facts", "source", "words"]
    rows = [header]
    for kind, table in [*totals["kinds"].items(), ("all", totals["all"])]:
        right = table["passed"]
        rows.append(
            [
                kind,
                str(table["items"]),
                str(round(right["value"] * right["n"])),
                percent(right),
                str(table["review"]),
                str(table["refused"]),
                str(table["asked_back"]),
                percent(table["fact_recall"]),
                percent(table["gold_hit"]),
                f"{table['words_median']:.0f}",
            ]
        )
    return columns(rows)


def headline(totals: Mapping[str, Any]) -> str:
    """The few numbers to look at first."""
    table = totals["all"]
    lines = [
        ("right", percent(table["passed"])),
        ("unanswerable questions refused", percent(table["abstention_recall"])),
        ("refusals that were right", percent(table["abstention_precision"])),
        ("answerable questions refused (false refusals)", percent(table["false_refusal_rate"])),
        ("quotes word for word", percent(table["quote_fidelity"])),
        ("claims backed by their citations", percent(table["citation_recall"])),
        ("any supporting place in the first 5", percent(table["hit@5"])),
        ("MRR@10", percent(table["mrr@10"])),
    ]
    return columns(lines)


def baselines_table(summary: Mapping[str, Any]) -> str:
    """One line a system: the assistant, the baselines, the assistant without each part, and the planted errors."""
    rows = [["system", "right", "change in points", "facts", "source", "in 5", "refused", "false ref.", "words"]]
    systems = [{"title": "the assistant", "all": summary["dev"]["all"], "change": None}, *summary["baselines"].values()]
    for row in systems:
        change, table = row["change"], row["all"]
        points = [f"{change[k] * 100:+.1f}" for k in ("value", "low", "high")] if change else []
        rows.append(
            [
                row["title"],
                percent(table["passed"]),
                f"{points[0]} ({points[1]} to {points[2]})" if points else "",
                percent(table["fact_recall"]),
                percent(table["gold_hit"]),
                percent(table["recall@5"]),
                percent(table["abstention_recall"]),
                percent(table["false_refusal_rate"]),
                f"{table['words_median']:.0f}",
            ]
        )
    errors = [["planted error", "part", "planted", "through with it", "through without it"]]
    errors += [[str(p[k]) for k in ("error", "part", "n", "through_on", "through_off")] for p in summary["planted"]]
    return columns(rows) + "\n\n" + columns(errors)


def p_value(comparison: Comparison) -> str:
    """``= 0.042``, or ``< 0.001``: a p-value is never 0."""
    return "< 0.001" if comparison.p_value < 0.001 else f"= {comparison.p_value:.3f}"


def comparison_table(comparison: Comparison) -> str:
    """Each number before and now, and the items that changed."""
    rows = [["number", "before", "now", "change in points", "judgement"]]
    for d in comparison.differences:
        change = f"{d.change.value * 100:+.1f} ({d.change.low * 100:+.1f} to {d.change.high * 100:+.1f})"
        rows.append([d.metric.title, f"{d.first:.1%}", f"{d.second:.1%}", change, d.judgement])
    lines = [
        f"against {comparison.first}: {comparison.items} dev items in both, McNemar p {p_value(comparison)}",
        columns(rows),
        f"right now, wrong before ({len(comparison.gained)}): {', '.join(comparison.gained) or 'none'}",
        f"wrong now, right before ({len(comparison.lost)}): {', '.join(comparison.lost) or 'none'}",
    ]
    return "\n".join(lines)


def documents_table(summary: Mapping[str, Any]) -> str:
    """One line an article of the one-document benchmark, and all of them pooled."""
    header = ["article", "questions", "in 1", "in 5", "MRR@10", "facts", "source", "near miss ref.", "off topic ref."]
    rows = [[*header, "false ref.", "words"]]
    for name, part in [*summary["articles"].items(), ("pooled", summary["pooled"])]:
        table, kinds = part["all"], part["kinds"]
        refused = [kinds[k]["abstention_recall"] if k in kinds else None for k in ("near_miss", "off_topic")]
        numbers = [table[k] for k in ("recall@1", "recall@5", "mrr@10", "fact_recall", "gold_hit")]
        shares = [percent(v) for v in (*numbers, *refused, table["false_refusal_rate"])]
        rows.append([name, str(table["items"]), *shares, f"{table['words_median']:.0f}"])
    return columns(rows)


#: Rows of the headline of the one-document benchmark.
DOCUMENT_ROWS = (
    ("recall@5", "supporting places in the first 5"),
    ("mrr@10", "MRR@10"),
    ("near_miss_refused", "unanswered questions about the document refused"),
    ("off_topic_refused", "questions about something else refused"),
    ("off_topic_as_such", "... and told that they are about something else"),
    ("false_refusals", "answerable questions refused (false refusals)"),
)


def documents_headline(summary: Mapping[str, Any]) -> str:
    """The figures of the one-document benchmark with 95% intervals, and risk by coverage."""
    rows = [["", "share", "95% interval", "questions"]]
    for key, title in DOCUMENT_ROWS:
        found = summary["headline"][key]
        if found:
            rows.append([title, percent(found), f"{percent(found['low'])} - {percent(found['high'])}", str(found["n"])])
    risk = ", ".join(f"{coverage:.0%} {share:.3f}" for coverage, share in summary["headline"]["by_coverage"])
    return columns(rows) + (f"\nnot answered by the document, among the surest: {risk}" if risk else "")


def judges_table(judged: Mapping[str, Any]) -> str:
    """A chat model's opinions, with its name."""
    rows = [[f"opinion of {judged['model']} ({judged['library']})", "mean", "replies"]]
    rows += [[name, percent(number), str(number["n"])] for name, number in judged["scores"].items()]
    return (
        columns(rows)
        + f"\n{judged['failed']} of {judged['items']} replies got no opinion; these numbers decide nothing"
    )
