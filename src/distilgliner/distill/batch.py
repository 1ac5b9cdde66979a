"""A batch of examples as tensors: what losses are computed of."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from distilgliner.student.features import WordBatch


@dataclass(frozen=True)
class SparseBatch:
    """The N entries that are not 0 of arrays with D axes, of all examples of a batch."""

    places: Tensor  # int64 (N, 1 + D), the example first
    values: Tensor  # float32 (N,)


@dataclass(frozen=True)
class Batch:
    """B examples of at most L words. A mask says which words have the targets."""

    words: WordBatch
    gold: Tensor  # int64 (B, L)
    gold_mask: Tensor  # bool (B, L)
    hard: Tensor  # int64 (B, L)
    hard_mask: Tensor  # bool (B, L)
    soft: Tensor  # float32 (B, L, T), or (B, L, 0) when no example has any
    soft_mask: Tensor  # bool (B, L), of `spans` too
    states: Tensor  # float32 (layers, B, L, D), or (0, B, L, 0)
    states_mask: Tensor  # bool (B, L)
    transitions: SparseBatch  # (B, T + 1, T + 1)
    spans: SparseBatch  # (B, L, K, C)
    gold_labels: Tensor | None = None
    """Labels (B, C) bool of which `gold` says something; None: of all. See `known_labels`."""
    teacher_labels: Tensor | None = None
    """The same of `hard` and `soft`."""
