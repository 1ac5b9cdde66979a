"""The study: trials that depend on the seed and the trials before, whatever was cut off between."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from distilgliner.errors import UserError
from distilgliner.tune.space import Choice, Range, Space
from distilgliner.tune.study import Outcome, ask, drop, list_records, open_study, tell

SPACE: Space = {
    "student_options.hidden_dim": Choice((8, 16, 32)),
    "training.epochs": Range(1, 9),
    "training.learning_rate": Range(1e-4, 1e-1, log=True),
}
DEFAULTS = {
    "student_options.hidden_dim": 16,
    "training.epochs": 3,
    "training.learning_rate": 0.002,
}


def build_outcome(settings: dict[str, Any]) -> Outcome:
    """Better with more epochs; every third number of them is pruned half-way."""
    f1 = settings["training.epochs"] / 10
    if settings["training.epochs"] % 3 == 2:
        return Outcome("pruned", None, 1, 0.5, {1: f1 / 3, 2: f1 / 2})
    return Outcome("complete", f1, settings["training.epochs"], 1.5, {2: f1 / 2, 4: f1})


def run_all(path: Path, count: int, seed: int = 0, defaults: dict[str, Any] = DEFAULTS) -> None:
    with open_study(path) as study:
        for number in range(len(list_records(study, SPACE)), count):
            trial, settings = ask(study, SPACE, defaults, seed, number)
            tell(study, trial, build_outcome(settings))


def read_all(path: Path) -> list[Any]:
    with open_study(path) as study:
        return list_records(study, SPACE)


def test_the_same_seed_gives_the_same_trials(tmp_path: Path) -> None:
    run_all(tmp_path / "whole.db", 8)
    whole = read_all(tmp_path / "whole.db")
    assert [record.trial for record in whole] == list(range(8))
    assert whole[0].settings == DEFAULTS
    assert len({str(record.settings) for record in whole}) > 4
    for count in (7, 8):  # opened anew in between
        run_all(tmp_path / "parts.db", count)
    assert read_all(tmp_path / "parts.db") == whole
    run_all(tmp_path / "other.db", 3, seed=1)
    assert read_all(tmp_path / "other.db")[0] == whole[0]
    assert read_all(tmp_path / "other.db")[1:] != whole[1:3]


def test_what_was_told_is_found_again(tmp_path: Path) -> None:
    outcomes = [
        Outcome("complete", 0.5, 4, 2.5, {1: 0.25, 4: 0.5}),
        Outcome("pruned", 0.25, 1, 0.5, {1: 0.25}),
        Outcome("failed", None, 0, 0.0, note="It diverged."),
        Outcome("complete", 0.5, 4, 0.0, {1: 0.25, 4: 0.5}, same_as=0),
    ]
    with open_study(tmp_path / "study.db") as study:
        for number, outcome in enumerate(outcomes):
            trial, _ = ask(study, SPACE, DEFAULTS, 0, number)
            tell(study, trial, outcome)
    assert [record.outcome for record in read_all(tmp_path / "study.db")] == outcomes


def test_trials_that_were_cut_off_are_drawn_again(tmp_path: Path) -> None:
    run_all(tmp_path / "whole.db", 7)
    path = tmp_path / "cut.db"
    for count in (0, 6):  # the first, and one of the sampler's
        run_all(path, count)
        with open_study(path) as study:  # killed: begun and never told
            trial, _ = ask(study, SPACE, DEFAULTS, 0, count)
            trial.report(0.9, 1)
        with open_study(path) as study:  # late: given up
            trial, settings = ask(study, SPACE, DEFAULTS, 0, count)
            drop(study, trial)
        run_all(path, count + 1)
        assert read_all(path)[count].settings == settings
    assert read_all(path) == read_all(tmp_path / "whole.db")


def test_a_write_that_was_cut_off_is_rolled_back(tmp_path: Path) -> None:
    run_all(tmp_path / "whole.db", 4)
    path, log = tmp_path / "killed.db", tmp_path / "killed.db-wal"
    with open_study(tmp_path / "open.db") as study:
        for number in range(3):
            trial, settings = ask(study, SPACE, DEFAULTS, 0, number)
            tell(study, trial, build_outcome(settings))
        # What a kill would leave: all is in the log still, and the last write is not whole.
        shutil.copy(tmp_path / "open.db", path)
        log.write_bytes((tmp_path / "open.db-wal").read_bytes()[:-100])
    assert len(read_all(path)) == 2
    run_all(path, 4)
    assert read_all(path) == read_all(tmp_path / "whole.db")


def test_defaults_that_the_space_lacks_are_drawn(tmp_path: Path) -> None:
    defaults = {**DEFAULTS, "training.epochs": 50, "student_options.hidden_dim": True}
    run_all(tmp_path / "study.db", 1, defaults=defaults)
    settings = read_all(tmp_path / "study.db")[0].settings
    assert settings["training.learning_rate"] == 0.002
    assert settings["training.epochs"] <= 9
    assert settings["student_options.hidden_dim"] in (8, 16, 32)


def test_a_path_that_means_something_in_urls(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c=d#{e}%20"
    folder.mkdir()
    run_all(folder / "study.db", 2)
    assert len(read_all(folder / "study.db")) == 2
    assert [path.name for path in folder.iterdir()] == ["study.db"]


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(UserError, match=r"study.db cannot be read as a search \(.*\); remove"):
        read_all(path)
