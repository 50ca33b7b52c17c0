"""Next questions that have an answer: offered from the tables, never invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import fsum

from assistant.compose.draft import Draft
from assistant.text import content_stems
from assistant.understanding import Understanding
from corpus.types import PHASES

#: Suggestions offered at most.
MAX_SUGGESTIONS = 3
#: Routes whose replies come from the matrix or the tables of crises: what is asked next is one of their other cells.
_OF_TABLES = ("cell", "comparison", "list", "reverse", "across", "coordination", "people", "recommended")
#: Share of a prepared question's stems that the reply or the question may hold already; with more it is answered.
_ANSWERED = 0.8


def _of_passages(draft: Draft, u: Understanding) -> Iterator[str]:
    """Prepared questions about the passages that a reply cites, or is near to, which it has not answered; in turn."""
    refs = list(dict.fromkeys([c.ref for c in draft.citations] + [c.ref for c in draft.nearest]))
    said = {*content_stems(u.text), *(stem for c in draft.citations for stem in content_stems(c.quote))}
    asked = set(content_stems(u.text))
    found = [(s, set(content_stems(s.question))) for s in draft.corpus.suggestions if s.ref in refs]
    found = [(s, stems) for s, stems in found if len(stems & said) < _ANSWERED * len(stems)]
    spread = Counter(stem for _, stems in found for stem in stems)

    def shared(stems: set[str]) -> float:
        """How much of the question a prepared one shares, by rarity among those that are offered."""
        return fsum(1 / spread[stem] for stem in stems & asked)  # exact: the order of a set differs between processes

    # what shares most with the question first, then the passages in the reply's order; the table's order within each
    found.sort(key=lambda f: (-shared(f[1]), refs.index(f[0].ref)))
    yield from (s.question for s, stems in found if stems & asked or s.ref == refs[0])


def suggestions(draft: Draft, u: Understanding) -> tuple[str, ...]:
    """Up to three questions near the one asked, in the reply's language, each known to have an answer."""
    if draft.status == "needs_clarification":
        return ()
    near = list(_of_passages(draft, u)) if draft.language == "en" and draft.route not in _OF_TABLES else []
    tables = _of_tables(draft, u) if draft.corpus.has_matrix else []
    if tables and near:
        near, tables = near[: MAX_SUGGESTIONS - 1], [tables[0]]
    out = near + tables
    if not out and draft.corpus.has_matrix:
        out = [
            draft.say("example_question_list", phase=draft.phase("during"), crisis=draft.crisis("sudden_onset")),
            draft.say("example_question_coordination", crisis=draft.crisis("man_made")),
            draft.say("example_question_sector", sector=draft.sector(1)),
        ]
    return tuple(dict.fromkeys(out))[:MAX_SUGGESTIONS]


def _of_tables(draft: Draft, u: Understanding) -> list[str]:
    """Questions that the matrix and the tables of crises answer, about the crisis or sector spoken of."""
    corpus = draft.corpus
    out: list[str] = []
    crisis = u.crises[0] if u.crises else (draft.cells[0].crisis if draft.cells else None)
    phase = u.phases[0] if u.phases else None
    sector = u.sectors[0] if len(u.sectors) == 1 else None
    if crisis:
        name = draft.crisis(crisis)
        for other in PHASES:
            rated = any(c.level == "critical" for c in corpus.matrix.select(crises=[crisis], phases=[other]))
            if other != phase and rated:
                out.append(draft.say("example_question_list", phase=draft.phase(other), crisis=name))
                break
        if u.intent != "coordination" and corpus.coordination:
            out.append(draft.say("example_question_coordination", crisis=name))
        if u.intent != "people" and corpus.people:
            out.append(draft.say("example_question_people", crisis=name))
    if sector and any(c.level for c in corpus.matrix.select(sectors=[sector])):
        out.insert(0, draft.say("example_question_reverse", sector=draft.sector(sector)))
    cited = [c.ref for c in draft.citations if c.ref.startswith("Sector ")]
    for ref in dict.fromkeys(cited):
        no = int(ref.removeprefix("Sector "))
        if any(c.level for c in corpus.matrix.select(sectors=[no])):
            out.append(draft.say("example_question_reverse", sector=draft.sector(no)))
        break
    return out
