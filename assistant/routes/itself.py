"""Questions that are about the assistant and its ratings as such, which no passage answers."""

from __future__ import annotations

from assistant import courtesies
from assistant.compose.draft import Draft
from assistant.routes.known import Known
from assistant.routes.noes import template
from assistant.understanding import Understanding


def about_assistant(draft: Draft, u: Understanding, known: Known) -> bool:
    """What the words beside a level mean, whether this is official, what became of the colours: no text says so."""
    corpus = known.corpus
    asked = courtesies.about_levels(u.question) if corpus.has_matrix and not u.sectors else ""
    if asked == "bases" and not u.crises:
        template(draft, "bases", "out_of_scope")
    elif asked == "colours" and not corpus.diagram:
        template(draft, "colours", "not_in_document")
    elif asked == "never" and not (
        u.crises or u.levels or u.phases or u.partners or u.groups or known.names_outside(u)
    ):
        return _never_spoken_of(draft)
    elif courtesies.asks_whether_official(u.question):
        template(draft, "official", "out_of_scope")
    else:
        return False
    return True


def _never_spoken_of(draft: Draft) -> bool:
    """The sectors that the prose of no scenario speaks of; False where there is none."""
    corpus = draft.corpus
    cells = corpus.matrix.select
    silent = [
        s.no for s in corpus.sectors if all(c.strongest is None and c.level is None for c in cells(sectors=[s.no]))
    ]
    if not silent:
        return False
    draft.route = "never"
    cited = tuple(draft.cite(corpus.sector(n).ref, corpus.sector(n).quote) for n in silent)
    draft.add(draft.say("never_rated", sectors=draft.sectors(silent)), *cited)
    return True
