"""Value types of the document and its tables: frozen, typed, free of I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from corpus.clean import CleanText, Span

PassageKind = Literal["cover", "paragraph", "sector", "annex_paragraph", "diagram", "resolution", "footnote"]
CrisisKey = Literal["man_made", "sudden_onset", "slow_onset", "protracted", "health"]
PhaseKey = Literal["before", "during", "after"]
Level = Literal["critical", "important", "recommended"]
Basis = Literal["stated", "interpreted", "emphasised", "mentioned", "not_stated", "diagram"]
ProseBasis = Literal["stated", "interpreted", "emphasised", "mentioned"]
Language = Literal["en", "fr", "es"]

CRISES: tuple[CrisisKey, ...] = ("man_made", "sudden_onset", "slow_onset", "protracted", "health")
PHASES: tuple[PhaseKey, ...] = ("before", "during", "after")
LEVELS: tuple[Level, ...] = ("critical", "important", "recommended")
PROSE_BASES: tuple[ProseBasis, ...] = ("stated", "interpreted", "emphasised", "mentioned")
SECTOR_NUMBERS: tuple[int, ...] = tuple(range(1, 16))

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def anchor_of(ref: str) -> str:
    """HTML anchor of a reference label: ``¶13`` gives ``p-13``, ``Annex I ¶15`` gives ``annex-i-15``."""
    slug = _NOT_SLUG.sub("-", ref.lower()).strip("-")
    return f"p-{slug}" if ref.startswith("¶") else slug


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable unit of the document.

    ``text`` is ``clean_spans()`` of the source at ``spans``, half-open ranges of
    characters, in order: a footnote or page break may stand between two.
    ``offsets[i]`` is the source offset of ``text[i]``. ``belongs_to`` is the
    label of the passage that a footnote's mark stands in.
    """

    ref: str
    kind: PassageKind
    text: str
    heading_path: tuple[str, ...]
    spans: tuple[Span, ...]
    offsets: tuple[int, ...] = field(repr=False, compare=False, default=())
    footnotes: tuple[str, ...] = ()
    belongs_to: str | None = None

    @property
    def anchor(self) -> str:
        return anchor_of(self.ref)

    def find(self, quote: str) -> Span | None:
        """Half-open range of ``quote`` in ``text``, or None where it is not verbatim there."""
        start = self.text.find(quote) if quote else -1
        return None if start < 0 else (start, start + len(quote))

    def source_spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Half-open ranges of the source behind ``text[start:end]``."""
        return CleanText(self.text, self.offsets).source_spans(start, end)


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """What ``corpus.toml`` says of a document.

    ``parser`` names one of ``corpus.parse.PARSERS``. ``matrix`` is the name of
    the table of ratings inside the document, empty for a document without one.
    """

    id: str
    symbol: str
    title: str
    date: str
    parser: str
    edition: str = ""
    publisher: str = ""
    notice: str = ""
    matrix: str = ""


@dataclass(frozen=True, slots=True)
class Sector:
    """One sector of assistance; ``quote`` is its aim as printed."""

    no: int
    name: str
    short_name: str
    aim: str
    ref: str
    name_fr: str
    name_es: str
    quote: str


@dataclass(frozen=True, slots=True)
class Crisis:
    """One kind of migration crisis."""

    key: CrisisKey
    name: str
    definition: str
    ref: str
    name_fr: str
    name_es: str
    quote: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a crisis."""

    key: PhaseKey
    name: str
    definition: str
    ref: str
    name_fr: str
    name_es: str
    quote: str


@dataclass(frozen=True, slots=True)
class LevelDefinition:
    """One of the three levels a diagram gives a sector."""

    key: Level
    name: str
    definition: str
    ref: str
    name_fr: str
    name_es: str
    quote: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of prose that speaks of a cell of the matrix.

    ``level`` is set for ``stated`` and ``interpreted`` only. ``word`` is the
    text's own weighing word; ``condition`` the clause that binds the sentence.
    """

    crisis: CrisisKey
    phase: PhaseKey
    sector_no: int
    basis: ProseBasis
    level: Level | None
    word: str
    ref: str
    quote: str
    condition: str
    note: str


@dataclass(frozen=True, slots=True)
class DiagramLevel:
    """A level that a person read off an original diagram."""

    crisis: CrisisKey
    phase: PhaseKey
    sector_no: int
    level: Level
    read_by: str
    read_on: str
    edition: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a sector does: its aim, a kind of activity, or a programme in a place."""

    sector_no: int
    activity: str
    kind: Literal["aim", "activity", "programme"]
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class Coordination:
    """A partner that responses to a crisis are coordinated with, and on which condition."""

    crisis: CrisisKey
    phase: str
    partner: str
    partner_key: str
    condition: str
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class PeopleInNeed:
    """A group that can be in need in a crisis; ``group_key`` is the lexicon's key for it."""

    crisis: CrisisKey
    group: str
    group_key: str
    condition: str
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class ExampleCrisis:
    """A crisis the document gives as an example of a scenario; ``year`` as printed, may be empty."""

    crisis: CrisisKey
    place: str
    year: str
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """A system, cluster or group in a diagram's legend."""

    kind: Literal["system", "cluster", "other_group"]
    name: str
    responsible: str
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class Acronym:
    """An acronym; ``expansion`` is empty where the document never spells it out."""

    acronym: str
    expansion: str
    ref: str
    quote: str


