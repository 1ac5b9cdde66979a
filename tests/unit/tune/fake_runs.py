"""Distillations that take no time: a student's dev F1 is a function of its settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from distilgliner.distill.config import DistillConfig, StageConfig
from distilgliner.distill.objective.stages import Schedule
from distilgliner.distill.training.checkpoint import Progress
from distilgliner.tune.study import Outcome, Record
from distilgliner.tune.trial import OnEpoch

Curve = Callable[[DistillConfig], Sequence[float]]


class Killed(BaseException):
    """What ends a run at once, as a kill would."""


class FakeTrain:
    """Stands for `run_distillation`: dev F1 by epoch from `curve`, a file as the checkpoint.

    calls: the folder's name and first epoch of each run. before, after: called with the number of
    epochs so far, before and behind `on_epoch`; they may raise.
    """

    def __init__(self, curve: Curve, seconds: float = 1.0) -> None:
        self.curve, self.seconds = curve, seconds
        self.calls: list[tuple[str, int]] = []
        self.epochs = 0
        self.before: Callable[[int], None] = lambda epochs: None
        self.after: Callable[[int], None] = lambda epochs: None

    def __call__(self, config: DistillConfig, folder: Path, on_epoch: OnEpoch) -> dict[str, Any]:
        checkpoint, finished = folder / "checkpoint", folder / "result.json"
        if finished.is_file():
            found: dict[str, Any] = json.loads(finished.read_text())
            return found
        values = self.curve(config)
        folder.mkdir(parents=True, exist_ok=True)
        done = int(checkpoint.read_text()) if checkpoint.is_file() else 0
        self.calls.append((folder.name, done))
        schedule = build_schedule(config.training.epochs or len(values))
        for epoch in range(done + 1, len(values) + 1):
            checkpoint.write_text(str(epoch))
            self.epochs += 1
            self.before(self.epochs)
            on_epoch(build_progress(values[:epoch], self.seconds), schedule)
            self.after(self.epochs)
        checkpoint.unlink(missing_ok=True)
        result = {
            "dev_f1": max(values),
            "epochs": len(values),
            "train_seconds": self.seconds * len(values),
            "curve": build_progress(values, self.seconds).curve,
            "seed": config.training.seed,
        }
        finished.write_text(json.dumps(result))
        return result


def build_progress(values: Sequence[float], seconds: float = 1.0) -> Progress:
    """Where a run stands that had these dev F1 in its epochs."""
    best = max(values)
    return Progress(
        epoch=len(values),
        best_epoch=list(values).index(best) + 1,
        best_f1=best,
        seconds=seconds * len(values),
        curve=[{"epoch": epoch, "dev_f1": f1} for epoch, f1 in enumerate(values, 1)],
    )


def build_schedule(*stages: int | StageConfig) -> Schedule:
    """A schedule of stages; a number is one of so many epochs with all terms."""
    return Schedule(
        1, tuple(s if isinstance(s, StageConfig) else StageConfig(epochs=s) for s in stages)
    )


def build_record(
    trial: int,
    dev_f1: float | None,
    settings: dict[str, Any] | None = None,
    *,
    state: Any = "complete",
    seconds: float = 10.0,
    rungs: dict[int, float] | None = None,
    same_as: int | None = None,
) -> Record:
    """A trial that has ended."""
    outcome = Outcome(state, dev_f1, 4, seconds, rungs or {}, same_as=same_as)
    return Record(trial, settings or {"training.epochs": trial}, outcome)
