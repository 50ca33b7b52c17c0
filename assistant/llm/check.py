"""Every sentence of a model is checked before anybody sees it; each check has a name.

Levels, figures, names and quotes are checked as the composer's are
(``assistant.verify``), but against the one sentence of the passages that
a sentence rests on, not against whole passages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant import guards
from assistant.lexicon import Lexicon
from assistant.llm.reply import Sentence
from assistant.llm.request import Source
from assistant.llm.support import LEXICAL, SupportTest, basis, negated, only_aimed, turned
from assistant.text import content_stems, detect_language, fold, sentences, words
from assistant.understanding import read
from assistant.verify import Finding, check_sentence, levels_said
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import CRISES, PHASES

#: Longest sentence, in characters and words.
_LONG, _LONG_WORDS = 600, 80
#: Words that a quote must have to prove anything.
_QUOTE_WORDS = 3
#: Share of a sentence's content that, said before, makes it a repetition.
_REPEATED = 0.9

_MARKUP = re.compile(r"[<>`{}|\\\n\r\t]|\]\(|https?:|www\.|javascript:|\*\*|^\s*[#>*-]\s|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\[\d+\]")  # fmt: skip
_REFUSAL = re.compile(
    r"\b(?:i|we) (?:can ?not|cannot|can't|do not|don't|am|are) |\b(?:sorry|unable to|as an ai|language model)\b"
    r"|\b(?:document|text|passages?|framework|paper)s? (?:do(?:es)? ?n[o']t|(?:is|are) silent|gives? no|(?:has|have) no|makes? no|contains? no|provides? no)\b"
    r"|\bno (?:information|mention|answer|evidence)\b|\bnot (?:mentioned|stated|specified|addressed|covered|available|provided) (?:in|by)\b|\binsufficient\b"
)
_END = re.compile(r"[.!?][\"”’')\]]*$")
_QUOTED = re.compile(r"[“\"]([^”\"]+)[”\"]")


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence that may be shown: its text, and the places it rests on, each a label and a verbatim quote."""

    text: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Checker:
    """Checks sentences about one answer: its cells, its numbered passages, what was said of it already.

    ``asked`` are the crises of the question: a sentence below it need not name them again.
    """

    corpus: Corpus
    lexicon: Lexicon
    sources: Sequence[Source]
    cells: Sequence[Cell]
    support: SupportTest = LEXICAL
    asked: Collection[str] = ()

    def check(self, sentence: Sentence, said: Sequence[str] = ()) -> tuple[Checked | None, list[Finding]]:
        """The sentence as it may be shown, or what is wrong with it."""
        text = " ".join(sentence.text.split(" ")).strip()
        found = self._form(text)
        if found:
            return None, found
        by_number = {s.n: s for s in self.sources}
        if not sentence.citations:
            return None, [Finding("uncited_claim", text)]
        unknown = [n for n in sentence.citations if n not in by_number]
        if unknown:
            return None, [Finding("unknown_citation", str(unknown[0]))]
        cited = [by_number[n] for n in dict.fromkeys(sentence.citations)]
        found = self._quotes(text, sentence.quotes, cited)
        if _REFUSAL.search(fold(text)):
            found.append(Finding("refuses_answerable", text))
        units = self._units(cited)
        honest = [u for u in units if not guards.orders(u)]
        if guards.orders(text) or (len(honest) < len(units) and set(basis(text, units)) - set(honest)):
            found.append(Finding("follows_instruction", text))
        evidence = basis(text, honest)
        named, findings = self._levels(text, evidence, {s.label for s in cited})
        found += findings
        found += check_sentence(
            _without_sector_numbers(text, named), " ".join((*evidence, *named, *self._heads(cited)))
        )
        found += [Finding("name_not_in_evidence", w) for w in _opening_name(text, (*evidence, *named))]
        known = (*named, *self._heads(cited))
        found += [Finding("turned_meaning", w) for w in turned(text, evidence, named)]
        found += [Finding("only_aimed", w) for w in sorted(only_aimed(text, evidence))]
        found += [Finding("scenario_not_said", name) for name in self._scenarios(text, cited, evidence)]
        if not self.support.supports(text, honest, known):
            found.append(Finding("not_supported", text))
        if not found and _repeats(text, said):
            found.append(Finding("repeated", text))
        if found:
            return None, found
        return Checked(text, self._places(cited, sentence.quotes, evidence)), []

    def _form(self, text: str) -> list[Finding]:
        if not text or len(text) > _LONG or len(text.split()) > _LONG_WORDS or len(sentences(text)) > 2:
            return [Finding("too_long", text[:200])]
        if _MARKUP.search(text):
            return [Finding("markup", text)]
        if not _END.search(text):
            return [Finding("unfinished", text)]
        if not content_stems(text) or detect_language(text) != "en":
            return [Finding("other_language", text)]
        return []

    def _quotes(self, text: str, quotes: Sequence[str], cited: Sequence[Source]) -> list[Finding]:
        found = []
        texts = [self.corpus.by_ref[s.label].text for s in cited]
        for quote in quotes:
            if not any(quote in t for t in texts):
                found.append(Finding("quote_not_verbatim", quote))
            elif len(quote.split()) < _QUOTE_WORDS:
                found.append(Finding("quote_too_short", quote))
        inside = _QUOTED.findall(text)
        found += [Finding("quote_not_verbatim", q) for q in inside if not any(q.strip(" .,;") in t for t in texts)]
        return found

    def _units(self, cited: Sequence[Source]) -> list[str]:
        return [u for s in cited for u in sentences(self.corpus.by_ref[s.label].text)]

    def _scenarios(self, text: str, cited: Sequence[Source], evidence: Sequence[str]) -> list[str]:
        """The crises that the passages a sentence rests on speak of and the sentence does not."""
        u = read(text, self.lexicon)
        named = {*u.crises, *u.weak_crises, *self.asked}
        found = []
        for source in cited:
            passage = self.corpus.by_ref[source.label]
            if not any(e in passage.text for e in evidence):
                continue
            for crisis in self.corpus.crises:
                heading = self.corpus.by_ref[crisis.ref].heading_path
                if passage.heading_path[: len(heading)] == heading and crisis.key not in named:
                    found.append(crisis.name)
        return list(dict.fromkeys(found))

    def _heads(self, cited: Sequence[Source]) -> list[str]:
        return [f"{s.label} {' '.join(self.corpus.by_ref[s.label].heading_path)}" for s in cited]

    def _levels(self, text: str, evidence: Sequence[str], cited: Collection[str]) -> tuple[list[str], list[Finding]]:
        """What the cells add to the evidence, and levels that are not theirs.

        A sentence that names a level names its sector; every cell that its
        words leave open must have that very level. Without a sector, a level's
        word is the document's own or none.
        """
        said = levels_said(_QUOTED.sub("", text))
        if not said:
            return [], []
        u = read(text, self.lexicon)
        numbered = [int(n) for n in re.findall(r"\bsector (\d{1,2})\b", fold(text))]
        sectors = tuple(dict.fromkeys([*u.sectors, *numbered])) or u.weak_sectors
        bad = [Finding("level_not_in_matrix", level) for level in sorted(said)]
        if not self.corpus.has_matrix or not (sectors or self.cells):
            return [], [] if said <= levels_said(" ".join(evidence)) else bad
        if not sectors or len(said) > 1 or any(n not in range(1, 16) for n in sectors):
            return [], bad
        asked = [c for c in self.cells if c.sector_no in sectors]
        crises = u.crises or u.weak_crises or tuple({c.crisis for c in asked}) or CRISES
        phases = u.phases or u.weak_phases or tuple({c.phase for c in asked}) or PHASES
        cells = [self.corpus.matrix.cell(c, p, s) for c in crises for p in phases for s in sectors]
        if any({str(c.level)} != said for c in cells) or negated(text):
            return [], bad
        found = []
        if any(c.basis == "interpreted" for c in cells) and not re.search(r"\binterpret|\breading\b", fold(text)):
            found.append(Finding("basis_not_said", text))
        for cell in cells:
            condition = cell.strongest.condition if cell.strongest and cell.diagram is None else ""
            wanted = set(content_stems(condition))
            if wanted and 2 * len(wanted & set(content_stems(text))) < len(wanted):
                found.append(Finding("condition_not_said", condition))
        found += [Finding("uncited_claim", text) for c in cells if not any(e.ref in cited for e in c.evidence)]
        named = [_cell_words(c, self.corpus) for c in cells]
        return named, found

    def _places(
        self, cited: Sequence[Source], quotes: Sequence[str], evidence: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        """For each passage cited: the sentence it supports with, else the model's own quote of it."""
        out: list[tuple[str, str]] = []
        for source in cited:
            text = self.corpus.by_ref[source.label].text
            held = [e for e in evidence if e in text]
            own = [q for q in quotes if q in text]
            out += [(source.label, q) for q in (held or own[:1])]
        return tuple(dict.fromkeys(out))


def _cell_words(cell: Cell, corpus: Corpus) -> str:
    """What may be said of a cell beside the words of its evidence."""
    sector = corpus.sector(cell.sector_no)
    own = "interpretation interpreted reading" if cell.basis == "interpreted" else ""
    quotes = " ".join(e.quote for e in cell.evidence)
    names = f"Sector {sector.no} {sector.name} {sector.short_name} {corpus.crisis(cell.crisis).name} {cell.phase}"
    return f"{names} {cell.level or ''} rated level {own} {quotes}"


def _without_sector_numbers(text: str, named: Sequence[str]) -> str:
    return re.sub(r"\bSector \d{1,2}\b", "Sector", text) if named else text


def _opening_name(text: str, evidence: Sequence[str]) -> list[str]:
    """The first word, where it is capitalised for being a name: one that the evidence never has in small letters.

    ``verify.names`` passes over it, because most first words are no names.
    """
    first = re.match(r"[“\"(]*([A-Z][\w'’-]+)", text)
    if first is None:
        return []
    held = {w for e in evidence for w in words(e)}
    parts = [w for w in words(first.group(1)) if content_stems(w)]
    stems = {s for w in held for s in content_stems(w)}
    return [first.group(1)] if any(content_stems(w)[0] not in stems and w not in _OPENERS for w in parts) else []


#: Words that may open a sentence without being in the evidence.
_OPENERS = frozenset("iom according framework document paper text examples example also annex".split())


def _repeats(text: str, said: Sequence[str]) -> bool:
    own = set(content_stems(text))
    before = {s for t in said for s in content_stems(t)}
    return bool(own) and len(own & before) >= _REPEATED * len(own)


def counted(findings: Sequence[Finding]) -> Mapping[str, int]:
    """Number of findings by check, in the order of first occurrence."""
    out: dict[str, int] = {}
    for finding in findings:
        out[finding.check] = out.get(finding.check, 0) + 1
    return out
