"""The exported encoder: the same vectors as sentence-transformers, and nothing but the published weights."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.encoder import (
    PACKAGED_MODEL,
    PACKAGED_SHA256,
    OnnxEncoder,
    export_folder,
    file_sha256,
    model_folder,
    read_export,
)
from corpus.errors import IndexDamagedError, IndexMissingError, ModelError
from corpus.load import Corpus
from ingest.export import checked_weights, ensure_export, forget_exports

pytestmark = pytest.mark.model


@pytest.fixture
def encoder(exported: Path) -> OnnxEncoder:
    return OnnxEncoder(export_folder(exported.parent, PACKAGED_MODEL))


def test_the_packaged_weights_are_the_published_ones() -> None:
    assert checked_weights(PACKAGED_MODEL)[1] == PACKAGED_SHA256


def test_vectors_equal_those_of_sentence_transformers(corpus: Corpus, encoder: OnnxEncoder) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    original = SentenceTransformer(str(model_folder(PACKAGED_MODEL)), device="cpu", local_files_only=True)
    texts = [p.text[:400] for p in corpus.passages[::8]] + ["", "?", "a" * 3000, "Qué pasa después — “x” 漢字 🚑"]
    expected = original.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    found = encoder.encode(texts)
    assert found.shape == (len(texts), 384)
    assert found.dtype == np.float32
    assert float((found * expected).sum(axis=1).min()) > 0.99999


def test_a_vector_does_not_depend_on_its_neighbours(encoder: OnnxEncoder) -> None:
    alone = encoder.encode(["tents"])[0]
    among = encoder.encode(["a much longer text about the movement of people", "tents", "x"])[1]
    assert float(alone @ among) > 0.99999
    assert encoder.encode([]).shape == (0, 384)


def test_word_pieces_are_counted_before_anything_is_cut(encoder: OnnxEncoder) -> None:
    assert encoder.word_pieces("tents") == 3  # [CLS] tents [SEP]
    assert encoder.word_pieces("lamp " * 400) == 402


def test_a_flipped_byte_in_the_weights_is_noticed(exported: Path, tmp_path: Path) -> None:
    """It would give wrong vectors without a word."""
    folder = tmp_path / "models" / export_folder(exported.parent, PACKAGED_MODEL).name
    shutil.copytree(export_folder(exported.parent, PACKAGED_MODEL), folder)
    path = folder / read_export(folder).onnx
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"damaged\. Run 'mcof ingest' to build it\."):
        OnnxEncoder(folder).encode(["x"])


@pytest.mark.parametrize("name", ["export.json", "tokenizer"])
def test_half_an_export_is_noticed(exported: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "export"
    shutil.copytree(export_folder(exported.parent, PACKAGED_MODEL), folder)
    path = folder / (read_export(folder).tokenizer if name == "tokenizer" else name)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IndexDamagedError, match="damaged"):
        OnnxEncoder(folder).encode(["x"])


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="not been exported yet"):
        OnnxEncoder(tmp_path)
    with pytest.raises(ModelError, match="is neither 'all-MiniLM-L6-v2' nor a sentence-transformers folder"):
        ensure_export(tmp_path, "no-such-model")
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(ModelError, match="holds no weights"):
        ensure_export(tmp_path / "data", str(tmp_path))


def test_weights_that_were_tampered_with_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "packaged"
    folder.mkdir()
    (folder / "modules.json").write_text("[]")
    (folder / "model.safetensors").write_bytes(b"not the published ones")
    monkeypatch.setattr("ingest.export.model_folder", lambda _: folder)
    with pytest.raises(ModelError, match="is not the published one"):
        ensure_export(tmp_path / "data", PACKAGED_MODEL)


@pytest.mark.slow
def test_a_local_folder_is_exported_and_an_export_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    shutil.copytree(model_folder(PACKAGED_MODEL), folder)
    first = ensure_export(tmp_path / "data", str(folder))
    assert first.model_id == f"my-model@{PACKAGED_SHA256[:12]}"
    again = ensure_export(tmp_path / "data", str(folder))
    assert again.info == first.info
    target = export_folder(tmp_path / "data", str(folder))
    assert len(list(target.iterdir())) == 3
    assert file_sha256(target / first.info.onnx) == first.info.onnx_sha256


def test_batches_and_threads_change_no_vector(exported: Path) -> None:
    """An index is embedded in batches of like length on all cores, a question alone on one."""
    folder = export_folder(exported.parent, PACKAGED_MODEL)
    texts = [f"{'shelter and camps ' * (n % 60)}{n}" for n in range(150)]
    together = OnnxEncoder(folder, threads=2).encode(texts)
    alone = np.stack([OnnxEncoder(folder).encode([t])[0] for t in texts[:60:12]])
    assert np.abs(together[:60:12] - alone).max() < 1e-6


def test_exports_of_earlier_trainings_are_forgotten(tmp_path: Path) -> None:
    """All but the newest four beside those in use; what is no export stays."""
    for number in range(8):
        folder = tmp_path / f"model-{number}"
        folder.mkdir()
        (folder / "export.json").write_text("{}")
        os.utime(folder / "export.json", (number, number))
    (tmp_path / "notes").mkdir()
    forget_exports([tmp_path / "model-0", tmp_path / "model-2"])
    assert {p.name for p in tmp_path.iterdir()} == {f"model-{n}" for n in (0, 2, 4, 5, 6, 7)} | {"notes"}
    forget_exports([])
    assert len(list(tmp_path.iterdir())) == 7
