"""Whether one reply is right: the scoring rules of the evaluation set, and nothing else.

What is scored is the reply itself, never the quotes of its citations or the
passages shown beside it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from evals.dataset import Item
from evals.replies import Reply

_MARKER = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINE_MARKUP = re.compile(r"(?m)^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+)")
_INLINE_MARKUP = re.compile(r"\*+|`+|~~|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)")
_PLAIN = str.maketrans(
    {c: "'" for c in "‘’‚‛′ʼ`´"} | {c: '"' for c in "“”„‟″«»"} | {c: "-" for c in "‐‑‒–—―−"} | {"\u00ad": None}
)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+")
_BARE_NUMBER = re.compile(r"\d[\d.,]*%?")
#: A negation, whether or if, in the three languages of the assistant.
_HEDGE = re.compile(
    r"\b(?:not|no|nor|neither|never|none|nothing|nobody|without|cannot|whether|if"
    r"|ne|pas|aucune?|jamais|sans|rien|ni|nunca|ning[uú]n[oa]?|sin|nada|tampoco|si)\b|n't\b|\bn'"
)


def plain(text: str) -> str:
    """``text`` without citation markers and markup, line breaks kept."""
    text = _MARKER.sub("", text)
    text = html.unescape(_TAG.sub(" ", _LINK.sub(r"\1", text)))
    return _INLINE_MARKUP.sub("", _LINE_MARKUP.sub("", text))


def normalise(text: str) -> str:
    """``text`` as it is compared: no markers or markup, lower case, straight quotes, plain hyphens, single spaces."""
    return " ".join(plain(text).translate(_PLAIN).lower().split())


def normalised_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a reply, each as ``normalise`` gives it; a line break ends a sentence too."""
    found: list[str] = []
    for line in plain(text).translate(_PLAIN).splitlines():
        found.extend(" ".join(s.lower().split()) for s in _SENTENCE_END.split(line))
    return tuple(s for s in found if s)


def occurrences(phrase: str, text: str) -> list[tuple[int, int]]:
    """Half-open ranges of ``phrase`` in ``text``, both normalised.

    A bare number counts only where it stands alone: not inside a word, a
    longer figure ("10" in "10,000") or a label ("¶10"). An empty phrase never occurs.
    """
    if not phrase:
        return []
    pattern = re.escape(phrase)
    if _BARE_NUMBER.fullmatch(phrase):
        pattern = rf"(?<![\w¶])(?<!\d[.,]){pattern}(?!\w)(?![.,]\d)"
    return [match.span() for match in re.finditer(pattern, text)]


def includes(phrase: str, text: str) -> bool:
    """Whether ``phrase`` occurs in ``text`` after normalising both."""
    return bool(occurrences(normalise(phrase), normalise(text)))


def is_hedged(sentence: str) -> bool:
    """Whether a normalised sentence holds a negation, *whether* or *if*."""
    return _HEDGE.search(sentence) is not None


def asserted(phrase: str, text: str) -> str:
    """How ``text`` holds a phrase that it must not: ``no``, ``asserted``, or ``review``.

    ``review`` where every sentence that holds it also holds a negation,
    *whether* or *if*: a person decides.
    """
    sentences = normalised_sentences(text)
    joined = " ".join(sentences)
    ranges, start = [], 0
    for sentence in sentences:
        ranges.append((start, start + len(sentence), is_hedged(sentence)))
        start += len(sentence) + 1
    hits = occurrences(normalise(phrase), joined)
    if not hits:
        return "no"
    hedged = all(any(hedge for a, b, hedge in ranges if a < end and begin < b) for begin, end in hits)
    return "review" if hedged else "asserted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one reply. ``reasons`` are sentences, empty where it passed.

    ``review`` means that only a person can tell (a forbidden claim beside a
    negation); it counts as not passed and its number is shown beside.
    """

    id: str
    kind: str
    answerable: bool
    status: str
    passed: bool
    review: bool
    abstained: bool
    clarified: bool
    groups: int
    groups_found: int
    forbidden: tuple[str, ...]
    words: int
    reasons: tuple[str, ...]


def score(item: Item, reply: Reply) -> Verdict:
    """Judge one reply.

    An answerable item passes when the reply does not abstain or ask back, every
    group is met and nothing forbidden is asserted; an unanswerable one when the
    reply abstains and nothing forbidden is asserted.
    """
    text = normalise(reply.answer)
    missing = [g for g in item.must_include if not any(occurrences(normalise(a), text) for a in g)]
    held = {phrase: asserted(phrase, reply.answer) for phrase in item.must_not_include}
    forbidden = tuple(p for p, how in held.items() if how == "asserted")
    doubtful = tuple(p for p, how in held.items() if how == "review")
    reasons = []
    if item.answerable and reply.abstained:
        reasons.append(f"refused ({reply.status}) though the document answers")
    if reply.clarified:
        reasons.append("asked back instead of " + ("answering" if item.answerable else "abstaining"))
    if not item.answerable and not reply.abstained and not reply.clarified:
        reasons.append(f"answered ({reply.status}) though the document does not say")
    reasons += [f"lacks {' / '.join(repr(a) for a in group[:4])}" for group in missing]
    reasons += [f"asserts {phrase!r}" for phrase in forbidden]
    wrong = bool(reasons)
    reasons += [f"for review: {phrase!r} beside a negation, whether or if" for phrase in doubtful]
    return Verdict(
        id=item.id,
        kind=item.kind,
        answerable=item.answerable,
        status=reply.status,
        passed=not reasons,
        review=bool(doubtful) and not wrong,
        abstained=reply.abstained,
        clarified=reply.clarified,
        groups=len(item.must_include),
        groups_found=len(item.must_include) - len(missing),
        forbidden=forbidden,
        words=len(plain(reply.answer).split()),
        reasons=tuple(reasons),
    )
