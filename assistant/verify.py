"""Nothing is shown before it is checked: quotes, levels, figures, names, citations.

Each check is a pure function over one piece of an answer. What fails is taken
out, the answer is downgraded, and the reason is counted; the rest of a right
answer stays.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.answer import Answer, Block, Bullets, Citation, Paragraph, Quote, RatingRow, RatingTable, cited_numbers
from assistant.text import fold
from corpus.load import Corpus

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"\d+(?:[.,/]\d+)*")
#: A name: a capitalised word that does not open a sentence, an acronym, or a symbol such as SCPF/71.
_NAME = re.compile(r"\b[A-ZÀ-Ý][\wÀ-ÿ'’/-]*[A-Za-zÀ-ÿ0-9]|\b[A-Z]{2,}\b")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[(“\"•\-–]\s*)$")
_LEVEL_WORD = re.compile(
    r"\b(critical|important|recommended|critique|recommande|critico|critica|importante|recomendado)\b"
)
_LEVEL_OF = {"critique": "critical", "critico": "critical", "critica": "critical", "importante": "important",
             "recommande": "recommended", "recomendado": "recommended"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed check: its name, and the offending text."""

    check: str
    evidence: str


def check_citation(citation: Citation, corpus: Corpus) -> list[Finding]:
    """The label exists, the quote stands at its offsets, and the source spans hold it."""
    passage = corpus.by_ref.get(citation.ref)
    if passage is None:
        return [Finding("unknown_citation", citation.ref)]
    if not citation.quote or passage.text[citation.start : citation.end] != citation.quote:
        return [Finding("quote_not_verbatim", citation.quote)]
    if passage.source_spans(citation.start, citation.end) != citation.source_spans:
        return [Finding("offsets_do_not_match", citation.ref)]
    return []


def figures(text: str) -> set[str]:
    """Numbers and years of a text, as printed, trailing punctuation removed."""
    return {n.strip(".,/") for n in _NUMBER.findall(text)}


def opens_sentence(text: str, place: int) -> bool:
    """Whether a sentence, a quotation or a list item begins at a place of a text."""
    before = text[max(0, place - 2) : place]
    if len(before) == 2 and before[0].isalnum() and before[1] == " ":
        return False  # a word and a space: so it is with nearly every place, and the whole text need not be searched
    return _SENTENCE_START.search(text[:place]) is not None


def names(text: str) -> set[str]:
    """Proper names and acronyms of a text: capitalised words that do not merely open a sentence."""
    out: set[str] = set()
    for match in _NAME.finditer(text):
        word = match.group()
        if opens_sentence(text, match.start()) and not (word.isupper() and len(word) > 1):
            continue
        if len(word) > 1:
            out.add(word.removesuffix("'s").removesuffix("’s"))
    return out


def _holds(evidence: str, term: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(fold(term))}(?![\w])", evidence) is not None


def _holds_number(evidence: str, number: str) -> bool:
    """As ``_holds``; an ordinal or a decade ("the 100th Session", "the early 1990s") holds its number."""
    return re.search(rf"(?<![\w]){re.escape(number)}(?:st|nd|rd|th|s)?(?![\w])", evidence) is not None


def check_sentence(text: str, evidence: str) -> list[Finding]:
    """Every number and name of a sentence occurs in its evidence (the passages it cites, or its cells)."""
    folded = fold(evidence)
    found = [Finding("number_not_in_evidence", n) for n in sorted(figures(text) - figures(evidence))]
    plain = re.sub(r"[^\w\s]", " ", folded)
    for name in sorted(names(text)):
        parts = [p for p in re.split(r"[\s/'’-]", fold(name)) if p]
        # an acronym is held by its plural: "NFIs" backs "NFI"
        several = name.isupper() and all(_holds(plain, f"{p}s") for p in parts)
        if not several and not all(_holds(plain, p) or _holds(folded, p) for p in parts):
            found.append(Finding("name_not_in_evidence", name))
    return found


def check_row(row: RatingRow, corpus: Corpus) -> list[Finding]:
    """A rating shown equals the matrix: level, basis and word of exactly that cell, and the text says so."""
    cell = corpus.matrix.cell(row.crisis, row.phase, row.sector_no)
    if row.level != cell.level or row.basis != cell.basis:
        return [Finding("level_not_in_matrix", f"{row.text}")]
    strongest = cell.strongest
    if strongest is not None and (row.word != strongest.word or row.condition != strongest.condition):
        return [Finding("word_not_in_matrix", row.word)]
    allowed = {str(level) for level in (cell.level, cell.prose_level) if level}
    said = levels_said(re.sub(r"“[^”]*”", "", row.text))
    if not said <= allowed:
        return [Finding("level_not_in_matrix", row.text)]
    return []


