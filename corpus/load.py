"""One typed loader for a corpus folder: the document and every table beside it.

A folder holds ``corpus.toml`` and ``document.md``; the tables are optional, so
that a document without a matrix is a corpus too. Every row is validated: its
values, its label, and that its quote stands verbatim at that label.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from corpus.errors import CorpusError, CorpusRowError
from corpus.matrix import Matrix
from corpus.parse import PARSERS
from corpus.tables import read_table, read_text
from corpus.types import (
    CRISES,
    LEVELS,
    PHASES,
    SECTOR_NUMBERS,
    Acronym,
    Act,
    Activity,
    Calibration,
    CitedDocument,
    Coordination,
    CorpusInfo,
    Crisis,
    DiagramLevel,
    Dialogue,
    EntryPoint,
    Evidence,
    ExampleCrisis,
    Fact,
    GlossaryTerm,
    LevelDefinition,
    LexiconTerm,
    NotCovered,
    Passage,
    PeopleInNeed,
    Phase,
    Role,
    Sector,
    Suggestion,
    SystemEntry,
    TopicFact,
    TopicQuestion,
    Utterance,
)

Row = TypeVar("Row")

DEFAULT_CORPUS = Path(__file__).parent / "scpf-92"

#: File of each table and the type of its rows.
TABLES: dict[str, type] = {
    "sectors": Sector,
    "crises": Crisis,
    "phases": Phase,
    "levels": LevelDefinition,
    "evidence": Evidence,
    "activities": Activity,
    "coordination": Coordination,
    "people": PeopleInNeed,
    "examples": ExampleCrisis,
    "systems": SystemEntry,
    "acronyms": Acronym,
    "documents": CitedDocument,
    "facts": Fact,
    "entry_points": EntryPoint,
    "lexicon": LexiconTerm,
    "utterances": Utterance,
    "not_covered": NotCovered,
    "glossary": GlossaryTerm,
    "dialogues": Dialogue,
    "calibration": Calibration,
    "acts": Act,
    "topics": TopicFact,
    "topic_questions": TopicQuestion,
    "suggestions": Suggestion,
    "roles": Role,
}


@dataclass(frozen=True, repr=False)
class Corpus:
    """A document as data. Passages and rows are in document or file order."""

    info: CorpusInfo
    source: str
    passages: tuple[Passage, ...]
    fingerprint: str
    sectors: tuple[Sector, ...] = ()
    crises: tuple[Crisis, ...] = ()
    phases: tuple[Phase, ...] = ()
    levels: tuple[LevelDefinition, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    activities: tuple[Activity, ...] = ()
    coordination: tuple[Coordination, ...] = ()
    people: tuple[PeopleInNeed, ...] = ()
    examples: tuple[ExampleCrisis, ...] = ()
    systems: tuple[SystemEntry, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
    documents: tuple[CitedDocument, ...] = ()
    facts: tuple[Fact, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    lexicon: tuple[LexiconTerm, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    glossary: tuple[GlossaryTerm, ...] = ()
    dialogues: tuple[Dialogue, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    acts: tuple[Act, ...] = ()
    topics: tuple[TopicFact, ...] = ()
    topic_questions: tuple[TopicQuestion, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    roles: tuple[Role, ...] = ()
    diagram: tuple[DiagramLevel, ...] = ()

    def __repr__(self) -> str:
        """Short: written out, the tables are megabytes."""
        return f"<Corpus {self.info.id}, {len(self.passages)} passages>"

    @cached_property
    def source_sha256(self) -> str:
        """Hash of the document's text as UTF-8."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @cached_property
    def by_ref(self) -> Mapping[str, Passage]:
        return {p.ref: p for p in self.passages}

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Place of each label in document order, from 0."""
        return {p.ref: i for i, p in enumerate(self.passages)}

    @cached_property
    def fact_by_id(self) -> Mapping[str, Fact]:
        return {f.id: f for f in self.facts}

    @cached_property
    def topic_by_question(self) -> Mapping[str, str]:
        """The topics that answer prepared questions together, by their text."""
        return {q.text: q.topic for q in self.topic_questions}

    @cached_property
    def has_matrix(self) -> bool:
        return bool(self.evidence) and bool(self.sectors)

    @cached_property
    def matrix(self) -> Matrix:
        return Matrix.build(self.evidence, self.diagram)

    def sector(self, no: int) -> Sector:
        return next(s for s in self.sectors if s.no == no)

    def crisis(self, key: str) -> Crisis:
        return next(c for c in self.crises if c.key == key)


def load_corpus(folder: Path = DEFAULT_CORPUS, *, diagram: Path | None = None) -> Corpus:
    """Read and validate a corpus folder, and the imported diagram levels where ``diagram`` exists.

    Raises:
        CorpusError: something is missing or wrong; one sentence names file, row, column, value.
    """
    if not folder.is_dir():
        raise CorpusError(
            f"There is no corpus folder {str(folder)!r}.",
            remedy="Set MCOF_CORPUS to a folder that holds corpus.toml and document.md.",
        )
    info = _read_info(folder / "corpus.toml")
    source = read_text(folder / "document.md", newlines=True)
    passages = PARSERS[info.parser](source)
    if not passages:
        raise CorpusError("document.md holds no passage; it is empty or made of headings only.")
    by_ref = {p.ref: p for p in passages}
    if len(by_ref) != len(passages):
        seen: set[str] = set()
        twice = next(p.ref for p in passages if p.ref in seen or seen.add(p.ref))  # type: ignore[func-returns-value]
        raise CorpusError(f"document.md: the label {twice!r} occurs twice.")
    digest = hashlib.sha256(source.encode())
    tables: dict[str, list[tuple[int, Any]]] = {}
    for name, row_type in TABLES.items():
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        text = read_text(path)
        digest.update(name.encode() + b"\0" + text.encode())
        tables[name] = read_table(path, row_type, text=text)
        _check_quotes(path, tables[name], by_ref)
    _check_tables(folder, tables, by_ref)
    read = read_diagram(diagram) if diagram is not None and diagram.exists() else ()
    rows = {name: tuple(row for _, row in numbered) for name, numbered in tables.items()}
    return Corpus(
        info=info, source=source, passages=passages, fingerprint=digest.hexdigest(), diagram=tuple(read), **rows
    )


def _read_info(path: Path) -> CorpusInfo:
    try:
        data = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(f"corpus.toml is not valid TOML: {error}.") from error
    known = {f.name for f in fields(CorpusInfo)}
    for key in data:
        if key not in known:
            raise CorpusError(f"corpus.toml: unknown key {key!r}; allowed are {', '.join(sorted(known))}.")
    try:
        info = TypeAdapter(CorpusInfo).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] in ("missing", "missing_argument"):
            raise CorpusError(f"corpus.toml: {key!r} is missing.") from error
        raise CorpusError(f"corpus.toml, {key}: {first['msg'].lower()}.") from error
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,58}[A-Za-z0-9])?", info.id):
        allowed = "at most 60 letters, digits, dots and hyphens"
        raise CorpusError(f"corpus.toml, id: {info.id!r} is not allowed; expected {allowed}.")
    if info.parser not in PARSERS:
        raise CorpusError(f"corpus.toml, parser: {info.parser!r} is not one of {', '.join(PARSERS)}.")
    return info


def _check_quotes(path: Path, rows: Sequence[tuple[int, Any]], by_ref: Mapping[str, Passage]) -> None:
    """Every label exists and every quote is verbatim at its label."""
    for line, row in rows:
        ref = getattr(row, "ref", None)
        if ref is None:
            continue
        passage = by_ref.get(ref)
        if passage is None:
            raise CorpusRowError(path, line, "ref", ref, "a label of the document, such as 'Annex I ¶15'")
        quote = getattr(row, "quote", None)
        if quote is not None and passage.find(quote) is None:
            raise CorpusRowError(path, line, "quote", quote, f"words that stand verbatim in {ref}")


def _unique(path: Path, rows: Iterable[tuple[int, Any]], column: str, key: Callable[[Any], object]) -> None:
    seen: dict[object, int] = {}
    for line, row in rows:
        if key(row) in seen:
            raise CorpusRowError.twice(path, line, column, key(row), seen[key(row)])
        seen[key(row)] = line


def _check_tables(folder: Path, tables: Mapping[str, list[tuple[int, Any]]], by_ref: Mapping[str, Passage]) -> None:
    """Rules that bind more than one cell of a row, or several rows."""
    for name, column in (("sectors", "no"), ("crises", "key"), ("phases", "key"), ("levels", "key"), ("facts", "id")):
        _unique(folder / f"{name}.csv", tables.get(name, []), column, lambda row, c=column: getattr(row, c))  # type: ignore[misc]
    expected: tuple[tuple[str, str, tuple[object, ...]], ...] = (
        ("sectors", "no", SECTOR_NUMBERS),
        ("crises", "key", CRISES),
        ("phases", "key", PHASES),
        ("levels", "key", LEVELS),
    )
    for name, column, allowed in expected:
        if name in tables:
            found = {getattr(row, column) for _, row in tables[name]}
            missing = [value for value in allowed if value not in found]
            if missing:
                last = tables[name][-1][0] if tables[name] else 1
                raise CorpusRowError(folder / f"{name}.csv", last, column, "", f"a row for {missing[0]!r}")
    path = folder / "evidence.csv"
    for line, row in tables.get("evidence", []):
        _check_evidence(path, line, row, by_ref)
    _unique(
        path,
        tables.get("evidence", []),
        "quote",
        lambda e: (e.crisis, e.phase, e.sector_no, e.ref, e.quote, e.word),
    )
    for name in ("coordination", "people"):
        for line, row in tables.get(name, []):
            if row.condition and row.condition not in by_ref[row.ref].text:
                raise CorpusRowError(
                    folder / f"{name}.csv", line, "condition", row.condition, f"a clause that stands in {row.ref}"
                )
    facts = {row.id for _, row in tables.get("facts", [])}
    for name in ("entry_points", "calibration", "dialogues", "topics", "roles"):
        for line, row in tables.get(name, []):
            if (row.fact or name in ("topics", "roles")) and row.fact not in facts:
                raise CorpusRowError(folder / f"{name}.csv", line, "fact", row.fact, "an id of facts.csv")
    for line, row in tables.get("roles", []):
        for key in filter(None, row.crises.split("|")):
            if key not in CRISES:
                raise CorpusRowError(folder / "roles.csv", line, "crises", key, f"some of {', '.join(CRISES)}")
        if row.terms != row.terms.lower():
            raise CorpusRowError(folder / "roles.csv", line, "terms", row.terms, "terms in small letters")
    topics = {row.topic for _, row in tables.get("topics", [])}
    for name, column in (("not_covered", "see"), ("topic_questions", "topic")):
        for line, row in tables.get(name, []):
            topic = getattr(row, column)
            if topic not in topics and (topic or name == "topic_questions"):
                raise CorpusRowError(folder / f"{name}.csv", line, column, topic, "a topic of topics.csv")
    _unique(folder / "topic_questions.csv", tables.get("topic_questions", []), "text", lambda row: row.text)
    _unique(folder / "suggestions.csv", tables.get("suggestions", []), "question", lambda row: row.question)
    vocabulary: dict[str, set[str]] = {
        "crisis": set(CRISES),
        "phase": set(PHASES),
        "level": set(LEVELS),
        "sector": {str(n) for n in SECTOR_NUMBERS},
    }
    for line, row in tables.get("lexicon", []):
        if row.kind in vocabulary and row.key not in vocabulary[row.kind]:
            raise CorpusRowError(
                folder / "lexicon.csv", line, "key", row.key, f"one of {', '.join(sorted(vocabulary[row.kind]))}"
            )
        if not re.search(r"\w", row.term):
            raise CorpusRowError(folder / "lexicon.csv", line, "term", row.term, "at least one letter or digit")
    slots = (("crises", "crisis"), ("phases", "phase"), ("sectors", "sector"), ("levels", "level"))
    for line, row in tables.get("utterances", []):
        for column, kind in slots:
            for key in filter(None, getattr(row, column).split("|")):
                if key not in vocabulary[kind]:
                    raise CorpusRowError(
                        folder / "utterances.csv",
                        line,
                        column,
                        key,
                        f"keys out of {', '.join(sorted(vocabulary[kind]))}, separated by |",
                    )


def _check_evidence(path: Path, line: int, row: Evidence, by_ref: Mapping[str, Passage]) -> None:
    if row.sector_no not in SECTOR_NUMBERS:
        raise CorpusRowError(path, line, "sector_no", row.sector_no, "a sector from 1 to 15")
    rated = row.basis in ("stated", "interpreted")
    if rated and row.level is None:
        raise CorpusRowError(path, line, "level", "", f"one of {', '.join(LEVELS)}, because the basis is {row.basis}")
    if not rated and row.level is not None:
        raise CorpusRowError(path, line, "level", row.level, f"nothing, because the basis is {row.basis}")
    if not row.word or row.word.lower() not in row.quote.lower():
        raise CorpusRowError(path, line, "word", row.word, "the weighing word as it stands in the quote")
    if row.basis == "stated" and str(row.level) not in row.word.lower():
        raise CorpusRowError(
            path, line, "word", row.word, f"the word {row.level!r} itself, because the basis is stated"
        )
    if row.condition and row.condition not in by_ref[row.ref].text:
        raise CorpusRowError(path, line, "condition", row.condition, f"a clause that stands in {row.ref}")


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def read_diagram(path: Path) -> list[DiagramLevel]:
    """Levels read off original diagrams, validated.

    Raises:
        CorpusRowError: a value is outside the vocabulary, a date is not ISO, a cell occurs twice.
    """
    rows = read_table(path, DiagramLevel)
    for line, row in rows:
        if row.sector_no not in SECTOR_NUMBERS:
            raise CorpusRowError(path, line, "sector_no", row.sector_no, "a sector from 1 to 15")
        if not row.read_by:
            raise CorpusRowError(path, line, "read_by", "", "the name of the person who read the diagram")
        if not _is_date(row.read_on):
            raise CorpusRowError(path, line, "read_on", row.read_on, "a date such as 2026-03-31")
        if not row.edition:
            raise CorpusRowError(path, line, "edition", "", "the edition of the document the diagram is in")
    _unique(path, rows, "sector_no", lambda d: (d.crisis, d.phase, d.sector_no))
    return [row for _, row in rows]
