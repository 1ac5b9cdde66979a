"""Fitting the teacher's temperature and bias to human tags."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.teacher_calibration import (
    BIASES,
    MIN_ENTITIES,
    TEMPERATURES,
    calibrate_teacher,
    compute_biased_loss,
    compute_tag_loss,
    fit_label_biases,
    subtract_biases,
)
from distilgliner.student.tags import SINGLE, tag_index

ENTITY = tag_index(0, SINGLE, roles=True)


def build_pairs(
    logits: np.ndarray, is_entity: np.ndarray
) -> list[tuple[AnnotatedDocument, np.ndarray]]:
    """Documents of ten one-letter words, a span on each word, one label."""
    pairs = []
    words = [(2 * place, 2 * place + 1) for place in range(10)]
    start = np.arange(10, dtype=np.int32)
    for row in range(0, len(logits), 10):
        spans = SpanScores(
            start, start + 1, np.zeros(10, np.int32), logits[row : row + 10].astype(np.float32)
        )
        document = AnnotatedDocument(str(row), "a " * 10, words, spans)
        pairs.append((document, np.where(is_entity[row : row + 10], ENTITY, 0)))
    return pairs


@pytest.mark.parametrize(
    ("temperature", "bias"),
    [(0.4, 0.0), (0.4, 1.0), (0.3, -0.5), (1.0, -2.0)],
)
def test_finds_what_the_labels_were_drawn_with(temperature: float, bias: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(bias, 1.5, size=1000)
    odds = np.exp((logits - bias) / temperature)
    is_entity = generator.random(1000) < odds / (1 + odds)
    pairs = build_pairs(logits, is_entity)
    start = TargetConfig(span_floor=0.0)
    found = calibrate_teacher(pairs, 1, start, roles=True)
    near = sorted({*TEMPERATURES, start.span_temperature})
    assert abs(near.index(found.span_temperature) - near.index(temperature)) <= 1
    assert found.teacher_bias == pytest.approx(bias, abs=0.26)
    assert compute_tag_loss(pairs, 1, found, roles=True) <= compute_tag_loss(
        pairs, 1, start, roles=True
    )


def test_loss_by_hand() -> None:
    # One span with logit 0 at T = 1 on each of ten words: p(entity) = p(O) = 1/2 everywhere.
    pairs = build_pairs(np.zeros(10), np.arange(10) < 3)
    config = TargetConfig(span_temperature=1.0)
    assert compute_tag_loss(pairs, 1, config, roles=True) == pytest.approx(math.log(2), abs=1e-6)


def test_a_word_that_the_teacher_rules_out_does_not_decide() -> None:
    pairs = build_pairs(np.full(10, -20.0), np.arange(10) < 1)
    config = TargetConfig(span_temperature=1.0)
    assert compute_tag_loss(pairs, 1, config, roles=True) == pytest.approx(
        math.log(1000) / 10, abs=1e-4
    )


def test_nothing_to_learn_from_changes_nothing() -> None:
    config = TargetConfig(teacher_bias=BIASES[-1])
    assert calibrate_teacher([], 1, config, roles=True) == config


def build_two_labels(logits: np.ndarray, is_entity: np.ndarray) -> list[Any]:
    """As `build_pairs`; words at even places are of label 0, the others of label 1."""
    pairs = []
    label = np.arange(10, dtype=np.int32) % 2
    for document, tags in build_pairs(logits, is_entity):
        spans = replace(document.spans, label_index=label)
        pairs.append((replace(document, spans=spans), np.where(tags > 0, tags + 4 * label, 0)))
    return pairs


def test_the_bias_of_a_label_is_halved_and_of_a_rare_one_none() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 1.5, size=2000)
    bias = np.where(np.arange(2000) % 2, 0.0, 1.0)
    is_entity = generator.random(2000) < 1 / (1 + np.exp(bias - logits))
    pairs = build_two_labels(logits, is_entity)
    config = TargetConfig(span_floor=0.0)
    found = fit_label_biases(pairs, ["a", "b"], config)
    assert found["a"] == pytest.approx(0.5, abs=0.13)
    assert abs(found.get("b", 0.0)) <= 0.125
    plain = compute_tag_loss(pairs, 2, config, roles=True)
    assert compute_biased_loss(pairs, ["a", "b"], config, {}) == pytest.approx(plain)
    assert compute_biased_loss(pairs, ["a", "b"], config, found) < plain
    few = pairs[:5]
    assert sum(int((tags > 0).sum()) for _, tags in few) < MIN_ENTITIES
    assert fit_label_biases(few, ["a", "b"], config) == {}


def test_one_bias_for_all_labels_is_the_bias_of_the_teacher() -> None:
    pairs = build_two_labels(np.linspace(-4, 4, 100), np.arange(100) % 3 == 0)
    config = TargetConfig(span_floor=0.05)
    with_bias = config.model_copy(update={"teacher_bias": 0.75})
    assert compute_biased_loss(pairs, ["a", "b"], config, {"a": 0.75, "b": 0.75}) == pytest.approx(
        compute_tag_loss(pairs, 2, with_bias, roles=True), rel=1e-5
    )


def test_spans_below_the_floor_go_before_the_bias_comes() -> None:
    ((document, _),) = build_pairs(np.array([-3.0, -1, 0, 1, 2, 3, 4, 5, 6, 7]), np.zeros(10, bool))
    found = subtract_biases(document, np.array([2.0]), 0.2)  # logit −1.386
    assert found.spans.logit.tolist() == [-3, -2, -1, 0, 1, 2, 3, 4, 5]
    assert found.spans.word_start.tolist() == list(range(1, 10))
    assert found.text == document.text
