"""What a corpus has taught the embedding model: added exactly, and refused in one sentence where it cannot be."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.adapter import ADAPTER, adapted_sha256, added, read_adapter
from assistant.encoder import PACKAGED_MODEL, PACKAGED_SHA256, OnnxEncoder, export_folder
from corpus.errors import CorpusError
from corpus.load import DEFAULT_CORPUS
from ingest.export import ensure_export
from tests.conftest import KEPT

WEIGHTS = {"first": np.ones((3, 2), dtype=np.float32), "second": np.zeros((2, 2), dtype=np.float32)}
#: B A = [[1], [2], [3]] [[10, 20]] = [[10, 20], [20, 40], [30, 60]]; halves of powers of two are exact in 16 bits.
CHANGE = {"first.A": np.array([[10, 20]], dtype=np.float16), "first.B": np.array([[1], [2], [3]], dtype=np.float16)}


def written(folder: Path, trained_on: str = "abc", **changed: Any) -> Path:
    """An adapter of the weights ``first`` with some of its arrays changed, or taken out where None."""
    arrays = {"weights_sha256": np.array(trained_on), "nothing": np.array(0.5)} | CHANGE | changed
    path = folder / ADAPTER
    with path.open("wb") as handle:
        np.savez_compressed(handle, **{k: v for k, v in arrays.items() if v is not None})
    return path


def test_changes_are_added_exactly(tmp_path: Path) -> None:
    found = added(WEIGHTS, written(tmp_path), "abc")
    assert list(found) == ["first", "second"]
    assert found["first"].tolist() == [[11, 21], [21, 41], [31, 61]]
    assert found["first"].dtype == np.float32, "anything else is refused where the graph is written"
    assert found["second"] is WEIGHTS["second"]
    assert WEIGHTS["first"].tolist() == [[1, 1]] * 3, "the weights themselves stay as they were"


def test_several_ranks_add_up(tmp_path: Path) -> None:
    """[[1, 2]] [[1, 0], [0, 3]] = [[1, 6]], on each of three rows."""
    low = np.array([[1, 0], [0, 3]], dtype=np.float16)
    path = written(tmp_path, **{"first.A": low, "first.B": np.array([[1, 2]] * 3, dtype=np.float16)})
    assert added(WEIGHTS, path, "abc")["first"].tolist() == [[2, 7]] * 3


def test_an_adapter_of_other_weights_is_refused(tmp_path: Path) -> None:
    """Added to other weights, its changes would be noise, and nothing would show it."""
    path = written(tmp_path, trained_on="0123456789abcdef")
    for read in (lambda: added(WEIGHTS, path, "abc"), lambda: read_adapter(path, "abc")):
        with pytest.raises(CorpusError) as caught:
            read()
        assert caught.value.message == "adapter.npz belongs to another embedding model (sha256 0123456789ab…)."
        assert caught.value.remedy == (
            "Take it out of the corpus folder, or run 'mcof adapt --fresh' to train it anew."
        )


@pytest.mark.parametrize(
    "damage",
    ["missing", "empty", "half", "a flipped bit", "one array", "no hash", "no B", "an unknown weight", "shapes"],
)
def test_a_damaged_adapter_is_one_sentence(tmp_path: Path, damage: str) -> None:
    """A flipped bit was a traceback (zlib.error), and the remedy, 'mcof adapt', went on from the damaged file."""
    path = written(
        tmp_path,
        **{
            "no hash": {"weights_sha256": None},
            "no B": {"first.B": None},
            "an unknown weight": {"third.A": CHANGE["first.A"], "third.B": CHANGE["first.B"]},
            "shapes": {"first.B": np.ones((5, 1), dtype=np.float16)},
        }.get(damage, {}),
    )
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "one array":
        with path.open("wb") as handle:
            np.save(handle, np.ones(2))
    elif damage in ("empty", "half", "a flipped bit"):
        middle = len(whole) // 2
        place = (
            whole.index(b"weights_sha256.npy") + 18 + 20 + 4
        )  # behind the name and zip's extra field: compressed data
        flipped = whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
        path.write_bytes({"empty": b"", "half": whole[:middle], "a flipped bit": flipped}[damage])
    with pytest.raises(CorpusError) as caught:
        added(WEIGHTS, path, "abc")
    assert str(caught.value) == (
        "adapter.npz cannot be read as changes of the embedding model. "
        "Run 'mcof adapt --fresh' to train it anew, or take it out of the folder."
    )


def test_weights_and_changes_are_named_together(tmp_path: Path) -> None:
    path = tmp_path / ADAPTER
    path.write_bytes(b"changes")
    inner = hashlib.sha256(b"changes").hexdigest()
    assert adapted_sha256("abc", None) == "abc"
    assert adapted_sha256("abc", path) == hashlib.sha256(f"abc {inner}".encode()).hexdigest()
    before = adapted_sha256("abc", path)
    assert adapted_sha256("abd", path) != before
    path.write_bytes(b"changed")
    assert adapted_sha256("abc", path) != before


def test_each_adapter_has_an_export_of_its_own(tmp_path: Path) -> None:
    """Two corpora in one data folder: the export of the one must not be taken for the other's."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    folders = [export_folder(tmp_path, PACKAGED_MODEL, path) for path in (None, tmp_path / "a", tmp_path / "b")]
    assert len(set(folders)) == 3
    assert {f.parent for f in folders} == {tmp_path / "models"}
    assert folders[1] == export_folder(tmp_path, PACKAGED_MODEL, tmp_path / "a")


SHIPPED = DEFAULT_CORPUS / ADAPTER


def test_the_shipped_adapter_is_for_the_packaged_weights() -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    data = read_adapter(SHIPPED, PACKAGED_SHA256)
    low = sorted(n.removesuffix(".A") for n in data if n.endswith(".A"))
    assert low == sorted(n.removesuffix(".B") for n in data if n.endswith(".B"))
    assert len(low) == 18  # six matrices of each of the upper three layers
    assert all(np.isfinite(data[f"{n}.{part}"]).all() for n in low for part in "AB")
    assert all(np.abs(data[f"{n}.B"]).max() > 0 for n in low), "all of them were trained"


@pytest.mark.model
def test_the_shipped_adapter_changes_the_vectors(exported: Path) -> None:
    """Kept between runs like the model itself: the export and its proof take some seconds once."""
    texts = ["Did 47 governments ask IOM for help?", "Which were the 47 governments?"]
    plain = OnnxEncoder(export_folder(exported.parent, PACKAGED_MODEL)).encode(texts)
    encoder = ensure_export(KEPT, PACKAGED_MODEL, SHIPPED)
    assert encoder.info.weights_sha256 == adapted_sha256(PACKAGED_SHA256, SHIPPED)
    taught = encoder.encode(texts)
    assert np.linalg.norm(taught, axis=1).tolist() == pytest.approx([1, 1])
    same = (plain * taught).sum(axis=1)
    assert same.max() < 0.98, "the changes show"
