"""Numbers as plain text, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
