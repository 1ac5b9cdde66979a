"""Losses between hidden states, worked by hand and against brute force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from distilgliner.distill.objective.losses import (
    states_cosine,
    states_fsp,
    states_mmd,
    states_mse,
    states_nst,
    states_pkd,
)

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def fsp_of_one_layer_and_its_square(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """The flow has four arguments; its upper layer is made from the lower one here."""
    return states_fsp(student, student.square(), teacher, teacher.square(), mask)


BY_DIMENSION: tuple[Loss, ...] = (
    states_mse,
    states_cosine,
    states_pkd,
    fsp_of_one_layer_and_its_square,
)
BY_WORD: tuple[Loss, ...] = (states_nst, states_mmd)
MASK = torch.tensor([[True, True, True, False], [True, False, False, False], [False] * 4])


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# One document of two words.
STUDENT = torch.tensor([[[3.0, 4.0], [0.0, 2.0]]])
TEACHER = torch.tensor([[[3.0, 2.0], [1.0, 0.0]]])
BOTH = torch.tensor([[True, True]])


def test_mse() -> None:
    # Gaps (0, 2), (−1, 2): (0 + 4 + 1 + 4) / 4; the second word left out: (0 + 4) / 2
    assert states_mse(STUDENT, TEACHER, BOTH).item() == pytest.approx(9 / 4)
    assert states_mse(STUDENT, TEACHER, torch.tensor([[True, False]])).item() == pytest.approx(2)


def test_cosine() -> None:
    # Word 1: (9 + 8) / (5 √13); word 2: orthogonal, cosine 0
    expected = (1 - 17 / (5 * math.sqrt(13)) + 1) / 2
    assert states_cosine(STUDENT, TEACHER, BOTH).item() == pytest.approx(expected)


def test_pkd() -> None:
    # (3, 4) and (4, 3) at length 1: (0.6, 0.8), (0.8, 0.6), squared distance 0.04 + 0.04. Word 2:
    # (0, 1), (1, 0), squared distance 2.
    student = torch.tensor([[[3.0, 4.0], [0.0, 2.0]]])
    teacher = torch.tensor([[[8.0, 6.0], [9.0, 0.0]]])
    assert states_pkd(student, teacher, BOTH).item() == pytest.approx((0.08 + 2) / 2)


def test_pkd_is_twice_the_cosine() -> None:
    student, teacher = draw(3, 4, 5), draw(3, 4, 5, seed=1)
    expected = 2 * states_cosine(student, teacher, MASK).item()
    assert states_pkd(student, teacher, MASK).item() == pytest.approx(expected, rel=1e-5)


def test_nst() -> None:
    # Neurons of the student over the two words: (3, 4) and (0, 1), at length 1 (0.6, 0.8), (0, 1).
    # Mean of x xᵀ: ½ [[.36, .48], [.48, .64 + 1]] = [[.18, .24], [.24, .82]]. The teacher's one
    # neuron (5, 0) gives [[1, 0], [0, 0]]. Gap [[−.82, .24], [.24, .82]]: squares sum to 1.46.
    student = torch.tensor([[[3.0, 0.0], [4.0, 1.0]]])
    teacher = torch.tensor([[[5.0], [0.0]]])
    assert states_nst(student, teacher, BOTH).item() == pytest.approx(1.46)


def test_nst_is_the_mean_discrepancy_under_the_kernel() -> None:
    student, teacher = draw(3, 4, 5), draw(3, 4, 2, seed=1)
    discrepancies = []
    for row, words in ((0, 3), (1, 1)):
        samples = [
            [column / column.norm() for column in states[row, :words].T]
            for states in (student, teacher)
        ]

        def mean_kernel(left: list[Tensor], right: list[Tensor]) -> float:
            pairs = list(itertools.product(left, right))
            return sum(float(x @ y) ** 2 for x, y in pairs) / len(pairs)

        ours, theirs = samples
        discrepancies.append(
            mean_kernel(ours, ours) + mean_kernel(theirs, theirs) - 2 * mean_kernel(ours, theirs)
        )
    expected = sum(discrepancies) / 2
    assert states_nst(student, teacher, MASK).item() == pytest.approx(expected, rel=1e-5)


def test_mmd() -> None:
    # Scalar products of words over D = 2: student ½ [[25, 8], [8, 4]], teacher ½ [[13, 3], [3, 1]].
    # Gaps ½ (12, 5, 5, 3): (144 + 25 + 25 + 9) / 4 / 4 pairs
    assert states_mmd(STUDENT, TEACHER, BOTH).item() == pytest.approx(203 / 16)
    # The first word alone: (25 − 13) / 2 squared, of 1 pair
    assert states_mmd(STUDENT, TEACHER, torch.tensor([[True, False]])).item() == pytest.approx(36)


def test_fsp() -> None:
    # D1 = 2, D2 = 1. Student: ½ ((1, 2) · 3 + (0, 1) · 2) = (1.5, 4). Teacher:
    # ½ ((2, 0) · 1 + (1, 1) · 1) = (1.5, 0.5). Gaps (0, 3.5): 12.25 / 2
    value = states_fsp(
        torch.tensor([[[1.0, 2.0], [0.0, 1.0]]]),
        torch.tensor([[[3.0], [2.0]]]),
        torch.tensor([[[2.0, 0.0], [1.0, 1.0]]]),
        torch.tensor([[[1.0], [1.0]]]),
        BOTH,
    )
    assert value.item() == pytest.approx(12.25 / 2)


def test_fsp_divides_by_the_words_of_each_document() -> None:
    # Flows: (1 · 2 + 3 · 4) / 2 = 7 and 5 · 6 / 1 = 30 against 0: (49 + 900) / 2
    lower = torch.tensor([[[1.0], [3.0]], [[5.0], [8.0]]])
    upper = torch.tensor([[[2.0], [4.0]], [[6.0], [8.0]]])
    mask = torch.tensor([[True, True], [True, False]])
    value = states_fsp(lower, upper, lower * 0, upper, mask)
    assert value.item() == pytest.approx(949 / 2)


@pytest.mark.parametrize("loss", BY_DIMENSION + BY_WORD)
def test_padding_has_no_influence(loss: Loss) -> None:
    student, teacher = draw(3, 4, 5).requires_grad_(), draw(3, 4, 5, seed=1)
    value = loss(student, teacher, MASK)
    value.backward()
    padding = ~MASK.unsqueeze(-1)
    changed = loss(
        student.detach().masked_fill(padding, math.nan), teacher.masked_fill(padding, 1e9), MASK
    )
    assert changed.item() == value.item() > 0
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert student.grad[MASK].any(dim=-1).sum() >= 3
    assert not student.grad[~MASK].any()
    # neither have longer padding and documents without words
    shorter = loss(student[:2, :3], teacher[:2, :3], MASK[:2, :3])
    assert shorter.item() == pytest.approx(value.item(), rel=1e-5)


@pytest.mark.parametrize("loss", BY_DIMENSION + BY_WORD)
def test_a_copy_costs_nothing(loss: Loss) -> None:
    states = draw(3, 4, 5)
    assert loss(states, states.clone(), MASK).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", BY_DIMENSION + BY_WORD)
def test_the_order_of_words_does_not_matter(loss: Loss) -> None:
    student, teacher = draw(3, 4, 5), draw(3, 4, 5, seed=1)
    order = torch.tensor([3, 1, 0, 2])
    value = loss(student[:, order], teacher[:, order], MASK[:, order])
    assert value.item() == pytest.approx(loss(student, teacher, MASK).item(), rel=1e-5)
    # The order of one side alone does, but for the flow, which is a mean over words.
    every = torch.ones_like(MASK)
    moved = loss(student[:, order], teacher, every).item()
    is_same = moved == pytest.approx(loss(student, teacher, every).item(), rel=1e-5)
    assert is_same == (loss is fsp_of_one_layer_and_its_square)


@pytest.mark.parametrize("loss", BY_WORD)
def test_the_order_and_number_of_neurons_do_not_matter(loss: Loss) -> None:
    student, teacher = draw(3, 4, 5), draw(3, 4, 2, seed=1)
    value = loss(student[..., torch.tensor([4, 2, 0, 1, 3])], teacher.repeat(1, 1, 3), MASK)
    assert value.item() == pytest.approx(loss(student, teacher, MASK).item(), rel=1e-5)


@pytest.mark.parametrize("loss", [states_cosine, states_pkd, states_nst])
def test_the_scale_does_not_matter(loss: Loss) -> None:
    student, teacher = draw(3, 4, 5), draw(3, 4, 5, seed=1)
    value = loss(student * 7, teacher / 3, MASK)
    assert value.item() == pytest.approx(loss(student, teacher, MASK).item(), rel=1e-5)


@pytest.mark.parametrize("loss", BY_DIMENSION + BY_WORD)
def test_zeros_have_a_finite_gradient(loss: Loss) -> None:
    student = torch.zeros(3, 4, 5, requires_grad=True)
    value = loss(student, draw(3, 4, 5), MASK)
    value.backward()
    assert value.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()


@pytest.mark.parametrize("loss", BY_DIMENSION + BY_WORD)
def test_no_words_cost_nothing_but_have_a_gradient(loss: Loss) -> None:
    student = draw(3, 4, 5).requires_grad_()
    value = loss(student, draw(3, 4, 5, seed=1), torch.zeros_like(MASK))
    value.backward()
    assert value.item() == 0
    assert student.grad is not None
    assert not student.grad.any()
