"""The expected calibration error, by hand and against a plain loop."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.corpus.document import Entity
from distilgliner.metrics.calibration import (
    ReliabilityBin,
    compute_reliability,
    pair_scores,
)

ENTITIES = st.lists(
    st.tuples(st.one_of(st.floats(0, 1), st.sampled_from([0.1, 0.3, 0.7])), st.booleans()),
    min_size=1,
    max_size=40,
)


def test_by_hand() -> None:
    # Bin (0.9, 1]: scores 0.95 and 0.91, one right: |1.86 − 1|. Bin (0.6, 0.7]: 0.7, right: 0.3.
    # Bin (0.1, 0.2]: 0.2, wrong: 0.2. Together 1.36 of 4 entities.
    found = compute_reliability(
        np.array([0.95, 0.7, 0.2, 0.91]), np.array([True, True, False, False])
    )
    assert found.ece == pytest.approx(1.36 / 4)
    assert (found.entities, found.floor) == (4, 0.1)
    assert found.bins == (
        ReliabilityBin(0.1, 0.2, 1, 0.2, 0.0),
        ReliabilityBin(0.6, 0.7, 1, 0.7, 1.0),
        ReliabilityBin(0.9, 1.0, 2, pytest.approx(0.93), 0.5),
    )


def test_a_bin_has_its_upper_border_and_not_its_lower() -> None:
    borders = np.arange(1, 11) / 10
    found = compute_reliability(borders, np.ones(10, dtype=bool))
    assert [(part.high, part.entities) for part in found.bins] == [(x, 1) for x in borders]
    assert compute_reliability(np.zeros(1), np.zeros(1, dtype=bool)).bins[0].low == 0


def test_scores_that_err_up_and_down_in_one_bin_cancel() -> None:
    found = compute_reliability(np.full(4, 0.75), np.array([True, True, True, False]))
    assert found.ece == 0
    assert compute_reliability(np.full(4, 0.75), np.ones(4, dtype=bool)).ece == 0.25


def test_without_entities_there_is_no_error() -> None:
    found = compute_reliability(np.zeros(0), np.zeros(0, dtype=bool), floor=0.5)
    assert (found.ece, found.entities, found.bins) == (None, 0, ())
    assert json.loads(json.dumps(found.to_dict())) == {
        "ece": None, "entities": 0, "floor": 0.5, "bins": []
    }  # fmt: skip


@pytest.mark.parametrize("score", [1.01, -0.01, float("nan")])
def test_what_is_no_score_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compute_reliability(np.array([0.5, score]), np.array([True, True]))


@given(ENTITIES, st.integers(1, 12))
def test_equal_to_a_plain_loop(entities: list[tuple[float, bool]], bins: int) -> None:
    wanted = 0.0
    for index in range(bins):
        inside = [
            (score, right)
            for score, right in entities
            if index / bins < score <= (index + 1) / bins or (index == 0 and score == 0)
        ]
        if inside:
            confidence = sum(score for score, _ in inside) / len(inside)
            accuracy = sum(right for _, right in inside) / len(inside)
            wanted += len(inside) / len(entities) * abs(confidence - accuracy)
    scores, is_right = map(np.array, zip(*entities, strict=True))
    found = compute_reliability(scores, is_right, bins=bins)
    assert found.ece == pytest.approx(wanted)
    assert 0 <= wanted <= 1
    assert sum(part.entities for part in found.bins) == len(entities)
    order = np.random.default_rng(0).permutation(len(entities))
    assert compute_reliability(scores[order], is_right[order], bins=bins).ece == pytest.approx(
        wanted
    )


def test_right_is_a_strict_match_in_the_same_document() -> None:
    gold = [[(0, 3, "person"), (13, 17, "place")], [(0, 3, "person")], []]
    predicted = [
        [Entity(0, 3, "person", 0.9), Entity(13, 17, "person", 0.6)],
        [Entity(0, 4, "person", 0.3), Entity(13, 17, "place", 0.8)],
        [],
    ]
    scores, is_right = pair_scores(gold, predicted)
    assert scores.tolist() == [0.9, 0.6, 0.3, 0.8]
    assert is_right.tolist() == [True, False, False, False]
    with pytest.raises(ValueError, match="zip"):
        pair_scores(gold, predicted[:2])
