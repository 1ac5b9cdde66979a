"""Tags of words."""

from __future__ import annotations

from hypothesis import given

from distilgliner.student.tags import count_tags, encode_tags, tag_index
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
