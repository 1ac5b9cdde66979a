"""Positions and heads of the transformer, which the exported graph shares with the torch module."""

from __future__ import annotations

import math

import numpy as np

MAX_WORDS = 1024
"""Of one window; the predictor's have at most 512."""
HEAD_DIM = 32
POSITION_SCALE = 0.1
"""Word vectors have entries of about 0.1 (see `WordEmbedder`)."""


def count_heads(dim: int) -> int:
    """As many heads of about `HEAD_DIM` units as divide the width."""
    heads = max(1, dim // HEAD_DIM)
    while dim % heads:
        heads -= 1
    return heads


def compute_positions(words: int, dim: int) -> np.ndarray:
    """Sinusoids (words, dim) float32, as in section 3.5 of Vaswani et al. 2017, scaled."""
    place = np.arange(words)[:, None]
    rate = np.exp(-math.log(10_000.0) * (np.arange(dim) // 2 * 2) / dim)
    angle = place * rate
    waves = np.where(np.arange(dim) % 2 == 0, np.sin(angle), np.cos(angle))
    return (waves * POSITION_SCALE).astype(np.float32)
