"""Losses worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from distilgliner.distill.losses import cross_entropy, soft_cross_entropy

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
    ):
        logits = LOGITS.clone().requires_grad_()
        value = loss(logits, targets, none)
        value.backward()
        assert value.item() == 0
        assert logits.grad is not None
        assert not logits.grad.any()
