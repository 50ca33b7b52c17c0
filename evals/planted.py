"""Errors planted on purpose: does verification keep them from the reader?

On the average, verification changes little, because the parts before it seldom
err. So it is judged by replies that are broken here, one error each, in every
way it is there for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answer import Answer, Block, Citation, Paragraph, Quote, RatingTable
from assistant.verify import verify
from corpus.load import Corpus
from corpus.types import LEVELS

#: A name and a figure that stand nowhere in a text about migration crises.
STRANGE_NAME, STRANGE_NUMBER = "Atlantis", "987,654"


@dataclass(frozen=True, slots=True)
class Planted:
    """How many errors of one sort got through with and without the part that should stop them."""

    error: str
    part: str
    n: int
    through_on: int
    through_off: int

    def as_json(self) -> dict[str, object]:
        return {
            "error": self.error,
            "part": self.part,
            "n": self.n,
            "through_on": self.through_on,
            "through_off": self.through_off,
        }


Plant = Callable[[Answer, Corpus], tuple[Answer, object] | None]


def _swap(answer: Answer, old: Block, new: Block) -> Answer:
    return replace(answer, blocks=tuple(new if block is old else block for block in answer.blocks))


def wrong_level(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first rating shown gets another level."""
    for block in answer.blocks:
        if isinstance(block, RatingTable) and block.rows:
            row = block.rows[0]
            level = LEVELS[(LEVELS.index(row.level) + 1) % 3] if row.level else "critical"
            text = row.text.replace(str(row.level), level) if row.level else f"{row.text}: {level}"
            bad = replace(row, level=level, text=text)
            return _swap(answer, block, replace(block, rows=(bad, *block.rows[1:]))), bad
    return None


def altered_quote(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """A word is put into the first quote shown, and into its citation."""
    for block in answer.blocks:
        if isinstance(block, Quote):
            bad = replace(block, text=f"not {block.text}")
            changed = _swap(answer, block, bad)
            cited = tuple(replace(c, quote=bad.text) if c.number == block.citation else c for c in answer.citations)
            return replace(changed, citations=cited), bad
    return None


def misattributed(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first citation keeps its quote and gets the label of another passage."""
    if not answer.citations:
        return None
    first: Citation = answer.citations[0]
    other = next(p for p in corpus.passages if p.ref != first.ref and first.quote not in p.text)
    bad = replace(first, ref=other.ref, anchor=other.anchor)
    return replace(answer, citations=(bad, *answer.citations[1:])), bad


def invented_citation(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first citation gets a label that does not exist."""
    if not answer.citations:
        return None
    bad = replace(answer.citations[0], ref="¶999")
    return replace(answer, citations=(bad, *answer.citations[1:])), bad


def _own_sentence(answer: Answer) -> Paragraph | None:
    return next((b for b in answer.blocks if isinstance(b, Paragraph) and not b.template and b.citations), None)


def strange_figure(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first sentence of its own gets a figure that its passage does not hold."""
    block = _own_sentence(answer)
    if block is None:
        return None
    bad = replace(block, text=f"{block.text} This concerned {STRANGE_NUMBER} people.")
    return _swap(answer, block, bad), bad


def strange_name(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first sentence of its own gets a name that its passage does not hold."""
    block = _own_sentence(answer)
    if block is None:
        return None
    bad = replace(block, text=f"{block.text} This was in {STRANGE_NAME}.")
    return _swap(answer, block, bad), bad


def uncited(answer: Answer, corpus: Corpus) -> tuple[Answer, object] | None:
    """The first sentence of its own loses its citations."""
    block = _own_sentence(answer)
    if block is None:
        return None
    bad = replace(block, citations=())
    return _swap(answer, block, bad), bad


PLANTS: dict[str, Plant] = {
    "a rating with another level": wrong_level,
    "a quote with a word put in": altered_quote,
    "a quote given to another paragraph": misattributed,
    "a citation that does not exist": invented_citation,
    "a figure from nowhere": strange_figure,
    "a name from nowhere": strange_name,
    "a claim without a citation": uncited,
}


def holds(answer: Answer, bad: object) -> bool:
    """Whether the planted piece is still part of the answer."""
    return bad in answer.citations or bad in list(answer.pieces()) or bad in answer.blocks


def plant_all(answers: Sequence[Answer], corpus: Corpus, plants: Mapping[str, Plant] = PLANTS) -> list[Planted]:
    """Plant each error into every answer that has room for it, and count what verification lets through."""
    results = []
    for error, plant in plants.items():
        planted = [found for answer in answers if (found := plant(answer, corpus)) is not None]
        through = sum(holds(verify(answer, corpus).answer, bad) for answer, bad in planted)
        if planted:
            results.append(Planted(error, "verification", len(planted), through, len(planted)))
    return results


def refusals(answered_with: Iterable[bool], answered_without: Iterable[bool]) -> Planted:
    """Questions that the document does not answer, as planted errors of the refusal."""
    on, off = list(answered_with), list(answered_without)
    return Planted("a question that the document does not answer", "refusal", len(on), sum(on), sum(off))
