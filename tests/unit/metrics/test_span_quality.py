"""Strict span scores."""

from __future__ import annotations

import pytest

from distilgliner.corpus.document import Entity
from distilgliner.metrics.spans import (
    Scores,
    compute_counts,
    compute_scores,
    compute_span_quality,
    entity_spans,
    prediction_spans,
)

GOLD = [[(0, 3, "person"), (10, 15, "place")], [(0, 4, "person")], []]
FOUND = [[(0, 3, "person"), (10, 14, "place")], [], [(2, 5, "event")]]


def test_scores_by_hand() -> None:
    quality = compute_span_quality(GOLD, FOUND)
    assert quality.micro == Scores(1 / 3, 1 / 3, 1 / 3, 3)
    assert list(quality.per_label) == ["event", "person", "place"]
    assert quality.per_label["person"] == Scores(1.0, 0.5, pytest.approx(2 / 3), 2)
    assert quality.per_label["event"] == Scores(0.0, 0.0, 0.0, 0)
    assert quality.macro.precision == pytest.approx(1 / 3)
    assert quality.macro.recall == pytest.approx(1 / 6)
    assert quality.macro.f1 == pytest.approx(2 / 9)


def test_start_end_and_label_must_all_be_right() -> None:
    for wrong in [(1, 3, "x"), (0, 2, "x"), (0, 3, "y")]:
        assert compute_span_quality([[(0, 3, "x")]], [[wrong]]).micro.f1 == 0
    assert compute_span_quality([[(0, 3, "x")]], [[(0, 3, "x")]]).micro.f1 == 1


def test_repeated_predictions_count_once() -> None:
    assert compute_span_quality([[(0, 3, "x")]], [[(0, 3, "x"), (0, 3, "x")]]).micro.precision == 1


def test_equal_spans_in_other_documents_do_not_count() -> None:
    assert compute_span_quality([[(0, 3, "x")], []], [[], [(0, 3, "x")]]).micro.f1 == 0


def test_nothing_at_all_is_zero() -> None:
    quality = compute_span_quality([[]], [[]])
    assert quality.micro == quality.macro == Scores(0.0, 0.0, 0.0, 0)
    assert quality.per_label == {}


def test_dictionary_for_json() -> None:
    found = compute_span_quality(GOLD, FOUND).to_dict()
    assert set(found) == {"micro", "macro", "per_label"}
    assert set(found["micro"]) == {"precision", "recall", "f1", "support"}
    assert set(found["macro"]) == {"precision", "recall", "f1"}
    assert found["per_label"]["place"]["support"] == 1


def test_different_numbers_of_documents() -> None:
    with pytest.raises(ValueError, match="zip"):
        compute_span_quality([[]], [])


def test_counts_sum_to_the_micro_score() -> None:
    counts = compute_counts(GOLD, FOUND)
    assert counts.tolist() == [[1, 2, 2], [0, 0, 1], [0, 1, 0]]
    assert compute_scores(*counts.sum(axis=0).tolist()) == compute_span_quality(GOLD, FOUND).micro
    assert compute_counts([], []).shape == (0, 3)


def test_conversions() -> None:
    assert entity_spans([Entity(0, 3, "x", 0.4)]) == [(0, 3, "x")]
    item = {"start": 0, "end": 3, "text": "Ada", "label": "x", "score": 0.4}
    assert prediction_spans([item]) == [(0, 3, "x")]
