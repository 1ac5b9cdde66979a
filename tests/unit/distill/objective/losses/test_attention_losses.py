"""Losses between attention maps, worked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from distilgliner.distill.objective.losses import attention_kl, attention_mse

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
LOSSES: tuple[Loss, ...] = (attention_mse, attention_kl)
MASK = torch.tensor([[True, True, True, False], [True, True, False, False], [False] * 4])

# One document of two words and one of padding, one head.
STUDENT = torch.tensor([[[[0.5, 0.5, 0], [0.25, 0.75, 0], [1, 0, 0]]]])
# The teacher gives half of its attention to the prompt; over the words (½, ½) and (¾, ¼).
TEACHER = torch.tensor([[[[0.25, 0.25, 0], [0.375, 0.125, 0], [1, 0, 0]]]])
TWO = torch.tensor([[True, True, False]])


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).softmax(dim=-1)


def test_mse() -> None:
    # Gaps (0, 0) and (−½, ½): (¼ + ¼) / 4 pairs of words
    assert attention_mse(STUDENT, TEACHER, TWO).item() == pytest.approx(1 / 8)


def test_kl() -> None:
    # Word 1: 0. Word 2: ¾ ln(¾ / ¼) + ¼ ln(¼ / ¾) = ½ ln 3. Mean of two words.
    assert attention_kl(STUDENT, TEACHER, TWO).item() == pytest.approx(math.log(3) / 4)


def test_heads_are_averaged_when_their_numbers_differ() -> None:
    # The teacher's second head looks away from words, but for word 2 to word 2 (¼). The average of
    # both heads for word 2 is (0.375, 0.375) / 2, over the words (½, ½); for word 1 it is (½, ½).
    second = torch.zeros(1, 1, 3, 3)
    second[0, 0, 1, 1] = 0.25
    teacher = torch.cat((TEACHER, second), dim=1)
    # Word 2: gaps (−¼, ¼): (1/16 + 1/16) / 4 pairs; ½ ln(½ / ¼) + ½ ln(½ / ¾) = ½ ln(4/3)
    assert attention_mse(STUDENT, teacher, TWO).item() == pytest.approx(1 / 32)
    assert attention_kl(STUDENT, teacher, TWO).item() == pytest.approx(math.log(4 / 3) / 4)


def test_heads_are_compared_one_by_one_when_they_are_as_many() -> None:
    teacher = torch.cat((TEACHER, STUDENT), dim=1)
    student = torch.cat((STUDENT, STUDENT), dim=1)
    assert attention_mse(student, teacher, TWO).item() == pytest.approx(1 / 16)
    assert attention_kl(student, teacher, TWO).item() == pytest.approx(math.log(3) / 8)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("heads", [(2, 2), (2, 3)])
def test_padding_has_no_influence(loss: Loss, heads: tuple[int, int]) -> None:
    student = draw(3, heads[0], 4, 4).requires_grad_()
    teacher = draw(3, heads[1], 4, 4, seed=1)
    value = loss(student, teacher, MASK)
    value.backward()
    pairs = (MASK[:, None, :, None] & MASK[:, None, None, :]).expand_as(student)
    changed = loss(
        student.detach().masked_fill(~pairs, math.nan),
        teacher.masked_fill(~pairs[:, :1], 1e9),
        MASK,
    )
    assert changed.item() == value.item() > 0
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert student.grad[pairs].all()
    assert not student.grad[~pairs].any()
    shorter = loss(student[:2, :, :3, :3], teacher[:2, :, :3, :3], MASK[:2, :3])
    assert shorter.item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_copy_costs_nothing(loss: Loss) -> None:
    maps = draw(3, 2, 4, 4)
    assert loss(maps, maps * 0.3, MASK).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_attention_of_exactly_0_is_finite(loss: Loss) -> None:
    student = torch.eye(3).reshape(1, 1, 3, 3).requires_grad_()
    value = loss(student, TEACHER, TWO)
    value.backward()
    assert value.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
def test_no_words_cost_nothing_but_have_a_gradient(loss: Loss) -> None:
    student = draw(3, 2, 4, 4).requires_grad_()
    value = loss(student, draw(3, 2, 4, 4, seed=1), torch.zeros_like(MASK))
    value.backward()
    assert value.item() == 0
    assert student.grad is not None
    assert not student.grad.any()
