"""Whether what a reply cites exists, says what is quoted, and supports what is claimed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant.text import content_stems, words
from evals.metrics import Undefined

#: Share of a statement's content stems that its sources must hold. Sources are
#: quoted or closely restated here, so a statement is nearly all source words;
#: the remaining third is for connecting words ("the framework says that").
SUPPORT = 0.66


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of a reply and the texts it cites, one a citation."""

    text: str
    sources: tuple[str, ...] = ()


def citation_validity(refs: Sequence[str], labels: Collection[str]) -> float:
    """Share of the citations whose label exists in the document. Range 0 to 1; 1 is wanted.

    Raises:
        ValueError: nothing is cited.
    """
    if not refs:
        raise Undefined("undefined: nothing is cited")
    return sum(ref in labels for ref in refs) / len(refs)


def quote_fidelity(citations: Sequence[tuple[str, str]], passages: Mapping[str, str]) -> float:
    """Share of the (label, quote) pairs whose quote stands verbatim in the passage of that label.

    Range 0 to 1; 1 is wanted. An unknown label and an empty quote are unfaithful.

    Raises:
        ValueError: nothing is cited.
    """
    if not citations:
        raise Undefined("undefined: nothing is cited")
    return sum(bool(quote) and quote in passages.get(ref, "") for ref, quote in citations) / len(citations)


def gold_precision(cited: Collection[str], gold: Collection[str]) -> float:
    """Share of the cited labels that are gold labels. Range 0 to 1, higher is better.

    Low values are no error by themselves: a gold set names what suffices, and
    an answer may cite more that is true.

    Raises:
        ValueError: nothing is cited.
    """
    if not cited:
        raise Undefined("undefined: nothing is cited")
    return len(set(cited) & set(gold)) / len(set(cited))


def gold_recall(cited: Collection[str], gold: Collection[str]) -> float:
    """Share of the gold labels that are cited. Range 0 to 1, higher is better.

    Raises:
        ValueError: there are no gold labels.
    """
    if not gold:
        raise Undefined("undefined: there are no gold labels")
    return len(set(cited) & set(gold)) / len(set(gold))


def gold_hit(cited: Collection[str], gold: Collection[str]) -> float:
    """1.0 when any gold label is cited, else 0.0.

    Raises:
        ValueError: there are no gold labels.
    """
    if not gold:
        raise Undefined("undefined: there are no gold labels")
    return float(not set(cited).isdisjoint(gold))


_NUMBER = re.compile(r"\d")


def supports(statement: str, sources: Sequence[str], threshold: float = SUPPORT) -> bool:
    """Whether the sources together support the statement, judged by its words.

    True when every figure of the statement occurs in the sources and at least
    ``threshold`` of its distinct content stems do. It stands in for the
    entailment model of ALCE, needs no model and is deterministic. Its limits:
    it does not see a negation, who did what to whom, or two true halves put
    together wrongly; a true paraphrase in other words fails it, and so does a
    translation. It finds missing evidence, not bad reasoning.

    A statement without a content word is supported by anything.
    """
    text = " ".join(sources)
    available = set(words(text))
    if any(w not in available for w in words(statement) if _NUMBER.search(w)):
        return False
    stems = set(content_stems(statement))
    if not stems:
        return True
    return len(stems & set(content_stems(text))) / len(stems) >= threshold


def citation_recall(statements: Sequence[Statement]) -> float:
    """Share of the statements that their citations, taken together, support. Range 0 to 1, higher is better.

    A statement without a citation is not supported.

    Raises:
        ValueError: there are no statements.

    Source: ALCE, Gao et al., EMNLP 2023, https://arxiv.org/abs/2305.14627, 3.3,
    with ``supports`` in place of the entailment model.
    """
    if not statements:
        raise Undefined("undefined: there are no statements")
    return sum(bool(s.sources) and supports(s.text, s.sources) for s in statements) / len(statements)


def citation_precision(statements: Sequence[Statement]) -> float:
    """Share of the citations that are needed. Range 0 to 1, higher is better.

    A citation counts when its statement is supported by all its citations
    together and it is not irrelevant; it is irrelevant when it does not support
    the statement alone and the others do without it.

    Raises:
        ValueError: nothing is cited.

    Source: ALCE, Gao et al., EMNLP 2023, https://arxiv.org/abs/2305.14627, 3.3,
    with ``supports`` in place of the entailment model.
    """
    counted, precise = 0, 0
    for statement in statements:
        counted += len(statement.sources)
        if not statement.sources or not supports(statement.text, statement.sources):
            continue
        for i, source in enumerate(statement.sources):
            others = statement.sources[:i] + statement.sources[i + 1 :]
            irrelevant = not supports(statement.text, [source]) and bool(others) and supports(statement.text, others)
            precise += not irrelevant
    if not counted:
        raise Undefined("undefined: nothing is cited")
    return precise / counted
