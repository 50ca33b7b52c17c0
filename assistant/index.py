"""Opening the vector index that ``mcof ingest`` wrote, and nothing else.

An index is named by what it was built from (records, model, format): another
document or another model is another name. So a reader finds the right index or
none, never half of one and never somebody else's.

Embedded, an index is a folder whose ``manifest.json`` names the store beside
it; on a server it is a collection whose metadata hold the manifest. Either is
written last and in one step, so what has a manifest is whole.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.records import Record, records_sha256
from corpus.errors import (
    IndexDamagedError,
    IndexForeignError,
    IndexMissingError,
    ServerUnreachableError,
    SettingsError,
)

if TYPE_CHECKING:
    from assistant.encoder import Vectors
    from assistant.settings import Settings

logger = logging.getLogger(__name__)

#: Raised when the form of the stored index changes.
INDEX_FORMAT = 2
MANIFEST = "manifest.json"
DATABASE = "chroma.sqlite3"
#: A store can be replaced between reading its manifest and opening it; then the new one is opened.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Manifest:
    """What an index was built from, with which settings, and where it is kept.

    ``store`` is the collection that holds the vectors, and embedded the folder it is in.
    """

    index_id: str
    corpus_id: str
    source_sha256: str
    records_sha256: str
    model_id: str
    model_sha256: str
    count: int
    dim: int
    settings: Mapping[str, str | int]
    store: str
    format: int = INDEX_FORMAT

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Parse a manifest. Raises IndexDamagedError when it is none."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise IndexDamagedError("The manifest of the index is damaged.") from error


def index_id(records: Sequence[Record], model_id: str) -> str:
    """Name of the index that belongs to these records and this model: 16 hexadecimal digits."""
    key = f"{INDEX_FORMAT}\n{model_id}\n{records_sha256(records)}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def index_root(settings: Settings, corpus_id: str) -> Path:
    """Folder that holds the indexes of a corpus, one sub-folder each."""
    return settings.data_dir / "index" / corpus_id


def collection_prefix(corpus_id: str, identifier: str = "") -> str:
    """How the names of a corpus' collections begin; with ``identifier``, those of one index."""
    return f"mcof-{corpus_id}-{identifier}-" if identifier else f"mcof-{corpus_id}-"


def quiet_chroma() -> None:
    """Switch off what chromadb would send home; call before it is imported."""
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    os.environ.setdefault("CHROMA_TELEMETRY_IMPL", "chromadb.telemetry.product.posthog.Posthog")


def client_settings() -> Any:  # noqa: ANN401 - chromadb.config.Settings
    quiet_chroma()
    from chromadb.config import Settings as ChromaSettings

    return ChromaSettings(anonymized_telemetry=False, allow_reset=False)


def server_client(url: str) -> Any:  # noqa: ANN401 - chromadb.ClientAPI
    """A client of the Chroma server at ``url``.

    Raises:
        SettingsError: the address is malformed.
        IndexUnusableError: nothing answers there.
    """
    from urllib.parse import urlsplit

    quiet_chroma()
    import chromadb

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"MCOF_CHROMA_URL: {url!r} is no address such as http://127.0.0.1:8000.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"MCOF_CHROMA_URL: {url!r} is no address such as http://127.0.0.1:8000.")
    secure = parts.scheme == "https"
    try:
        return chromadb.HttpClient(
            host=parts.hostname, port=port or (443 if secure else 8000), ssl=secure, settings=client_settings()
        )
    except Exception as error:
        raise ServerUnreachableError(url) from error


def stored_vectors(settings: Settings, corpus_id: str, records: Sequence[Record], model_id: str) -> tuple[str, Vectors]:
    """Id of the index and its vectors in the order of ``records``: ``(len(records), dim)``, float32, unit length.

    The whole store is read once at start: a few thousand vectors scan exactly in
    well under a millisecond, which an approximate search cannot beat, and equal
    questions get equal answers.

    Raises:
        IndexMissingError, IndexForeignError, IndexDamagedError: with the command that mends it.
    """
    identifier = index_id(records, model_id)
    if settings.chroma_url:
        client = server_client(settings.chroma_url)
        return identifier, _from_server(client, corpus_id, identifier, records)
    root = index_root(settings, corpus_id)
    for attempt in range(1, _ATTEMPTS + 1):
        manifest = _manifest_in(root, identifier)
        try:
            return identifier, _from_folder(root / identifier, manifest, records)
        except IndexDamagedError:
            if attempt == _ATTEMPTS or _manifest_in(root, identifier).store == manifest.store:
                raise
    raise AssertionError("unreachable")


def _foreign() -> IndexForeignError:
    return IndexForeignError("The index was built from another text, table or embedding model.")


def _check(manifest: Manifest, identifier: str, records: Sequence[Record]) -> None:
    if manifest.index_id != identifier or manifest.format != INDEX_FORMAT:
        raise _foreign()
    if manifest.count != len(records):
        raise IndexDamagedError(f"The manifest of the index counts {manifest.count} records instead of {len(records)}.")


