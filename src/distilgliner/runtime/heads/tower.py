"""The twin tower, which also takes the labels that are asked for as its input."""

from __future__ import annotations

import numpy as np

from distilgliner.runtime.builder import Builder
from distilgliner.student.config import StudentConfig
from distilgliner.student.tags import ROLES


def add_tower(builder: Builder, config: StudentConfig, states: str) -> str:
    """Dot products of words and labels, as `TowerHead`: (B, L, 2H) → (B, L, 1 + C · R)."""
    roles = ROLES if config.roles else 1
    label_words = builder.embed("label_subwords", "label_affixes", "label_shapes")
    labels = builder.add("MatMul", ["label_means", label_words])
    labels = builder.add("Tanh", [builder.linear(labels, "head.label_tower.0")])
    labels = builder.linear(labels, "head.label_tower.2")  # (C, E)
    split = np.array([0, 0, roles, config.label_dim], dtype=np.int64)
    words = builder.linear(states, "head.word_tower")
    words = builder.add("Reshape", [words, builder.constant("split_roles", split)])
    scores = builder.add("MatMul", [words, builder.add("Transpose", [labels], perm=[1, 0])])
    scores = builder.add("Transpose", [scores], perm=[0, 1, 3, 2])  # (B, L, C, R)
    shape = builder.constant("join_directions", np.array([0, 0, -1], dtype=np.int64))
    scale = np.array(config.label_dim**-0.5, dtype=np.float32)
    scores = builder.add("Reshape", [scores, shape])
    scores = builder.add("Mul", [scores, builder.constant("e", scale)])
    return builder.add("Concat", [builder.linear(states, "head.none"), scores], axis=2)
