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
    returns the word spans in order and how many could not be represented. How many were widened
    says `borders.measure_borders`.
    """
    ordered = sorted(entities)
    places = place_spans([(start, end) for start, end, _ in ordered], words)
    spans = [
        (place[0], place[1], label)
        for (_, _, label), place in zip(ordered, places, strict=True)
        if place is not None
    ]
    return spans, len(ordered) - len(spans)


def place_spans(
    spans: Sequence[tuple[int, int]], words: Sequence[tuple[int, int]]
) -> list[tuple[int, int] | None]:
    """For each span of characters, in order, the words `(word_start, word_end)` that it touches.

    None for one that touches no word, or one that a span before it has.
    """
    starts = np.array([start for start, _ in words], dtype=np.int64)
    ends = np.array([end for _, end in words], dtype=np.int64)
    places: list[tuple[int, int] | None] = []
    covered = 0
    for char_start, char_end in spans:
        first = int(np.searchsorted(ends, char_start, side="right"))
        last = int(np.searchsorted(starts, char_end, side="left"))
        if last <= first or first < covered:
            places.append(None)
            continue
        places.append((first, last))
        covered = last
    return places
