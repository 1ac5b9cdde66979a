"""The bidirectional LSTM, by ONNX's own operator, or in 8 bits by onnxruntime's."""

from __future__ import annotations

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig


def add_bilstm(builder: Builder, config: StudentConfig, vectors: str) -> str:
    """Word vectors (B, L, D) → states (B, L, 2H)."""
    sequence = builder.add("Transpose", [vectors], perm=[1, 0, 2])
    for layer in range(config.layers):
        sequence = builder.lstm(sequence, layer)
    return builder.add("Transpose", [sequence], perm=[1, 0, 2])
