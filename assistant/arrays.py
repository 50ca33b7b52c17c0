"""Arrays from a file that may be damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_arrays(path: Path) -> dict[str, Any]:
    """All arrays of an .npz file by name. Raises OSError or ValueError when they cannot be read."""
    import numpy as np

    try:
        # a handle of our own: numpy leaves its one open where the archive is damaged
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, ValueError):
        raise
    # one wrong byte makes zipfile, zlib and numpy raise eight kinds of error; which depends on where it is
    except Exception as error:
        raise ValueError(f"{path.name} is damaged") from error
