"""A teacher's distribution of one document, in the forms that heads learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np


@dataclass(frozen=True)
class Sparse:
    """The N entries of an array with D axes that are not 0, each once."""

    places: np.ndarray
    """int32 (N, D)"""
    values: np.ndarray
    """float32 (N,)"""


class SoftTargets(TypedDict, total=False):
    """What there is of these; the names are those of the fields of an `Example`."""

    soft: np.ndarray
    """Marginals (L, T) float32 of the words' tags."""
    transitions: Sparse
    """How often tags are expected before each other (T + 1, T + 1), see `segmentation`."""
    spans: Sparse
    """Probabilities (L, K, C) of spans, by first word, words − 1 and label."""


def average_targets(parts: Sequence[SoftTargets], weights: Sequence[float]) -> SoftTargets:
    """The mean of what several teachers say, by their weights; all have the same forms."""
    mean: SoftTargets = {}
    if "soft" in parts[0]:
        stacked = np.stack([part["soft"] for part in parts]).astype(np.float64)
        mean["soft"] = np.asarray(np.average(stacked, axis=0, weights=weights), dtype=np.float32)
    if "transitions" in parts[0]:
        mean["transitions"] = _average_sparse([part["transitions"] for part in parts], weights)
    if "spans" in parts[0]:
        mean["spans"] = _average_sparse([part["spans"] for part in parts], weights)
    return mean


def _average_sparse(parts: Sequence[Sparse], weights: Sequence[float]) -> Sparse:
    """The weighted mean; an entry that a part lacks counts as 0 there."""
    if len(parts) == 1:
        return parts[0]
    places, rows = np.unique(
        np.concatenate([part.places for part in parts]), axis=0, return_inverse=True
    )
    shares = np.repeat(np.array(weights) / sum(weights), [len(part.values) for part in parts])
    values = np.concatenate([part.values for part in parts]).astype(np.float64) * shares
    total = np.bincount(rows.reshape(-1), values, len(places))
    return Sparse(places.astype(np.int32), total.astype(np.float32))
