"""The composer alone and with the configured language model, side by side over the same items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.answer import Answer, Paragraph
from assistant.verify import levels_said, verify
from corpus.load import Corpus
from evals import store
from evals.dataset import Item
from evals.measure import Record, times
from evals.runner import run
from evals.suite import Keeping, Progress, quiet
from evals.systems import Asks, AssistantSystem
from evals.tables import UNDEFINED, columns, percent

#: Tokens that a provider's price is for.
PRICED = 1_000_000
#: Numbers compared: name in the totals, and how the table calls it.
NUMBERS = (
    ("passed", "right"),
    ("fact_recall", "facts found"),
    ("citation_validity", "citations that exist"),
    ("quote_fidelity", "quotes word for word"),
    ("citation_recall", "claims backed by their citations"),
    ("abstention_recall", "unanswerable questions refused"),
    ("false_refusal_rate", "answerable questions refused"),
)


def invented_levels(answers: Sequence[Answer], corpus: Corpus) -> int:
    """Levels said that neither a cell of the answer has nor a quote beside them: judged from the answer alone."""
    found = 0
    for answer in answers:
        quotes = {c.number: c.quote for c in answer.citations}
        own = {str(level) for c in answer.cells for level in (c.level, c.prose_level) if level}
        for piece in answer.pieces():
            if isinstance(piece, Paragraph) and not piece.template:
                backed = levels_said(" ".join(quotes.get(n, "") for n in piece.citations))
                found += len(levels_said(piece.text) - own - backed)
        found += sum(verify(answer, corpus).removed.values())
    return found


def _side(system: str, assistant: Asks, items: Sequence[Item], corpus: Corpus, progress: Progress) -> dict[str, Any]:
    keeping = Keeping(assistant)
    records = list(run(AssistantSystem(keeping, corpus, system), progress(items, system), corpus))
    return {
        "records": records,
        "totals": store.totals(records),
        "times": times(records),
        "invented_levels": invented_levels(keeping.answers, corpus),
        "model": account([a.trace.model for a in keeping.answers]),
    }


def account(traces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the model did in many answers: how often asked, failures, sentences kept and left out by reason, tokens."""
    findings: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    tokens = [0, 0]
    asked = kept = helped = 0
    for trace in traces:
        help_given = trace.get("understanding")
        if help_given:
            helped += 1
            tokens = [a + b for a, b in zip(tokens, help_given["tokens"], strict=True)]
            if "failure" in help_given:
                failures[str(help_given["failure"])] += 1
        if "tokens" not in trace:
            continue
        asked += 1
        kept += trace.get("kept", 0)
        findings.update(trace.get("findings", {}))
        outcomes[str(trace.get("outcome", ""))] += 1
        if trace.get("failure"):
            failures[str(trace["failure"])] += 1
        tokens = [a + b for a, b in zip(tokens, trace["tokens"], strict=True)]
    return {
        "asked": asked,
        "helped": helped,
        "kept": kept,
        "outcomes": dict(outcomes),
        "findings": dict(findings),
        "failures": dict(failures),
        "tokens": tokens,
    }


def side_by_side(
    composer: Asks,
    with_model: Asks,
    items: Sequence[Item],
    corpus: Corpus,
    *,
    prices: tuple[float, float] = (0.0, 0.0),
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Both over the same items. ``prices`` are those of a million tokens read and written, in any currency."""
    sides = {
        "composer": _side("composer", composer, items, corpus, progress),
        "model": _side("with the model", with_model, items, corpus, progress),
    }
    first: list[Record] = sides["composer"].pop("records")
    second: list[Record] = sides["model"].pop("records")
    read, written = sides["model"]["model"]["tokens"]
    return {
        "items": len(items),
        **sides,
        "lost": [a.item.id for a, b in zip(first, second, strict=True) if a.verdict.passed and not b.verdict.passed],
        "gained": [a.item.id for a, b in zip(first, second, strict=True) if b.verdict.passed and not a.verdict.passed],
        "cost": round((read * prices[0] + written * prices[1]) / PRICED, 4) if any(prices) else None,
    }


def table(found: Mapping[str, Any], name: str) -> str:
    """One line a number, the composer beside the composer with the model ``name``."""
    sides = [found["composer"], found["model"]]
    rows = [["", "composer", f"with {name}"]]
    for kind in sides[0]["totals"]["kinds"]:
        rows.append([f"right: {kind}", *(percent(s["totals"]["kinds"][kind]["passed"]) for s in sides)])
    for key, title in NUMBERS:
        rows.append([title, *(percent(s["totals"]["all"][key]) for s in sides)])
    rows.append(["invented levels", *(str(s["invented_levels"]) for s in sides)])
    for quantile in ("p50", "p95"):
        rows.append([f"milliseconds a reply, {quantile}", *(f"{s['times'][quantile]:,.0f}" for s in sides)])
    did = sides[1]["model"]
    rows.append(["asked to write", "0", str(did["asked"])])
    rows.append(["asked what a question means", "0", str(did["helped"])])
    rows.append(["its sentences kept", "", str(did["kept"])])
    rows += [[f"  left out: {check}", "", str(n)] for check, n in sorted(did["findings"].items())]
    rows += [[f"  failures: {kind}", "", str(n)] for kind, n in sorted(did["failures"].items())]
    rows.append(["tokens read and written", "0", f"{did['tokens'][0]:,} {did['tokens'][1]:,}"])
    rows.append(["cost", "0", UNDEFINED if found["cost"] is None else f"{found['cost']:g}"])
    lines = [columns(rows)]
    for key, word in (("lost", "right alone, wrong with the model"), ("gained", "right with the model only")):
        lines.append(f"{word} ({len(found[key])}): {', '.join(found[key]) or 'none'}")
    return "\n".join(lines)
