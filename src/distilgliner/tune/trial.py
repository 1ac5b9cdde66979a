"""One trial: a distillation that reports its dev F1, and is ended when that is poor or it is late.

Dev F1 is reported at the quarters of a trial's own schedule and not by epochs: the learning rate
falls to 0 at the end of it, so that epoch 4 of 4 and epoch 4 of 20 are not to be compared.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import optuna

from distilgliner.distill.config import DistillConfig
from distilgliner.errors import UserError
from distilgliner.tune.study import Outcome

if TYPE_CHECKING:
    from distilgliner.distill.objective.stages import Schedule
    from distilgliner.distill.training.checkpoint import Progress

RUNGS = 4
OnEpoch = Callable[["Progress", "Schedule"], None]


class Train(Protocol):
    """`run_distillation` with its data given: trains in a folder and returns the result."""

    def __call__(self, config: DistillConfig, folder: Path, on_epoch: OnEpoch) -> dict[str, Any]:
        """See `run_distillation`."""


class TimeIsUpError(Exception):
    """The time of the search ended in the middle of a run."""


def compute_rungs(curve: Sequence[dict[str, Any]], epochs: int) -> dict[int, float]:
    """Best dev F1 so far at the first epoch behind each quarter; those in between may lack."""
    rungs: dict[int, float] = {}
    best = 0.0
    for row in curve:
        best = max(best, row["dev_f1"])
        rung = RUNGS * row["epoch"] // epochs
        if rung > 0:
            rungs.setdefault(rung, best)
    return rungs


def run_trial(
    trial: optuna.Trial,
    config: DistillConfig,
    folder: Path,
    train: Train,
    is_late: Callable[[], bool],
    show: Callable[[str], None] = lambda note: None,
) -> Outcome:
    """Train one student in `folder`; a run that a kill has left there is continued.

    Leaves a folder only of a run that came to its end. Settings that cannot be trained, say because
    it diverges, are an outcome as well. Raises `UserError` when a run refuses its data or settings
    before it makes its folder, and `TimeIsUpError`.
    """
    watch = _Watch(trial, is_late, show)
    started = time.perf_counter()
    try:
        result = train(config, folder, watch)
    except optuna.TrialPruned:
        shutil.rmtree(folder, ignore_errors=True)
        return watch.describe("pruned", started)
    except TimeIsUpError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except UserError as error:
        if not folder.exists():
            raise
        shutil.rmtree(folder, ignore_errors=True)
        return watch.describe("failed", started, str(error))
    watch.finish(result, config)
    return watch.describe("complete", started, dev_f1=result["dev_f1"])


class _Watch:
    """What is called after each epoch."""

    def __init__(
        self, trial: optuna.Trial, is_late: Callable[[], bool], show: Callable[[str], None]
    ) -> None:
        self.trial, self.is_late, self.show = trial, is_late, show
        self.rungs: dict[int, float] = {}
        self.epoch = self.epochs = 0
        self.train_seconds = 0.0

    def __call__(self, progress: Progress, schedule: Schedule) -> None:
        self.epoch, self.epochs = progress.epoch, schedule.epochs
        self.train_seconds = progress.seconds
        now = progress.curve[-1]["dev_f1"]
        self.show(f"epoch {self.epoch} of {self.epochs}, dev F1 {100 * now:.1f}")
        # From the whole curve: a run that is continued has rungs behind it. No epoch of a stage
        # that teaches no tag says anything about a student.
        curve = [row for row in progress.curve if schedule.teaches_tags(row["epoch"] - 1)]
        for rung, f1 in compute_rungs(curve, schedule.epochs).items():
            if rung in self.rungs:
                continue
            self.rungs[rung] = f1
            self.trial.report(f1, rung)
            if rung < RUNGS and self.trial.should_prune():
                raise optuna.TrialPruned
        if self.is_late() and self.epoch < self.epochs:
            raise TimeIsUpError

    def finish(self, result: dict[str, Any], config: DistillConfig) -> None:
        """Take over what a run that was killed behind its last epoch does not show again."""
        self.epoch, self.train_seconds = result["epochs"], result["train_seconds"]
        if not self.epochs:
            self.epochs = max(config.training.epochs or 0, self.epoch)
            self.rungs = compute_rungs(result["curve"], self.epochs)

    def describe(
        self, state: Any, started: float, note: str = "", dev_f1: float | None = None
    ) -> Outcome:
        """The outcome; of a run that was continued, the seconds of its training as a whole."""
        seconds = round(max(time.perf_counter() - started, self.train_seconds), 2)
        return Outcome(state, dev_f1, self.epoch, seconds, self.rungs, note)
