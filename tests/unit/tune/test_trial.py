"""One trial: quarters of its schedule, pruning, time, and what is left in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from fake_runs import FakeTrain, Killed, build_progress, build_schedule

from distilgliner.distill.config import DistillConfig, StageConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.tune.space import Range
from distilgliner.tune.study import COMPLETE_BEFORE_PRUNING, Outcome, ask, open_study, tell
from distilgliner.tune.trial import TimeIsUpError, compute_rungs, run_trial

SPACE = {"training.learning_rate": Range(1e-4, 1e-1)}


@pytest.fixture
def study(tmp_path: Path) -> Iterator[optuna.Study]:
    with open_study(tmp_path / "study.db") as opened:
        yield opened


def build_config(epochs: int) -> DistillConfig:
    return build_distill_config({"targets": "soft", "training": {"epochs": epochs}})


def start(study: optuna.Study, number: int = 0) -> optuna.Trial:
    return ask(study, SPACE, {"training.learning_rate": 0.002}, 0, number)[0]


def run(trial: optuna.Trial, folder: Path, values: list[float], **options: Any) -> Outcome:
    train = options.pop("train", FakeTrain(lambda config: values))
    options = {"is_late": lambda: False, **options}
    return run_trial(trial, build_config(len(values)), folder, train, **options)


def complete_some(study: optuna.Study, rungs: dict[int, float]) -> int:
    """As many complete trials as pruning waits for, all alike; the number of the next one."""
    for number in range(COMPLETE_BEFORE_PRUNING):
        tell(study, start(study, number), Outcome("complete", max(rungs.values()), 4, 1.0, rungs))
    return COMPLETE_BEFORE_PRUNING


@pytest.mark.parametrize(
    ("values", "epochs", "expected"),
    [
        ([0.1, 0.3, 0.2, 0.4], 4, {1: 0.1, 2: 0.3, 3: 0.3, 4: 0.4}),
        ([0.1, 0.2, 0.3], 3, {1: 0.1, 2: 0.2, 4: 0.3}),
        ([0.5], 1, {4: 0.5}),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 10, {1: 0.3, 2: 0.5}),
        ([], 3, {}),
    ],
)
def test_rungs(values: list[float], epochs: int, expected: dict[int, float]) -> None:
    curve = build_progress(values).curve if values else []
    assert compute_rungs(curve, epochs) == expected


def test_a_trial_that_ends_well(study: optuna.Study, tmp_path: Path) -> None:
    notes: list[str] = []
    outcome = run(start(study), tmp_path / "run", [0.25, 0.75, 0.5, 0.5], show=notes.append)
    assert outcome == Outcome("complete", 0.75, 4, 4.0, {1: 0.25, 2: 0.75, 3: 0.75, 4: 0.75})
    assert notes[1] == "epoch 2 of 4, dev F1 75.0"
    assert (tmp_path / "run" / "result.json").is_file()


@pytest.mark.parametrize(
    ("values", "pruned_at"),
    [
        ([0.29, 0.9, 0.9, 0.9], 1),
        ([0.3, 0.4, 0.9, 0.9], 2),
        ([0.3, 0.5, 0.7, 0.1], None),  # as good as the median
        ([0.6, 0.1, 0.1, 0.1], 3),  # the best so far counts
        ([0.1], None),  # no quarter to judge it by
    ],
)
def test_the_median_rule(
    values: list[float], pruned_at: int | None, study: optuna.Study, tmp_path: Path
) -> None:
    number = complete_some(study, {1: 0.3, 2: 0.5, 3: 0.7, 4: 0.8})
    trial = start(study, number)
    outcome = run(trial, tmp_path / "run", values)
    assert outcome.state == ("complete" if pruned_at is None else "pruned")
    if pruned_at is not None:
        assert outcome.epochs == pruned_at
        assert outcome.dev_f1 is None
    assert (tmp_path / "run").exists() == (pruned_at is None)
    tell(study, trial, outcome)


def test_schedules_of_different_length_are_compared_by_quarters(
    study: optuna.Study, tmp_path: Path
) -> None:
    number = complete_some(study, {1: 0.3, 2: 0.5, 3: 0.7, 4: 0.8})
    slow = [0.1, 0.2, 0.35, 0.4, 0.45, 0.55, 0.6, 0.7, 0.75, 0.8, 0.8, 0.8]
    assert run(start(study, number), tmp_path / "run", slow).state == "complete"


def test_nothing_is_pruned_before_there_is_something_to_compare(
    study: optuna.Study, tmp_path: Path
) -> None:
    tell(study, start(study), Outcome("complete", 0.9, 4, 1.0, {1: 0.9, 4: 0.9}))
    assert run(start(study, 1), tmp_path / "run", [0.1, 0.1, 0.1, 0.1]).state == "complete"


def test_stages_without_tags_are_not_judged(study: optuna.Study, tmp_path: Path) -> None:
    number = complete_some(study, {1: 0.3, 2: 0.5, 3: 0.5, 4: 0.8})
    stages = (StageConfig(terms=("states",), epochs=2), StageConfig(epochs=2))

    def train(config: DistillConfig, folder: Path, on_epoch: Any) -> dict[str, Any]:
        values = [0.0, 0.0, 0.6, 0.8]
        for epoch in range(1, 5):
            on_epoch(build_progress(values[:epoch]), build_schedule(*stages))
        curve = build_progress(values).curve
        return {"dev_f1": 0.8, "epochs": 4, "train_seconds": 4.0, "curve": curve}

    outcome = run_trial(
        start(study, number), build_config(4), tmp_path / "run", train, lambda: False
    )
    assert outcome == Outcome("complete", 0.8, 4, 4.0, {3: 0.6, 4: 0.8})


def test_a_run_that_was_killed_is_continued(study: optuna.Study, tmp_path: Path) -> None:
    values = [0.1, 0.2, 0.3, 0.4]
    train = FakeTrain(lambda config: values)

    def kill(epochs: int) -> None:
        if epochs == 2:
            raise Killed

    train.before = kill
    with pytest.raises(Killed):
        run(start(study), tmp_path / "run", values, train=train)
    trial = start(study)
    outcome = run(trial, tmp_path / "run", values, train=train)
    assert train.calls == [("run", 0), ("run", 2)]
    assert outcome.rungs == {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4}
    assert outcome.seconds == 4.0  # of both runs
    tell(study, trial, outcome)


def test_a_run_that_was_killed_at_its_very_end(study: optuna.Study, tmp_path: Path) -> None:
    values = [0.1, 0.2, 0.3, 0.4]
    train = FakeTrain(lambda config: values)
    whole = run(start(study), tmp_path / "run", values, train=train)
    trial = start(study)
    assert run(trial, tmp_path / "run", values, train=train) == whole
    assert len(train.calls) == 1
    tell(study, trial, whole)
    stored = study.get_trials()[trial.number].intermediate_values
    assert stored == {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4}


def test_the_time_ends_a_trial_but_not_behind_its_last_epoch(
    study: optuna.Study, tmp_path: Path
) -> None:
    with pytest.raises(TimeIsUpError):
        run(start(study), tmp_path / "run", [0.1, 0.2], is_late=lambda: True)
    assert not (tmp_path / "run").exists()
    assert run(start(study), tmp_path / "run", [0.1], is_late=lambda: True).dev_f1 == 0.1


def test_settings_that_cannot_be_trained(study: optuna.Study, tmp_path: Path) -> None:
    train = FakeTrain(lambda config: [0.1, 0.2, 0.3, 0.4])

    def diverge(epochs: int) -> None:
        if epochs == 2:
            raise UserError("The training diverged.")

    train.after = diverge
    outcome = run(start(study), tmp_path / "run", [0.1] * 4, train=train)
    assert outcome.state == "failed"
    assert outcome.note == "The training diverged."
    assert outcome.rungs == {1: 0.1, 2: 0.2}
    assert not (tmp_path / "run").exists()


def test_what_is_refused_before_it_begins(study: optuna.Study, tmp_path: Path) -> None:
    def refuse(config: DistillConfig) -> list[float]:
        raise UserError("Targets 'mixed' need gold documents.")

    with pytest.raises(UserError, match="need gold"):
        run(start(study), tmp_path / "run", [0.1], train=FakeTrain(refuse))
