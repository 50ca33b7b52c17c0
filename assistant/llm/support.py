"""Whether the passages cited say what a sentence says: word by word, or by an entailment model where one is configured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, Protocol

from assistant.text import FUNCTION_WORDS, content_stems, fold, stem, words
from corpus.errors import ModelError

#: Stems that connect what the evidence says and add nothing to it: the document itself, and verbs of saying.
#: From the words that the project's own fact sentences have beside their passages.
GLUE = frozenset(
    "iom framework document paper text annex paragraph mcof work list given includ refer exampl cite say state "
    "describ mention name call mean concern titl date also well".split()
)
#: Small words that turn a meaning: each must stand in the evidence itself.
TURNING: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in (
        "not no never neither nor none cannot without nobody nothing isn aren doesn don didn wasn weren won shouldn can't",
        "only solely exclusively merely",
        "all every always everyone everywhere any entire whole each",
        "before prior ahead beforehand previously preparedness pre",
        "during amid ongoing while",
        "after following afterwards post subsequent later",
        "more increase increased increasing increases higher greater rising grew rose",
        "less fewer decrease decreased decreasing reduce reduces reduced lower declining fell",
        "most mostly majority majorly largely mainly primarily",
        "must shall obligatory mandatory obliged require required requires compulsory",
        "first top highest foremost primary leading lead leads",
        "if unless provided when where whenever depending conditional whether",
        "critical important recommended crucial essential vital key paramount significant central priority urgent",
        "except excluding excludes exclude besides",
        "half double twice quarter dozen hundred thousand million billion",
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "twenty",
    )
)  # fmt: skip
#: Groups of which any word in the evidence covers any other; of the remaining ones the very word must stand there.
_BY_GROUP = frozenset(range(1, 12)) | {0, 13}
_TURNS = frozenset().union(*TURNING)
_CONDITIONS = next(group for group in TURNING if "if" in group)
#: Small words that say which part the next word has in what happens: who does it, where it comes from, whom it is for.
ROLES = {"by": "by", "through": "by", "via": "by", "from": "from", "with": "with", "for": "for", "against": "against"}
#: Runs in which the words of a sentence may be taken from the evidence; more is a sentence of one's own.
#: With 1, 2, 3, 4 runs 51, 65, 75, 79% of the true sentences pass (``mcof eval support``), and 1, 2, 7, 29% of those
#: with two words exchanged.
_RUNS = 3
#: Words of content that may be left out between two of a run. Of the true sentences 64.8% pass all checks, and 5.8% of those
#: with a word replaced by another of the passage; with 5 words 66.9 and 10.1%. With no limit, and with runs of one word
#: anywhere, 70.6 and 22.8%.
_GAP = 2


class SupportTest(Protocol):
    """Tells whether evidence supports a sentence."""

    def supports(self, sentence: str, units: Sequence[str], known: Sequence[str] = ()) -> bool:
        """``units`` are the sentences of the passages cited, ``known`` what may be said beside them (headings, names)."""
        ...


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def basis(sentence: str, units: Sequence[str]) -> tuple[str, ...]:
    """The one unit that holds most of a sentence's content, the earlier of equals; none without units.

    Only one: of two sentences that each hold a half, a whole can be put together that neither says. Words that turn a
    meaning do not count: no unit is taken for the sake of its "must" or "not".
    """
    wanted = _stems(" ".join(w for w in words(sentence) if w not in _TURNS)) - GLUE
    return (max(units, key=lambda unit: len(wanted & _stems(unit))),) if units else ()


def unsupported(sentence: str, evidence: Sequence[str], known: Sequence[str] = ()) -> frozenset[str]:
    """Stems of a sentence's content that stand neither in the evidence nor in ``known`` (headings, names of slots)."""
    held = frozenset().union(*(_stems(e) for e in evidence), *(_stems(k) for k in known))
    return _stems(sentence) - held - GLUE


