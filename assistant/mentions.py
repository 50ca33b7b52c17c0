"""Whether a document mentions something: "does it say anything about children?", "is Ukraine mentioned?"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.naming import holds
from assistant.text import content_stems, fold, sentences
from corpus.types import Passage

_IT = r"(?:the (?:document|framework|text|paper)|it|this(?: document| framework| text| paper)?|they|iom's framework|there)"
_HOW = r"(?:also |even |ever |actually |specifically |really |at all |explicitly )*"
_SAYS = (
    r"(?:mentions?|says? (?:anything|something|much|a word) (?:about|on|regarding)|talks? (?:about|of)|speaks? (?:about|of|on)|refers? to|discuss|cover"
    r"|address|touch(?:es)? (?:on|upon)|deal with|include (?:anything|something) (?:about|on)|have (?:anything|something) (?:about|on|to say (?:about|on)))"
)
_ASKS = re.compile(
    rf"^\W*(?:(?:so|and|but|ok|hi|hello|well)\W+)*(?:does|did|do) {_IT} {_HOW}{_SAYS} (?P<a>.+?){_HOW}\W*$"
    rf"|^\W*(?:(?:so|and|but|ok)\W+)*(?:is|are) (?P<b>(?!there\b|it\b|they\b).+?) {_HOW}(?:mentioned|covered|discussed|referred to|talked about|brought up|addressed)(?: {_HOW}(?:in (?:{_IT}|here)|anywhere|somewhere|at all))*\W*$"
    rf"|^\W*(?:(?:so|and|but|ok)\W+)*is there {_HOW}(?:anything|something|a (?:mention|word|reference)|any (?:mention|word|reference)) {_HOW}(?:about|on|of|to) (?P<c>.+?)(?: in (?:{_IT}|here))?\W*$"
)
#: Words before the thing that name nothing.
_VAGUE = re.compile(
    r"^(?:the |any |anything about |the (?:issue|topic|question|role|case) of |a |an |(?:issues?|topics?) (?:of|like) )+"
)
_QUESTION = re.compile(r"\b(?:how|what|which|who|whom|whose|where|when|why|whether|if)\b")
#: Content words of one thing; a question that says more asks more.
_MOST = 3
#: Places named in one reply.
_PLACES = 3


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence that mentions the thing asked about."""

    ref: str
    sentence: str


def thing_asked(question: str) -> str:
    """What a question asks the document to mention, as written small; empty where it asks no such thing."""
    found = _ASKS.match(fold(question))
    if found is None:
        return ""
    thing = _VAGUE.sub("", next(g for g in found.groups() if g).strip(" ?.!,\"'"))
    return thing if 0 < len(content_stems(thing)) <= _MOST and not _QUESTION.search(thing) else ""


def mentions(thing: str, passages: Sequence[Passage], is_name: Callable[[str], bool]) -> list[Mention]:
    """The sentences, one a place, that hold every word of a thing in some form, those of most weight first.

    A name counts in its other forms too: "Syria" in "the Syrian crisis". Main text comes before annexes and footnotes.
    """
    wanted = content_stems(thing)
    names = {w for w in thing.split() if is_name(w)}
    found = []
    for passage in passages:
        for sentence in sentences(passage.text):
            stems = set(content_stems(sentence))
            folded = fold(sentence)
            if all(w in stems for w in wanted) or (
                names and all(holds(folded, n) for n in names) and len(names) == len(wanted)
            ):
                found.append(Mention(passage.ref, sentence))
                break
    return found[:_PLACES]
