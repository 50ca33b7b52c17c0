"""Writes a BERT encoder as an ONNX graph straight from its weights, in a second and without torch.

Loading torch and sentence-transformers takes longer than embedding a third of
an index. With the graph written here texts are embedded at once, while another
process loads the original and proves that the vectors are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from corpus.errors import ModelError

#: The first operator set with Gelu.
_OPSET = 20
#: What is added to the attention of a padded place, as transformers does.
_NOTHING = -3.4028234663852886e38
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def is_bert(folder: Path) -> bool:
    """Whether ``write`` knows the model in a folder: BERT as published in 2018, under its usual names, 32-bit numbers."""
    from safetensors import SafetensorError, safe_open

    needed = ("model.safetensors", "1_Pooling/config.json", "sentence_bert_config.json")
    try:
        config = _config(folder)
        if not all((folder / name).is_file() for name in needed):
            return False
        with safe_open(folder / "model.safetensors", framework="numpy") as weights:
            usual = weights.get_slice("embeddings.word_embeddings.weight").get_dtype() == "F32"
    except (OSError, ValueError, SafetensorError):
        return False
    return (
        usual
        and config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
    )


def _config(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return found


def write(folder: Path, path: Path, change: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda w: w) -> int:
    """Write the encoder in ``folder`` to ``path``: word pieces in, ``hidden`` out. Returns the size of a vector.

    ``change`` gives the weights to be written, from those of the folder.

    Raises:
        ModelError: a weight is missing or is no 32-bit number.
    """
    import onnx
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    config = _config(folder)
    try:
        weights = change(load_file(folder / "model.safetensors"))
        graph = _Graph(weights, float(config.get("layer_norm_eps", 1e-12)))
        heads, dim = int(config["num_attention_heads"]), int(config["hidden_size"])
        hidden = graph.embeddings()
        mask = graph.mask()
        for layer in range(int(config["num_hidden_layers"])):
            hidden = graph.layer(f"encoder.layer.{layer}.", hidden, mask, heads, dim // heads)
    except (KeyError, ValueError, SafetensorError) as error:
        raise ModelError(f"The embedding model in {folder.name!r} cannot be read: {error}.") from error
    graph.add("Identity", hidden, output="hidden")
    shape = ["batch", "word_pieces"]
    inputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, shape) for name in INPUTS]
    output = onnx.helper.make_tensor_value_info("hidden", onnx.TensorProto.FLOAT, [*shape, dim])
    whole = onnx.helper.make_graph(graph.nodes, "encoder", inputs, [output], graph.constants)
    opsets = [onnx.helper.make_opsetid("", _OPSET)]
    # the oldest format that holds these operators, so that an older onnxruntime reads it too
    onnx.save(onnx.helper.make_model(whole, opset_imports=opsets, ir_version=9), str(path))
    return dim


class _Graph:
    """Nodes and constants as they are added; a value is the name of what a node puts out."""

    def __init__(self, weights: Mapping[str, Any], epsilon: float) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._weights, self._epsilon = weights, epsilon

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:  # noqa: ANN401 - numbers or lists
        """A node with one output."""
        from onnx import helper

        name = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any) -> str:  # noqa: ANN401 - an array
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def whole(self, *numbers: int) -> str:
        """A constant of whole numbers."""
        import numpy as np

        return self.constant(np.array(numbers, dtype=np.int64))

    def number(self, value: float) -> str:
        import numpy as np

        return self.constant(np.array(value, dtype=np.float32))

    def weight(self, name: str, *, turned: bool = False) -> str:
        """Weights by their name in the file. Raises KeyError where they are missing, ValueError for other types."""
        import numpy as np

        value = self._weights[name]
        if value.dtype != np.float32:
            raise ValueError(f"{name} is {value.dtype}, not float32")
        return self.constant(np.ascontiguousarray(value.T) if turned else value)

    def linear(self, name: str, value: str) -> str:
        product = self.add("MatMul", value, self.weight(f"{name}.weight", turned=True))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def normalised(self, name: str, value: str) -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", value, scale, shift, axis=-1, epsilon=self._epsilon)

    def embeddings(self) -> str:
        word = self.add("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        kind = self.add("Gather", self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
        length = self.add("Shape", "input_ids", start=1, end=2)
        places = self.weight("embeddings.position_embeddings.weight")
        place = self.add("Slice", places, self.whole(0), length, self.whole(0))
        return self.normalised("embeddings.LayerNorm", self.add("Add", self.add("Add", word, kind), place))

    def mask(self) -> str:
        """0 for a word piece and next to minus infinity for padding, ``(batch, 1, 1, word_pieces)``."""
        seen = self.add("Unsqueeze", self.add("Cast", "attention_mask", to=1), self.whole(1, 2))
        return self.add("Mul", self.add("Sub", self.number(1.0), seen), self.number(_NOTHING))

    def layer(self, name: str, hidden: str, mask: str, heads: int, size: int) -> str:
        """One layer over ``hidden``, ``(batch, word_pieces, dim)``."""
        split, joined = self.whole(0, 0, heads, size), self.whole(0, 0, heads * size)

        def headed(part: str, order: list[int]) -> str:
            value = self.linear(f"{name}attention.self.{part}", hidden)
            return self.add("Transpose", self.add("Reshape", value, split), perm=order)

        query, key = headed("query", [0, 2, 1, 3]), headed("key", [0, 2, 3, 1])
        alike = self.add("Mul", self.add("MatMul", query, key), self.number(1 / sqrt(size)))
        share = self.add("Softmax", self.add("Add", alike, mask), axis=-1)
        mixed = self.add("MatMul", share, headed("value", [0, 2, 1, 3]))
        mixed = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
        added = self.add("Add", self.linear(f"{name}attention.output.dense", mixed), hidden)
        middle = self.normalised(f"{name}attention.output.LayerNorm", added)
        inner = self.add("Gelu", self.linear(f"{name}intermediate.dense", middle))
        outer = self.add("Add", self.linear(f"{name}output.dense", inner), middle)
        return self.normalised(f"{name}output.LayerNorm", outer)
