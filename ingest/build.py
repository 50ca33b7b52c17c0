"""Corpus -> records -> vectors -> a persistent Chroma collection with its manifest.

Everything is written beside what is there; the manifest comes last, in one
step. A crash or a second process at any moment leaves the old index or the new
one, never half of one.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from assistant.encoder import BulkEncoder, OnnxEncoder
from assistant.index import (
    MANIFEST,
    Manifest,
    client_settings,
    collection_prefix,
    committed,
    copy_of,
    has_copy,
    index_id,
    index_root,
    known_vectors,
    quiet_chroma,
    server_client,
    stored_vectors,
)
from assistant.opening import open_index, retriever_over
from assistant.records import MAX_CHUNK_CHARS, Record, build_records, embedded, records_sha256
from assistant.settings import Settings
from corpus.errors import (
    AssistantError,
    CorpusError,
    IndexDamagedError,
    IndexUnusableError,
    ServerUnreachableError,
    StorageError,
)
from corpus.load import Corpus
from ingest.export import begin_export, forget_exports, proving
from ingest.learn import has_examples, learn, leave_words
from ingest.storage import nonce, replace_text, writing

if TYPE_CHECKING:
    from assistant.encoder import Vectors

logger = logging.getLogger(__name__)

#: Called as ``progress(stage, done, total)``; stages are wait, model, embed, store and learn.
Progress = Callable[[str, int, int], None]
#: Work beside the writing of the store; it calls its argument when the store's process had better begin.
Meanwhile = Callable[[Callable[[], None]], None]
#: Texts embedded, or records stored, between two looks at the progress.
_BATCH = 1024
#: A second ingest waits this long for the first, in seconds; both would write the same.
_LOCK_WAIT = 600.0
#: A collection on a server that was begun so long ago and never finished belongs to nobody any more.
_ABANDONED = timedelta(hours=2)


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: ``built`` is False when the right index was already there.

    ``embedded`` counts the texts that had to be embedded; the others were
    taken over from an earlier index.
    """

    manifest: Manifest
    built: bool
    embedded: int
    seconds: float


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def exported_encoder(settings: Settings) -> BulkEncoder:
    """The encoder of the settings, exported where it is not yet, on all cores; its proof may be under way."""
    return begin_export(settings.data_dir, settings.embedding_model, settings.adapter, threads=_cores())


def exported_reader(settings: Settings, encoder: object) -> BulkEncoder | None:
    """The model of the corpus' reader, exported where it is not yet, beside ``encoder``; None for a corpus without one."""
    if settings.reader is None:
        return None
    return begin_export(settings.data_dir, settings.embedding_model, settings.reader, beside=encoder)


def ingest(
    corpus: Corpus,
    settings: Settings,
    *,
    force: bool = False,
    progress: Progress = _silent,
    open_encoder: Callable[[Settings], BulkEncoder] = exported_encoder,
) -> IngestReport:
    """Build the index of ``corpus`` where it is missing; ``force`` builds it in any case, from nothing.

    Raises:
        StorageError: the data folder is read-only or full; what was there before is untouched.
        ModelError, CorpusError: the model or a record cannot be used.
        ServerUnreachableError: the Chroma server of the settings does not answer.
    """
    began = time.perf_counter()
    everything = build_records(corpus)
    records = embedded(everything)
    with writing(settings.data_dir):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(settings.data_dir, progress):
            progress("model", 0, 1)
            encoder = open_encoder(settings)
            reader = exported_reader(settings, encoder)
            progress("model", 1, 1)
            with proving(encoder, reader) as prove:
                manifest = _manifest(corpus, records, encoder)
                identifier = manifest.index_id
                if not force and _is_there(settings, corpus, records, encoder):
                    prove()
                    learn(corpus, settings, identifier, lambda: open_index(corpus, settings)[1], progress)
                    return IngestReport(manifest, False, 0, time.perf_counter() - began)
                pieces = _word_pieces(records, encoder)
                known = {} if force else _known(settings, corpus, encoder)
                vectors, new = _embed(records, pieces, encoder, known, progress)
                prove()

            def learned(halfway: Callable[[], None]) -> None:
                retriever = retriever_over(corpus, settings, everything, vectors, encoder, identifier)
                learn(corpus, settings, identifier, lambda: retriever, progress, force=force, halfway=halfway)

            write = _write_server if settings.chroma_url else _write_embedded
            write(settings, records, vectors, manifest, progress, learned if has_examples(corpus) else None)
            leave_words(corpus, settings)
            forget_exports([e.folder for e in (encoder, reader) if isinstance(e, OnnxEncoder)])
    return IngestReport(manifest, True, new, time.perf_counter() - began)


