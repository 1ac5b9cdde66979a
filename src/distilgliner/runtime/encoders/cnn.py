"""Dilated convolutions, by ONNX's own operators."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from distilgliner.runtime.builder import Builder
from distilgliner.runtime.encoders.masks import add_layer_norm, add_mask
from distilgliner.student.config import StudentConfig
from distilgliner.student.encoders.dilations import DILATIONS, KERNEL


def add_cnn(builder: Builder, config: StudentConfig, vectors: str) -> str:
    """Word vectors (B, L, D) → states (B, L, 2H)."""
    last = builder.constant("last_axis", np.array([-1], dtype=np.int64))
    mask = builder.add("Cast", [add_mask(builder, vectors)], to=TensorProto.FLOAT)
    mask = builder.add("Unsqueeze", [mask, last])  # (B, L, 1)
    states = builder.linear(vectors, "encoder.project")
    for index, dilation in enumerate(DILATIONS * config.layers):
        normed = add_layer_norm(builder, states, f"encoder.norms.{index}")
        inputs = builder.add("Transpose", [builder.add("Mul", [normed, mask])], perm=[0, 2, 1])
        name = f"encoder.convolutions.{index}"
        weights = [
            builder.constant(f"{name}.{kind}", builder.weights[f"{name}.{kind}"])
            for kind in ("weight", "bias")
        ]
        seen = builder.add(
            "Conv",
            [inputs, *weights],
            dilations=[dilation],
            kernel_shape=[KERNEL],
            pads=[dilation, dilation],
        )
        added = builder.add("Transpose", [builder.add("Relu", [seen])], perm=[0, 2, 1])
        states = builder.add("Add", [states, added])
    return states
