"""The encoder written straight from its weights: the same vectors, and an error where a weight is not what it must be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.encoder import PACKAGED_MODEL, OnnxEncoder, export_folder, model_folder
from assistant.reader import READER
from corpus.errors import ModelError
from corpus.load import DEFAULT_CORPUS
from ingest import bert
from ingest.export import NewExport, begin_export, proving

pytestmark = pytest.mark.model

TEXTS = ["tents", "Who coordinates when refugees cross a border?", "", "a " * 300, "Qué pasa después — “x” 漢字"]


def test_vectors_are_proved_while_the_encoder_is_at_work(tmp_path: Path) -> None:
    """Until then no other process finds it; afterwards it is an export like any other."""
    encoder = begin_export(tmp_path, PACKAGED_MODEL)
    target = export_folder(tmp_path, PACKAGED_MODEL)
    with proving(encoder) as prove:
        assert isinstance(encoder, NewExport)
        found = encoder.encode(TEXTS)
        assert not (target / "export.json").exists()
        prove()
    assert np.array_equal(OnnxEncoder(target).encode(TEXTS), found)
    assert len(list(target.iterdir())) == 3
    assert not isinstance(begin_export(tmp_path, PACKAGED_MODEL), NewExport)


def test_one_process_proves_two_exports(tmp_path: Path) -> None:
    """The encoder and the corpus' reader are changes of the same weights: loading the original twice would take half a minute."""
    corpus_reader = DEFAULT_CORPUS / READER
    encoder = begin_export(tmp_path, PACKAGED_MODEL)
    reader = begin_export(tmp_path, PACKAGED_MODEL, corpus_reader, beside=encoder)
    assert isinstance(encoder, NewExport)
    assert isinstance(reader, NewExport)
    assert reader._pool is encoder._pool
    described = [export_folder(tmp_path, PACKAGED_MODEL, added) / "export.json" for added in (None, corpus_reader)]
    with proving(encoder, reader) as prove:
        assert not any(path.exists() for path in described)
        prove()
    assert all(path.is_file() for path in described)
    assert encoder.encode(["tents"])[0] @ reader.encode(["tents"])[0] < 0.999, "the reader is another model"


def test_an_encoder_that_differs_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bert, "_NOTHING", 0.0)  # padding is attended to: probes of unequal length show it
    encoder = begin_export(tmp_path, PACKAGED_MODEL)
    with pytest.raises(ModelError, match="differs from the original"), proving(encoder) as prove:
        prove()
    assert list(export_folder(tmp_path, PACKAGED_MODEL).iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({}, True),
        ({"hidden_act": "relu"}, False),
        ({"position_embedding_type": "relative_key"}, False),
        ({"model_type": "roberta"}, False),
    ],
    ids=["bert", "relu", "relative places", "roberta"],
)
def test_other_models_are_left_to_torch(tmp_path: Path, changed: dict[str, str], known: bool) -> None:
    assert bert.is_bert(model_like_the_packaged(tmp_path, changed)) is known


def model_like_the_packaged(folder: Path, changed: dict[str, str]) -> Path:
    """A folder with the packaged model and a changed configuration."""
    original = model_folder(PACKAGED_MODEL)
    for name in ("model.safetensors", "1_Pooling", "sentence_bert_config.json"):
        (folder / name).symlink_to(original / name)
    config = json.loads((original / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | changed))
    return folder


@pytest.mark.parametrize(
    ("name", "dtype"), [("bert.embeddings.word_embeddings.weight", "float32"), ("embeddings.word_embeddings.weight", "float16")]
)  # fmt: skip
def test_weights_under_other_names_or_of_other_numbers_are_left_to_torch(tmp_path: Path, name: str, dtype: str) -> None:
    from safetensors.numpy import save_file

    model_like_the_packaged(tmp_path, {})
    (tmp_path / "model.safetensors").unlink()
    save_file({name: np.zeros((2, 2), dtype=dtype)}, tmp_path / "model.safetensors")
    assert not bert.is_bert(tmp_path)
    (tmp_path / "sentence_bert_config.json").unlink()
    assert not bert.is_bert(tmp_path)


def test_no_model_is_no_bert(tmp_path: Path) -> None:
    assert not bert.is_bert(tmp_path)


def test_weights_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    shutil.copyfile(model_folder(PACKAGED_MODEL) / "config.json", tmp_path / "config.json")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be read"):
        bert.write(tmp_path, tmp_path / "out.onnx")
    save_file({"embeddings.word_embeddings.weight": np.zeros((2, 2), dtype=np.float16)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="is float16, not float32"):
        bert.write(tmp_path, tmp_path / "out.onnx")
