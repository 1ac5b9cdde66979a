"""Budgets: numbers that make sense, and a clock that knows of earlier runs."""

from __future__ import annotations

import pytest

from distilgliner.errors import UserError
from distilgliner.tune.budget import Timer, TuneBudget, build_budget


def test_timer() -> None:
    clock = [100.0]
    timer = Timer(60.0, 20.0, lambda: clock[0])
    assert (timer.spent, timer.left) == (20.0, 40.0)
    clock[0] = 145.0
    assert (timer.spent, timer.left) == (65.0, -5.0)


@pytest.mark.parametrize(
    ("trials", "minutes", "repeat", "name"),
    [
        (0, 1.0, 0, "--trials"),
        (1, 0.0, 0, "--minutes"),
        (1, float("inf"), 0, "--minutes"),
        (1, 1.0, -1, "--repeat"),
    ],
)
def test_wrong_numbers(trials: int, minutes: float, repeat: int, name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name} is wrong: .*; correct it\.$"):
        build_budget(trials, minutes, repeat)


def test_right_numbers() -> None:
    assert build_budget(20, 60, 3) == TuneBudget()
    assert build_budget(1, 0.1, 0).minutes == 0.1
