"""Tags of words, and spans of characters as spans of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.words import split_words
from distilgliner.student.tags import align_spans, count_tags, encode_tags, tag_index


def test_numbers_of_tags() -> None:
    assert count_tags(3, roles=True) == 13
    assert count_tags(3, roles=False) == 4
    assert [tag_index(1, role, roles=True) for role in range(4)] == [5, 6, 7, 8]
    assert [tag_index(1, role, roles=False) for role in range(4)] == [2, 2, 2, 2]


def test_bioes() -> None:
    # Label 1 has Begin 5, Inside 6, End 7, Single 8; label 0 Begin 1, End 3.
    spans = [(0, 1, 1), (2, 5, 1), (5, 7, 0)]
    assert encode_tags(spans, 8, roles=True).tolist() == [8, 0, 5, 6, 7, 1, 3, 0]
    assert encode_tags(spans, 8, roles=False).tolist() == [2, 0, 2, 2, 2, 1, 1, 0]
    assert encode_tags([], 0, roles=True).shape == (0,)


@st.composite
def segmentations(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    """A number of words, and spans over them that do not overlap."""
    spans, word = [], 0
    for gap, width, label in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 2)), max_size=6)
    ):
        spans.append((word + gap, word + gap + width, label))
        word += gap + width
    return word + draw(st.integers(0, 3)), spans


@given(segmentations())
def test_tags_hold_the_whole_segmentation(case: tuple[int, list[tuple[int, int, int]]]) -> None:
    word_count, spans = case
    tags = encode_tags(spans, word_count, roles=True).tolist()
    assert len(tags) == word_count
    found, start = [], None
    for word, tag in enumerate(tags):
        if tag == 0:
            assert start is None
            continue
        label, role = divmod(tag - 1, 4)
        if role in (0, 3):
            assert start is None
            start = word
        if role in (2, 3):
            assert start is not None
            found.append((start, word + 1, label))
            start = None
    assert found == spans


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
