"""Which words of a padded batch are words."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from distilgliner.runtime.builder import Builder


def add_mask(builder: Builder, vectors: str) -> str:
    """Boolean (B, L) from the graph's `lengths` and the length of `vectors` (B, L, D)."""
    shape = builder.add("Shape", [vectors], start=1, end=2)
    length = builder.add("Squeeze", [shape])
    zero = builder.constant("zero", np.array(0, dtype=np.int64))
    one = builder.constant("one_int", np.array(1, dtype=np.int64))
    places = builder.add("Range", [zero, length, one])
    lengths = builder.add("Cast", ["lengths"], to=TensorProto.INT64)
    axis = builder.constant("axis_1", np.array([1], dtype=np.int64))
    return builder.add("Less", [places, builder.add("Unsqueeze", [lengths, axis])])


def add_layer_norm(builder: Builder, values: str, name: str) -> str:
    """The layer norm of the last axis with the weights under `name`, as torch's with eps 1e-5."""
    inputs = [
        builder.constant(f"{name}.{kind}", builder.weights[f"{name}.{kind}"])
        for kind in ("weight", "bias")
    ]
    return builder.add("LayerNormalization", [values, *inputs], axis=-1, epsilon=1e-5)
