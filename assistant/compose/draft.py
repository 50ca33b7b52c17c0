"""An answer while it is being composed: blocks so far, citations by number, names in the reply's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.answer import Block, Bullets, Citation, Paragraph, Quote, Status
from assistant.phrases import say
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import CrisisKey, Fact, Language, Level, PhaseKey

if TYPE_CHECKING:
    from assistant.retrieval import ScoredPassage

_ARTICLES: dict[Language, dict[str, str]] = {
    "en": dict.fromkeys(("man_made", "sudden_onset", "slow_onset", "protracted", "health"), "a"),
    "fr": dict.fromkeys(("man_made", "sudden_onset", "slow_onset", "protracted", "health"), "une"),
    "es": {"man_made": "un", "sudden_onset": "un", "slow_onset": "un", "protracted": "una", "health": "una"},
}


def joined(items: Sequence[str], language: Language) -> str:
    """``a``, ``a and b``, ``a, b and c`` in the reply's language."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {say(language, 'and')} {items[-1]}"


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]


@dataclass
class Draft:
    """Gathers blocks and numbers citations in order of first use."""

    corpus: Corpus
    language: Language
    status: Status = "grounded"
    route: str = ""
    blocks: list[Block] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    nearest: list[Citation] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    notice: str = ""
    #: Probability that the document answers, where it was judged: 0 to 1.
    confidence: float | None = None
    #: What a language model had to do with the understanding; empty where none was asked.
    helped: dict[str, object] = field(default_factory=dict)
    lookups: list[tuple[str, str, int]] = field(default_factory=list)
    #: What was found beside what is stated, for whoever asks what else there is; nearest first.
    further: list[Fact] = field(default_factory=list)
    #: The passages ranked for the last part that was searched for, best first.
    ranked: Sequence[ScoredPassage] = ()

    def say(self, key: str, **values: object) -> str:
        """A phrase in the reply's language; the document's symbol and title are always at hand."""
        info = self.corpus.info
        return say(self.language, key, **({"symbol": info.symbol, "title": info.title, "date": info.date} | values))

    def cite(self, ref: str, quote: str) -> int:
        """Number of the citation of ``quote`` at ``ref``; the same quote keeps its number.

        Raises ValueError when the quote is not verbatim there: a citation that
        does not resolve is never made.
        """
        for citation in self.citations:
            if citation.ref == ref and citation.quote == quote:
                return citation.number
        made = make_citation(self.corpus, ref, quote, len(self.citations) + 1)
        self.citations.append(made)
        return made.number

    def add(self, text: str, *citations: int, template: bool = False) -> None:
        """A paragraph of the assistant's own."""
        self.blocks.append(Paragraph(text, tuple(citations), template))

    def mark(self) -> tuple[int, int, int]:
        """How much there is by now, for ``back_to``."""
        return len(self.blocks), len(self.citations), len(self.nearest)

    def back_to(self, mark: tuple[int, int, int]) -> None:
        """Drop what came after a mark; the draft is as if nothing had been refused or judged since."""
        blocks, citations, nearest = mark
        del self.blocks[blocks:], self.citations[citations:], self.nearest[nearest:]
        self.status, self.confidence = "grounded", None

    def shorten(self, most: int) -> None:
        """Keep the first ``most`` sentences of an English reply from facts, a topic or the table of leads, without what is quoted beside them; any other is kept whole.

        Of a head that only a quote completes, of ratings and of two answers in one nothing can go.
        """
        stated = [b for b in self.blocks if isinstance(b, Paragraph) and b.citations and not b.template]
        if self.status != "grounded" or self.language != "en" or self.route not in ("fact", "topic", "role"):
            return
        if any(b not in stated and not isinstance(b, Quote) for b in self.blocks):
            return
        self.blocks[:] = stated[:most]
        used = {number for b in stated[:most] for number in b.citations}
        self.citations[:] = [c for c in self.citations if c.number in used]

    def quote(self, ref: str, quote: str) -> None:
        """A verbatim quote with its citation."""
        self.blocks.append(Quote(quote, self.cite(ref, quote)))

    def bullets(self, items: Iterable[tuple[str, tuple[int, ...]]]) -> None:
        self.blocks.append(Bullets(tuple(Paragraph(text, numbers) for text, numbers in items)))

    # names in the reply's language

    def crisis(self, key: CrisisKey) -> str:
        """Name of a crisis with its article: "a health crisis", "une crise sanitaire"."""
        row = self.corpus.crisis(key)
        name = {"en": row.name, "fr": row.name_fr, "es": row.name_es}[self.language]
        return f"{_ARTICLES[self.language][key]} {name}"

    def crisis_plain(self, key: CrisisKey) -> str:
        row = self.corpus.crisis(key)
        return {"en": row.name, "fr": row.name_fr, "es": row.name_es}[self.language]

    def phase(self, key: PhaseKey) -> str:
        """The phase as a preposition: "before", "avant", "antes de"."""
        return self.say(f"prep_{key}")

    def phase_cap(self, key: PhaseKey) -> str:
        return capital(self.phase(key))

    def place(self, crisis: CrisisKey, phase: PhaseKey) -> str:
        """“during a health crisis”."""
        return f"{self.phase(phase)} {self.crisis(crisis)}"

    def sector(self, no: int) -> str:
        """Such as “Health Support (Sector 4)”: sector names stay in English."""
        return f"{self.corpus.sector(no).name} (Sector {no})"

    def sectors(self, numbers: Iterable[int]) -> str:
        return joined([self.sector(n) for n in numbers], self.language)

    def level(self, level: Level) -> str:
        return self.say(f"level_{level}")


def make_citation(corpus: Corpus, ref: str, quote: str, number: int) -> Citation:
    """The citation of a verbatim quote. Raises ValueError when it is none."""
    passage = corpus.by_ref[ref]
    span = passage.find(quote)
    if span is None:
        raise ValueError(f"not verbatim at {ref}: {quote[:60]!r}")
    start, end = span
    return Citation(
        number=number,
        ref=ref,
        quote=quote,
        start=start,
        end=end,
        source_spans=passage.source_spans(start, end),
        anchor=passage.anchor,
        heading_path=passage.heading_path,
    )
