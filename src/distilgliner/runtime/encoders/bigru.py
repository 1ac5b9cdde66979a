"""The bidirectional GRU, by ONNX's own operator."""

from __future__ import annotations

import numpy as np

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig

_TORCH_TO_ONNX_GATES = (1, 0, 2)  # torch: reset, update, new; ONNX: z (update), r, h


def add_bigru(builder: Builder, config: StudentConfig, vectors: str) -> str:
    """Word vectors (B, L, D) → states (B, L, 2H)."""
    sequence = builder.add("Transpose", [vectors], perm=[1, 0, 2])
    for layer in range(config.layers):
        sequence = _add_layer(builder, sequence, layer)
    return builder.add("Transpose", [sequence], perm=[1, 0, 2])


def _add_layer(builder: Builder, sequence: str, layer: int) -> str:
    """(L, B, D) → (L, B, 2H)."""
    parts = {
        kind: np.stack(
            [
                _order_gates(builder.weights[f"encoder.gru.{kind}_l{layer}{direction}"])
                for direction in ("", "_reverse")
            ]
        )
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    biases = np.concatenate((parts["bias_ih"], parts["bias_hh"]), axis=1)
    inputs = [
        builder.constant(f"gru_w_{layer}", parts["weight_ih"]),
        builder.constant(f"gru_r_{layer}", parts["weight_hh"]),
        builder.constant(f"gru_b_{layer}", biases),
    ]
    states = builder.add(
        "GRU",
        [sequence, *inputs, "lengths"],
        direction="bidirectional",
        hidden_size=parts["weight_hh"].shape[2],
        linear_before_reset=1,  # torch applies the reset gate behind the product
    )
    return builder.join_directions(states)


def _order_gates(weights: np.ndarray) -> np.ndarray:
    """A weight (3H, …) with its gates in ONNX's order."""
    gates = np.split(weights, 3)
    return np.concatenate([gates[gate] for gate in _TORCH_TO_ONNX_GATES])
