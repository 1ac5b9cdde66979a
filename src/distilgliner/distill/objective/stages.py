"""The plan of a run: which epoch belongs to which stage, how fast it learns, what is thawed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from torch import nn

from distilgliner.distill.config import TAG_TERMS, StageConfig, TrainingConfig
from distilgliner.distill.objective.schedules import compute_trainable

_LEAST_EPOCHS = 10
_LEAST_UPDATES = 800
"""Where the config says no number: students were better for each doubling up to about there
(docs/explanation/experiments.md)."""
PARTS_FROM_TOP = ("head", "encoder", "embedder")
"""The student's parts in the order in which they thaw."""


@dataclass(frozen=True)
class Schedule:
    """How long a run may be. An epoch is one pass over the transfer text, for every arm alike."""

    updates_per_epoch: int
    stages: tuple[StageConfig, ...]
    warmup_fraction: float = 0.1

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    @property
    def updates(self) -> int:
        return self.updates_per_epoch * self.epochs

    def locate(self, update: int) -> Place:
        """Where in its stage an update stands."""
        first = 0
        for index, end in enumerate(accumulate(stage.epochs for stage in self.stages)):
            last = end * self.updates_per_epoch
            if update < last or index == len(self.stages) - 1:
                return Place(index, update - first, last - first)
            first = last
        raise AssertionError("a schedule has a stage")

    def compute_rate(self, update: int) -> float:
        """The factor of the learning rates: a warm-up and a decay in every stage."""
        place = self.locate(update)
        factor = warm_up_and_decay(place.update, place.updates, self.warmup_fraction)
        return factor * self.stages[place.stage].learning_rate

    def teaches_tags(self, epoch: int) -> bool:
        """Whether the stage of an epoch (from 0) has terms that teach tags."""
        stage = self.stages[self.locate(epoch * self.updates_per_epoch).stage]
        return bool(set(stage.terms) & set(TAG_TERMS))

    def is_last(self, epoch: int) -> bool:
        """Whether an epoch (from 0) belongs to the last stage."""
        return self.locate(epoch * self.updates_per_epoch).stage == len(self.stages) - 1


@dataclass(frozen=True)
class Place:
    """An update of a stage."""

    stage: int
    update: int
    updates: int

    @property
    def progress(self) -> float:
        """From 0 at the first update of the stage to 1 at the last."""
        return min(1.0, self.update / max(1, self.updates - 1))


def build_schedule(config: TrainingConfig, transfer_documents: int) -> Schedule:
    """The stages of the config, or one of as many epochs as asked for or as `min_updates` takes."""
    per_epoch = max(1, -(-transfer_documents // config.batch_documents))
    epochs = config.epochs or max(_LEAST_EPOCHS, -(-_LEAST_UPDATES // per_epoch))
    epochs = max(epochs, -(-config.min_updates // per_epoch))
    stages = config.stages or (StageConfig(epochs=epochs),)
    return Schedule(per_epoch, stages, config.warmup_fraction)


def warm_up_and_decay(update: int, updates: int, warmup_fraction: float) -> float:
    """Linear warm-up to 1, then linear decay to 0."""
    warmup = max(1, round(updates * warmup_fraction))
    if update < warmup:
        return (update + 1) / warmup
    return max(0.0, (updates - update) / max(1, updates - warmup))


def set_trainable(model: nn.Module, stage: StageConfig, progress: float, frozen: set[str]) -> None:
    """Freeze and thaw the parts of a student in place; `frozen` names parameters that never learn.

    A part without a gradient is left alone by the optimiser, weight decay included.
    """
    parts = compute_trainable(PARTS_FROM_TOP, progress) if stage.thaw else set(PARTS_FROM_TOP)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.partition(".")[0] in parts and name not in frozen)