@dataclass(frozen=True, slots=True)
class CitedDocument:
    """A document that the corpus cites, and what for."""

    symbol: str
    title: str
    cited_for: str
    ref: str
    quote: str


FactKind = Literal[
    "number",
    "date",
    "place",
    "body",
    "person",
    "document",
    "rank",
    "definition",
    "list",
    "reason",
    "means",
    "purpose",
    "rule",
    "statement",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the document says that somebody could ask for.

    ``statement`` answers in one sentence whose figures and names all stand in
    the passage; ``value`` is the answer alone, as printed. ``as_of`` is the
    year where the text speaks of its own present.
    """

    id: str
    ref: str
    subject: str
    relation: str
    kind: FactKind
    value: str
    as_of: str
    statement: str
    quote: str


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A question or restatement that leads to a passage; searched, never shown."""

    ref: str
    fact: str
    lang: Language
    voice: str
    text: str


LexiconKind = Literal["crisis", "phase", "sector", "level", "partner", "group", "topic"]


@dataclass(frozen=True, slots=True)
class LexiconTerm:
    """A word people use and the key of the closed vocabulary it leads to.

    ``note`` is ``weak`` for a word that is only a hint, ``absent`` for a thing
    that the document does not have.
    """

    kind: LexiconKind
    key: str
    lang: Language
    term: str
    note: Literal["", "weak", "absent"]


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """French or Spanish words, or English ones as typed in a hurry ("b4"), and their English in this document's sense.

    ``english`` is empty for words to be dropped.
    """

    lang: Language
    term: str
    english: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something people type, labelled with what it asks: the examples that understanding learns from.

    ``crises``, ``phases``, ``sectors`` and ``levels`` hold keys separated by ``|``, empty where the words do not tell.
    """

    intent: Literal["rating", "coordination", "people", "examples", "definition", "other"]
    crises: str
    phases: str
    sectors: str
    levels: str
    text: str


@dataclass(frozen=True, slots=True)
class TopicFact:
    """A fact that a question about one whole topic is answered with: "what is in Annex II?". In order."""

    topic: str
    fact: str


@dataclass(frozen=True, slots=True)
class TopicQuestion:
    """A question that no single fact answers, but those of a topic together: "what is in it for us as a state?"."""

    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Role:
    """Who has which part in a cluster, told by ``fact``.

    ``terms`` are what the cluster is called, separated by "|", in its first row. ``crises`` are those that the text says it
    of, ``scope`` the same in its words, or the countries; both empty where it is said in general.
    """

    subject: str
    terms: str
    role: Literal["lead", "co-lead", "coordinates", "partner", "takes part"]
    crises: str
    scope: str
    fact: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that the passage ``ref`` answers, offered as a next one. Never searched for, never cited."""

    ref: str
    question: str


#: What a sentence of a message does: tells the assistant how to behave, asks for something, or tells something.
ActKey = Literal["order", "asks", "tells"]


@dataclass(frozen=True, slots=True)
class Act:
    """A sentence or line of a message and what it does: what orders are told from questions by."""

    does: ActKey
    text: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """A question that is not searched among: on it the assistant learns how far to trust its own evidence.

    ``fact`` is the fact that answers it, or where ``answered`` is 0, the one that it resembles. A question that leans on
    a message before it has that in ``earlier``.
    """

    answered: Literal["0", "1"]
    fact: str
    text: str
    earlier: str = ""


#: Voice of a prepared question that takes something for granted which the fact it leads to has otherwise.
PREMISE = "premise"
#: What stands between the earlier messages of one row.
BETWEEN = " // "
#: What a message can ask about the reply before it.
AboutReply = Literal["reason", "reference", "more", "author", "less", "thanks", "other"]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A message in a conversation, and whether it leans on what was said before: what following up is learned from.

    ``earlier`` holds the user's messages before, oldest first, separated by `` // ``. ``asks`` is what the message
    asks about the reply before it, ``other`` where it asks nothing about it. ``answered`` tells whether the document
    answers the message, where that was judged, and ``fact`` which fact does, or which it resembles.
    """

    earlier: str
    question: str
    leans: Literal["0", "1"]
    asks: AboutReply
    answered: Literal["0", "1", ""] = ""
    fact: str = ""

    @property
    def last(self) -> str:
        """The message just before."""
        return self.earlier.rsplit(BETWEEN, 1)[-1]


@dataclass(frozen=True, slots=True)
class NotCovered:
    """A question about the subject that the document does not answer, and what it asks for that is missing.

    ``see`` names the topic whose facts come near it, empty where none do: "who pays?", of which the text only says that the
    framework brings no further resources.
    """

    ref: str
    lang: Language
    asks: str
    text: str
    see: str = ""
