"""Files of arrays as a disk may leave them: read whole, or one kind of error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.arrays import read_arrays


def stored(path: Path, *, small: bool) -> Path:
    arrays = {"key": np.array("x"), "rows": np.arange(60, dtype=np.float32).reshape(20, 3)}
    with path.open("wb") as handle:
        (np.savez_compressed if small else np.savez)(handle, **arrays)
    return path


def test_all_arrays_are_read(tmp_path: Path) -> None:
    found = read_arrays(stored(tmp_path / "a.npz", small=True))
    assert sorted(found) == ["key", "rows"]
    assert str(found["key"]) == "x"
    assert found["rows"].tolist() == np.arange(60).reshape(20, 3).tolist()


@pytest.mark.parametrize("small", [False, True], ids=["plain", "compressed"])
def test_one_wrong_byte_is_one_kind_of_error(tmp_path: Path, small: bool) -> None:
    """A flipped bit raised zlib.error, NotImplementedError or "file is encrypted", which nobody caught: a traceback."""
    path = stored(tmp_path / "a.npz", small=small)
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 2 if small else 5):
        for bit in (1, 128):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            try:
                read_arrays(path)
            except (OSError, ValueError):
                refused += 1
    assert refused > 100  # dates and other fields that say nothing of the content may change


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.npz", small=True)
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises((OSError, ValueError)):
            read_arrays(path)


def test_a_single_array_is_no_file_of_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"one\.npy is damaged"):
        read_arrays(tmp_path / "one.npy")


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    """The caller tells what was never learned from what is damaged."""
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "none.npz")
