"""The packaged model with low-rank changes of its upper layers open to training.

The lower layers do not change, so what they make of a text is computed once and
kept. What is trained is kept as ``W.A`` and ``W.B`` for every weight ``W``, see
``assistant/adapter.py``. Only ``mcof adapt`` comes here: it needs PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.storage import nonce, writing

#: A text, or a question and what is read beside it.
Text = str | tuple[str, str]

_PARTS = {
    "attention.self.query": ("attention", "self", "query"),
    "attention.self.key": ("attention", "self", "key"),
    "attention.self.value": ("attention", "self", "value"),
    "attention.output.dense": ("attention", "output", "dense"),
    "intermediate.dense": ("intermediate", "dense"),
    "output.dense": ("output", "dense"),
}
#: Texts that the lower layers read at a time.
_READ = 64


class LowRankModel:
    """A BERT whose layers from ``first_layer`` on have changes of ``rank``; deterministic for equal input."""

    def __init__(
        self, folder: Path, threads: int, *, rank: int, first_layer: int, longest: int, dropout: float
    ) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
        self._model: Any = AutoModel.from_pretrained(str(folder)).eval().requires_grad_(False)
        self._heads: int = self._model.config.num_attention_heads
        self.dim: int = self._model.config.hidden_size
        self._first, self._longest, self._dropout = first_layer, longest, dropout
        self.changes: dict[str, tuple[Any, Any]] = {}
        self._layers: list[Any] = list(self._model.encoder.layer)[first_layer:]
        for number, layer in enumerate(self._layers, start=first_layer):
            for part in _PARTS:
                weight = self._linear(layer, part).weight
                low = torch.nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1]))
                high = torch.nn.Parameter(torch.zeros(weight.shape[0], rank))
                self.changes[f"encoder.layer.{number}.{part}.weight"] = (low, high)
        self._lower: dict[Text, tuple[Any, Any]] = {}

    @property
    def trained(self) -> list[Any]:
        """The tensors that are trained."""
        return [p for pair in self.changes.values() for p in pair]

    @staticmethod
    def _linear(layer: Any, part: str) -> Any:  # noqa: ANN401 - modules of transformers
        for name in _PARTS[part]:
            layer = getattr(layer, name)
        return layer

    def load(self, data: Mapping[str, Any]) -> None:
        """Go on from arrays that were trained before. Raises KeyError where they are for other layers."""
        import numpy as np
        import torch

        for name, (low, high) in self.changes.items():
            low.data = torch.from_numpy(data[f"{name}.A"].astype(np.float32))
            high.data = torch.from_numpy(data[f"{name}.B"].astype(np.float32))

    def prepare(self, texts: Sequence[Text], progress: Callable[[str, int, int], None]) -> None:
        """Read texts by the layers that do not change. Texts beside a question are cut before it is."""
        import torch

        todo = sorted({t for t in texts if t not in self._lower}, key=lambda t: len(t) if isinstance(t, str) else len(t[0]) + len(t[1]))  # fmt: skip
        with torch.no_grad():
            for start in range(0, len(todo), _READ):
                progress("read", start, len(todo))
                some = todo[start : start + _READ]
                pieces = self._tokenizer(some, padding=True, truncation=True, max_length=self._longest, return_tensors="pt")  # fmt: skip
                hidden = self._model(**pieces, output_hidden_states=True).hidden_states[self._first]
                for row, text in enumerate(some):
                    size = int(pieces["attention_mask"][row].sum())
                    second = pieces["token_type_ids"][row, :size].bool().clone()
                    self._lower[text] = hidden[row, :size].half().clone(), second

    def size(self, text: Text) -> int:
        """Word pieces of a prepared text."""
        return len(self._lower[text][0])

    def hidden(self, texts: Sequence[Text], *, training: bool) -> tuple[Any, Any, Any]:
        """What the last layer makes of prepared texts, ``(n, longest, dim)``; which places hold a word piece, and one of the second text.

        Both of the latter are bool, ``(n, longest)``.
        """
        import torch

        lower = [self._lower[t] for t in texts]
        hidden = torch.zeros(len(lower), max(len(value) for value, _ in lower), self.dim)
        seen = torch.zeros(hidden.shape[:2], dtype=torch.bool)
        second = torch.zeros(hidden.shape[:2], dtype=torch.bool)
        for row, (value, kinds) in enumerate(lower):
            hidden[row, : len(value)] = value.float()
            seen[row, : len(value)] = True
            second[row, : len(value)] = kinds
        for number, layer in enumerate(self._layers, start=self._first):
            hidden = self._through(number, layer, hidden, seen, training)
        return hidden, seen, second

    def _through(self, number: int, layer: Any, hidden: Any, seen: Any, training: bool) -> Any:  # noqa: ANN401
        """One layer of BERT over ``(batch, word_pieces, dim)``, with its changes."""
        from torch.nn import functional

        def linear(part: str, value: Any) -> Any:  # noqa: ANN401
            module, (low, high) = self._linear(layer, part), self.changes[f"encoder.layer.{number}.{part}.weight"]
            changed = functional.linear(functional.linear(value, low), high)
            return functional.linear(value, module.weight, module.bias) + changed

        def dropped(value: Any) -> Any:  # noqa: ANN401
            return functional.dropout(value, self._dropout, training)

        batch, length, dim = hidden.shape
        query, key, value = (
            linear(f"attention.self.{part}", hidden).view(batch, length, self._heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :])
        mixed = mixed.transpose(1, 2).reshape(batch, length, dim)
        middle = layer.attention.output.LayerNorm(dropped(linear("attention.output.dense", mixed)) + hidden)
        inner = functional.gelu(linear("intermediate.dense", middle))
        return layer.output.LayerNorm(dropped(linear("output.dense", inner)) + middle)

    def arrays(self) -> dict[str, Any]:
        """What was trained, 16 bits a number."""
        import numpy as np

        out = {}
        for name, (low, high) in self.changes.items():
            out[f"{name}.A"] = low.detach().numpy().astype(np.float16)
            out[f"{name}.B"] = high.detach().numpy().astype(np.float16)
        return out


def save_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays as one compressed file, in one step. Raises StorageError where the folder cannot be written."""
    import numpy as np

    part = path.with_name(f"{path.name}.{nonce()}.part")
    with writing(path.parent):
        try:
            with part.open("wb") as handle:
                np.savez_compressed(handle, **arrays)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
