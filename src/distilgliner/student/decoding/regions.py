"""Where entities can be at all: the few words of a text that a decoder has to look at.

Most words are far from any entity. Let g(k) be the most that word k can add to an entity, beyond
what it is worth outside of all. An entity over the words i … j gains at most g(i) + … + g(j), so
where no sum over words that include k is above 0, word k is outside in a best segmentation. The
largest such sum comes from running extrema of the cumulated g: a few passes of numpy, however long
the text. What is left are candidate regions, each decoded on its own; the result is exactly the
same.
"""

from __future__ import annotations

import numpy as np

_NONE = np.zeros(1, dtype=np.int64)
_ROUNDING = 1e-6
"""Sums so little below 0 count as above it: a word too many is only looked at in vain."""


def find_regions(gains: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of words that an entity could cover, as the rows where they start and where they end.

    gains: (N,) float64, the words of all documents one after the other. lengths: (B,) words of
    each document. Returns starts (I,) and ends (I,), exclusive, in order; no region crosses the
    border of a document.
    """
    if not gains.size or float(gains.max()) <= 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    document = np.repeat(np.arange(len(lengths)), lengths)
    # Between documents stands a wall that no gains can pay for: what is behind it lies lower.
    wall = (float(np.maximum(gains, 0).sum()) + 1) * document
    total = np.cumsum(gains)
    highest_end = np.maximum.accumulate((total - wall)[::-1])[::-1]
    lowest_start = np.minimum.accumulate(total - gains - wall)
    # Each word with the number of its document, 0 outside of regions: a region is a run of them.
    inside = np.where(highest_end - lowest_start > -_ROUNDING, document + 1, 0)
    padded = np.concatenate((_NONE, inside, _NONE))
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    # An edge starts a region where one lies behind it, and ends one where one lies before it.
    return edges[padded[edges + 1] > 0], edges[padded[edges] > 0]
