"""What a corpus has taught the embedding model: small changes to its weights, kept beside the tables.

The published model knows English, not this document. ``mcof adapt`` trains
low-rank changes of some layers on the prepared questions, so that a question
comes to lie near the fact that answers it and away from those that do not
("which were the 47 governments?" beside "47 governments asked"). They are added
to the weights when the model is exported: answering takes not a step more.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, https://arxiv.org/abs/2106.09685
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.arrays import read_arrays
from corpus.errors import CorpusError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The file in a corpus folder.
ADAPTER = "adapter.npz"


def read_adapter(adapter: Path, weights_sha256: str) -> dict[str, Any]:
    """The arrays of an adapter by name: ``W.A`` and ``W.B`` for every weight ``W`` that it changes, and what it was trained with.

    Raises:
        CorpusError: it cannot be read, or was trained on other weights than those of this hash.
    """
    try:
        data = read_arrays(adapter)
        trained_on = str(data["weights_sha256"])
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(adapter) from error
    if trained_on != weights_sha256:
        text = f"{adapter.name} belongs to another embedding model (sha256 {trained_on[:12]}…)."
        raise CorpusError(text, remedy=f"Take it out of the corpus folder, or run '{_anew(adapter)}' to train it anew.")
    return data


def _anew(adapter: Path) -> str:
    """The command that trains the file anew."""
    return "mcof adapt --fresh" if adapter.name == ADAPTER else f"mcof adapt --{adapter.stem} --fresh"


def _unusable(adapter: Path) -> CorpusError:
    # without --fresh the training would go on from the very file that cannot be read
    remedy = f"Run '{_anew(adapter)}' to train it anew, or take it out of the folder."
    return CorpusError(f"{adapter.name} cannot be read as changes of the embedding model.", remedy=remedy)


def added(weights: Mapping[str, Any], adapter: Path, weights_sha256: str) -> dict[str, NDArray[np.float32]]:
    """Weights by name with the adapter's changes added: ``W + B A`` for every ``W`` that it changes.

    Raises:
        CorpusError: the adapter cannot be read, or was trained on other weights than those of this hash.
    """
    import numpy as np

    data = read_adapter(adapter, weights_sha256)
    names = sorted(name.removesuffix(".A") for name in data if name.endswith(".A"))
    try:
        changes = {n: data[f"{n}.B"].astype(np.float32) @ data[f"{n}.A"].astype(np.float32) for n in names}
        return dict(weights) | {n: weights[n] + change for n, change in changes.items()}
    except (ValueError, KeyError) as error:
        raise _unusable(adapter) from error


def adapted_sha256(weights_sha256: str, adapter: Path | None) -> str:
    """Hash that names weights together with the changes to them; that of the weights where there are none."""
    if adapter is None:
        return weights_sha256
    return hashlib.sha256(f"{weights_sha256} {hashlib.sha256(adapter.read_bytes()).hexdigest()}".encode()).hexdigest()
