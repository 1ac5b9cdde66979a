"""Constrained decoding against every possible segmentation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from distilgliner.student.decoding.decode import ScoredSpan, decode_words
from distilgliner.student.decoding.regions import find_regions
from distilgliner.student.tags import encode_tags

Spans = list[tuple[int, int, int]]
# (words, labels): at most 610 flat segmentations each
SIZES = [(1, 1), (1, 3), (2, 2), (4, 3), (5, 2), (7, 1)]
THRESHOLDS = [0.5, 0.2, 0.8]


def enumerate_segmentations(word_count: int, label_count: int, first: int = 0) -> Iterator[Spans]:
    """Every set of labelled spans over words `first` … that do not overlap."""
    if first >= word_count:
        yield []
        return
    yield from enumerate_segmentations(word_count, label_count, first + 1)
    for end in range(first + 1, word_count + 1):
        for rest in enumerate_segmentations(word_count, label_count, end):
            for label in range(label_count):
                yield [(first, end, label), *rest]


def find_best(scores: np.ndarray, label_count: int, threshold: float) -> Spans:
    """The segmentation with the largest sum of tag scores, O being worth logit(t) more."""
    scores = scores.astype(np.float64).copy()
    scores[:, 0] += math.log(threshold / (1 - threshold))

    def total(spans: Spans) -> float:
        tags = encode_tags(spans, len(scores), roles=True)
        return float(scores[np.arange(len(scores)), tags].sum())

    return max(enumerate_segmentations(len(scores), label_count), key=total)


def decode_batch(
    scores: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float = 0.5
) -> list[list[ScoredSpan]]:
    """Decode padded scores (B, L, T)."""
    words = np.arange(scores.shape[1]) < lengths[:, None]
    return decode_words(scores[words], lengths, roles=roles, threshold=threshold)


def decode_one(scores: np.ndarray, *, threshold: float = 0.5, roles: bool = True) -> Spans:
    lengths = np.array([len(scores)])
    return strip(decode_batch(scores[None], lengths, roles=roles, threshold=threshold)[0])


def strip(spans: list[ScoredSpan]) -> Spans:
    return [span[:3] for span in spans]


def random_scores(seed: int, word_count: int, label_count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(word_count, 1 + 4 * label_count), scale=2).astype(np.float32)


def test_the_enumeration_counts_right() -> None:
    # Two words, one label: nothing, a, b, a and b, ab.
    assert sorted(enumerate_segmentations(2, 1)) == sorted(
        [[], [(0, 1, 0)], [(1, 2, 0)], [(0, 1, 0), (1, 2, 0)], [(0, 2, 0)]]
    )


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize(("word_count", "label_count"), SIZES)
def test_best_of_all_segmentations(word_count: int, label_count: int, threshold: float) -> None:
    some = 0
    for seed in range(12):
        scores = random_scores(seed, word_count, label_count)
        best = find_best(scores, label_count, threshold)
        assert decode_one(scores, threshold=threshold) == best
        some += bool(best)
    assert some > 0


@pytest.mark.parametrize("threshold", [0.05, *THRESHOLDS, 0.97])
@pytest.mark.parametrize("roles", [True, False])
def test_scores_are_above_the_threshold_and_in_order(roles: bool, threshold: float) -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(40, 12, 13 if roles else 4), scale=3).astype(np.float32)
    documents = decode_batch(scores, np.full(40, 12), roles=roles, threshold=threshold)
    assert sum(map(len, documents)) > 10
    for spans in documents:
        assert all(threshold < score <= 1 for *_, score in spans)
        ends = [0] + [end for _, end, _, _ in spans]
        assert all(
            last <= start < end for last, (start, end, _, _) in zip(ends, spans, strict=False)
        )


def test_score_of_an_entity() -> None:
    # One label: O, B, I, E, S. Log-odds against O: B 3, I −1, E 1 → mean 1; S 2 alone.
    scores = np.array(
        [[0, 3, -9, -9, -9], [2, -9, 1, -9, -9], [1, -9, -9, 2, -9], [0, -9, -9, -9, 2]]
    )
    found = decode_batch(scores[None], np.array([4]), roles=True)[0]
    assert strip(found) == [(0, 3, 0), (3, 4, 0)]
    assert [score for *_, score in found] == pytest.approx(
        [1 / (1 + math.exp(-1)), 0.880797], abs=1e-6
    )
    # Without roles: words 2 and 1 → mean 1.5.
    scores = np.array([[0, 2.0], [1, 2], [0, -1]])
    found = decode_batch(scores[None], np.array([3]), roles=False)[0]
    assert found == [(0, 2, 0, pytest.approx(1 / (1 + math.exp(-1.5))))]


@pytest.mark.parametrize("roles", [True, False])
def test_a_lower_threshold_leaves_fewer_words_outside(roles: bool) -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(30, 9, 9 if roles else 3), scale=2)
    covered = []
    for threshold in (0.9, 0.7, 0.5, 0.3, 0.1):
        documents = decode_batch(scores, np.full(30, 9), roles=roles, threshold=threshold)
        covered.append([sum(end - start for start, end, *_ in spans) for spans in documents])
    for higher, lower in pairwise(covered):
        assert all(a <= b for a, b in zip(higher, lower, strict=True))
    assert sum(covered[0]) < sum(covered[-1])


@pytest.mark.parametrize("roles", [True, False])
def test_neither_padding_nor_neighbours_nor_an_offset_matter(roles: bool) -> None:
    rng = np.random.default_rng(7)
    lengths = np.array([5, 0, 8, 1, 3])
    scores = rng.normal(size=(5, 8, 9 if roles else 3), scale=2)
    whole = decode_batch(scores, lengths, roles=roles)
    assert [len(spans) > 0 for spans in whole] == [True, False, True, True, True]
    for row, length in enumerate(lengths.tolist()):
        cut = scores[row : row + 1, :length]
        assert decode_batch(cut, lengths[row : row + 1], roles=roles) == [whole[row]]
    noisy = scores.copy()
    for row, length in enumerate(lengths.tolist()):
        noisy[row, length:] = rng.normal(size=noisy[row, length:].shape, scale=50)
    assert decode_batch(noisy, lengths, roles=roles) == whole
    shifted = scores + rng.normal(size=(5, 8, 1), scale=20)
    for one, other in zip(decode_batch(shifted, lengths, roles=roles), whole, strict=True):
        assert strip(one) == strip(other)


def test_without_roles_neighbours_of_one_label_are_one_entity() -> None:
    best = [1, 1, 2, 0, 2, 2, 1]
    scores = np.full((7, 3), -1.0)
    scores[np.arange(7), best] = 1
    expected = [(0, 2, 0), (2, 3, 1), (4, 6, 1), (6, 7, 0)]
    assert decode_one(scores, roles=False) == expected


def test_certain_scores_do_not_overflow() -> None:
    scores = np.array([[0, -1e4, -1e4, -1e4, 1e4], [0, -1e4, -1e4, -1e4, -1e4]], np.float32)
    assert decode_batch(scores[None], np.array([2]), roles=True, threshold=1e-6) == [
        [(0, 1, 0, 1.0)]
    ]


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2, float("nan")])
def test_thresholds_out_of_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        decode_one(np.zeros((1, 5)), threshold=threshold)


def find_regions_slowly(gains: np.ndarray, lengths: list[int]) -> list[bool]:
    """For every word, whether any run of words around it in its document sums to more than 0."""
    found: list[bool] = []
    start = 0
    for length in lengths:
        part = gains[start : start + length]
        start += length
        for word in range(length):
            sums = [
                part[first : last + 1].sum()
                for first in range(word + 1)
                for last in range(word, length)
            ]
            found.append(max(sums) > 1e-9)
    return found


@pytest.mark.parametrize("scale", [0.6, 1.0, 3.0])
def test_regions_are_all_words_that_a_gain_could_cover(scale: float) -> None:
    rng = np.random.default_rng(7)
    some = 0
    for _ in range(60):
        lengths = rng.integers(0, 9, size=5)
        gains = rng.normal(loc=-1, scale=scale, size=int(lengths.sum()))
        starts, ends = find_regions(gains, lengths)
        marked = np.zeros(len(gains), dtype=bool)
        for start, end in zip(starts, ends, strict=True):
            assert not marked[start:end].any()
            marked[start:end] = True
        assert marked.tolist() == find_regions_slowly(gains, lengths.tolist())
        borders = set(np.cumsum(lengths).tolist())
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            assert not borders & set(range(start + 1, end))
        some += len(starts)
    assert some > 0


@pytest.mark.parametrize("roles", [True, False])
def test_a_long_text_of_few_entities_is_decoded_as_in_parts(roles: bool) -> None:
    rng = np.random.default_rng(9)
    scores = rng.normal(size=(4000, 13 if roles else 4)).astype(np.float32)
    scores[:, 0] += 3
    scores[20::40, 0] = 30  # outside for sure: what stands between can be decoded alone
    whole = decode_batch(scores[None], np.array([4000]), roles=roles)[0]
    parts: Spans = []
    borders = [0, *range(20, 4000, 40), 4000]
    for start, end in pairwise(borders):
        part = decode_one(scores[start:end], roles=roles)
        parts += [(start + first, start + last, label) for first, last, label in part]
    assert len(whole) > 100
    assert strip(whole) == parts
