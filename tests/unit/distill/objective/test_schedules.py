"""Schedules worked by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import get_args

import pytest
import torch

from distilgliner.distill.config import WeightSchedule
from distilgliner.distill.objective.losses import compute_log_probabilities
from distilgliner.distill.objective.schedules import (
    compute_temperature,
    compute_trainable,
    compute_weight,
    cwsm,
    flsw,
)

WORDS = torch.tensor([[True, True, False]])


def test_weights() -> None:
    expected = {
        "constant": (1, 1, 1),
        "linear_decay": (1, 0.75, 0),
        "linear_growth": (0, 0.25, 1),
    }
    assert set(expected) == set(get_args(WeightSchedule))
    for schedule in get_args(WeightSchedule):
        values = tuple(compute_weight(schedule, progress) for progress in (0, 0.25, 1))
        assert values == expected[schedule]


@pytest.mark.parametrize("progress", [-0.01, 1.01, math.nan])
def test_progress_outside_0_and_1_is_refused(progress: float) -> None:
    for schedule in get_args(WeightSchedule):
        with pytest.raises(ValueError, match="not from 0 to 1"):
            compute_weight(schedule, progress)
    with pytest.raises(ValueError, match="not from 0 to 1"):
        compute_trainable(["head"], progress)


def test_a_constant_temperature_is_the_number() -> None:
    logits = torch.zeros(1, 3, 2)
    assert compute_temperature("constant", logits, logits, WORDS, 2.5) == 2.5


def test_flsw() -> None:
    # Centred (1, −1) with (1, −1) and with (−1, 1): cosines 1 and −1, ω = 0^γ and 2^γ.
    student = torch.tensor([[[3.0, 1.0], [4.0, 2.0], [math.nan, 0.0]]])
    teacher = torch.tensor([[[-1.0, -3.0], [-5.0, -3.0], [0.0, math.inf]]])
    # γ = 1, β = 2: mean ω 1, T = 6 + 2 · (1 − 0) and 6 + 2 · (1 − 2); padding keeps the base
    assert flsw(student, teacher, WORDS, 6, 2, 1).tolist() == [[8, 4, 6]]
    # γ = 2, β = 1: ω 0 and 4, mean 2
    assert flsw(student, teacher, WORDS, 6, 1, 2).tolist() == [[8, 4, 6]]
    assert flsw(student, teacher, WORDS, 6, 0.5, 2).tolist() == [[7, 5, 6]]


def test_flsw_is_blind_to_a_constant_and_to_scale() -> None:
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(1, 3, 5, generator=generator)
    teacher = torch.randn(1, 3, 5, generator=generator).log_softmax(dim=-1)
    temperatures = flsw(student, teacher, WORDS, 4, 1, 2)
    moved = flsw(student * 3 + 7, teacher - 2, WORDS, 4, 1, 2)
    assert torch.allclose(temperatures, moved, atol=1e-5)
    assert temperatures[0, 0] != temperatures[0, 1]
    assert temperatures[WORDS].mean().item() == pytest.approx(4)


def test_flsw_of_uniform_logits_and_of_zeros_is_finite() -> None:
    teacher = compute_log_probabilities(torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]]))
    # Equal logits have no direction: cosine 0. With the first word's cosine of 1: ω 0 and 1.
    student = torch.tensor([[[2.0, -1, -1], [5, 5, 5], [0, 0, 0]]])
    temperatures = flsw(student, teacher, WORDS, 4, 1, 0.5)
    # The root of a cosine's rounding is felt: 1e-7 becomes 3e-4.
    assert temperatures[0].tolist() == pytest.approx([4.5, 3.5, 4], abs=1e-3)


def test_flsw_of_a_cosine_rounded_above_1() -> None:
    student = torch.randn(1, 500, 5, generator=torch.Generator().manual_seed(0))
    every = torch.ones(1, 500, dtype=torch.bool)
    # A fractional power of 1 − cosine, which rounding makes negative for some of the copies
    temperatures = flsw(student, student * 2, every, 4, 1, 0.5)
    assert temperatures.flatten().tolist() == pytest.approx([4] * 500, abs=2e-3)


def test_cwsm() -> None:
    # Largest probabilities ½ and ¼: ω = 2 and 4, mean 3; β = 1: T = 4 + 1 and 4 − 1
    student = torch.zeros(1, 3, 4)
    student[0, 0] = torch.tensor([math.log(3), 0, 0, 0])
    assert cwsm(student, WORDS, 4, 1)[0].tolist() == pytest.approx([5, 3, 4])
    shifted = cwsm(student + torch.tensor([[[9.0], [-9.0], [math.nan]]]), WORDS, 4, 1)
    assert shifted[0].tolist() == pytest.approx([5, 3, 4], abs=1e-5)


def test_the_temperature_never_sharpens() -> None:
    student = torch.zeros(1, 3, 4)
    student[0, 0] = torch.tensor([math.log(3), 0, 0, 0])
    # 2 + 5 · (3 − 2) and 2 + 5 · (3 − 4) = −3, which stops at 1; from a base below 1 it stops there
    assert cwsm(student, WORDS, 2, 5)[0].tolist() == pytest.approx([7, 1, 2])
    assert cwsm(student, WORDS, 0.5, 5)[0].tolist() == pytest.approx([5.5, 0.5, 0.5])


@pytest.mark.parametrize("schedule", ["flsw", "cwsm"])
def test_temperatures_have_no_gradient_and_need_no_words(schedule: str) -> None:
    student = torch.tensor([[[3.0, 1.0], [4.0, 2.5], [0.0, 0.0]]], requires_grad=True)
    teacher = student.detach().flip(-1).log_softmax(dim=-1)
    arguments = (schedule, student, teacher)
    temperatures = compute_temperature(*arguments, WORDS, 3)  # type: ignore[arg-type]
    assert isinstance(temperatures, torch.Tensor)
    assert not temperatures.requires_grad
    empty = compute_temperature(*arguments, WORDS & False, 3)  # type: ignore[arg-type]
    assert isinstance(empty, torch.Tensor)
    assert empty.tolist() == [[3, 3, 3]]


def test_parts_thaw_from_the_top_in_equal_shares() -> None:
    names = ["head", "encoder", "embedder", "subwords"]
    # Four shares of a quarter; the last lasts to the end.
    for progress, count in ((0, 1), (0.24, 1), (0.25, 2), (0.5, 3), (0.74, 3), (0.75, 4), (1, 4)):
        assert compute_trainable(names, progress) == set(names[:count])


def test_one_part_and_none() -> None:
    assert compute_trainable(["head"], 0) == {"head"}
    assert compute_trainable(["head"], 1) == {"head"}
    assert compute_trainable([], 0.5) == set()


def test_schedules_import_no_torch() -> None:
    code = "import sys, distilgliner.distill.objective.schedules; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
