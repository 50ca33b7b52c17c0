"""Replies from facts and passages: a direct sentence, its quote, and the next nearest fact where two compete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.compose.draft import Draft
from assistant.text import content_stems, sentence_spans
from corpus.types import Fact, Passage

#: A sentence longer than this many words is not quoted whole; the fact's own quote is shown instead.
_LONG_SENTENCE = 48
#: Words of quotes shown inside one reply.
_QUOTE_WORDS = 90


def enclosing_sentence(passage: Passage, quote: str) -> str:
    """The sentence of the passage that holds the quote, or the quote where it spans several."""
    span = passage.find(quote)
    if span is not None:
        for start, end in sentence_spans(passage.text):
            if start <= span[0] and span[1] <= end:
                return passage.text[start:end]
    return quote


def sentence_of(fact: Fact, by_ref: Mapping[str, Passage]) -> str:
    """The sentence of its passage that a fact rests on."""
    return enclosing_sentence(by_ref[fact.ref], fact.quote)


def facts(draft: Draft, entries: Sequence[Fact], further: Sequence[Fact] = ()) -> None:
    """Facts in one sentence each, then the decisive sentences of the text and those of ``further`` facts, quoted once.

    The first sentence answers; quotes that add nothing to the statements, and
    those beyond the length of a reply, stay with the citation only.
    """
    quotes: dict[tuple[str, str], Fact] = {}
    said: set[str] = set()
    for entry in entries:
        if draft.language == "en":
            text = entry.statement
            if entry.as_of and entry.as_of not in text:
                text = f"{text.rstrip('.')} ({draft.say('as_of')})."
            draft.add(text, draft.cite(entry.ref, entry.quote))
            said |= set(content_stems(entry.statement))
        sentence = enclosing_sentence(draft.corpus.by_ref[entry.ref], entry.quote)
        if len(sentence.split()) > _LONG_SENTENCE:
            sentence = entry.quote
        quotes.setdefault((entry.ref, sentence), entry)
    for entry in further:
        sentence = enclosing_sentence(draft.corpus.by_ref[entry.ref], entry.quote)
        quotes.setdefault((entry.ref, entry.quote if len(sentence.split()) > _LONG_SENTENCE else sentence), entry)
    budget = _QUOTE_WORDS
    for ref, sentence in quotes:
        new = [t for t in dict.fromkeys(content_stems(sentence)) if t not in said]
        if draft.language != "en":
            draft.add(draft.say("fact_head", ref=ref), draft.cite(ref, sentence))
        elif len(new) <= 2 or len(sentence.split()) > budget:
            continue
        budget -= len(sentence.split())
        draft.quote(ref, sentence)
        said |= set(new)


def best_sentences(passage: Passage, stems: Sequence[str], limit: int = 2) -> list[str]:
    """The sentences of a passage that hold most of the wanted stems, in text order; at least one."""
    wanted = set(stems)
    texts = [passage.text[a:b] for a, b in sentence_spans(passage.text)]
    hits = [len(wanted & set(content_stems(t))) for t in texts]
    ranked = sorted(range(len(texts)), key=lambda i: (-hits[i], i))
    keep = [i for i in ranked[:limit] if i == ranked[0] or hits[i] >= max(2, hits[ranked[0]] - 1)]
    return [texts[i] for i in sorted(keep)]


def passage(draft: Draft, entry: Passage, quotes: Sequence[str]) -> None:
    """Sentences of a passage, quoted."""
    draft.add(draft.say("quote_head", ref=entry.ref), draft.cite(entry.ref, quotes[0]))
    for quote in quotes:
        draft.quote(entry.ref, quote)
