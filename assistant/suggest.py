"""Next questions that have an answer: offered from the tables, never invented."""

from __future__ import annotations

from assistant.compose.draft import Draft
from assistant.understanding import Understanding
from corpus.types import PHASES

#: Suggestions offered at most.
MAX_SUGGESTIONS = 3


def suggestions(draft: Draft, u: Understanding) -> tuple[str, ...]:
    """Up to three questions near the one asked, in the reply's language, each known to have an answer."""
    corpus = draft.corpus
    if not corpus.has_matrix or draft.status == "needs_clarification":
        return ()
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
    if not out:
        out = [
            draft.say("example_question_list", phase=draft.phase("during"), crisis=draft.crisis("sudden_onset")),
            draft.say("example_question_coordination", crisis=draft.crisis("man_made")),
            draft.say("example_question_sector", sector=draft.sector(1)),
        ]
    return tuple(dict.fromkeys(out))[:MAX_SUGGESTIONS]
