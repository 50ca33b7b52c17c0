"""Corpus -> records -> vectors -> a persistent Chroma collection with its manifest.

The index is written into a folder (or a collection) of another name and gets
its own name in one rename at the end. A crash or a second process at any moment
leaves the old index or the new one, never half of one.
"""

from __future__ import annotations

import errno
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from assistant.encoder import MAX_WORD_PIECES, Encoder, OnnxEncoder
from assistant.index import (
    MANIFEST,
    Manifest,
    client_settings,
    collection_name,
    index_id,
    index_root,
    quiet_chroma,
    server_client,
    stored_vectors,
)
from assistant.records import Record, build_records, embedded, records_sha256
from assistant.settings import Settings
from corpus.errors import CorpusError, IndexUnusableError, StorageError
from corpus.load import Corpus
from ingest.export import ensure_export
from ingest.learn import learn

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
_BATCH = 256
#: A second ingest waits this long for the first, in seconds; both would write the same.
_LOCK_WAIT = 300.0


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: ``built`` is False when the right index was already there."""

    manifest: Manifest
    built: bool
    seconds: float


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def ingest(corpus: Corpus, settings: Settings, *, force: bool = False, progress: Progress = _silent) -> IngestReport:
    """Build the index of ``corpus`` where it is missing; ``force`` builds it in any case.

    ``progress(stage, done, total)`` is called as it goes on.

    Raises:
        StorageError: the data folder is read-only or full; what was there before is untouched.
        ModelError, CorpusError: the model or a record cannot be used.
    """
    began = time.perf_counter()
    records = embedded(build_records(corpus))
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(settings.data_dir / "ingest.lock"), timeout=_LOCK_WAIT)
        with lock:
            progress("model", 0, 1)
            encoder = ensure_export(settings.data_dir, settings.embedding_model)
            progress("model", 1, 1)
            if not force:
                try:
                    identifier, vectors = stored_vectors(settings, corpus.info.id, records, encoder.model_id)
                    manifest = _manifest(corpus, records, encoder.model_id, int(vectors.shape[1]))
                    learn(corpus, settings, identifier, progress)
                    return IngestReport(manifest, False, time.perf_counter() - began)
                except IndexUnusableError as reason:
                    logger.info("building the index: %s", reason.message)
            _check_length(records, encoder)
            vectors = _embed(records, encoder, progress)
            manifest = _manifest(corpus, records, encoder.model_id, int(vectors.shape[1]))
            if settings.chroma_url:
                _write_server(settings, corpus, records, vectors, manifest, progress)
            else:
                _write_embedded(settings, corpus, records, vectors, manifest, progress)
            learn(corpus, settings, manifest.index_id, progress)
            return IngestReport(manifest, True, time.perf_counter() - began)
    except Timeout as error:
        raise StorageError(f"Another 'mcof ingest' has held the data folder for {_LOCK_WAIT:.0f} s.") from error
    except (OSError, sqlite3.Error) as error:
        raise storage_error(settings.data_dir, error) from error


def storage_error(folder: Path, error: Exception) -> StorageError:
    """One sentence for a folder that cannot be written."""
    number = getattr(error, "errno", None)
    if number == errno.ENOSPC:
        return StorageError(f"The disk of {str(folder)!r} is full; nothing was changed.", remedy="Free some space and try again.")
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageError(
            f"The data folder {str(folder)!r} cannot be written.", remedy="Set MCOF_DATA_DIR to a folder of your own."
        )
    return StorageError(f"The data folder {str(folder)!r} cannot be used: {error}.")


def _manifest(corpus: Corpus, records: Sequence[Record], model_id: str, dim: int) -> Manifest:
    return Manifest(
        index_id=index_id(records, model_id),
        corpus_id=corpus.info.id,
        source_sha256=corpus.source_sha256,
        records_sha256=records_sha256(records),
        model_id=model_id,
        count=len(records),
        dim=dim,
    )


def _check_length(records: Sequence[Record], encoder: OnnxEncoder) -> None:
    """No record may be longer than the model can read whole."""
    for record in records:
        pieces = encoder.word_pieces(record.text)
        if pieces > min(MAX_WORD_PIECES, encoder.info.max_word_pieces):
            raise CorpusError(f"A text of {record.ref} has {pieces} word pieces, more than the model reads: {record.text[:60]!r}.")


def _embed(records: Sequence[Record], encoder: Encoder, progress: Progress) -> Any:  # noqa: ANN401 - numpy array
    import numpy as np

    parts = []
    for begin in range(0, len(records), _BATCH):
        parts.append(encoder.encode([r.text for r in records[begin : begin + _BATCH]]))
        progress("embed", min(begin + _BATCH, len(records)), len(records))
    return np.concatenate(parts)


def _fill(client: Any, name: str, records: Sequence[Record], vectors: Any, manifest: Manifest, progress: Progress) -> Any:  # noqa: ANN401
    """Write all records as LangChain documents into a new cosine collection, and return it."""
    from langchain_chroma import Chroma

    store = Chroma(
        client=client,
        collection_name=name,
        collection_metadata={"manifest": manifest.to_json()},
        collection_configuration={"hnsw": {"space": "cosine"}},
    )
    collection = store._collection
    for begin in range(0, len(records), _BATCH):
        part = slice(begin, begin + _BATCH)
        collection.upsert(
            ids=[r.id for r in records[part]],
            embeddings=vectors[part],
            documents=[r.text for r in records[part]],
            metadatas=[r.metadata() for r in records[part]],
        )
        progress("store", min(begin + _BATCH, len(records)), len(records))
    if collection.count() != len(records):
        raise StorageError(f"The store kept {collection.count()} of {len(records)} records; nothing was changed.")
    return collection


def _write_embedded(
    settings: Settings, corpus: Corpus, records: Sequence[Record], vectors: Any, manifest: Manifest, progress: Progress  # noqa: ANN401
) -> None:
    quiet_chroma()
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    root = index_root(settings, corpus.info.id)
    root.mkdir(parents=True, exist_ok=True)
    staging = root / f"{manifest.index_id}.{uuid4().hex[:8]}.part"
    try:
        client = chromadb.PersistentClient(path=str(staging / "chroma"), settings=client_settings())
        _fill(client, collection_name(corpus.info.id, manifest.index_id), records, vectors, manifest, progress)
        client._system.stop()
        SharedSystemClient.clear_system_cache()
        (staging / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        target = root / manifest.index_id
        if target.exists():
            target.rename(root / f"{manifest.index_id}.{uuid4().hex[:8]}.old")
        staging.rename(target)
    except Exception as error:
        if isinstance(error, OSError | StorageError):
            raise
        # chromadb wraps what the disk says in errors of its own
        raise storage_error(settings.data_dir, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _remove_leftovers(root, keep=manifest.index_id)


def _remove_leftovers(root: Path, keep: str) -> None:
    """Remove replaced and abandoned folders, and all but the newest of the other indexes."""
    for path in root.iterdir():
        if path.name.endswith((".part", ".old")):
            shutil.rmtree(path, ignore_errors=True)
    others = sorted((p for p in root.iterdir() if p.is_dir() and p.name != keep), key=lambda p: p.stat().st_mtime)
    for path in others[:-1]:
        shutil.rmtree(path, ignore_errors=True)


def _write_server(
    settings: Settings, corpus: Corpus, records: Sequence[Record], vectors: Any, manifest: Manifest, progress: Progress  # noqa: ANN401
) -> None:
    client = server_client(settings.chroma_url)
    name = collection_name(corpus.info.id, manifest.index_id)
    staging = f"building-{uuid4().hex[:12]}"
    collection = _fill(client, staging, records, vectors, manifest, progress)
    try:
        existing = {getattr(c, "name", c) for c in client.list_collections()}
        if name in existing:
            client.delete_collection(name)
        collection.modify(name=name)
    except Exception:
        client.delete_collection(staging)
        raise