@contextmanager
def _alone(data_dir: Path, progress: Progress) -> Iterator[None]:
    """Hold the data folder; a second process waits until the first is done."""
    lock = FileLock(str(data_dir / "ingest.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("wait", 0, 1)
        try:
            lock.acquire(timeout=_LOCK_WAIT)
        except Timeout as error:
            raise StorageError(f"Another 'mcof ingest' has held the data folder for {_LOCK_WAIT:.0f} s.") from error
        progress("wait", 1, 1)
    try:
        yield
    finally:
        lock.release()


def _cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _manifest(corpus: Corpus, records: Sequence[Record], encoder: BulkEncoder) -> Manifest:
    identifier = index_id(records, encoder.model_id)
    mark = nonce()
    return Manifest(
        index_id=identifier,
        corpus_id=corpus.info.id,
        source_sha256=corpus.source_sha256,
        records_sha256=records_sha256(records),
        model_id=encoder.model_id,
        model_sha256=encoder.model_sha256,
        count=len(records),
        dim=encoder.dim,
        settings={
            "space": "cosine",
            "max_chunk_chars": MAX_CHUNK_CHARS,
            "max_word_pieces": encoder.max_word_pieces,
        },
        store=f"{collection_prefix(corpus.info.id, identifier)}{mark}",
    )


def _is_there(settings: Settings, corpus: Corpus, records: Sequence[Record], encoder: BulkEncoder) -> bool:
    """Whether the right index can be read, all of it, and fast."""
    try:
        identifier, _ = stored_vectors(settings, corpus.info.id, records, encoder.model_id, thorough=True)
        return bool(settings.chroma_url) or has_copy(settings, corpus.info.id, identifier)
    except ServerUnreachableError:
        raise
    except IndexUnusableError as reason:
        logger.info("building the index: %s", reason.message)
        return False


def _known(settings: Settings, corpus: Corpus, encoder: BulkEncoder) -> Mapping[str, Vectors]:
    try:
        return known_vectors(settings, corpus.info.id, encoder.model_sha256)
    except IndexDamagedError as reason:
        logger.info("embedding everything: %s", reason.message)
        return {}


def _word_pieces(records: Sequence[Record], encoder: BulkEncoder) -> list[int]:
    """Word pieces of each record. Raises CorpusError where one is longer than the model can read whole."""
    longest = encoder.max_word_pieces
    counts = []
    for record in records:
        pieces = encoder.word_pieces(record.text)
        if pieces > longest:
            shown = record.text[:60]
            raise CorpusError(f"A text of {record.ref} has {pieces} word pieces, the model reads {longest}: {shown!r}.")
        counts.append(pieces)
    return counts


def _embed(
    records: Sequence[Record],
    pieces: Sequence[int],
    encoder: BulkEncoder,
    known: Mapping[str, Vectors],
    progress: Progress,
) -> tuple[Vectors, int]:
    """Vectors of the records in their order, and how many were not known. Equal lengths go together: less padding."""
    import numpy as np

    out = np.zeros((len(records), encoder.dim), dtype=np.float32)
    missing = []
    for i, record in enumerate(records):
        if record.id in known:
            out[i] = known[record.id]
        else:
            missing.append(i)
    missing.sort(key=pieces.__getitem__)
    for begin in range(0, len(missing), _BATCH):
        part = missing[begin : begin + _BATCH]
        out[part] = encoder.encode([records[i].text for i in part])
        progress("embed", begin + len(part), len(missing))
    return out, len(missing)


def _fill(
    client: Any,  # noqa: ANN401 - chromadb.ClientAPI
    manifest: Manifest,
    records: Sequence[Record],
    vectors: Vectors,
    progress: Progress,
    **metadata: str,
) -> Any:  # noqa: ANN401 - chromadb.Collection
    """Write all records as LangChain documents into a new cosine collection."""
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

    class Ready(Embeddings):
        """Vectors that were made before, in the order they are asked for."""

        def __init__(self) -> None:
            self.next = 0

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            begin, self.next = self.next, self.next + len(texts)
            rows: list[list[float]] = vectors[begin : self.next].tolist()
            return rows

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError

    store = Chroma(
        client=client,
        collection_name=manifest.store,
        embedding_function=Ready(),
        collection_metadata=dict(metadata) or None,
        collection_configuration={"hnsw": {"space": "cosine"}},
    )
    for begin in range(0, len(records), _BATCH):
        part = records[begin : begin + _BATCH]
        store.add_texts([r.text for r in part], [r.metadata() for r in part], ids=[r.id for r in part])
        progress("store", begin + len(part), len(records))
    collection = client.get_collection(manifest.store, embedding_function=None)
    if collection.count() != len(records):
        raise StorageError(f"The store kept {collection.count()} of {len(records)} records; nothing was changed.")
    return collection


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _write_embedded(
    settings: Settings,
    records: Sequence[Record],
    vectors: Vectors,
    manifest: Manifest,
    progress: Progress,
    meanwhile: Meanwhile | None,
) -> None:
    """Write the store, in a process of its own while there is something to do ``meanwhile``; the manifest comes last."""
    root = index_root(settings, manifest.corpus_id)
    folder = root / manifest.index_id
    part = folder / f"{manifest.store}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if meanwhile is None:
            _fill_folder(part, manifest, records, vectors, progress)
        else:
            progress("store", 0, len(records))
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                begun: list[Future[None]] = []

                def begin() -> None:
                    if not begun:
                        begun.append(pool.submit(_fill_folder, part, manifest, records, vectors, _silent))

                meanwhile(begin)
                begin()
                begun[0].result()
            progress("store", len(records), len(records))
        part.rename(folder / manifest.store)
        copied = _copy_vectors(copy_of(folder / manifest.store), vectors)
        replace_text(folder / MANIFEST, replace(manifest, vectors_sha256=copied).to_json())
    except BrokenProcessPool as error:
        text = "The process that writes the index was ended from outside; what was there before is unchanged."
        raise StorageError(text, remedy="Free some memory and run 'mcof ingest' again.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _tidy(root, manifest)


def _fill_folder(
    part: Path, manifest: Manifest, records: Sequence[Record], vectors: Vectors, progress: Progress
) -> None:
    """Write a new embedded store there."""
    quiet_chroma()
    import chromadb

    client: Any = chromadb.PersistentClient(path=str(part), settings=client_settings())
    try:
        _fill(client, manifest, records, vectors, progress)
    finally:
        client.close()


def _copy_vectors(path: Path, vectors: Vectors) -> str:
    """Keep the vectors in a file of their own too, and return its hash."""
    import numpy as np

    data = io.BytesIO()
    np.save(data, vectors, allow_pickle=False)
    path.write_bytes(data.getvalue())
    return hashlib.sha256(data.getvalue()).hexdigest()


def _tidy(root: Path, manifest: Manifest) -> None:
    """Remove what was replaced or abandoned, and all but the newest of the other indexes."""
    folder = root / manifest.index_id
    for path in folder.iterdir():
        if path.name not in (MANIFEST, manifest.store, copy_of(folder / manifest.store).name):
            _remove(path)
    others = [p for p in root.iterdir() if p.is_dir() and p != folder]
    others.sort(key=lambda p: ((p / MANIFEST).is_file(), p.stat().st_mtime))
    for path in others[:-1]:
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _write_server(
    settings: Settings,
    records: Sequence[Record],
    vectors: Vectors,
    manifest: Manifest,
    progress: Progress,
    meanwhile: Meanwhile | None,
) -> None:
    if meanwhile is not None:
        meanwhile(lambda: None)
    client = server_client(settings.chroma_url)
    try:
        collection = _fill(client, manifest, records, vectors, progress, begun=_now())
        # from here on readers find it
        collection.modify(metadata={"manifest": manifest.to_json(), "finished": _now()})
        _tidy_server(client, manifest)
    except AssistantError:
        raise
    except Exception as error:
        text = f"The Chroma server did not take the index ({type(error).__name__}: {str(error)[:200]})."
        raise StorageError(text, remedy="Look at its log, then run 'mcof ingest' again.") from error


def _tidy_server(client: Any, manifest: Manifest) -> None:  # noqa: ANN401
    """As ``_tidy``. Two hosts that finish at once agree on which to keep: the one finished last."""
    done = committed(client, manifest.corpus_id)
    same = [m.store for m in done if m.index_id == manifest.index_id]
    other = [m.store for m in done if m.index_id != manifest.index_id]
    stale = (datetime.now(UTC) - _ABANDONED).isoformat()
    begun = [
        c.name
        for c in client.list_collections()
        if c.name.startswith(collection_prefix(manifest.corpus_id))
        and "" < str((c.metadata or {}).get("begun", "")) < stale
    ]
    for name in [*same[:-1], *other[:-1], *begun]:
        try:
            client.delete_collection(name)
        except Exception as error:  # somebody else has removed it
            logger.info("a collection could not be removed: %s", type(error).__name__)
