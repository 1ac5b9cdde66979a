"""Where long documents are cut, and whose score counts."""

from __future__ import annotations

import numpy as np

from distilgliner.annotate.windows import (
    WindowLimits,
    compute_owners,
    compute_windows,
    find_sentence_ends,
)
from distilgliner.corpus.words import split_words


def test_cut_at_the_last_sentence_end_of_the_last_quarter() -> None:
    ends = [False] * 40
    limits = WindowLimits(max_words=20, max_subwords=None, max_width=2, overlap_words=4)
    assert compute_windows([1] * 40, ends, limits) == [(0, 20), (16, 36), (32, 40)]
    ends[9] = ends[16] = True  # behind word 10: too early; behind word 17: in the last quarter
    assert compute_windows([1] * 40, ends, limits) == [(0, 17), (13, 33), (29, 40)]


def test_a_document_that_fits_is_one_window() -> None:
    limits = WindowLimits(20, 60, 2, 4)
    assert compute_windows([3] * 20, [True] * 20, limits) == [(0, 20)]
    assert compute_windows([], [], limits) == []


def test_a_giant_word_takes_no_more_than_its_share() -> None:
    limits = WindowLimits(max_words=20, max_subwords=30, max_width=2, overlap_words=4)
    assert limits.max_word_subwords == 10
    windows = compute_windows([1, 5000, 1, 1], [False] * 4, limits)
    assert windows == [(0, 4)]
    assert compute_windows([5000] * 5, [False] * 5, limits) == [(0, 3), (1, 4), (2, 5)]


def test_sentence_ends() -> None:
    text = "One two. Three\nfour ? \r\n five"
    assert find_sentence_ends(text, split_words(text)) == [
        False,  # One
        False,  # two
        True,  # .
        True,  # Three, before a new line
        False,  # four
        True,  # ?
        False,  # five
    ]


def test_the_score_of_the_deepest_window_counts() -> None:
    windows = [(0, 10), (6, 16)]
    spans = [(0, 2), (5, 7), (6, 8), (7, 9), (8, 9), (14, 16), (7, 12), (5, 11)]
    start, end = np.array(spans).T
    # (6, 8) touches the left border of the second; (8, 9) is 1 from one, 2 from the other border;
    # (7, 9) is 1 from both: the first wins; (5, 11) is in neither.
    assert compute_owners(start, end, windows, 16).tolist() == [0, 0, 0, 0, 1, 1, 1, -1]
