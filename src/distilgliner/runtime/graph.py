"""The ONNX graph of a student, built node by node from its weights (no tracing, no torch).

Inputs: `subwords` (U, P), `affixes` (U, A), `shapes` (U,) of U distinct words; `words` (B, L) and
`lengths` (B,); an open student also takes `label_subwords`, `label_affixes`, `label_shapes` of W
label words and `label_means` (C, W). Output: `logits` (B, L, T), the scores that the head's decoder
reads, whatever their kind. All sizes but T are dynamic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from distilgliner.student.config import StudentConfig
from distilgliner.student.registry import load_part

OPSET = 17
IR_VERSION = 10
_TORCH_TO_ONNX_GATES = (0, 3, 1, 2)  # torch: input, forget, cell, output; ONNX: i, o, f, c


def build_graph(
    config: StudentConfig, weights: Mapping[str, np.ndarray], *, int8: bool = False
) -> onnx.ModelProto:
    """The checked graph of a student; `weights` are those of its `model.safetensors`.

    int8: tables in 8 bits, and an LSTM's weights too, see `runtime/int8.py`; else tables in fp16
    and all other weights in fp32. Raises `UserError` for a part that has no ONNX form.
    """
    builder = _build_builder(config, weights, int8=int8)
    vectors = builder.embed("subwords", "affixes", "shapes")
    words = builder.add("Gather", [vectors, "words"], axis=0)
    states = load_part("graph_encoders", config.encoder)(builder, config, words)
    scores = load_part("graph_heads", config.head)(builder, config, states)
    builder.nodes.append(helper.make_node("Identity", [scores], ["logits"]))
    graph = helper.make_graph(
        builder.nodes,
        "distilgliner",
        _build_inputs(config.is_open),
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", "L", "T"])],
        builder.constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), *builder.extra_opsets],
        producer_name="distilgliner",
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def _build_builder(
    config: StudentConfig, weights: Mapping[str, np.ndarray], *, int8: bool
) -> Builder:
    if not int8:
        return Builder(weights)
    from distilgliner.runtime.int8 import Int8Builder, Int8TableBuilder

    return (Int8Builder if config.encoder == "bilstm" else Int8TableBuilder)(weights, config)


def _build_inputs(is_open: bool) -> list[onnx.ValueInfoProto]:
    shapes: dict[str, tuple[int, list[str]]] = {
        "subwords": (TensorProto.INT64, ["U", "P"]),
        "affixes": (TensorProto.INT64, ["U", "A"]),
        "shapes": (TensorProto.INT64, ["U"]),
        "words": (TensorProto.INT64, ["B", "L"]),
        "lengths": (TensorProto.INT32, ["B"]),
    }
    if is_open:
        shapes |= {
            "label_subwords": (TensorProto.INT64, ["W", "LP"]),
            "label_affixes": (TensorProto.INT64, ["W", "LA"]),
            "label_shapes": (TensorProto.INT64, ["W"]),
            "label_means": (TensorProto.FLOAT, ["C", "W"]),
        }
    return [helper.make_tensor_value_info(name, *shape) for name, shape in shapes.items()]


class Builder:
    """Collects nodes and constants; every method returns the name of a new tensor."""

    extra_opsets: tuple[onnx.OperatorSetIdProto, ...] = ()

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def add(self, operator: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> str:
        """Append a node; returns its first output."""
        return self.add_all(operator, inputs, outputs, **attributes)[0]

    def add_all(
        self, operator: str, inputs: list[str], outputs: int, **attributes: Any
    ) -> list[str]:
        """Append a node; returns all its outputs."""
        names = [f"{operator.lower()}_{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def constant(self, name: str, value: np.ndarray) -> str:
        """A tensor of the graph, once under its name."""
        if name not in self._known:
            self._known.add(name)
            self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def embed(self, subwords: str, affixes: str, shapes: str) -> str:
        """Word vectors (U, D), as `WordEmbedder`."""
        parts = [
            self._mean_bag("embedder.subword_embedding.weight", subwords),
            self._mean_bag("embedder.affix_embedding.weight", affixes),
            self.look_up("embedder.shape_embedding.weight", shapes),
        ]
        return self.add("Concat", parts, axis=1)

    def look_up(self, table: str, indices: str) -> str:
        # Tables stay fp16, as in the folder; only the rows that are looked up become fp32.
        rows = self.add("Gather", [self.constant(table, self.weights[table]), indices], axis=0)
        return self.add("Cast", [rows], to=TensorProto.FLOAT)

    def _mean_bag(self, table: str, indices: str) -> str:
        """The mean of the rows (U, P, D) whose index is not 0, as a product with their shares."""
        zero = self.constant("zero", np.array(0, dtype=np.int64))
        used = self.add("Not", [self.add("Equal", [indices, zero])])
        used = self.add("Cast", [used], to=TensorProto.FLOAT)
        axis = self.constant("axis_1", np.array([1], dtype=np.int64))
        one = self.constant("one", np.array(1, dtype=np.float32))
        count = self.add("Max", [self.add("ReduceSum", [used, axis], keepdims=1), one])
        shares = self.add("Unsqueeze", [self.add("Div", [used, count]), axis])  # (U, 1, P)
        return self.add(
            "Squeeze", [self.add("MatMul", [shares, self.look_up(table, indices)]), axis]
        )

    def lstm(self, sequence: str, layer: int) -> str:
        """(L, B, D) → (L, B, 2H)."""
        w, r, b = self.stack_lstm(layer)
        inputs = [
            self.constant(f"lstm_w_{layer}", w),
            self.constant(f"lstm_r_{layer}", r),
            self.constant(f"lstm_b_{layer}", b),
        ]
        hidden = r.shape[2]
        states = self.add(
            "LSTM", [sequence, *inputs, "lengths"], direction="bidirectional", hidden_size=hidden
        )
        return self.join_directions(states)

    def stack_lstm(self, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both directions' W (2, 4H, D), R (2, 4H, H) and B (2, 8H), gates in ONNX's order."""
        prefix = f"encoder.lstm.{{}}_l{layer}"
        directions = [
            [self._gates(prefix.format(kind) + ending) for kind in _LSTM_KINDS]
            for ending in ("", "_reverse")
        ]
        return (
            np.stack([d[0] for d in directions]),
            np.stack([d[1] for d in directions]),
            np.stack([np.concatenate(d[2:]) for d in directions]),
        )

    def join_directions(self, states: str) -> str:
        """(L, 2, B, H) → (L, B, 2H)."""
        states = self.add("Transpose", [states], perm=[0, 2, 1, 3])
        shape = self.constant("join_directions", np.array([0, 0, -1], dtype=np.int64))
        return self.add("Reshape", [states, shape])

    def _gates(self, name: str) -> np.ndarray:
        """A weight (4H, …) with its gates in ONNX's order."""
        parts = np.split(self.weights[name], 4)
        return np.concatenate([parts[gate] for gate in _TORCH_TO_ONNX_GATES])

    def linear(self, values: str, name: str) -> str:
        """values · weightᵀ + bias."""
        weight = self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T)
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.add("Add", [self.add("MatMul", [values, weight]), bias])


_LSTM_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
