"""Chains of tags by the definition: the sum over every sequence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np


def enumerate_sequences(
    scores: np.ndarray, transitions: np.ndarray
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every tag sequence of a text, with scores (L, T) and transitions (T + 1, T + 1).

    Sums are in double precision, whatever the scores are in.
    """
    scores, transitions = scores.astype(np.float64), transitions.astype(np.float64)
    length, tag_count = scores.shape
    for tags in itertools.product(range(tag_count), repeat=length):
        path = (tag_count, *tags, tag_count)
        moved = sum(transitions[a, b] for a, b in itertools.pairwise(path)) if tags else 0.0
        yield tags, float(sum(scores[i, tag] for i, tag in enumerate(tags)) + moved)


def compute_by_hand(scores: np.ndarray, transitions: np.ndarray) -> tuple[float, np.ndarray]:
    """log Z and the marginals (L, T)."""
    found = list(enumerate_sequences(scores, transitions))
    total = float(np.logaddexp.reduce([score for _, score in found]))
    marginals = np.zeros(scores.shape)
    for tags, score in found:
        marginals[np.arange(len(tags)), list(tags)] += np.exp(score - total)
    return total, marginals
