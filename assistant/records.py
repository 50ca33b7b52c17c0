"""The texts that are searched: pieces of passages, and prepared ways that lead to them.

A record is one text to embed and to index by its words. ``sentence`` and
``chunk`` records are the document's own words; ``fact``, ``entry`` and the
records that put the matrix into words only lead to a passage and are never
shown or cited. A ``topic`` record leads to the passage of its topic's first fact, and to no fact. The list is a pure function of the corpus, so its hash names the
index that belongs to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeVar

from assistant.text import as_asked, sentence_spans
from corpus.load import Corpus
from corpus.matrix import Cell
from corpus.types import Passage

Row = TypeVar("Row", bound=Hashable)
RecordKind = Literal[
    "sentence",
    "chunk",
    "fact",
    "entry",
    "topic",
    "cell",
    "crisis",
    "phase",
    "sector",
    "utterance",
    "absent",
    "dialogue",
    "calibration",
    "act",
]
#: Kinds that lead to no passage: labelled examples, and questions the document does not answer.
EXAMPLES: frozenset[str] = frozenset({"utterance", "absent", "dialogue", "calibration", "act"})

#: Dialogues that leaning is learned from, at most: with all (4,623 then) the dev set is answered no better, and ingest takes longer.
MAX_DIALOGUES = 2600
#: Longest chunk in characters. The longest one of SCPF/92 measures under 200 word pieces.
MAX_CHUNK_CHARS = 700
#: Longest chunk in word pieces as estimated without the model, which reads 256. ``mcof ingest`` counts exactly
#: and refuses a record that the model could not read whole.
_MAX_PIECES = 240
_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|\S")


@dataclass(frozen=True, slots=True)
class Record:
    """One searchable text and the passage it leads to.

    ``start`` and ``end`` are the half-open range of the passage's text for
    ``sentence`` and ``chunk``, else 0. ``crisis``, ``phase`` and ``sector`` are
    the keys of a matrix record, empty or 0 where they do not apply.
    """

    id: str
    kind: RecordKind
    ref: str
    text: str
    lang: str = "en"
    fact: str = ""
    start: int = 0
    end: int = 0
    crisis: str = ""
    phase: str = ""
    sector: int = 0

    def metadata(self) -> dict[str, str | int]:
        """What a vector store keeps beside the text."""
        return {
            "record": self.id,
            "kind": self.kind,
            "ref": self.ref,
            "lang": self.lang,
            "fact": self.fact,
            "start": self.start,
            "end": self.end,
            "crisis": self.crisis,
            "phase": self.phase,
            "sector": self.sector,
        }


def _pieces(text: str) -> int:
    """Word pieces a text will hardly exceed: one for four letters, for two digits, for any other character."""
    return sum(
        -(-len(t) // 4) if t[0].isascii() and t[0].isalpha() else -(-len(t) // 2) if t.isdigit() else 1
        for t in _TOKEN.findall(text)
    )


def _fits(text: str, limit: int) -> bool:
    return len(text) <= limit and _pieces(text) <= _MAX_PIECES


def chunk_spans(passage: Passage, limit: int = MAX_CHUNK_CHARS) -> list[tuple[int, int]]:
    """Half-open ranges that cover the passage in runs of whole sentences of at most ``limit`` characters.

    A sentence longer than that is cut at the last comma, semicolon or space before the limit.
    """
    text = passage.text
    pieces: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        while not _fits(text[start:end], limit):
            cut = _cut(text[start : start + limit], limit)
            pieces.append((start, start + cut))
            start += cut + (text[start + cut : start + cut + 1] == " ")
        if start < end:
            pieces.append((start, end))
    spans: list[tuple[int, int]] = []
    for start, end in pieces:
        if spans and _fits(text[spans[-1][0] : end], limit):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _cut(window: str, limit: int) -> int:
    """Where to cut a text that is too long: after the last comma or semicolon, at a space, or anywhere."""
    while not _fits(window, limit):
        window = window[: len(window) * 3 // 4]
    clause = max(window.rfind("; "), window.rfind(", ")) + 1
    return clause if clause > len(window) // 3 else max(window.rfind(" "), 0) or len(window)


def build_records(corpus: Corpus) -> tuple[Record, ...]:
    """Every record of the corpus, in a fixed order. Ids derive from place and content."""
    records = [*_passage_records(corpus), *_prepared_records(corpus)]
    if corpus.has_matrix:
        records.extend(_matrix_records(corpus))
    records.extend(_example_records(corpus))
    return tuple(records)


def embedded(records: Sequence[Record]) -> tuple[Record, ...]:
    """The records that are embedded: the English ones. The model knows no other language; their words alone are indexed."""
    return tuple(r for r in records if r.lang == "en")


_FIELDS = tuple(f.name for f in fields(Record))


def records_sha256(records: Sequence[Record]) -> str:
    """Hash of everything that is embedded and of where it leads."""
    digest = hashlib.sha256()
    for record in records:
        values = [getattr(record, name) for name in _FIELDS]  # dataclasses.astuple copies and takes five times as long
        digest.update(json.dumps(values, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _id(kind: str, place: str, text: str) -> str:
    return f"{kind}:{place}:{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def _passage_records(corpus: Corpus) -> Iterator[Record]:
    for passage in corpus.passages:
        whole = sentence_spans(passage.text)
        chunks = chunk_spans(passage)
        for start, end in whole:
            text = passage.text[start:end]
            if _fits(text, MAX_CHUNK_CHARS):
                yield Record(
                    _id("sentence", f"{passage.ref}:{start}", text), "sentence", passage.ref, text, start=start, end=end
                )
        for start, end in chunks:
            if (start, end) not in whole:
                text = passage.text[start:end]
                yield Record(
                    _id("chunk", f"{passage.ref}:{start}", text), "chunk", passage.ref, text, start=start, end=end
                )


def _prepared_records(corpus: Corpus) -> Iterator[Record]:
    for fact in corpus.facts:
        yield Record(_id("fact", fact.id, fact.statement), "fact", fact.ref, fact.statement, fact=fact.id)
    for entry in corpus.entry_points:
        place = entry.fact or entry.ref
        yield Record(_id("entry", place, entry.text), "entry", entry.ref, entry.text, lang=entry.lang, fact=entry.fact)
    first = {row.topic: row.fact for row in reversed(corpus.topics)}
    for question in corpus.topic_questions:
        ref = corpus.fact_by_id[first[question.topic]].ref
        yield Record(_id("topic", question.topic, question.text), "topic", ref, question.text)


def _cell_words(corpus: Corpus, cell: Cell) -> str:
    sector = corpus.sector(cell.sector_no)
    return f"{sector.name} {cell.phase} a {corpus.crisis(cell.crisis).name}"


def _matrix_records(corpus: Corpus) -> Iterator[Record]:
    for cell in corpus.matrix.cells:
        if cell.strongest is None:
            continue
        place = f"{cell.crisis}/{cell.phase}/{cell.sector_no}"
        text = _cell_words(corpus, cell)
        yield Record(
            _id("cell", place, text), "cell", cell.strongest.ref, text,
            crisis=cell.crisis, phase=cell.phase, sector=cell.sector_no,
        )  # fmt: skip
    for crisis in corpus.crises:
        text = f"{crisis.name}: {crisis.definition}"
        yield Record(_id("crisis", crisis.key, text), "crisis", crisis.ref, text, crisis=crisis.key)
    for phase in corpus.phases:
        text = f"{phase.name}: {phase.definition}"
        yield Record(_id("phase", phase.key, text), "phase", phase.ref, text, phase=phase.key)
    for sector in corpus.sectors:
        text = f"{sector.name}: {sector.short_name}. {sector.aim}"
        text = text if len(text) <= MAX_CHUNK_CHARS else text[:MAX_CHUNK_CHARS]
        yield Record(_id("sector", str(sector.no), text), "sector", sector.ref, text, sector=sector.no)


def _example_records(corpus: Corpus) -> Iterator[Record]:
    for row in corpus.utterances:
        yield Record(_id("utterance", row.intent, row.text), "utterance", "", row.text)
    taught = spread(corpus.dialogues, MAX_DIALOGUES)
    for text in dict.fromkeys(text for row in taught for text in (row.last, row.question)):
        yield Record(_id("dialogue", "", text), "dialogue", "", text)
    for held_out in (c for c in corpus.calibration if not c.earlier):
        text = as_asked(held_out.text)
        yield Record(_id("calibration", held_out.answered, text), "calibration", "", text)
    for act in corpus.acts:
        yield Record(_id("act", act.does, act.text), "act", "", act.text)
    for absent in corpus.not_covered:
        yield Record(_id("absent", absent.ref, absent.text), "absent", absent.ref, absent.text, lang=absent.lang)


def spread(rows: Sequence[Row], limit: int) -> list[Row]:
    """At most ``limit`` of some rows without repeats, in their order.

    Their words decide which: rows that are added later change few of them, and so little of what is learned from them.
    """
    unique = list(dict.fromkeys(rows))
    mixed = sorted(unique, key=lambda row: hashlib.sha256(repr(row).encode()).digest())
    kept = set(mixed[:limit])
    return [row for row in unique if row in kept]
