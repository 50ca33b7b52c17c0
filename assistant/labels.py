"""Labels that a question names: "paragraph 13", "Annex I, para 15", "footnote 7", "párrafo 9"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.text import FUNCTION_WORDS, content_stems, fold, words
from corpus.types import Language, Passage

_ANNEX = r"(?:annexe?|anexo|annx) (?:no\.? )?(i{1,2}|1|2|one|two)\b"
_LABEL = re.compile(
    rf"(?:\b{_ANNEX}\W{{0,3}}(?:\w{{1,3}} )?)?(?:\b(?P<kind>paragraph(?:e|s)?|parrafo|paras?|par|footnote|fn|note de bas de page|nota al pie(?: de pagina)?)"
    rf"\.? ?(?:no\.? ?|number |numero )?|(?P<sign>¶) ?)(?P<number>\d{{1,3}})\b(?:\W{{1,2}}(?:of|in|from|de|del|de l')? ?(?:the )?{_ANNEX})?"
)
_ROMAN = {"i": "I", "1": "I", "one": "I", "ii": "II", "2": "II", "two": "II"}
#: Words around a label that only ask for what stands there.
_SHOWING = frozenset(
    "say says said show shows read reads quote quotes cite give gives tell content contents contain contains text main full "
    "whole entire exact exactly verbatim word words wording please pls state states written stand stands document paper "
    "framework scpf 92 open print see display mean means talk talks hi hello thanks need want like get copy paste dit texte "
    "montre cite citer complet dice texto muestra citar completo contenido contenu ok sentence sentences".split()
)


@dataclass(frozen=True, slots=True)
class Label:
    """A label as it is written in the document, and the passage; None where the document has no such place."""

    name: str
    passage: Passage | None
    last: str  #: The last label of its kind, "¶24"; empty where there is none of the kind.


@dataclass(frozen=True, slots=True)
class Named:
    """The labels that a question names, and the stems of what it says beside them."""

    labels: tuple[Label, ...]
    about: frozenset[str]


def listed(refs: Iterable[str]) -> str:
    """Labels as they are written in a sentence; those of one long kind once: "Annex I diagram, health crisis; protracted crisis"."""
    groups: dict[str, list[str]] = {}
    for ref in refs:
        kind, comma, rest = ref.partition(", ")
        groups.setdefault(kind, []).append(rest if comma else "")
    told = [", ".join([kind, "; ".join(filter(None, rests))]) if any(rests) else kind for kind, rests in groups.items()]
    return ", ".join(told)


def named(question: str, language: Language, by_ref: Mapping[str, Passage]) -> Named | None:
    """The labels in a question; None where it names none."""
    folded = fold(question)
    found: dict[str, Label] = {}
    for match in _LABEL.finditer(folded):
        if language != "en" and match["kind"] in ("para", "paras", "par"):
            continue  # "para 300 personas"
        annex = next((_ROMAN[g] for g in (match[1], match[5]) if g), "")
        note = match["kind"] is not None and match["kind"].startswith(("f", "not"))
        prefix = "fn " if note else f"Annex {annex} ¶" if annex else "¶"
        numbers = sorted(int(ref[len(prefix) :]) for ref in by_ref if re.fullmatch(rf"{re.escape(prefix)}\d+", ref))
        name = f"{prefix}{int(match['number'])}"
        found[name] = Label(name, by_ref.get(name), f"{prefix}{numbers[-1]}" if numbers else "")
    if not found:
        return None
    rest = _LABEL.sub(" ", folded)
    kept = [w for w in words(rest) if w not in FUNCTION_WORDS[language] and w not in _SHOWING]
    return Named(tuple(found.values()), frozenset(content_stems(" ".join(kept))))
