"""Collects the nodes and constants of a student's ONNX graph, in fp32 and fp16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_TORCH_TO_ONNX_GATES = (0, 3, 1, 2)  # torch: input, forget, cell, output; ONNX: i, o, f, c
_LSTM_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


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
