"""What dev said behind every measurement, and when that ends a training."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from distilgliner.finetune.curve import Curve


def build_curve(folder: Path, values: list[float]) -> Curve:
    curve = Curve(folder / "curve.json")
    for index, value in enumerate(values):
        curve.add(10 * index, {"dev": value}, 1.0)
    return curve


def test_points_are_kept_in_the_file(tmp_path: Path) -> None:
    curve = build_curve(tmp_path, [0.1, 0.2])

    assert curve.add(20, {"a": 0.2, "b": 0.6}, math.nan) == pytest.approx(0.4)

    again = Curve(tmp_path / "curve.json")
    assert again.points == curve.points
    assert again.points[-1] == {"update": 20, "f1": 0.4, "dev": {"a": 0.2, "b": 0.6}, "loss": None}


def test_a_measurement_replaces_those_of_later_updates(tmp_path: Path) -> None:
    curve = build_curve(tmp_path, [0.1, 0.2, 0.3, 0.4])

    curve.add(20, {"dev": 0.9}, None)

    assert [point["f1"] for point in curve.points] == [0.1, 0.2, 0.9]


def test_the_best_is_the_first_trained_one(tmp_path: Path) -> None:
    assert build_curve(tmp_path, [0.9, 0.2, 0.5, 0.5, 0.4]).find_best()["update"] == 20


@pytest.mark.parametrize(
    ("values", "stopped"),
    [
        ([0.9], False),
        ([0.9, 0.2], False),
        ([0.1, 0.5, 0.4], False),
        ([0.1, 0.5, 0.4, 0.5], True),  # equal is no gain
        ([0.1, 0.5, 0.4, 0.6, 0.1], False),
        ([0.1, 0.5, 0.4, 0.6, 0.1, 0.2], True),
    ],
)
def test_it_stops_without_a_gain(tmp_path: Path, values: list[float], stopped: bool) -> None:
    assert build_curve(tmp_path, values).has_stopped(2) is stopped


@pytest.mark.parametrize(
    ("values", "patience", "end"),
    [
        ([], 2, None),
        ([0.9], 2, None),
        ([0.1, 0.5, 0.4], 2, None),
        ([0.1, 0.5, 0.4, 0.3], 2, 10),  # no gain any more
        ([0.1, 0.2, 0.3, 0.4, 0.3], 2, 30),  # all updates
        ([0.1, 0.5, 0.4, 0.3], None, None),
        ([0.1, 0.5, 0.4, 0.3, 0.2], None, 40),
    ],
)
def test_the_end_of_a_training(
    tmp_path: Path, values: list[float], patience: int | None, end: int | None
) -> None:
    assert build_curve(tmp_path, values).find_end(40, patience) == end
