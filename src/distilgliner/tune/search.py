"""The search itself: trials until there are enough of them or the time is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna

from distilgliner.distill.config import DistillConfig
from distilgliner.errors import UserError
from distilgliner.tune.budget import Timer, TuneBudget
from distilgliner.tune.keys import apply_settings
from distilgliner.tune.repeat import choose_candidates, compute_reserve
from distilgliner.tune.space import Space
from distilgliner.tune.study import Outcome, Record, ask, drop, list_records, tell
from distilgliner.tune.trial import TimeIsUpError, Train, run_trial

TRIALS_FOLDER = "trials"


class RefusedError(Exception):
    """The first trial was refused before it began: what is wrong is no trial's own."""

    def __init__(self, reason: UserError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Search:
    """What all trials of a search share.

    defaults: the settings of the first trial, for the keys of the space. show: is told the trials
    so far and a note.
    """

    base: DistillConfig
    space: Space
    defaults: Mapping[str, Any]
    budget: TuneBudget
    folder: Path
    train: Train
    timer: Timer
    show: Callable[[int, str], None]

    @property
    def seed(self) -> int:
        return self.base.training.seed

    @property
    def kept(self) -> int:
        """How many of the best trials can still win, and keep their students."""
        return max(1, self.budget.repeat)

    def find_folder(self, trial: int) -> Path:
        """Where a trial trains."""
        return self.folder / TRIALS_FOLDER / f"trial-{trial:03d}"


def run_trials(study: optuna.Study, search: Search) -> str:
    """Run trials until there are enough or the time is over; returns which: trials or minutes.

    The time cuts no trial short before there is one that came to its end. Raises `RefusedError`.
    """
    records = list_records(study, search.space)
    while len(records) < search.budget.trials:
        is_late = partial(_is_late, search, records)
        if records and is_late():
            return "minutes"
        number = len(records)
        has_result = any(record.outcome.state == "complete" for record in records)
        trial, settings = ask(study, search.space, search.defaults, search.seed, number)
        try:
            outcome = _run_trial(search, trial, settings, records, is_late if has_result else None)
        except TimeIsUpError:
            drop(study, trial)
            return "minutes"
        tell(study, trial, outcome)
        records = list_records(study, search.space)
        _drop_folders(search, records)
    return "trials"


def _run_trial(
    search: Search,
    trial: optuna.Trial,
    settings: dict[str, Any],
    records: Sequence[Record],
    is_late: Callable[[], bool] | None,
) -> Outcome:
    """One trial; settings that were tried already are not trained again."""
    number = len(records)
    for record in records:
        if record.settings == settings and record.outcome.same_as is None:
            old = record.outcome
            return Outcome(
                old.state, old.dev_f1, old.epochs, 0.0, old.rungs, old.note, record.trial
            )
    best = max((r.outcome.dev_f1 or 0.0 for r in choose_candidates(records, 1)), default=0.0)
    try:
        return run_trial(
            trial,
            apply_settings(search.base, settings),
            search.find_folder(number),
            search.train,
            is_late or (lambda: False),
            lambda note: search.show(number, f"{note} (best {100 * best:.1f})"),
        )
    except UserError as error:
        if number == 0:
            raise RefusedError(error) from None
        return Outcome("failed", None, 0, 0.0, note=str(error))


def _is_late(search: Search, records: Sequence[Record]) -> bool:
    """Whether only the time is left that the repeats will need."""
    limit = 60 * search.budget.minutes
    return search.timer.left <= compute_reserve(records, search.budget.repeat, limit)


def _drop_folders(search: Search, records: Iterable[Record]) -> None:
    """Only the students that can still become the best one are kept."""
    kept = {search.find_folder(record.trial) for record in choose_candidates(records, search.kept)}
    for path in (search.folder / TRIALS_FOLDER).glob("trial-*"):
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)
