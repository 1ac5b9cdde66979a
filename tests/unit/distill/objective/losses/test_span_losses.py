"""Losses over independent spans, worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from distilgliner.distill.objective.losses import span_binary_cross_entropy, span_binary_kl

# Probabilities ½, ¾, ¼
LOGITS = torch.tensor([0.0, math.log(3), -math.log(3)])


def test_kl() -> None:
    # Targets ½, ¼, 0: 0; ¼ ln(¼ / ¾) + ¾ ln(¾ / ¼) = ½ ln 3; ln(1 / ¾) = ln(4/3)
    value = span_binary_kl(LOGITS, torch.tensor([0.5, 0.25, 0.0]))
    assert value.item() == pytest.approx((0.5 * math.log(3) + math.log(4 / 3)) / 3)


def test_kl_at_a_temperature() -> None:
    # T = 2. Student: odds 9 → 3, ¾. Target: odds 16 → 4, ⅘. KL ⅘ ln(16/15) + ⅕ ln(4/5), times 4.
    value = span_binary_kl(torch.tensor([math.log(9)]), torch.tensor([16 / 17]), 2)
    expected = 4 * (0.8 * math.log(16 / 15) + 0.2 * math.log(4 / 5))
    assert value.item() == pytest.approx(expected, abs=1e-6)


def test_the_best_student_is_the_teacher() -> None:
    for temperature in (1.0, 3.0):
        logits = torch.tensor([-4.0, 0.3, 5.0], requires_grad=True)
        value = span_binary_kl(logits, torch.sigmoid(logits.detach()), temperature)
        value.backward()
        assert value.item() == pytest.approx(0, abs=1e-6)
        assert logits.grad is not None
        assert logits.grad.abs().max() < 1e-6


def test_certain_targets_have_the_same_kl_as_cross_entropy() -> None:
    targets = torch.tensor([0.0, 1.0, 1.0])
    # ln 2, ln(4/3), ln 4
    expected = (math.log(2) + math.log(4 / 3) + math.log(4)) / 3
    assert span_binary_kl(LOGITS, targets).item() == pytest.approx(expected)
    assert span_binary_cross_entropy(LOGITS, targets).item() == pytest.approx(expected)


def test_the_weight_of_negatives() -> None:
    # Positive ln(4/3); negatives ln 2 and ln(4/3) at ¼: (ln(4/3) + ¼ (ln 2 + ln(4/3))) / 1.5
    targets = torch.tensor([0, 1, 0])
    expected = (math.log(4 / 3) + 0.25 * math.log(8 / 3)) / 1.5
    assert span_binary_cross_entropy(LOGITS, targets, 0.25).item() == pytest.approx(expected)
    alone = span_binary_cross_entropy(LOGITS, targets, 0)
    assert alone.item() == pytest.approx(math.log(4 / 3))


def test_certain_targets_and_large_logits_stay_finite() -> None:
    logits = torch.tensor([300.0, -300.0, 0.0], requires_grad=True)
    targets = torch.tensor([0.0, 1.0, 1.0])
    for value in (
        span_binary_kl(logits, targets),
        span_binary_kl(logits, targets, 2),
        span_binary_cross_entropy(logits, targets),
    ):
        logits.grad = None
        value.backward()
        assert value.isfinite()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()
        assert logits.grad[0] > 0 > logits.grad[1]


def test_no_spans_cost_nothing_but_have_a_gradient() -> None:
    logits = torch.zeros(0, requires_grad=True)
    (span_binary_kl(logits, logits) + span_binary_cross_entropy(logits, logits)).backward()
    assert logits.grad is not None
    negatives = torch.zeros(2, requires_grad=True)
    value = span_binary_cross_entropy(negatives, torch.zeros(2), 0)  # none of them counts
    value.backward()
    assert value.item() == 0
    assert negatives.grad is not None
    assert not negatives.grad.any()