def turned(sentence: str, evidence: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """Small words of a sentence that turn its meaning and do not stand in the evidence; ``not`` also the other way.

    A sentence must not lose the negation of the sentence it rests on, nor the
    condition that that begins with.
    """
    own = _words(sentence)
    held = set().union(*(_words(t) for t in (*evidence, *known)))
    found = []
    for number, group in enumerate(TURNING):
        said = own & group
        if said and not (held & group if number in _BY_GROUP else said <= held):
            found += sorted(said)
    if held & TURNING[0] and not own & TURNING[0]:
        found.append("not")
    if not own & _CONDITIONS and any(words(e)[:1] == ["if"] for e in evidence):
        found.append("if")
    return found


def _words(text: str) -> set[str]:
    """Folded words, a contracted negation (isn't, don't) counted as "not"."""
    return set(words(text)) | ({"not"} if "n't" in fold(text) else set())


def negated(text: str) -> bool:
    """Whether a text denies something."""
    return bool(_words(text) & TURNING[0])


def in_order(sentence: str, evidence: Sequence[str]) -> bool:
    """Whether a sentence has its words of content in the order of the evidence, but for whole runs that were moved.

    It may be cut into up to ``_RUNS`` runs, each of which stands in one text of
    the evidence in this order, words left out, in a stretch that no other run
    uses. A single word makes a run where it opens the sentence, is a figure or
    adds nothing: else it could be any word of the passage. Three runs in exactly the reverse order are an exchange of what stands
    at both ends ("A helps B", "B helps A"), which is not allowed; nor is a single
    word out of a text that gives nothing else. Words that the evidence lacks are
    passed over: whether they may be there is another question.
    """
    texts = [tuple(content_stems(e)) for e in evidence]
    held = frozenset().union(*texts)
    own = tuple(w for w in content_stems(sentence) if w in held)
    for number in range(min(_RUNS, len(own))):
        for cuts in combinations(range(1, len(own)), number):
            runs = [own[a:b] for a, b in zip((0, *cuts), (*cuts, len(own)), strict=True)]
            if all(_may_stand_alone(run) for run in runs[1:]) and _placed(runs, texts):
                return True
    return False


def _may_stand_alone(run: Sequence[str]) -> bool:
    """Whether a run after the first is more than one word, or that one is a figure or adds nothing."""
    return len(run) > 1 or run[0][:1].isdigit() or run[0] in GLUE


def _placed(runs: Sequence[Sequence[str]], texts: Sequence[Sequence[str]]) -> bool:
    """Whether all runs find stretches of their own: every order of the runs is tried over the texts, one after another."""
    for order in permutations(range(len(runs))):
        if len(order) > 2 and order == tuple(reversed(range(len(order)))):
            continue
        text = at = 0
        taken: dict[int, list[Sequence[str]]] = {}
        for number in order:
            end = None
            while text < len(texts) and (end := _end(runs[number], texts[text], at)) is None:
                text, at = text + 1, 0
            if end is None:
                break
            taken.setdefault(text, []).append(runs[number])
            at = end
        else:
            if len(taken) < 2 or all(len(of_text) > 1 or len(of_text[0]) > 1 for of_text in taken.values()):
                return True
    return False


def _end(run: Sequence[str], text: Sequence[str], start: int) -> int | None:
    """Where a run of words, at most ``_GAP`` left out between two, ends at the earliest in a text read from ``start``; else None."""
    ends = {i for i in range(start, len(text)) if text[i] == run[0]}
    for word in run[1:]:
        ends = {j for i in ends for j in range(i + 1, min(i + 2 + _GAP, len(text))) if text[j] == word}
    return min(ends) + 1 if ends else None


def roles(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of a word such as "by" or "from" and the stem of the next word of content; "to" only before a name."""
    found = set()
    tokens = re.findall(r"[^\W_]+", text)
    for i, token in enumerate(tokens):
        role = ROLES.get(fold(token), "")
        for following in tokens[i + 1 : i + 5]:
            if fold(following) in ROLES:
                break
            if fold(following) not in FUNCTION_WORDS["en"]:
                if role or (token == "to" and following[0].isupper()):
                    found.add((role or "to", stem(fold(following))))
                break
    return frozenset(found)


def changed_roles(sentence: str, evidence: Sequence[str], known: Sequence[str] = ()) -> frozenset[tuple[str, str]]:
    """Parts that the evidence does not give to those words."""
    return roles(sentence) - frozenset().union(*(roles(e) for e in (*evidence, *known)))


#: What makes a verb an aim, a duty or a possibility, and what makes it something done.
_AIMING = frozenset("to should may might can could will would must shall".split())
_DONE = frozenset("has have had having was were did".split())
_BETWEEN = frozenset("be been being also further then better".split())
#: Words before "and" among which a verb that is aimed at makes the next one an aim, too: "identify people and check visas".
_JOINED = 4


def _moods(text: str) -> dict[str, set[str]]:
    """By stem, how a text has its words: ``aim`` after "to" or "should", ``done`` after "has" or by its ending, else ``plain``.

    Adverbs between are passed over; what "and" or "or" joins to an aim is one.
    """
    found: dict[str, set[str]] = {}
    moods: list[str] = []
    tokens = words(text)
    for i, token in enumerate(tokens):
        k = i - 1
        while k >= 0 and (tokens[k] in _BETWEEN or tokens[k].endswith("ly")):
            k -= 1
        helper = tokens[k] if k >= 0 else ""
        if helper in _AIMING:
            mood = "aim"
        elif helper in ("and", "or") and not token.endswith("s") and "aim" in moods[max(0, k - _JOINED) : k]:
            mood = "aim"
        else:
            mood = "done" if helper in _DONE or token.endswith("ed") else "plain"
        moods.append(mood)
        found.setdefault(stem(token), set()).add(mood)
    return found


def only_aimed(sentence: str, evidence: Sequence[str]) -> frozenset[str]:
    """Stems that a sentence has as done and that the evidence has as an aim, a duty or a possibility only.

    "IOM has supported States" does not follow from "to support States".
    """
    held: dict[str, set[str]] = {}
    for text in evidence:
        for stem_, moods in _moods(text).items():
            held.setdefault(stem_, set()).update(moods)
    return frozenset(s for s, moods in _moods(sentence).items() if "done" in moods and held.get(s) == {"aim"})


class LexicalSupport:
    """Every word of content must stand in the sentence that holds most of them, in its order and in its part.

    Error rates on the project's own sentences: docs/language-model.md.
    """

    def supports(self, sentence: str, units: Sequence[str], known: Sequence[str] = ()) -> bool:
        evidence = basis(sentence, units)
        if not evidence or not _stems(sentence) - GLUE or unsupported(sentence, evidence, known):
            return False
        return in_order(sentence, evidence) and not changed_roles(sentence, evidence, known)


#: Has no state: one serves all.
LEXICAL: SupportTest = LexicalSupport()


class EntailmentSupport:
    """A cross-encoder that says whether a text entails a sentence, in a folder in the form of sentence-transformers."""

    def __init__(self, folder: str, *, threshold: float = 0.8, model: Any = None) -> None:  # noqa: ANN401 - CrossEncoder
        """Load it.

        Raises:
            ModelError: there is no such model, or it has no label "entailment".
        """
        if model is None:
            if not Path(folder).is_dir():
                raise ModelError(f"There is no entailment model in {folder!r}.", remedy="Check MCOF_CHAT_ENTAILMENT.")
            from sentence_transformers import CrossEncoder

            model = CrossEncoder(folder, local_files_only=True)
        labels = {str(v).lower(): int(k) for k, v in dict(model.config.id2label).items()}
        if "entailment" not in labels:
            raise ModelError(f"The model in {folder!r} has no label entailment.")
        self._label = labels["entailment"]
        self._model = model
        self._threshold = threshold

    def supports(self, sentence: str, units: Sequence[str], known: Sequence[str] = ()) -> bool:
        import numpy as np

        premise = " ".join(basis(sentence, units))
        if not premise:
            return False
        scores = np.asarray(self._model.predict([(premise, sentence)], show_progress_bar=False), dtype=float)[0]
        weights = np.exp(scores - scores.max())
        return bool(weights[self._label] / weights.sum() >= self._threshold)