def _manifest_in(root: Path, identifier: str) -> Manifest:
    try:
        return Manifest.from_json((root / identifier / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError("The manifest of the index cannot be read.") from error
    if any(p.suffix != ".part" for p in (root / identifier).glob("mcof-*")):
        raise IndexDamagedError("The index has lost its manifest.")
    if any(root.glob(f"*/{MANIFEST}")):
        raise _foreign()
    raise IndexMissingError("There is no index of this document yet.")


def _from_folder(folder: Path, manifest: Manifest, records: Sequence[Record]) -> Vectors:
    _check(manifest, folder.name, records)
    store = folder / manifest.store
    if not (store / DATABASE).is_file():
        raise IndexDamagedError("The index has lost its database file.")
    quiet_chroma()
    import chromadb

    with _writable(store) as place:
        try:
            client: Any = chromadb.PersistentClient(path=str(place), settings=client_settings())
        except Exception as error:
            raise IndexDamagedError(f"The index cannot be opened ({type(error).__name__}).") from error
        try:
            return _read(client, manifest.store, records)
        finally:
            client.close()


@contextmanager
def _writable(store: Path) -> Iterator[Path]:
    """The store, or a passing copy of one on a read-only disk: Chroma opens its database for writing even to read."""
    if os.access(store, os.W_OK) and os.access(store / DATABASE, os.W_OK):
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="mcof-") as folder:
        yield shutil.copytree(store, Path(folder) / "store")


def _from_server(client: Any, corpus_id: str, identifier: str, records: Sequence[Record]) -> Vectors:  # noqa: ANN401
    for attempt in range(1, _ATTEMPTS + 1):
        found = committed(client, corpus_id)
        right = [m for m in found if m.index_id == identifier]
        if not right:
            raise _foreign() if found else IndexMissingError("The Chroma server holds no index of this document.")
        _check(right[-1], identifier, records)
        try:
            return _read(client, right[-1].store, records)
        except IndexDamagedError:
            # somebody may have replaced it meanwhile
            if attempt == _ATTEMPTS or right[-1].store in [m.store for m in committed(client, corpus_id)]:
                raise
    raise AssertionError("unreachable")


def committed(client: Any, corpus_id: str) -> list[Manifest]:  # noqa: ANN401
    """Manifests of the finished indexes of a corpus on a server, the oldest first."""
    try:
        collections = client.list_collections()
    except Exception as error:
        raise IndexDamagedError(f"The index cannot be listed ({type(error).__name__}).") from error
    found = []
    for collection in collections:
        text = (collection.metadata or {}).get("manifest")
        if collection.name.startswith(collection_prefix(corpus_id)) and text:
            found.append((str(collection.metadata.get("finished", "")), collection.name, Manifest.from_json(text)))
    return [manifest for _, _, manifest in sorted(found, key=lambda f: f[:2])]


def known_vectors(settings: Settings, corpus_id: str, model_sha256: str) -> dict[str, Vectors]:
    """Vectors of earlier indexes of the corpus by record id, made with the same model; empty where none can be read.

    A record's id holds the hash of its text, so that only unchanged texts are found again.
    """
    known: dict[str, Vectors] = {}
    quiet_chroma()
    import chromadb

    if settings.chroma_url:
        server = server_client(settings.chroma_url)
        for manifest in committed(server, corpus_id):
            if manifest.model_sha256 == model_sha256:
                known |= _stored(server, manifest.store)
        return known
    for path in sorted(index_root(settings, corpus_id).glob(f"*/{MANIFEST}")):
        try:
            manifest = Manifest.from_json(path.read_text(encoding="utf-8"))
            if manifest.model_sha256 != model_sha256 or not (path.parent / manifest.store / DATABASE).is_file():
                continue
            client: Any = chromadb.PersistentClient(path=str(path.parent / manifest.store), settings=client_settings())
        except Exception as error:
            logger.info("an earlier index cannot be used again: %s", type(error).__name__)
            continue
        try:
            known |= _stored(client, manifest.store)
        except IndexDamagedError as error:
            logger.info("an earlier index cannot be used again: %s", error.message)
        finally:
            client.close()
    return known


def _stored(client: Any, name: str) -> dict[str, Vectors]:  # noqa: ANN401
    import numpy as np

    try:
        found = client.get_collection(name, embedding_function=None).get(include=["embeddings"])
    except Exception as error:
        raise IndexDamagedError(f"The index cannot be read ({type(error).__name__}).") from error
    return dict(zip(found["ids"], np.asarray(found["embeddings"], dtype=np.float32), strict=True))


def _read(client: Any, name: str, records: Sequence[Record]) -> Vectors:  # noqa: ANN401
    import numpy as np

    found = _stored(client, name)
    if len(found) != len(records) or any(r.id not in found for r in records):
        raise IndexDamagedError(f"The index holds {len(found)} records instead of {len(records)}, or other ones.")
    return np.stack([found[r.id] for r in records])
