"""The search itself: it ends in time, trains nothing twice, and is the same when it was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_runs import FakeTrain, Killed

from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.tune.budget import Timer, TuneBudget
from distilgliner.tune.search import RefusedError, Search, run_trials
from distilgliner.tune.space import Choice, Range, Space
from distilgliner.tune.study import Record, list_records, open_study

SPACE: Space = {"training.epochs": Range(1, 6), "training.learning_rate": Range(1e-3, 1e-1)}
BASE = build_distill_config({"targets": "soft"})


def curve(config: DistillConfig) -> list[float]:
    """The higher the rate the better, and better from epoch to epoch."""
    epochs = config.training.epochs or 0
    return [config.training.learning_rate * 5 * epoch / epochs for epoch in range(1, epochs + 1)]


class Clock:
    """A second for each epoch of a fake run."""

    def __init__(self, train: FakeTrain) -> None:
        self.train = train

    def __call__(self) -> float:
        return float(self.train.epochs)


def search(
    folder: Path, train: FakeTrain, *, space: Space = SPACE, seconds: float = 1e6, **budget: Any
) -> tuple[str, list[Record]]:
    folder.mkdir(exist_ok=True)
    wanted = TuneBudget(minutes=seconds / 60, **{"repeat": 0, **budget})
    with open_study(folder / "study.db") as study:
        spent = sum(record.outcome.seconds for record in list_records(study, space))
        timer = Timer(seconds, spent, Clock(train))
        defaults = {"training.epochs": 4, "training.learning_rate": 0.002}
        plan = Search(BASE, space, defaults, wanted, folder, train, timer, lambda done, note: None)
        return run_trials(study, plan), list_records(study, space)


def list_settings(records: list[Record]) -> list[Any]:
    """All but the seconds, which depend on where a run was cut."""
    return [
        (r.trial, r.settings, r.outcome.state, r.outcome.dev_f1, r.outcome.rungs) for r in records
    ]


def list_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "trials").iterdir())


def test_as_many_trials_as_asked_for(tmp_path: Path) -> None:
    train = FakeTrain(curve)
    ended_by, records = search(tmp_path, train, trials=8, repeat=2)
    assert ended_by == "trials"
    assert [record.trial for record in records] == list(range(8))
    assert records[0].settings == {"training.epochs": 4, "training.learning_rate": 0.002}
    assert "pruned" in {record.outcome.state for record in records}
    # Only the two best keep their students.
    whole = [record for record in records if record.outcome.state == "complete"]
    best = sorted(whole, key=lambda record: -(record.outcome.dev_f1 or 0))[:2]
    assert list_folders(tmp_path) == sorted(f"trial-{record.trial:03d}" for record in best)
    # More trials go on where these ended.
    more = search(tmp_path, train, trials=9, repeat=2)[1]
    assert more[:8] == records
    assert len(more) == 9
    assert search(tmp_path / "new", FakeTrain(curve), trials=9, repeat=2)[1] == more


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search of seven trials that nothing has cut."""
    folder = tmp_path_factory.mktemp("whole")
    search(folder, FakeTrain(curve), trials=7)
    return folder


@pytest.mark.parametrize(
    ("epochs", "where"), [(1, "before"), (4, "after"), (9, "before"), (20, "after")]
)
def test_killed_at_any_epoch(epochs: int, where: str, whole: Path, tmp_path: Path) -> None:
    train = FakeTrain(curve)

    def kill(so_far: int) -> None:
        if so_far == epochs:
            raise Killed

    setattr(train, where, kill)
    with pytest.raises(Killed):
        search(tmp_path, train, trials=7)
    records = search(tmp_path, train, trials=7)[1]
    assert list_settings(records) == list_settings(search(whole, FakeTrain(curve), trials=7)[1])
    assert list_folders(tmp_path) == list_folders(whole)
    # The run that was cut was continued, not begun again.
    assert sum(first > 0 for _, first in train.calls) == 1


def test_the_time_ends_it(tmp_path: Path) -> None:
    train = FakeTrain(curve)
    ended_by, records = search(tmp_path, train, trials=99, seconds=20)
    assert ended_by == "minutes"
    assert train.epochs == 20
    assert sum(record.outcome.epochs for record in records) <= 20
    assert list_folders(tmp_path)  # a student is left
    # What was cut is no trial, and with more time it is made again.
    later = search(tmp_path, FakeTrain(curve), trials=len(records) + 1)[1]
    assert later[:-1] == records


def test_time_is_left_for_the_repeats(tmp_path: Path) -> None:
    train = FakeTrain(curve)
    search(tmp_path, train, trials=99, seconds=30, repeat=3)
    assert train.epochs == 20  # a third is kept
    short = FakeTrain(curve)
    search(tmp_path / "new", short, trials=99, seconds=30, repeat=1)
    assert 20 < short.epochs < 30  # two seeds of one setting take less than a third


def test_the_first_trial_is_not_cut(tmp_path: Path) -> None:
    train = FakeTrain(curve)
    ended_by, records = search(tmp_path, train, trials=99, seconds=0.5)
    assert ended_by == "minutes"
    assert [record.outcome.state for record in records] == ["complete"]
    assert train.epochs == 4


def test_settings_are_trained_once(tmp_path: Path) -> None:
    train = FakeTrain(curve)
    space = {"training.epochs": Choice((2, 4))}
    _, records = search(tmp_path, train, space=space, trials=8, repeat=3)
    assert len(train.calls) == 2
    first: dict[str, int] = {}
    for record in records:
        known = first.setdefault(str(record.settings), record.trial)
        assert record.outcome.same_as == (None if known == record.trial else known)
        assert record.outcome.dev_f1 == records[known].outcome.dev_f1
        assert record.outcome.rungs == records[known].outcome.rungs
    assert len(first) == 2
    assert len(list_folders(tmp_path)) == 2


def test_a_first_trial_that_is_refused(tmp_path: Path) -> None:
    def refuse(config: DistillConfig) -> list[float]:
        raise UserError("no gold")

    with pytest.raises(RefusedError) as caught:
        search(tmp_path, FakeTrain(refuse), trials=3)
    assert str(caught.value.reason) == "no gold"


def test_later_trials_that_are_refused_or_diverge(tmp_path: Path) -> None:
    def choosy(config: DistillConfig) -> list[float]:
        if config.training.epochs == 1:
            raise UserError("too short")
        return curve(config)

    train = FakeTrain(choosy)

    def diverge(epochs: int) -> None:
        if epochs == 6:
            raise UserError("it diverged")

    train.before = diverge
    _, records = search(tmp_path, train, trials=9)
    notes = {record.outcome.note for record in records if record.outcome.state == "failed"}
    assert notes == {"too short", "it diverged"}
    assert len(records) == 9
