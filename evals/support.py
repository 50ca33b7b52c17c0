"""How often the checks of a model's sentences err, measured on sentences known to be true and on made falsehoods.

True are the fact sentences that the composer itself uses, with the passage
each rests on. False are the same sentences beside a wrong passage, or with
something in them changed. Everything is drawn with a fixed seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.lexicon import Lexicon
from assistant.llm.check import Checker
from assistant.llm.reply import Sentence
from assistant.llm.request import Source
from assistant.llm.support import LEXICAL, SupportTest
from assistant.text import FUNCTION_WORDS, content_stems, sentences, words
from assistant.verify import figures
from corpus.load import Corpus
from corpus.types import Fact, Passage
from evals.tables import columns, percent

#: A passage shorter than this many words is no rival.
_SHORT = 15
_SEED = 92


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence and the passage that it is said to rest on."""

    text: str
    passage: Passage


Make = Callable[[Fact, Passage, random.Random], Case | None]


def makers(corpus: Corpus) -> Mapping[str, Make]:
    """Ways to make a case of a fact, the true one first; None where a fact does not lend itself to it."""
    long = [p for p in corpus.passages if len(p.text.split()) > _SHORT]
    stems = {p.ref: set(content_stems(p.text)) for p in long}
    vocabulary = sorted({w for p in long for w in words(p.text) if w.isalpha() and len(w) > 3})

    def nearest(fact: Fact, passage: Passage, chance: random.Random) -> Case:
        own = set(content_stems(fact.statement))
        rivals = [p for p in long if p.ref != passage.ref and fact.quote not in p.text]
        return Case(fact.statement, max(rivals, key=lambda p: (len(own & stems[p.ref]), p.ref)))

    def swapped(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        held = set(content_stems(passage.text))
        places = _content(fact.statement)
        others = [w for w in vocabulary if not held & set(content_stems(w)) and content_stems(w)]
        if not places:
            return None
        a, b = chance.choice(places)
        return Case(fact.statement[:a] + chance.choice(others) + fact.statement[b:], passage)

    def own_word(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        places = _content(fact.statement)
        used = set(content_stems(fact.statement))
        others = sorted({passage.text[a:b] for a, b in _content(passage.text)})
        others = [w for w in others if not used & set(content_stems(w))]
        if not places or not others:
            return None
        a, b = chance.choice(places)
        return Case(fact.statement[:a] + chance.choice(others) + fact.statement[b:], passage)

    def denied(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        changed = re.sub(r"\b(is|are|was|were|can|will|should|may|has|have)\b", r"\1 not", fact.statement, count=1)
        return Case(changed, passage) if changed != fact.statement else None

    def figure(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        found = sorted(figures(fact.statement))
        if not found:
            return None
        other = str(int(re.sub(r"\D", "", found[0]) or 1) + chance.randint(1, 40))
        return Case(fact.statement.replace(found[0], other), passage)

    def exchanged(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        places = _content(fact.statement)
        if len(places) < 4:
            return None
        (a, b), (c, d) = sorted(chance.sample(places, 2))
        t = fact.statement
        return Case(t[:a] + t[c:d] + t[b:c] + t[a:b] + t[d:], passage) if t[a:b] != t[c:d] else None

    def phrases(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        places = _phrases(fact.statement)
        if len(places) < 2:
            return None
        (a, b), (c, d) = sorted(chance.sample(places, 2))
        t = fact.statement
        return Case(t[:a] + t[c:d] + t[b:c] + t[a:b] + t[d:], passage) if t[a:b].lower() != t[c:d].lower() else None

    def roles(fact: Fact, passage: Passage, chance: random.Random) -> Case | None:
        places = [m for m in re.finditer(r"\b(?:by|from|to|for|with)\b", fact.statement)]
        if not places:
            return None
        place = chance.choice(places)
        other = chance.choice([w for w in ("by", "from", "to", "for", "with") if w != place.group()])
        return Case(fact.statement[: place.start()] + other + fact.statement[place.end() :], passage)

    return {
        "true": lambda f, p, r: Case(f.statement, p),
        "any other passage": lambda f, p, r: Case(f.statement, r.choice([o for o in long if o.ref != p.ref])),
        "the most similar other passage": nearest,
        "one word replaced": swapped,
        "one word replaced by another of the passage": own_word,
        "denied": denied,
        "figure changed": figure,
        "two words exchanged": exchanged,
        "two phrases exchanged": phrases,
        "by, from, to, for, with replaced": roles,
    }


def _content(text: str) -> list[tuple[int, int]]:
    """Places of the words that carry content."""
    found = re.finditer(r"\b[a-z]{4,}\b", text)
    return [m.span() for m in found if m.group() not in FUNCTION_WORDS["en"]]


def _phrases(text: str) -> list[tuple[int, int]]:
    """Places of runs of words that carry content, names included, with nothing between them."""
    found: list[tuple[int, int]] = []
    for m in re.finditer(r"[^\W\d_]+", text):
        if m.group().lower() in FUNCTION_WORDS["en"]:
            continue
        if found and text[found[-1][1] : m.start()] == " ":
            found[-1] = (found[-1][0], m.end())
        else:
            found.append(m.span())
    return found


def measure(
    corpus: Corpus, lexicon: Lexicon, support: SupportTest = LEXICAL, *, every: int = 1
) -> dict[str, dict[str, float | int]]:
    """For each kind of case: how many, and the share that passes the support test alone, and all checks.

    ``every`` looks at one fact in so many.
    """
    out: dict[str, dict[str, float | int]] = {}
    for name, make in makers(corpus).items():
        chance = random.Random(_SEED)
        cases = [c for f in corpus.facts[::every] if (c := make(f, corpus.by_ref[f.ref], chance))]
        alone = everything = 0
        for case in cases:
            heads = (f"{case.passage.ref} {' '.join(case.passage.heading_path)}",)
            alone += support.supports(case.text, sentences(case.passage.text), heads)
            source = Source(1, case.passage.ref, "", case.passage.text)
            checker = Checker(corpus, lexicon, (source,), (), support)
            everything += checker.check(Sentence(text=case.text, citations=[1]))[0] is not None
        n = len(cases)
        out[name] = {"n": n, "support": alone / n if n else 0.0, "all": everything / n if n else 0.0}
    return out


def table(found: Mapping[str, Mapping[str, float | int]]) -> str:
    """One line a kind of case."""
    rows = [["sentences", "number", "pass the support test", "pass all checks"]]
    rows += [[name, str(row["n"]), percent(row["support"]), percent(row["all"])] for name, row in found.items()]
    return columns(rows)
