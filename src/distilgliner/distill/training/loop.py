"""The training loop, the same for every arm: only the examples and the weights of terms differ."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from distilgliner.distill.config import TermsConfig, TrainingConfig
from distilgliner.distill.objective.objective import Objective
from distilgliner.distill.objective.stages import Schedule, set_trainable
from distilgliner.distill.training.batches import build_batch, iterate_examples
from distilgliner.distill.training.checkpoint import (
    DamagedCheckpointError,
    Progress,
    read_checkpoint,
    write_checkpoint,
)
from distilgliner.distill.training.examples import Example
from distilgliner.errors import UserError
from distilgliner.progress import notify
from distilgliner.student.features import build_label_words
from distilgliner.student.folder import Student
from distilgliner.student.tags import count_tags

Measure = Callable[[Student], dict[str, Any]]
"""Measures a student after an epoch; the result must hold `dev_f1`, which chooses the best."""


def train(
    student: Student,
    examples: Sequence[Example],
    config: TrainingConfig,
    schedule: Schedule,
    *,
    terms: TermsConfig,
    measure: Measure,
    folder: Path,
    on_epoch: Callable[[Progress, Schedule], None] = lambda progress, schedule: None,
) -> Progress:
    """Train until the schedule ends or dev F1 stops growing; leaves the best weights in `student`.

    Dev F1 ends only the last stage early, and an epoch of a stage that teaches no tag is never the
    best. A checkpoint is written to `folder` after each epoch, and continued from when it is there;
    with a damaged one the run begins anew.
    Raises `UserError` when training diverges, and for terms that lack what they need.
    """
    torch.use_deterministic_algorithms(True)
    # Nothing here reads memory that it has not written, and filling it takes a tenth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(config.threads)
    model = student.model
    torch.manual_seed(config.seed)  # the projections' first weights
    objective = Objective(terms, model, find_state_dim(examples))
    optimizer = _build_optimizer(student, objective, config)
    restored = _restore(folder, optimizer)
    progress, weights = restored or (Progress(), {})
    if restored:
        model.load_state_dict(weights["last"])
        objective.load_state_dict(weights.get("objective", {}))
    average = weights.get("average") or _copy(model.state_dict())
    best = weights.get("best") or _copy(model.state_dict())

    while not _is_over(progress, config, schedule):
        started = time.perf_counter()
        loss = _train_epoch(
            student, objective, examples, config, schedule, optimizer, progress, average
        )
        progress.seconds += time.perf_counter() - started
        if not _is_finite(loss, model):
            raise UserError(
                f"The training diverged in epoch {progress.epoch + 1}: its loss is not a finite "
                "number; set training.learning_rate and training.table_learning_rate lower than "
                f"{config.learning_rate:g} and {config.table_learning_rate:g}, and give another "
                "--output folder."
            )
        last = _copy(model.state_dict())
        if config.average_decay:
            model.load_state_dict(average)
        model.eval()
        measured = measure(student)
        progress.epoch += 1
        progress.curve.append({"epoch": progress.epoch, "objective": loss, **measured})
        may_be_best = schedule.teaches_tags(progress.epoch - 1)
        if may_be_best and measured["dev_f1"] > progress.best_f1:
            progress.best_f1, progress.best_epoch = measured["dev_f1"], progress.epoch
            best = _copy(model.state_dict())
        model.load_state_dict(last)
        sets = {"last": last, "best": best, "objective": _copy(objective.state_dict())}
        if config.average_decay:
            sets["average"] = average
        write_checkpoint(folder, progress, optimizer, sets)
        on_epoch(progress, schedule)
    model.load_state_dict(best)
    model.eval()
    return progress


def _restore(
    folder: Path, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, dict[str, Tensor]]] | None:
    try:
        return read_checkpoint(folder, optimizer)
    except DamagedCheckpointError as error:
        notify(f"{str(error).partition(';')[0]}; the run begins anew.")
        return None


def find_state_dim(examples: Sequence[Example]) -> int:
    """The width of the teacher's hidden states; 0 when no example has any."""
    return next((row.states.shape[2] for row in examples if row.states is not None), 0)


def _is_finite(loss: float, model: torch.nn.Module) -> bool:
    """Whether an epoch's loss is a number, and its weights still give numbers.

    A norm overflows, as what is computed with the weights would, when they do not yet themselves.
    """
    return math.isfinite(loss) and all(
        bool(weights.detach().norm().isfinite()) for weights in model.parameters()
    )


def _build_optimizer(
    student: Student, objective: Objective, config: TrainingConfig
) -> torch.optim.Optimizer:
    """AdamW; embedding tables have their own learning rate and no weight decay."""
    frozen = _find_frozen(config)
    tables: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = list(objective.parameters())
    for name, parameter in student.model.named_parameters():
        if name not in frozen:
            (tables if "embedding" in name else others).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": others, "base_lr": config.learning_rate},
            {"params": tables, "base_lr": config.table_learning_rate, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )


def _find_frozen(config: TrainingConfig) -> set[str]:
    """The parameters that never learn."""
    return set() if config.train_subwords else {"embedder.subword_embedding.weight"}


def _is_over(progress: Progress, config: TrainingConfig, schedule: Schedule) -> bool:
    if progress.epoch >= schedule.epochs:
        return True
    waited = progress.epoch - progress.best_epoch
    return (
        schedule.is_last(progress.epoch) and progress.best_epoch > 0 and waited >= config.patience
    )


def _train_epoch(
    student: Student,
    objective: Objective,
    examples: Sequence[Example],
    config: TrainingConfig,
    schedule: Schedule,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    average: dict[str, Tensor],
) -> float:
    """One epoch of updates; returns the mean loss, and ends at one that is not finite."""
    # Seeded by the epoch, so that a resumed run draws the same dropout masks.
    torch.manual_seed(config.seed * 100_003 + progress.epoch)
    model, featurizer = student.model, student.featurizer
    model.train()
    label_words = build_label_words(student.labels, featurizer)
    tag_count = count_tags(len(student.labels), roles=student.config.roles)
    chosen = iterate_examples(examples, config.batch_documents, config.seed, progress.update)
    frozen = _find_frozen(config)
    total = 0.0
    for _ in range(schedule.updates_per_epoch):
        batch = build_batch(next(chosen), featurizer, tag_count)
        place = schedule.locate(progress.update)
        stage = schedule.stages[place.stage]
        set_trainable(model, stage, place.progress, frozen)
        factor = schedule.compute_rate(progress.update)
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        output = model.compute(batch.words, label_words)
        loss = objective(output, batch, stage.terms, place.progress)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_gradient_norm)
        optimizer.step()
        progress.update += 1
        _update_average(average, model.state_dict(), config.average_decay, progress.update)
        total += float(loss.detach())
        if not math.isfinite(total):
            break
    return total / schedule.updates_per_epoch


@torch.no_grad()
def _update_average(
    average: dict[str, Tensor], current: dict[str, Tensor], decay: float, update: int
) -> None:
    if not decay:
        return
    decay = min(decay, (1 + update) / (10 + update))  # follow the first steps closely
    for name, value in current.items():
        average[name].lerp_(value, 1 - decay)


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
