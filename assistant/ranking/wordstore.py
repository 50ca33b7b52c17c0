"""Word vectors of a document's sentences: computed once, kept beside the index.

The file is a cache: where it is missing, damaged or of another text it is made
anew, and where it cannot be written the vectors are kept in memory alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from assistant.arrays import read_arrays
from assistant.ranking.tokens import Token, tokenize
from assistant.ranking.wordvectors import WordVectors, pool_words
from assistant.records import Record, records_sha256

if TYPE_CHECKING:
    from assistant.encoder import WordEncoder

logger = logging.getLogger(__name__)

#: Raised when the stored form or what counts as a word changes.
_FORMAT = 1
WORDS_FILE = "words.npz"


def words_key(records: Sequence[Record], model_id: str) -> str:
    """What the word vectors of these records belong to."""
    return hashlib.sha256(f"{_FORMAT}\n{model_id}\n{records_sha256(records)}".encode()).hexdigest()


def load_words(folder: Path, records: Sequence[Record], encoder: WordEncoder) -> WordVectors:
    """Word vectors of each record's text: read from ``folder``, else computed and left there for the next time."""
    key = words_key(records, encoder.model_id)
    lengths = [len(tokenize(r.text)) for r in records]
    found = _read(folder / WORDS_FILE, key, lengths)
    if found is not None:
        return found
    words = compute_words(records, encoder)
    _write(folder, key, words)
    return words


def compute_words(records: Sequence[Record], encoder: WordEncoder) -> WordVectors:
    """Word vectors of each record's text."""
    import numpy as np

    texts: list[tuple[Token, ...]] = [tokenize(r.text) for r in records]
    readings = encoder.read([r.text for r in records])
    pooled = [pool_words(reading, tokens) for reading, tokens in zip(readings, texts, strict=True)]
    return WordVectors(np.concatenate(pooled), [len(p) for p in pooled])


def _read(path: Path, key: str, lengths: Sequence[int]) -> WordVectors | None:
    import numpy as np

    try:
        stored = read_arrays(path)
        if str(stored["key"]) != key or stored["lengths"].tolist() != list(lengths):
            return None
        return WordVectors(stored["matrix"].astype(np.float32), lengths)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        logger.info("the word vectors are made anew: %s", type(error).__name__)
        return None


def _write(folder: Path, key: str, words: WordVectors) -> None:
    import numpy as np

    part = folder / f"{WORDS_FILE}.{uuid4().hex[:8]}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as handle:
            lengths = words.ends[1:] - words.ends[:-1]
            np.savez(handle, key=np.array(key), lengths=lengths, matrix=words.matrix.astype(np.float16))
        os.replace(part, folder / WORDS_FILE)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        logger.info("the word vectors are kept in memory only: %s", error.strerror)
