"""Windows and prompts become documents again; worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from distilgliner.annotate.encoding import EncodedDocument
from distilgliner.annotate.merge import merge_scores
from distilgliner.annotate.spans import SpanScores

Part = tuple[np.ndarray, np.ndarray]


def _part(*rows: tuple[int, int, int, float]) -> Part:
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return table[:, :3].astype(np.int64), table[:, 3].astype(np.float32)


def _document(places: list[int], windows: list[tuple[int, int]]) -> EncodedDocument:
    words = [f"w{place}" for place in places]
    positions = np.array([*places, places[-1] + 1])
    return EncodedDocument(words, positions, np.ones(len(words), dtype=np.int64), windows, 0)


@pytest.mark.parametrize("is_token_model", [False, True])
def test_windows_and_prompts(is_token_model: bool) -> None:
    # The windows share words 2 and 3: of a span in both, the one where it lies deeper counts.
    document = _document([0, 1, 2, 3, 4, 5], [(0, 4), (2, 6)])
    found = [
        [_part((0, 2, 0, 1.0), (2, 3, 0, 2.0), (3, 4, 0, 9.0)), _part((0, 1, 0, 3.0))],
        [_part((0, 1, 0, 9.0), (1, 2, 0, 4.0)), _part((2, 4, 0, 5.0))],
    ]
    scores = merge_scores(
        [document],
        found,
        [("a",), ("b",)],
        ["b", "a"],
        max_width=4,
        is_token_model=is_token_model,
    )[0]
    first = [(0, 1, 0, 3.0), (0, 2, 1, 1.0)]  # by end, or by label of the sorted ones
    expected = first[::-1] if is_token_model else first
    expected += [(2, 3, 1, 2.0), (3, 4, 1, 4.0), (4, 6, 0, 5.0)]
    assert _rows(scores) == expected


def test_words_that_the_teacher_does_not_see_count() -> None:
    document = _document([0, 2, 3], [(0, 3)])  # it does not see word 1
    found = [[_part((0, 1, 0, 1.0), (0, 2, 0, 2.0), (1, 3, 0, 3.0))]]
    scores = merge_scores([document], found, [("a",)], ["a"], max_width=2, is_token_model=False)[0]
    assert _rows(scores) == [(0, 1, 0, 1.0), (2, 4, 0, 3.0)]  # (0, 3) is wider than it looks


def test_nothing_seen() -> None:
    nothing = EncodedDocument([], np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), [], 0)
    scores = merge_scores([nothing], [], [("a",)], ["a"], max_width=2, is_token_model=False)
    assert [len(score) for score in scores] == [0]


def _rows(scores: SpanScores) -> list[tuple[int, int, int, float]]:
    columns = (scores.word_start, scores.word_end, scores.label_index, scores.logit)
    return list(zip(*(column.tolist() for column in columns), strict=True))
