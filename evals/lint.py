"""Looks over an evaluation set before it is trusted: ``mcof eval lint FILE``.

An *error* makes an item worthless or misleading; a *warning* asks its author
to look again. Every finding names file, line and item.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.text import FUNCTION_WORDS, words
from corpus.errors import DatasetError
from corpus.load import Corpus
from evals.dataset import FIELDS, KINDS, Item, check_labels, parse_item, read_lines
from evals.scoring import includes, normalise, occurrences

#: A run of this many words shared with the document counts as copied, when this many of them carry meaning.
COPIED_WORDS, COPIED_CONTENT = 6, 3
#: An alternative shorter than this is found in almost any reply; bare numbers are exempt.
SHORT = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one line."""

    line: int
    item: str
    severity: Literal["error", "warning"]
    text: str

    def shown(self, file: str) -> str:
        place = f"{file}, line {self.line}" + (f" ({self.item})" if self.item else "")
        return f"{place}: {self.severity}: {self.text}"


def _ngrams(tokens: Sequence[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)}


def _phrases(text: str) -> set[tuple[str, ...]]:
    """Runs of words of the document that nobody would hit on by chance.

    A name or title, whose words of meaning are all capitalised, is none: there
    is no other way to speak of it.
    """
    tokens = [(folded, raw[:1].isupper()) for raw in text.split() for folded in words(raw)]
    runs = (tokens[i : i + COPIED_WORDS] for i in range(len(tokens) - COPIED_WORDS + 1))
    found = set()
    for run in runs:
        content = [upper for word, upper in run if word not in FUNCTION_WORDS["en"]]
        if len(content) >= COPIED_CONTENT and not all(content):
            found.add(tuple(word for word, _ in run))
    return found


class Linter:
    """Checks items against one document. Built once for many items."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._copied: set[tuple[str, ...]] = set()
        for passage in corpus.passages:
            self._copied |= _phrases(passage.text)

    def check(self, item: Item) -> Iterator[tuple[Literal["error", "warning"], str]]:
        """Every finding about one item, errors first within each subject."""
        yield from self._labels_and_quotes(item)
        yield from self._wording(item)
        yield from self._groups(item)
        yield from self._forbidden(item)
        if item.kind not in KINDS:
            close = difflib.get_close_matches(item.kind, KINDS, n=1)
            if close:
                yield "warning", f"the kind {item.kind!r} is new; is {close[0]!r} meant?"

    def _labels_and_quotes(self, item: Item) -> Iterator[tuple[Literal["error", "warning"], str]]:
        if item.answerable and not item.gold_refs:
            yield "error", "an answerable item needs gold_refs: the places that support the answer"
        for quote in item.gold_quotes:
            places = [p.ref for p in self.corpus.passages if p.find(quote)]
            if not places:
                yield "error", f"the quote {quote[:80]!r} is not in the text"
            elif not set(places) & set(item.gold_refs):
                yield "error", f"the quote {quote[:80]!r} stands in {places[0]}, which is not among gold_refs"

    def _wording(self, item: Item) -> Iterator[tuple[Literal["error", "warning"], str]]:
        for text in (*item.turns, item.question):
            if not text.strip():
                yield "error", "a message is empty"
            copied = sorted(_ngrams(words(text), COPIED_WORDS) & self._copied)
            if copied:
                yield "error", f"the words {' '.join(copied[0])!r} are copied from the document"

    def _groups(self, item: Item) -> Iterator[tuple[Literal["error", "warning"], str]]:
        if item.answerable and not item.must_include:
            yield "error", "any answer would pass: must_include is empty"
        for group in item.must_include:
            plain = [normalise(alternative) for alternative in group]
            if not any(plain):
                yield "error", "no answer could pass: a group of must_include has no alternative"
                continue
            for alternative, normal in zip(group, plain, strict=True):
                if not normal:
                    yield "warning", f"the alternative {alternative!r} is nothing but markup"
                elif len(normal) < SHORT and not any(c.isdigit() for c in normal):
                    yield "warning", f"the alternative {alternative!r} is found in almost any reply"
            barred = [any(occurrences(normalise(p), a) for p in item.must_not_include) for a in plain if a]
            if all(barred):
                yield "error", f"no answer could pass: {' / '.join(group)!r} holds what must_not_include forbids"
        asked = " ".join((*item.turns, item.question))
        if item.must_include and all(any(includes(a, asked) for a in group) for group in item.must_include):
            yield "warning", "a reply that repeats the question would pass"

    def _forbidden(self, item: Item) -> Iterator[tuple[Literal["error", "warning"], str]]:
        for phrase in item.must_not_include:
            if not normalise(phrase):
                yield "warning", f"the forbidden {phrase!r} is nothing but markup"
            elif any(includes(phrase, quote) for quote in item.gold_quotes):
                yield "error", f"no answer that quotes the evidence could pass: it holds {phrase!r}, which is forbidden"


def lint(path: Path, corpus: Corpus) -> list[Finding]:
    """All findings of a file, in line order.

    Raises:
        InputError: there is no such file.
        DatasetError: it is empty, not UTF-8, or a line is no JSON object.
    """
    linter = Linter(corpus)
    findings: list[Finding] = []
    ids: dict[str, int] = {}
    questions: dict[tuple[str, ...], str] = {}
    for number, row in read_lines(path):
        name = str(row.get("id", ""))

        def found(severity: Any, text: str, number: int = number, name: str = name) -> None:  # noqa: ANN401
            findings.append(Finding(number, name, severity, text))

        for key in row:
            if key not in FIELDS:
                close = difflib.get_close_matches(key, FIELDS, n=1)
                found(
                    "warning",
                    f"the field {key!r} is not part of the form" + (f"; is {close[0]!r} meant?" if close else ""),
                )
        try:
            item = parse_item(path.name, number, row)
            check_labels(path.name, number, item, corpus.by_ref)
        except DatasetError as error:
            found("error", re.sub(r"^.*?, line \d+(?:, |: )", "", str(error)))
            continue
        if item.id in ids:
            found("error", f"the id {item.id!r} is already used on line {ids[item.id]}")
        ids.setdefault(item.id, number)
        asked = tuple(normalise(text) for text in (*item.turns, item.question))
        if asked in questions:
            found("error", f"the same question as {questions[asked]}")
        questions.setdefault(asked, item.id)
        for severity, text in linter.check(item):
            found(severity, text)
    return findings