def levels_said(text: str) -> set[str]:
    """The levels of the matrix that a text names, in any of the three languages."""
    return {_LEVEL_OF.get(w, w) for w in _LEVEL_WORD.findall(fold(text))}


def check_paragraph(
    block: Paragraph, citations: Mapping[int, Citation], corpus: Corpus, cells: Sequence[object]
) -> list[Finding]:
    """An own sentence: cited, and every figure, name and level in it backed by what it cites.

    Levels count as ratings only where the answer uses cells; there each must be
    the level of one of them.
    """
    if block.template:
        return []
    found: list[Finding] = []
    cited = [citations[n] for n in block.citations if n in citations]
    if len(cited) < len(block.citations) or not cited:
        return [Finding("uncited_claim", block.text)]
    evidence = " ".join(
        f"{c.ref} {corpus.by_ref[c.ref].text} {' '.join(corpus.by_ref[c.ref].heading_path)}"
        for c in cited
        if c.ref in corpus.by_ref
    )
    evidence += " " + " ".join(corpus.by_ref[c.ref].belongs_to or "" for c in cited if c.ref in corpus.by_ref)
    evidence += f" {corpus.info.symbol} {corpus.info.title} {corpus.info.date} IOM OIM"
    if cells:
        evidence += " " + " ".join(
            f"Sector {s.no} {s.name} {s.short_name}"
            for s in corpus.sectors
            if any(getattr(c, "sector_no", 0) == s.no for c in cells)
        )
        backed = {str(getattr(c, attribute)) for c in cells for attribute in ("level", "prose_level")} | {"None"}
        said = levels_said(re.sub(r"“[^”]*”", "", block.text))
        found += [Finding("level_not_in_matrix", level) for level in sorted(said - backed)]
    found += check_sentence(re.sub(r"\b(?:as of|en) 2012\b", "", block.text), evidence)
    return found


@dataclass(frozen=True, slots=True)
class Verified:
    """An answer after verification, and what was taken out, by check."""

    answer: Answer
    removed: Mapping[str, int]


def verify(answer: Answer, corpus: Corpus) -> Verified:
    """Take out every piece that fails a check; downgrade what is left.

    An answer that loses all its claims becomes ``not_in_document`` only if the
    caller composes that; here it keeps what stands and turns ``partial``.
    """
    removed: Counter[str] = Counter()
    good: dict[int, Citation] = {}
    for citation in answer.citations:
        findings = check_citation(citation, corpus)
        if findings:
            _count(removed, findings)
        else:
            good[citation.number] = citation
    blocks: list[Block] = []
    for block in answer.blocks:
        kept, findings = _check_block(block, good, corpus, answer)
        _count(removed, findings)
        if kept is not None:
            blocks.append(kept)
    nearest = tuple(c for c in answer.nearest if not check_citation(c, corpus))
    if not removed:
        return Verified(answer, {})
    used = {n for block in blocks for n in cited_numbers(block)}
    status = answer.status if answer.status not in ("grounded",) else "partial"
    left = replace(
        answer,
        blocks=tuple(blocks),
        citations=tuple(c for n, c in good.items() if n in used),
        nearest=nearest,
        status=status,
    )
    return Verified(left, dict(removed))


def _count(removed: Counter[str], findings: Sequence[Finding]) -> None:
    for finding in findings:
        removed[finding.check] += 1
        logger.warning("verification removed a piece: %s", finding.check)


def _check_block(
    block: Block, good: Mapping[int, Citation], corpus: Corpus, answer: Answer
) -> tuple[Block | None, list[Finding]]:
    match block:
        case Paragraph():
            findings = check_paragraph(block, good, corpus, answer.cells)
            return (None if findings else block), findings
        case Quote():
            citation = good.get(block.citation)
            if citation is None or citation.quote != block.text:
                return None, [Finding("quote_not_verbatim", block.text)]
            return block, []
        case RatingTable():
            kept, all_findings = [], []
            for row in block.rows:
                findings = check_row(row, corpus)
                if any(n not in good for n in row.citations):
                    findings.append(Finding("uncited_claim", row.text))
                all_findings += findings
                if not findings:
                    kept.append(row)
            return (replace(block, rows=tuple(kept)) if kept else None), all_findings
        case Bullets():
            items, all_findings = [], []
            for item in block.items:
                findings = check_paragraph(item, good, corpus, answer.cells)
                all_findings += findings
                if not findings:
                    items.append(item)
            return (replace(block, items=tuple(items)) if items else None), all_findings
