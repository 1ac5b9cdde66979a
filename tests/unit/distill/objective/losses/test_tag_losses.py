"""Losses over tags, worked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from distilgliner.distill.objective.losses import (
    compute_log_probabilities,
    cross_entropy,
    logit_mse,
    reverse_kl,
    soft_cross_entropy,
)

# Two documents of two words, three tags; the last word of the second document is padding.
# As probabilities the first words are (¼, ¼, ½), (½, ¼, ¼), (⅓, ⅓, ⅓).
LOGITS = torch.tensor([[[0.0, 0, math.log(2)], [math.log(2), 0, 0]], [[5.0, 5, 5], [9, -9, 0]]])
MASK = torch.tensor([[True, True], [True, False]])


def test_cross_entropy() -> None:
    tags = torch.tensor([[2, 1], [0, 1]])
    # −(ln ½ + ln ¼ + ln ⅓) / 3 = ln 24 / 3
    assert cross_entropy(LOGITS, tags, MASK).item() == pytest.approx(math.log(24) / 3)
    assert cross_entropy(LOGITS, tags, ~MASK).item() == pytest.approx(18, abs=1e-3)


def test_soft_cross_entropy() -> None:
    targets = torch.zeros(2, 2, 3)
    targets[0, 0] = torch.tensor([0.5, 0.25, 0.25])
    targets[0, 1] = torch.tensor([0.0, 1, 0])
    targets[1, 0] = torch.tensor([1 / 3, 1 / 3, 1 / 3])
    # KL of word 1: ½ ln(½ / ¼) + ¼ ln(¼ / ¼) + ¼ ln(¼ / ½) = ¼ ln 2; of word 2: ln 4 = 2 ln 2;
    # of word 3: 0. The mean is ¾ ln 2.
    assert soft_cross_entropy(LOGITS, targets, MASK).item() == pytest.approx(0.75 * math.log(2))


def test_temperature() -> None:
    # T = 2. Student: (ln 9, 0) / 2 → (¾, ¼). Target: (16, 1) / 17 → roots (4, 1) → (⅘, ⅕).
    # KL = ⅘ ln(16 / 15) + ⅕ ln(4 / 5), times T² = 4.
    logits = torch.tensor([[[math.log(9), 0.0]]])
    targets = torch.tensor([[[16 / 17, 1 / 17]]])
    expected = 4 * (0.8 * math.log(16 / 15) + 0.2 * math.log(4 / 5))
    mask = torch.ones(1, 1, dtype=torch.bool)
    assert soft_cross_entropy(logits, targets, mask, 2).item() == pytest.approx(expected, abs=1e-6)


def test_certain_targets_have_the_same_gradient_as_tags() -> None:
    tags = torch.tensor([[2, 1], [0, 1]])
    targets = torch.nn.functional.one_hot(tags, 3).float()
    gradients = []
    for loss in (cross_entropy, soft_cross_entropy):
        logits = LOGITS.clone().requires_grad_()
        value = loss(logits, tags if loss is cross_entropy else targets, MASK)
        value.backward()
        assert logits.grad is not None
        gradients.append(logits.grad)
    assert torch.allclose(*gradients, atol=1e-7)
    # d/dlogits = (p − target) / 3 words; the first word: (¼, ¼, ½ − 1) / 3
    assert gradients[0][0, 0].tolist() == pytest.approx([1 / 12, 1 / 12, -1 / 6])
    assert not gradients[0][1, 1].any()  # padding


def test_the_best_student_is_the_teacher() -> None:
    targets = torch.softmax(LOGITS, dim=-1)
    for temperature in (1.0, 3.0):
        logits = LOGITS.clone().requires_grad_()
        loss = soft_cross_entropy(logits, targets, MASK, temperature)
        loss.backward()
        assert loss.item() == pytest.approx(0, abs=1e-6)
        assert logits.grad is not None
        assert logits.grad.abs().max() < 1e-6


def test_no_words_cost_nothing_but_have_a_gradient() -> None:
    none = torch.zeros_like(MASK)
    for loss, targets in (
        (cross_entropy, torch.zeros(2, 2, dtype=torch.long)),
        (soft_cross_entropy, torch.zeros(2, 2, 0)),
        (reverse_kl, torch.zeros(2, 2, 0)),
        (logit_mse, torch.zeros(2, 2, 0)),
    ):
        logits = LOGITS.clone().requires_grad_()
        value = loss(logits, targets, none)
        value.backward()
        assert value.item() == 0
        assert logits.grad is not None
        assert not logits.grad.any()


def test_a_temperature_for_each_word() -> None:
    # Word 1 at T = 2 as in `test_temperature`; word 2 at T = 1: student (½, ½), target (1, 0),
    # KL = ln 2. Padding has a temperature that must not be used.
    logits = torch.tensor([[[math.log(9), 0.0], [1.0, 1.0], [7.0, -7.0]]])
    targets = torch.tensor([[[16 / 17, 1 / 17], [1.0, 0.0], [0.5, 0.5]]])
    temperature = torch.tensor([[2.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False]])
    first = 4 * (0.8 * math.log(16 / 15) + 0.2 * math.log(4 / 5))
    value = soft_cross_entropy(logits, targets, mask, temperature)
    assert value.item() == pytest.approx((first + math.log(2)) / 2, abs=1e-6)


def test_reverse_kl() -> None:
    targets = torch.zeros(2, 2, 3)
    targets[0, 0] = torch.tensor([0.5, 0.25, 0.25])
    targets[0, 1] = torch.tensor([0.0, 0.5, 0.5])
    targets[1, 0] = torch.tensor([1 / 3, 1 / 3, 1 / 3])
    # Word 1: ¼ ln(¼ / ½) + ¼ ln(¼ / ¼) + ½ ln(½ / ¼) = ¼ ln 2. Word 2, with 1e-8 for 0:
    # ½ ln(½ / 1e-8) + 2 · ¼ ln(¼ / ½) = ½ ln 1e8 − ln 2. Word 3: 0.
    expected = (0.25 * math.log(2) + 0.5 * math.log(1e8) - math.log(2)) / 3
    assert reverse_kl(LOGITS, targets, MASK).item() == pytest.approx(expected, abs=1e-5)


def test_reverse_kl_at_a_temperature() -> None:
    # T = 2 as in `test_temperature`: student (¾, ¼), target (⅘, ⅕), times T² = 4.
    logits = torch.tensor([[[math.log(9), 0.0]]])
    targets = torch.tensor([[[16 / 17, 1 / 17]]])
    expected = 4 * (0.75 * math.log(15 / 16) + 0.25 * math.log(5 / 4))
    mask = torch.ones(1, 1, dtype=torch.bool)
    for temperature in (2.0, torch.tensor([[2.0]])):
        value = reverse_kl(logits, targets, mask, temperature)
        assert value.item() == pytest.approx(expected, abs=1e-6)


def test_logit_mse_where_the_teacher_says_something_of_every_tag() -> None:
    # Centred student (−1, 0, 1) from (1, 2, 3); target (e, 1, 1/e) / sum has the centred logarithms
    # (1, 0, −1). Gaps (−2, 0, 2): (4 + 0 + 4) / 3; at T = 2 a quarter of that.
    logits = torch.tensor([[[1.0, 2.0, 3.0]]])
    targets = torch.softmax(torch.tensor([[[1.0, 0.0, -1.0]]]), dim=-1)
    mask = torch.ones(1, 1, dtype=torch.bool)
    assert logit_mse(logits, targets, mask).item() == pytest.approx(8 / 3, abs=1e-6)
    for temperature in (2.0, torch.tensor([[2.0]])):
        value = logit_mse(logits, targets, mask, temperature)
        assert value.item() == pytest.approx(2 / 3, abs=1e-6)


def test_logit_mse_takes_zeros_for_upper_bounds() -> None:
    # The teacher knows tags 1 and 2: (½, ½), centred (0, 0). The bound of tag 3 is
    # ln 1e-4 − ln ½ = ln 2e-4. The student's known logits (3, 1) have the mean 2: gaps 1 and −1.
    targets = torch.tensor([[[0.5, 0.5, 0.0]]])
    mask = torch.ones(1, 1, dtype=torch.bool)
    bound = math.log(2e-4)
    for third, gap in ((2 + bound - 5, 0.0), (2 + bound, 0.0), (2 + bound + 3, 3.0)):
        logits = torch.tensor([[[3.0, 1.0, third]]])
        value = logit_mse(logits, targets, mask)
        assert value.item() == pytest.approx((1 + 1 + gap**2) / 3, abs=1e-5)


def test_logit_mse_teaches_a_word_that_is_surely_outside() -> None:
    logits = torch.zeros(1, 1, 3, requires_grad=True)
    logit_mse(logits, torch.tensor([[[1.0, 0.0, 0.0]]]), torch.tensor([[True]])).backward()
    assert logits.grad is not None
    # Gaps 0, b, b with b = −ln 1e-4; d/dlogits of 2 b² / 3 is (−4b, 2b, 2b) / 3.
    push = -math.log(1e-4) * 2 / 3
    assert logits.grad[0, 0].tolist() == pytest.approx([-2 * push, push, push])


def test_log_probabilities_are_finite() -> None:
    logarithms = compute_log_probabilities(torch.tensor([[[1.0, 0.0]]]))
    assert logarithms[0, 0].tolist() == pytest.approx([0, math.log(1e-8)])


SOFT_LOSSES = (soft_cross_entropy, reverse_kl, logit_mse)
distributions = arrays(np.float32, (2, 2, 3), elements=st.floats(-8, 8, width=32))


@pytest.mark.parametrize("loss", SOFT_LOSSES)
@given(student=distributions, teacher=distributions, shift=st.floats(-5, 5), t=st.floats(1, 4))
@settings(max_examples=25, deadline=None)
def test_soft_losses_are_blind_to_a_constant_and_to_padding(
    loss: Callable[..., Tensor], student: np.ndarray, teacher: np.ndarray, shift: float, t: float
) -> None:
    logits = torch.from_numpy(student).requires_grad_()
    targets = torch.softmax(torch.from_numpy(teacher), dim=-1)
    value = loss(logits, targets, MASK, t)
    value.backward()
    assert value >= -1e-5
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[MASK].sum(dim=-1).abs().max() < 1e-3  # no push along a constant
    assert not logits.grad[~MASK].any()
    per_word = torch.where(MASK, t, math.nan)
    moved = (logits.detach() + shift).masked_fill(~MASK.unsqueeze(-1), 99)
    other = targets.masked_fill(~MASK.unsqueeze(-1), 0)
    assert loss(moved, other, MASK, per_word).item() == pytest.approx(
        value.item(), rel=1e-3, abs=1e-4
    )


@pytest.mark.parametrize("loss", SOFT_LOSSES)
def test_a_copy_of_the_teacher_costs_nothing(loss: Callable[..., Tensor]) -> None:
    targets = torch.softmax(LOGITS / 2, dim=-1)
    assert loss(LOGITS / 2 + 3, targets, MASK).item() == pytest.approx(0, abs=1e-6)
    assert loss(-LOGITS, targets, MASK).item() > 0.05


@pytest.mark.parametrize("loss", SOFT_LOSSES)
def test_zeros_and_large_logits_stay_finite(loss: Callable[..., Tensor]) -> None:
    logits = torch.tensor([[[200.0, 0, -200], [-200, 0, 200]]], requires_grad=True)
    targets = torch.tensor([[[0.0, 0, 1], [0, 0.5, 0.5]]])
    for temperature in (1.0, 0.5, torch.tensor([[1.0, 4.0]])):
        logits.grad = None
        value = loss(logits, targets, torch.ones(1, 2, dtype=torch.bool), temperature)
        value.backward()
        assert value.isfinite()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()
