"""The lexicon of a corpus, with the words beside its terms that are spelled correctly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assistant.gloss import Glossary
from assistant.lexicon import Lexicon, folded_words
from assistant.text import words
from corpus.errors import ModelError
from corpus.load import Corpus


def lexicon_of(corpus: Corpus, model: str, *, with_terms: bool = True) -> Lexicon:
    """The lexicon of a corpus, whose texts are embedded by a ``model``; without its terms, only what mends and glosses."""
    known = folded_words(p.text for p in corpus.passages)
    return Lexicon(
        corpus.lexicon if with_terms else (),
        known_words=known | model_words(model),
        glossary=Glossary(corpus.glossary),
        subject_words=lambda: known | _asked_twice(corpus),
    )


def _asked_twice(corpus: Corpus) -> set[str]:
    """Words that two prepared questions at least hold."""
    asked = Counter(w for e in corpus.entry_points if e.lang == "en" for w in set(words(e.text)))
    return {w for w, n in asked.items() if n > 1}


def model_words(model: str) -> set[str]:
    """Whole words in the vocabulary of the embedding model; empty where it has no plain vocabulary."""
    from assistant.encoder import model_folder

    try:
        path: Path = model_folder(model) / "vocab.txt"
        lines = path.read_text(encoding="utf-8").splitlines()
    except (ModelError, OSError):
        return set()
    return {w for w in lines if w.isalpha() and len(w) > 3}
