"""Spans of characters as spans of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.align import align_spans
from distilgliner.corpus.words import split_words
from segmentations import segmentations


@given(segmentations(), st.text(alphabet=" ", max_size=2))
def test_word_spans_survive_the_way_over_characters(
    case: tuple[int, list[tuple[int, int, int]]], space: str
) -> None:
    word_count, spans = case
    words = split_words(f" {space}".join(f"w{number}" for number in range(word_count)))
    characters = [(words[start][0], words[end - 1][1], label) for start, end, label in spans]
    assert align_spans(reversed(characters), words) == (spans, 0)


@pytest.mark.parametrize(
    ("characters", "expected", "lost"),
    [
        ([(5, 9, 0)], [(1, 2, 0)], 0),  # exactly "runs" of "Anna runs home"
        ([(6, 8, 0)], [(1, 2, 0)], 0),  # inside a word: widened to it
        ([(2, 11, 1)], [(0, 3, 1)], 0),  # from inside a word to inside another
        ([(4, 5, 0)], [], 1),  # only the space between two words
        ([(0, 2, 0), (2, 4, 1)], [(0, 1, 0)], 1),  # two in one word: the first is kept
        ([(0, 6, 0), (7, 14, 1)], [(0, 2, 0)], 1),  # widened ones must not overlap
        ([(0, 14, 0)], [(0, 3, 0)], 0),
    ],
)
def test_borders_inside_words(
    characters: list[tuple[int, int, int]], expected: list[tuple[int, int, int]], lost: int
) -> None:
    assert align_spans(characters, split_words("Anna runs home")) == (expected, lost)


def test_text_without_words() -> None:
    assert align_spans([(0, 1, 0)], []) == ([], 1)
    assert align_spans([], []) == ([], 0)
