"""Places of the document: named by their labels, or by what they mention or tell of."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import entities, labels
from assistant.answer import Paragraph
from assistant.compose import passages as by_passage
from assistant.compose.draft import Draft
from assistant.mentions import Mention, subject_asked, thing_asked
from assistant.routes.known import Known
from assistant.routes.means import Means
from assistant.routes.named import FEW
from assistant.routes.noes import template
from assistant.text import content_stems
from assistant.understanding import Understanding
from assistant.verify import figures

#: Places named of those that mention a thing; of more their number is told.
PLACES = 12
#: Places quoted of those that mention a thing; the others are named.
QUOTED = 3


class Places:
    """Answers from the places that a question names, or asks for."""

    def __init__(self, known: Known, means: Means) -> None:
        self._known, self._corpus, self._means = known, known.corpus, means

    def by_label(self, draft: Draft, u: Understanding) -> bool:
        """Quote the places that a question names by their labels, whole or what they say of its subject; or say that there are none."""
        named = labels.named(u.question, u.language, self._corpus.by_ref)
        if named is None or not all(label.last for label in named.labels):
            return False
        missing = [label for label in named.labels if label.passage is None]
        if missing and len(named.about) <= FEW:
            draft.route, draft.status = "label", "not_in_document"
            for label in missing:
                text = draft.say("no_label", label=label.name, last=label.last)
                draft.blocks.append(Paragraph(text, template=True))
            return True
        found = [label.passage for label in named.labels if label.passage is not None]
        known = {stem for p in found for stem in content_stems(p.text)}
        if missing or (named.about and not (len(named.about) <= FEW and named.about <= known)):
            return False
        draft.route = "label"
        for p in found:
            by_passage.passage(draft, p, by_passage.best_sentences(p, list(named.about)) if named.about else [p.text])
        return True

    def by_mention(self, draft: Draft, u: Understanding) -> bool:
        """Quote where the document mentions what a question asks it to; nothing where its words do not stand there."""
        plain = u.language == "en" and not (u.levels or u.rating_cue or u.follow_up)
        thing = thing_asked(u.question) if plain else ""
        found = self._known.mentioned(thing)
        if not found:
            return plain and (self._by_name(draft, u) or self._unheard(draft, thing))
        self._list(draft, "mentioned", found)
        return True

    def speaks_of(self, draft: Draft, u: Understanding) -> bool:
        """In place of a no: where the document has the word, if all that it says of one thing is asked for.

        The legends of diagrams name clusters and groups and say nothing of them.
        """
        asked = u.language == "en" and not (u.follow_up or u.crises or u.sectors or u.partners or u.groups or u.topics)
        thing = subject_asked(u.question) if asked else ""
        found = [m for m in self._known.mentioned(thing) if self._corpus.by_ref[m.ref].kind != "diagram"]
        if not found:
            return False
        draft.blocks.clear()
        draft.citations.clear()
        draft.nearest.clear()
        draft.status = "grounded"
        self._list(draft, "spoken_of", found, thing=thing)
        return True

    @staticmethod
    def _list(draft: Draft, head: str, found: Sequence[Mention], **values: str) -> None:
        """The places that mention a thing, the first of them quoted."""
        draft.route = "mention"
        shown = found[:PLACES]
        numbers = tuple(draft.cite(m.ref, m.sentence) for m in shown)
        refs = labels.listed(m.ref for m in shown)
        if len(found) > len(shown):
            refs = draft.say("more_places", refs=refs, number=len(found) - len(shown))
        draft.blocks.append(Paragraph(draft.say(head, refs=refs, **values), numbers, template=True))
        for m in shown[:QUOTED]:
            draft.quote(m.ref, m.sentence)

    def _by_name(self, draft: Draft, u: Understanding) -> bool:
        """State what every passage tells of the one body or place that all is asked about."""
        name = entities.name_asked(u.question, self._known.names, self._corpus)
        told = entities.facts_on(name, self._corpus.facts, self._corpus.by_ref) if name else []
        years = figures(u.question)
        told = [f for f in told if years <= figures(self._known.said(f))]
        if not told or not self._means.features.facts:
            return False
        draft.route = "name"
        draft.blocks.append(Paragraph(draft.say("named_head", name=name), template=True))
        draft.bullets((f.statement, (draft.cite(f.ref, f.quote),)) for f in told[: entities.MOST])
        rest = told[entities.MOST :]
        if rest:
            numbers = tuple(draft.cite(f.ref, f.quote) for f in rest)
            draft.blocks.append(
                Paragraph(draft.say("also_named", refs=labels.listed(f.ref for f in rest)), numbers, template=True)
            )
        return True

    def _unheard(self, draft: Draft, thing: str) -> bool:
        """Say that the text does not mention a thing of whose words neither it nor any prepared question has one."""
        stems = set(content_stems(thing))
        if not stems or any(self._known.premises.knows(stem) for stem in stems) or not self._means.features.abstention:
            return False
        missing = draft.say("missing_terms", terms=f"“{thing}”")
        template(draft, "not_in_document", "not_in_document", missing=missing)
        return True
