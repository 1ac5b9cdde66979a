"""Fitting the teacher's temperature and bias to human tags."""

from __future__ import annotations

import math

import numpy as np
import pytest

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.targets.teacher_calibration import (
    BIASES,
    TEMPERATURES,
    calibrate_teacher,
    compute_tag_loss,
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
