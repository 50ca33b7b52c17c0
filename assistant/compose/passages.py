"""Replies from facts and passages: a direct sentence, its quote, and where more is."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.compose.draft import Draft
from assistant.text import content_stems, sentence_spans
from corpus.types import Fact, Passage

#: A quote longer than this many words is shown from its decisive sentence only.
_LONG_QUOTE = 45


def fact(draft: Draft, entry: Fact, *, with_quote: bool = True) -> None:
    """A fact in one sentence, then the text's own words unless the sentence repeats them."""
    number = draft.cite(entry.ref, entry.quote)
    if draft.language == "en":
        text = entry.statement
        if entry.as_of and entry.as_of not in text:
            text = f"{text.rstrip('.')} ({draft.say('as_of')})."
        draft.add(text, number)
        if with_quote and not _repeats(entry.statement, entry.quote):
            draft.quote(entry.ref, entry.quote)
    else:
        draft.add(draft.say("fact_head", ref=entry.ref), number)
        draft.quote(entry.ref, entry.quote)


def _repeats(statement: str, quote: str) -> bool:
    """Whether a quote adds hardly a content word to the statement."""
    said = set(content_stems(statement))
    new = [t for t in content_stems(quote) if t not in said]
    return len(new) <= max(1, len(said) // 6) or len(quote.split()) > _LONG_QUOTE


def best_sentences(passage: Passage, stems: Sequence[str], limit: int = 2) -> list[str]:
    """The sentences of a passage that hold most of the wanted stems, in text order; at least one."""
    wanted = set(stems)
    spans = sentence_spans(passage.text)
    texts = [passage.text[a:b] for a, b in spans]
    scored = sorted(range(len(texts)), key=lambda i: (-len(wanted & set(content_stems(texts[i]))), i))
    best = len(wanted & set(content_stems(texts[scored[0]]))) if scored else 0
    keep = [i for i in scored[:limit] if i == scored[0] or len(wanted & set(content_stems(texts[i]))) >= max(2, best - 1)]
    return [texts[i] for i in sorted(keep)]


def passage(draft: Draft, entry: Passage, quotes: Sequence[str]) -> None:
    """Sentences of a passage, quoted."""
    first = draft.cite(entry.ref, quotes[0])
    draft.add(draft.say("quote_head", ref=entry.ref), first)
    for quote in quotes:
        draft.quote(entry.ref, quote)
