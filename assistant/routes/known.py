"""What is derived from the corpus once and used on several routes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from assistant.compose import passages as by_passage
from assistant.mentions import Mention, mentions
from assistant.naming import Names, holds, initials
from assistant.premises import Premises
from assistant.text import fold, words
from assistant.understanding import Understanding
from assistant.verify import figures
from corpus.load import Corpus
from corpus.types import Fact


class Known:
    """One corpus, and what follows from it; each is derived when it is first needed."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._said: dict[str, str] = {}

    # --- names and figures

    @cached_property
    def names(self) -> Names:
        return Names(self.corpus)

    @cached_property
    def figures(self) -> frozenset[str]:
        """All numbers and years of the document."""
        return frozenset(f for p in self.corpus.passages for f in figures(p.text))

    @cached_property
    def premises(self) -> Premises:
        return Premises(self.corpus)

    def names_outside(self, u: Understanding) -> bool:
        """Whether the question names a place, body or year that the text has outside the scenarios."""
        covered = {
            i for m in u.matches if m.kind in ("crisis", "phase", "sector", "partner") for i in range(m.start, m.end)
        }
        # the places of the terms are those of this message; what it inherits was looked at in its own turn
        examples = {w for e in self.corpus.examples if e.crisis in u.crises for w in words(e.place)}
        own = enumerate(words(u.question))
        return any(t in self.names.proper and t not in examples for i, t in own if i not in covered)

    def mentioned(self, thing: str) -> list[Mention]:
        """Where the document mentions a thing, in its order, the legends of diagrams last: they name every cluster and group."""
        found = mentions(thing, self.corpus.passages, self.names.is_name) if thing else []
        return sorted(found, key=lambda m: self.corpus.by_ref[m.ref].kind == "diagram")

    # --- facts

    def told(self, fact: Fact) -> str:
        """What a fact tells: its row and the sentence it rests on, without its place."""
        sentence = by_passage.sentence_of(fact, self.corpus.by_ref)
        return f"{fact.subject} {fact.statement} {fact.value} {sentence}"

    def said(self, fact: Fact) -> str:
        """All that is said with a fact: what it tells, its place, and the acronyms of what it spells out."""
        if fact.id not in self._said:
            told = self.told(fact)
            folded = fold(told)
            short = [acronym for acronym, words_ in self._spelled if words_ in folded]
            self._said[fact.id] = " ".join([told, fact.ref, *short])
        return self._said[fact.id]

    def holds(self, fact: Fact, name: str) -> bool:
        """Whether a fact, or the sentence it rests on, holds a name or figure.

        Of a name of several words all that are no common words: the Danish Refugee Council is not the Norwegian one.
        """
        text = self.said(fact)
        if name[:1].isdigit():
            return name in figures(text)
        folded = fold(text)
        telling = self.names.telling(name)
        return all(holds(folded, part) for part in telling) if len(telling) > 1 else holds(folded, name)

    @cached_property
    def deeds(self) -> frozenset[str]:
        """Facts that tell what is done: their words are those of an activity, or of a sentence on a scenario's sectors."""
        told: dict[str, list[str]] = {}
        for ref, quote in [
            *((a.ref, a.quote) for a in self.corpus.activities),
            *((e.ref, e.quote) for e in self.corpus.evidence),
        ]:
            told.setdefault(ref, []).append(quote)
        return frozenset(
            f.id for f in self.corpus.facts if any(f.quote in q or q in f.quote for q in told.get(f.ref, ()))
        )

    @cached_property
    def _spelled(self) -> tuple[tuple[str, str], ...]:
        """Acronyms with what they stand for, folded: who asks about "UNDP" is answered by its name.

        Those of the document, and those terms of the lexicon that are the initials of another term of the same thing.
        """
        found = {(a.acronym, fold(a.expansion)) for a in self.corpus.acronyms if a.expansion}
        terms: dict[tuple[str, str], list[str]] = {}
        for row in self.corpus.lexicon:
            if row.lang == "en":
                terms.setdefault((row.kind, row.key), []).append(fold(row.term))
        for same in terms.values():
            long = {initials(t): t for t in same if len(t.split()) > 2}
            found |= {(t.upper(), long[t]) for t in same if t in long}
        return tuple(sorted(found))

    # --- topics

    @cached_property
    def topics(self) -> dict[str, list[Fact]]:
        """The facts of every topic."""
        found: dict[str, list[Fact]] = {}
        for row in self.corpus.topics:
            found.setdefault(row.topic, []).append(self.corpus.fact_by_id[row.fact])
        return found

    @cached_property
    def see_rows(self) -> dict[str, str]:
        """Topics that questions without an answer come near, by their text."""
        return {n.text: n.see for n in self.corpus.not_covered if n.see}

    # --- scenarios and sectors

    def scenario(self, ref: str) -> str:
        """The crisis whose scenario a passage belongs to; empty for any other passage."""
        return self._scenarios.get(self.corpus.by_ref[ref].heading_path[:2], "")

    def of_another(self, u: Understanding, ref: str) -> bool:
        """Whether a passage belongs to the scenario of another crisis than those asked about."""
        return bool(u.crises) and self.scenario(ref) not in ("", *u.crises)

    @cached_property
    def _scenarios(self) -> dict[tuple[str, ...], str]:
        """Crises by the headings of their scenarios."""
        return {self.corpus.by_ref[c.ref].heading_path[:2]: c.key for c in self.corpus.crises}

    @cached_property
    def phases(self) -> dict[str, set[str]]:
        """The phases that each paragraph on a scenario's sectors speaks of."""
        found: dict[str, set[str]] = {}
        for row in self.corpus.evidence:
            found.setdefault(row.ref, set()).add(row.phase)
        return found

    def of_sectors(self, sectors: Sequence[int]) -> list[str]:
        """The passages that define sectors and that rate them."""
        evidence = (e.ref for cell in self.corpus.matrix.select(sectors=sectors) for e in cell.evidence)
        return list(dict.fromkeys([*(self.corpus.sector(no).ref for no in sectors), *evidence]))
