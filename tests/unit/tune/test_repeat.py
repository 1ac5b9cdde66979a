"""Repeats: which settings, how many seeds in the time there is, and what decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_runs import FakeTrain, build_record

from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.tune.repeat import (
    Repeat,
    build_seeds,
    choose_best,
    choose_candidates,
    compute_means,
    compute_reserve,
    plan_repeats,
    run_repeats,
)

RECORDS = [
    build_record(0, 0.5, seconds=10),
    build_record(1, 0.9, state="pruned", seconds=1),
    build_record(2, 0.7, seconds=20),
    build_record(3, None, state="failed", seconds=1),
    build_record(4, 0.7, seconds=30),
    build_record(5, 0.7, seconds=0, same_as=2),
    build_record(6, 0.6, seconds=40),
]


def build_base(seed: int = 0) -> DistillConfig:
    return build_distill_config({"targets": "soft", "training": {"seed": seed}})


def test_candidates() -> None:
    assert [record.trial for record in choose_candidates(RECORDS, 3)] == [2, 4, 6]
    assert [record.trial for record in choose_candidates(RECORDS, 99)] == [2, 4, 6, 0]
    assert choose_candidates(RECORDS, 0) == []
    assert choose_candidates(RECORDS[1:2], 3) == []


def test_the_time_that_is_kept_for_them() -> None:
    assert compute_reserve(RECORDS, 2, 3600) == 2 * (20 + 30)
    assert compute_reserve(RECORDS, 3, 120) == 40  # a third, not 180
    assert compute_reserve(RECORDS, 0, 3600) == 0
    assert compute_reserve([], 3, 3600) == 0


@pytest.mark.parametrize(
    ("seconds", "trials", "rounds"),
    [
        (500, [2, 4, 6], 2),  # two seeds of all take 180
        (179, [2, 4, 6], 1),
        (89, [2, 4], 1),  # 20 + 30 seconds
        (49, [], 0),
        (-1, [], 0),
    ],
)
def test_plans(seconds: float, trials: list[int], rounds: int) -> None:
    chosen, planned = plan_repeats(choose_candidates(RECORDS, 3), seconds)
    assert ([record.trial for record in chosen], planned) == (trials, rounds)


def test_nothing_is_repeated_where_nothing_is_to_decide() -> None:
    assert plan_repeats(choose_candidates(RECORDS, 1), 9999) == ([], 0)
    assert plan_repeats([], 9999) == ([], 0)


def test_seeds_are_others_and_stay_in_their_range() -> None:
    assert build_seeds(5, 2) == [6, 7]
    assert build_seeds(2**32 - 2, 2) == [2**32 - 1, 0]


def test_the_runs(tmp_path: Path) -> None:
    train = FakeTrain(lambda config: [config.training.seed / 10 + config.training.epochs / 100])
    records = [build_record(4, 0.7), build_record(2, 0.6)]
    found = run_repeats(records, 2, build_base(3), tmp_path, train, lambda: False)
    assert found == [
        Repeat(4, 4, pytest.approx(0.44)),
        Repeat(2, 4, pytest.approx(0.42)),
        Repeat(4, 5, pytest.approx(0.54)),
        Repeat(2, 5, pytest.approx(0.52)),
    ]
    assert compute_means(found) == {4: pytest.approx(0.49), 2: pytest.approx(0.47)}
    assert {path.name for path in tmp_path.iterdir()} == {
        "trial-002-seed-4",
        "trial-002-seed-5",
        "trial-004-seed-4",
        "trial-004-seed-5",
    }
    calls = list(train.calls)
    assert run_repeats(records, 2, build_base(3), tmp_path, train, lambda: False) == found
    assert train.calls == calls


@pytest.mark.parametrize(("epochs", "seeds"), [(2, []), (6, []), (9, [4, 4]), (14, [4, 4])])
def test_seeds_that_not_all_settings_had_do_not_count(
    epochs: int, seeds: list[int], tmp_path: Path
) -> None:
    """Four epochs a run, two settings, two seeds; the time is over in the given epoch of all."""
    train = FakeTrain(lambda config: [0.1, 0.2, 0.3, 0.4])
    records = [build_record(4, 0.7), build_record(8, 0.6)]
    base = build_base(3)
    found = run_repeats(records, 2, base, tmp_path, train, lambda: train.epochs >= epochs)
    assert [repeat.seed for repeat in found] == seeds
    assert train.epochs == epochs
    assert all((path / "result.json").is_file() for path in tmp_path.iterdir())


def test_the_mean_decides() -> None:
    candidates = choose_candidates(RECORDS, 3)
    assert choose_best(candidates, []).trial == 2
    lucky = [Repeat(2, 1, 0.5), Repeat(4, 1, 0.6), Repeat(2, 2, 0.5), Repeat(4, 2, 0.6)]
    assert choose_best(candidates, lucky).trial == 4
    even = [Repeat(4, 1, 0.6), Repeat(6, 1, 0.6), Repeat(2, 1, 0.6)]
    assert choose_best(candidates, even).trial == 2
    # One that was not repeated cannot win by what the search saw.
    assert choose_best(candidates, [Repeat(4, 1, 0.2), Repeat(6, 1, 0.3)]).trial == 6
