"""Tags of words."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given

from distilgliner.student.tags import (
    count_tags,
    decode_tags,
    encode_tags,
    find_allowed,
    tag_index,
)
from segmentations import segmentations


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
    decoded = decode_tags(np.array([[0] * word_count, tags], dtype=np.int64))
    rows = zip(*(part.tolist() for part in decoded), strict=True)
    assert [(row[0], row[1], row[2] + 1, row[3]) for row in rows] == [(1, *s) for s in spans]


@given(segmentations())
def test_tags_of_a_segmentation_are_allowed(
    case: tuple[int, list[tuple[int, int, int]]],
) -> None:
    word_count, spans = case
    tags = encode_tags(spans, word_count, roles=True).tolist()
    allowed = find_allowed(3)
    border = count_tags(3, roles=True)
    if tags:
        assert all(allowed[pair] for pair in itertools.pairwise([border, *tags, border]))


def test_what_may_follow() -> None:
    # O B I E S and the border: after O, E, S or the border an entity may begin, and only there.
    assert find_allowed(1).astype(int).tolist() == [
        [1, 1, 0, 0, 1, 1],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 1],
        [1, 1, 0, 0, 1, 1],
        [1, 1, 0, 0, 1, 0],
    ]
    assert not find_allowed(2)[1, 6]  # no other label goes on
