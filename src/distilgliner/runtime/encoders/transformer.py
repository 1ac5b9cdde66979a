"""The small transformer, by ONNX's own operators."""

from __future__ import annotations

import math

import numpy as np

from distilgliner.runtime.builder import Builder
from distilgliner.runtime.encoders.masks import add_layer_norm, add_mask
from distilgliner.student.config import StudentConfig
from distilgliner.student.encoders.positions import MAX_WORDS, compute_positions, count_heads


def add_transformer(builder: Builder, config: StudentConfig, vectors: str) -> str:
    """Word vectors (B, L, D) → states (B, L, 2H)."""
    states = builder.linear(vectors, "encoder.project")
    states = builder.add("Add", [states, _add_positions(builder, vectors, 2 * config.hidden_dim)])
    penalty = _add_penalty(builder, vectors)
    for layer in range(config.layers):
        states = _add_layer(builder, config, states, penalty, f"encoder.layers.{layer}")
    return add_layer_norm(builder, states, "encoder.norm")


def _add_positions(builder: Builder, vectors: str, dim: int) -> str:
    """The first L rows of the sinusoids: (L, 2H)."""
    table = builder.constant("positions", compute_positions(MAX_WORDS, dim))
    start = builder.constant("axis_0", np.array([0], dtype=np.int64))
    end = builder.add("Shape", [vectors], start=1, end=2)
    return builder.add("Slice", [table, start, end, start])


def _add_penalty(builder: Builder, vectors: str) -> str:
    """−1e9 where there is padding, else 0: (B, 1, 1, L)."""
    axes = builder.constant("axes_1_2", np.array([1, 2], dtype=np.int64))
    zero = builder.constant("zero_float", np.array(0, dtype=np.float32))
    masked = builder.constant("masked", np.array(-1e9, dtype=np.float32))
    chosen = builder.add("Where", [add_mask(builder, vectors), zero, masked])
    return builder.add("Unsqueeze", [chosen, axes])


def _add_layer(
    builder: Builder, config: StudentConfig, states: str, penalty: str, name: str
) -> str:
    dim = 2 * config.hidden_dim
    heads = count_heads(dim)
    mixed = builder.linear(
        add_layer_norm(builder, states, f"{name}.attention_norm"), f"{name}.query_key_value"
    )
    shape = builder.constant("split_heads", np.array([0, 0, 3, heads, dim // heads]))
    mixed = builder.add("Reshape", [mixed, shape])
    mixed = builder.add("Transpose", [mixed], perm=[2, 0, 3, 1, 4])  # (3, B, heads, L, E / heads)
    query, key, value = (
        builder.add("Gather", [mixed, builder.constant(f"part_{part}", np.array(part))], axis=0)
        for part in range(3)
    )
    scale = builder.constant("scale", np.array(1 / math.sqrt(dim // heads), dtype=np.float32))
    scores = builder.add("MatMul", [query, builder.add("Transpose", [key], perm=[0, 1, 3, 2])])
    scores = builder.add("Add", [builder.add("Mul", [scores, scale]), penalty])
    context = builder.add("MatMul", [builder.add("Softmax", [scores], axis=-1), value])
    context = builder.add("Transpose", [context], perm=[0, 2, 1, 3])
    joined = builder.constant("join_heads", np.array([0, 0, dim]))
    context = builder.add("Reshape", [context, joined])
    states = builder.add("Add", [states, builder.linear(context, f"{name}.attention_output")])
    normed = add_layer_norm(builder, states, f"{name}.feed_forward_norm")
    widened = builder.add("Relu", [builder.linear(normed, f"{name}.widen")])
    return builder.add("Add", [states, builder.linear(widened, f"{name}.narrow")])
