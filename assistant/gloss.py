"""French and Spanish questions put into rough English, word for word, so that they are searched like English ones.

English words as they are typed in a hurry ("b4", "ppl") are written out likewise.

The embedding model and the learned models know no language but English. A gloss
("how many persons IOM evacuate Libya" for « combien de personnes l'OIM a-t-elle
évacuées de Libye ») is bad English and a good query. It is searched for, never
shown and never cited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from assistant.text import fold, stem, words
from corpus.types import GlossaryTerm, Language


class Glossary:
    """The glossary of a corpus. Immutable after construction; what a language needs is made when it is first used."""

    def __init__(self, terms: Iterable[GlossaryTerm] = ()) -> None:
        self._terms = tuple(terms)

    @cached_property
    def _exact(self) -> dict[Language, dict[tuple[str, ...], str]]:
        """English by folded words; of a term listed twice the first counts."""
        out: dict[Language, dict[tuple[str, ...], str]] = {"en": {}, "fr": {}, "es": {}}
        for term in self._terms:
            out[term.lang].setdefault(tuple(words(term.term)), term.english)
        return out

    @cached_property
    def _stemmed(self) -> dict[Language, dict[tuple[str, ...], str]]:
        out: dict[Language, dict[tuple[str, ...], str]] = {"en": {}, "fr": {}, "es": {}}
        for lang, terms in self._exact.items():
            for tokens, english in terms.items():
                out[lang].setdefault(tuple(stem(t, lang) for t in tokens), english)
        return out

    @cached_property
    def _longest(self) -> dict[Language, int]:
        """Words of the longest term."""
        return {lang: max(map(len, terms), default=0) for lang, terms in self._exact.items()}

    @cached_property
    def words(self) -> dict[Language, frozenset[str]]:
        """Folded words of the terms: they are spelled correctly."""
        return {lang: frozenset(t for tokens in terms for t in tokens) for lang, terms in self._exact.items()}

    @cached_property
    def written_out(self) -> dict[str, str]:
        """English words by what is typed for them in a hurry."""
        return {tokens[0]: english for tokens, english in self._exact["en"].items() if len(tokens) == 1}

    def english(self, tokens: Sequence[str], lang: Language, correct: Callable[[str], str] = lambda word: word) -> str:
        """The gloss of a question's folded words; the longest term wins, an unknown word stays as it is.

        ``correct`` gives the word that a misspelled one stands for; it is asked
        only for words that no term holds.
        """
        out: list[str] = []
        at = 0
        while at < len(tokens):
            size, english = self._find(tokens, at, lang)
            if not size:
                better = correct(tokens[at])
                size, english = self._find([better], 0, lang) if better != tokens[at] else (0, "")
            out.append(english if size else tokens[at])
            at += max(size, 1)
        return " ".join(filter(None, out))

    def _find(self, tokens: Sequence[str], at: int, lang: Language) -> tuple[int, str]:
        """Words covered by the longest term that begins at a place, and its English; 0 where there is none."""
        for size in range(min(self._longest[lang], len(tokens) - at), 0, -1):
            piece = tuple(tokens[at : at + size])
            for terms, key in ((self._exact, piece), (self._stemmed, tuple(stem(t, lang) for t in piece))):
                english = terms[lang].get(key)
                if english is not None:
                    return size, fold(english) if size == 1 else english
        return 0, ""
