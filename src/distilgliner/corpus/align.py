"""From spans of characters to spans of words, which is what every model speaks about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

WordSpan = tuple[int, int, int]
"""`(word_start, word_end, label_index)`, the end exclusive."""


def align_spans(
    entities: Iterable[tuple[int, int, int]], words: Sequence[tuple[int, int]]
) -> tuple[list[WordSpan], int]:
    """Character spans `(char_start, char_end, label_index)` as word spans.

    A span whose borders fall inside words is widened to whole words when that overlaps no other;
    returns the word spans in order and how many could not be represented.
    """
    starts = np.array([start for start, _ in words], dtype=np.int64)
    ends = np.array([end for _, end in words], dtype=np.int64)
    spans: list[WordSpan] = []
    lost = 0
    covered = 0
    for char_start, char_end, label in sorted(entities):
        first = int(np.searchsorted(ends, char_start, side="right"))
        last = int(np.searchsorted(starts, char_end, side="left"))
        if last <= first or first < covered:
            lost += 1
            continue
        spans.append((first, last, label))
        covered = last
    return spans, lost
