"""Whatever the words, windows fit their limits, cover everything and hold every span."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.annotate.windows import (
    WindowLimits,
    compute_owners,
    compute_windows,
    select_owned,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[list[int], list[bool], WindowLimits]:
    width = draw(st.integers(1, 12))
    max_words = draw(st.integers(1, 60))
    room = draw(st.none() | st.integers(2 * (width + 1), 200))
    giant = st.integers(0, 9) | st.integers(0, 300)
    sizes = draw(st.lists(giant, max_size=150))
    ends = draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    overlap = draw(st.integers(0, 3 * width))
    return sizes, ends, WindowLimits(max_words, room, width, overlap)


@given(documents())
def test_windows(document: tuple[list[int], list[bool], WindowLimits]) -> None:
    sizes, ends, limits = document
    windows = compute_windows(sizes, ends, limits)
    count = len(sizes)
    if limits.max_word_subwords is not None:
        sizes = [min(size, limits.max_word_subwords) for size in sizes]
    for start, end in windows:
        assert 0 <= start < end <= count
        assert end - start <= limits.max_words
        if limits.max_subwords is not None:
            assert sum(sizes[start:end]) <= limits.max_subwords
    assert {i for start, end in windows for i in range(start, end)} == set(range(count))
    assert windows == sorted(windows)
    assert len({end for _, end in windows}) == len(windows)
    for width in range(1, min(limits.max_width, limits.max_words, count) + 1):
        for first in range(count - width + 1):
            assert any(start <= first and first + width <= end for start, end in windows)


@given(documents())
def test_every_span_has_one_owner(document: tuple[list[int], list[bool], WindowLimits]) -> None:
    sizes, ends, limits = document
    windows = compute_windows(sizes, ends, limits)
    count = len(sizes)
    width = min(limits.max_width, limits.max_words)
    spans = [(s, s + w) for w in range(1, width + 1) for s in range(count - w + 1)]
    start = np.array([s for s, _ in spans], dtype=np.int64)
    end = np.array([e for _, e in spans], dtype=np.int64)
    owners = compute_owners(start, end, windows, count)
    assert (owners >= 0).all()
    for index, (a, b) in enumerate(windows):
        inside = (start >= a) & (end <= b)
        own = select_owned(start[inside], end[inside], index, windows, count)
        assert np.array_equal(own, owners[inside] == index)
