"""Long texts in overlapping windows: linear time, bounded memory, and nothing cut off.

A student was trained on windows of its teacher's size at most, and an LSTM may carry a state over
thousands of words; so a long text is not scored as one sequence. Where its windows lie depends on
its number of words alone, so the result does not depend on batches or threads.
"""

from __future__ import annotations

from typing import NamedTuple

WINDOW_WORDS = 512
"""Texts up to this length are scored as a whole."""
CONTEXT_WORDS = 64
"""Words at each end of a window that are only read; the window beside it has their scores."""


class Window(NamedTuple):
    """Words `first` … `last` − 1 are read, those from `kept_first` to `kept_last` − 1 scored."""

    first: int
    last: int
    kept_first: int
    kept_last: int


def cut_windows(word_count: int) -> list[Window]:
    """Windows whose kept words are every word once, in order."""
    if word_count <= WINDOW_WORDS:
        return [Window(0, word_count, 0, word_count)]
    step = WINDOW_WORDS - 2 * CONTEXT_WORDS
    windows = []
    kept_first = 0
    while kept_first < word_count:
        first = max(0, kept_first - CONTEXT_WORDS)
        last = min(first + WINDOW_WORDS, word_count)
        kept_last = (
            word_count if last == word_count else max(kept_first + step, last - CONTEXT_WORDS)
        )
        windows.append(Window(first, last, kept_first, kept_last))
        kept_first = kept_last
    return windows
