"""Word vectors: pooling pieces into words, and keeping them beside the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.encoder import Reading
from assistant.ranking.tokens import tokenize
from assistant.ranking.wordstore import WORDS_FILE, load_words
from assistant.ranking.wordvectors import WordVectors, pool_words
from assistant.records import Record

RECORDS = [Record("a", "sentence", "¶1", "Floods move people."), Record("b", "sentence", "¶1", "Camps close.")]


class PieceEncoder:
    """One piece for each three characters of a word; its vector shows the piece's first letter."""

    model_id = "pieces"

    def __init__(self) -> None:
        self.runs = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([r.vector for r in self.read(texts)])

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.runs += 1
        out = []
        for text in texts:
            spans = [
                (begin, min(begin + 3, t.start + len(t.surface)))
                for t in tokenize(text)
                for begin in range(t.start, t.start + len(t.surface), 3)
            ]
            pieces = np.zeros((len(spans), 26), dtype=np.float32)
            for row, (begin, _) in enumerate(spans):
                pieces[row, ord(text[begin].lower()) % 26] = 2.0
            out.append(Reading(np.ones(26, dtype=np.float32) / np.sqrt(26), pieces, tuple(spans)))
        return out


def test_a_word_is_the_mean_of_its_pieces() -> None:
    """The word "abcd" has the pieces "abc" and "d": (a + d) / sqrt 2, whatever their lengths."""
    tokens = tokenize("abcd x")
    reading = Reading(
        np.zeros(3, dtype=np.float32),
        np.array([[2, 0, 0], [0, 9, 0], [0, 0, 1]], dtype=np.float32),
        ((0, 3), (3, 4), (5, 6)),
    )
    assert pool_words(reading, tokens) == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 1]]))


def test_a_word_that_was_not_read_is_similar_to_nothing() -> None:
    """The encoder cuts a long question off: what lies beyond has no vector, and no similarity."""
    reading = Reading(np.zeros(2, dtype=np.float32), np.array([[1, 0]], dtype=np.float32), ((0, 1),))
    words = pool_words(reading, tokenize("a beyond"))
    assert words.tolist() == [[1, 0], [0, 0]]
    assert WordVectors(words, [1, 1, 0]).alignment(words).tolist() == [[1, 0], [0, 0], [0, 0]]


def test_lengths_must_add_up() -> None:
    with pytest.raises(ValueError, match="3 words expected, 2 vectors given"):
        WordVectors(np.zeros((2, 4), dtype=np.float32), [1, 2])


def test_computed_once_and_read_afterwards(tmp_path: Path) -> None:
    encoder = PieceEncoder()
    first = load_words(tmp_path / "index", RECORDS, encoder)
    second = load_words(tmp_path / "index", RECORDS, encoder)
    assert encoder.runs == 1
    assert second.matrix == pytest.approx(first.matrix, abs=1e-3)
    assert second.ends.tolist() == first.ends.tolist() == [0, 3, 5]
    assert [p.name for p in (tmp_path / "index").iterdir()] == [WORDS_FILE]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"\x93NUMPY"], ids=["empty", "zip", "array"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WORDS_FILE).write_bytes(content)
    encoder = PieceEncoder()
    assert len(load_words(tmp_path, RECORDS, encoder)) == 2
    load_words(tmp_path, RECORDS, encoder)
    assert encoder.runs == 1


def test_vectors_of_another_text_are_not_taken(tmp_path: Path) -> None:
    encoder = PieceEncoder()
    load_words(tmp_path, RECORDS, encoder)
    load_words(tmp_path, RECORDS[:1], encoder)
    assert encoder.runs == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(load_words(tmp_path / "file", RECORDS, PieceEncoder())) == 2
