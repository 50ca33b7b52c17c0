"""Opening the vector index that ``mcof ingest`` wrote, and nothing else.

An index is named by what it was built from (records, model, format): another
document or another model is another name. So a reader finds the right index or
none, never half of one and never somebody else's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.records import Record, records_sha256
from corpus.errors import IndexDamagedError, IndexForeignError, IndexMissingError, SettingsError

if TYPE_CHECKING:
    from assistant.encoder import Vectors
    from assistant.settings import Settings

#: Raised when the form of the stored index changes.
INDEX_FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What an index was built from. Written last, so an index with a manifest is whole."""

    index_id: str
    corpus_id: str
    source_sha256: str
    records_sha256: str
    model_id: str
    count: int
    dim: int
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


def collection_name(corpus_id: str, identifier: str) -> str:
    return f"mcof-{corpus_id}-{identifier}"


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
        IndexMissingError: nothing answers there.
    """
    from urllib.parse import urlsplit

    quiet_chroma()
    import chromadb

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"MCOF_CHROMA_URL: {url!r} is no address such as http://127.0.0.1:8000.")
    try:
        return chromadb.HttpClient(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 8000),
            ssl=parts.scheme == "https",
            settings=client_settings(),
        )
    except Exception as error:
        raise IndexMissingError(f"No Chroma server answers at {url}.") from error


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
        names = _collection_names(client)
        wanted = collection_name(corpus_id, identifier)
        if wanted not in names:
            others = [n for n in names if n.startswith(f"mcof-{corpus_id}-")]
            raise (_foreign() if others else IndexMissingError("The Chroma server holds no index of this document."))
        return identifier, _read(client, wanted, records)
    root = index_root(settings, corpus_id)
    folder = root / identifier
    if not (folder / MANIFEST).is_file():
        others = [p for p in root.glob(f"*/{MANIFEST}") if p.parent != folder]
        if (folder / "chroma").exists():
            raise IndexDamagedError("The index has lost its manifest.")
        raise (_foreign() if others else IndexMissingError("There is no index of this document yet."))
    manifest = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest.index_id != identifier:
        raise _foreign()
    if manifest.count != len(records):
        raise IndexDamagedError(f"The manifest of the index counts {manifest.count} records instead of {len(records)}.")
    if not (folder / "chroma" / "chroma.sqlite3").is_file():
        raise IndexDamagedError("The index has lost its database file.")
    return identifier, _read(_embedded_client(folder / "chroma"), collection_name(corpus_id, identifier), records)


def _foreign() -> IndexForeignError:
    return IndexForeignError("The index was built from another text, table or embedding model.")


def _embedded_client(folder: Path) -> Any:  # noqa: ANN401
    quiet_chroma()
    import chromadb

    try:
        return chromadb.PersistentClient(path=str(folder), settings=client_settings())
    except Exception as error:
        raise IndexDamagedError(f"The index cannot be opened ({type(error).__name__}).") from error


def _collection_names(client: Any) -> list[str]:  # noqa: ANN401
    try:
        return [getattr(c, "name", c) for c in client.list_collections()]
    except Exception as error:
        raise IndexDamagedError(f"The index cannot be listed ({type(error).__name__}).") from error


def _read(client: Any, name: str, records: Sequence[Record]) -> Vectors:  # noqa: ANN401
    import numpy as np

    try:
        collection = client.get_collection(name, embedding_function=None)
        found = collection.get(include=["embeddings"])
    except Exception as error:
        raise IndexDamagedError(f"The index cannot be read ({type(error).__name__}).") from error
    position = {identifier: i for i, identifier in enumerate(found["ids"])}
    rows = [position.get(record.id, -1) for record in records]
    if len(found["ids"]) != len(records) or min(rows, default=0) < 0:
        raise IndexDamagedError(f"The index holds {len(found['ids'])} records instead of {len(records)}.")
    return np.asarray(found["embeddings"], dtype=np.float32)[rows]
