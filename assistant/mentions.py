"""Whether a document mentions something, or defines it: "does it say anything about children?", "what is resilience?"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.text import content_stems, fold, sentences
from corpus.types import Passage

_DOCUMENT = r"(?:(?:the|this) (?:document|framework|text|paper)|iom's framework)"
_IT = rf"(?:{_DOCUMENT}|it|this|they|there)"
_HOW = r"(?:also |even |ever |actually |specifically |really |at all |explicitly )*"
_SAYS = r"(?:mentions?|says? (?:anything|something|much|a word) (?:about|on|regarding)|talks? (?:about|of)|speaks? (?:about|of|on)|refers? to|have (?:anything|something) (?:about|to say (?:about|on)))"
_HOLDS = r"(?:discuss|cover|address|touch(?:es)? (?:on|upon)|deal with|include (?:anything|something) (?:about|on))"
_ASKS = re.compile(
    rf"^\W*(?:(?:so|and|but|ok|hi|hello|well)\W+)*(?:does|did|do) (?:{_IT} {_HOW}{_SAYS}|{_DOCUMENT} {_HOW}{_HOLDS}) (?P<a>.+?){_HOW}\W*$"
    rf"|^\W*(?:(?:so|and|but|ok)\W+)*(?:is|are) (?P<b>(?!there\b|it\b|they\b).+?) {_HOW}(?:(?:mentioned|discussed|referred to|talked about|brought up)(?: {_HOW}(?:in (?:{_IT}|here)|anywhere|somewhere|at all))*|(?:covered|addressed)(?: anywhere)? in {_DOCUMENT})\W*$"
    rf"|^\W*(?:(?:so|and|but|ok)\W+)*is there {_HOW}(?:anything|something|a (?:mention|word|reference)|any (?:mention|word|reference)) {_HOW}(?:about|on|of|to) (?P<c>.+?)(?: in (?:{_IT}|here))?\W*$"
)
#: Words before the thing that name nothing.
_VAGUE = re.compile(
    r"^(?:the (?:issue|topic|question|role|case) of |the |any |anything about |a |an |(?:issues?|topics?) (?:of|like) )+"
)
_QUESTION = re.compile(r"\b(?:how|what|which|who|whom|whose|where|when|why|whether|if)\b")
#: Content words of one thing; a question that says more asks more.
_MOST = 3


#: Asks what a word means here.
_DEFINES = re.compile(
    rf"^\W*(?:(?:so|and|but|ok|hi|hello|well)\W+)*(?:"
    rf"(?:(?:what(?:'s| is) )?(?:the |its |their )?(?:definition|meaning) of|what does {_IT} mean by|what(?:'s| is| are) meant by|how (?:does|do) {_IT} (?:define|describe|understand)|(?:please )?define|what(?:'s| is)) (?P<a>(?!the\b|your\b|our\b).+?)"
    rf"|what does (?P<b>.+?) mean|how (?:is|are) (?P<c>.+?) (?:defined|described|understood))(?: (?:in {_IT}|here|according to {_IT}))*\W*$"
)


def term_asked(question: str) -> str:
    """The term whose meaning a question asks for, as written small; empty where it asks for no meaning."""
    found = _DEFINES.match(fold(question))
    name = (found["a"] or found["b"] or found["c"]) if found else ""
    thing = re.sub(r"^(?:an?|the) ", "", name.strip(" ?.!,\"'"))
    return thing if 0 < len(thing.split()) <= _MOST and not _QUESTION.search(thing) else ""


_ON = r"(?:about|on|regarding|concerning|for|of)"
#: Asks for whatever there is on something, "what does it say about children?", "tell me about latrines", or only names it.
_SPEAKS = re.compile(
    rf"^\W*(?:(?:so|and|but|ok|hi|hello|well|please)\W+)*(?:what (?:else )?(?:does|do|did|is|has) {_IT} {_HOW}(?:say|tell(?: me| us)?|got|have(?: to say)?|said) {_ON}"
    rf"|(?:(?:can|could) you )?(?:please )?tell (?:me|us) (?:something |more |anything )?about|(?:is there )?(?:anything|something|some info|info|information|what is there|what do (?:we|you) have) {_ON}) (?P<a>.{{1,120}}?)(?: in (?:{_IT}|here))?\W*$"
    r"|^\W*(?P<b>[\w-]+(?: [\w-]+){0,2})\W*$"
)


def subject_asked(question: str) -> str:
    """The thing of which a question asks all that is said, as written small; empty where it asks more, or something else."""
    found = _SPEAKS.match(fold(question))
    if found is None:
        return ""
    return _thing(found["a"] or found["b"])


def _thing(words: str) -> str:
    """The name of one thing; empty where the words say more than a name."""
    thing = _VAGUE.sub("", words.strip(" ?.!,\"'"))
    return thing if 0 < len(content_stems(thing)) <= _MOST and not _QUESTION.search(thing) else ""


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
    return _thing(next(g for g in found.groups() if g))


def mentions(thing: str, passages: Sequence[Passage], is_name: Callable[[str], bool]) -> list[Mention]:
    """The sentences, one a place, in document order, that hold a thing as it is asked for, in the plural or the singular.

    The adjective of a name counts too: "Syria" in "the Syrian crisis".
    """
    last = thing.split()[-1]
    forms = [re.escape(w) for w in thing.split()[:-1]]
    if is_name(last):
        forms.append(rf"{re.escape(last)}(?:n|an|ian|ese|i)?(?!\s+(?:ocean|sea)\b)")
    else:
        forms.append(rf"{re.escape(_singular(last))}(?:s|es|ren)?")
    pattern = re.compile(r"(?<![\w-])" + r"[\s-]+".join(forms) + r"(?![\w-])")
    found = []
    for passage in passages:
        sentence = next((t for t in sentences(passage.text) if pattern.search(fold(t))), None)
        if sentence is not None:
            found.append(Mention(passage.ref, sentence))
    return found


def _singular(word: str) -> str:
    """A word without the ending of a plural."""
    for ending in ("ren", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 3 and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word
