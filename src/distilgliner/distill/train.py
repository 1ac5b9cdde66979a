"""The training loop, the same for every arm: only the examples and the weights of terms differ."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from distilgliner.distill.batches import Batch, build_batch, iterate_rows
from distilgliner.distill.checkpoint import Progress, read_checkpoint, write_checkpoint
from distilgliner.distill.config import TrainingConfig
from distilgliner.distill.examples import Example
from distilgliner.distill.losses import cross_entropy, soft_cross_entropy
from distilgliner.errors import UserError
from distilgliner.student.features import WordFeatures, build_label_words
from distilgliner.student.folder import Student
from distilgliner.student.tags import count_tags

Measure = Callable[[Student], dict[str, Any]]
"""Measures a student after an epoch; the result must hold `dev_f1`, which chooses the best."""


@dataclass(frozen=True)
class Schedule:
    """How long a run may be. An epoch is one pass over the transfer text, for every arm alike."""

    updates_per_epoch: int
    epochs: int

    @property
    def updates(self) -> int:
        return self.updates_per_epoch * self.epochs


def build_schedule(config: TrainingConfig, transfer_documents: int) -> Schedule:
    """As many epochs as asked for, or as `min_updates` takes."""
    per_epoch = max(1, -(-transfer_documents // config.batch_documents))
    return Schedule(per_epoch, max(config.epochs, -(-config.min_updates // per_epoch)))


def train(
    student: Student,
    examples: Sequence[Example],
    config: TrainingConfig,
    schedule: Schedule,
    *,
    gold_weight: float,
    measure: Measure,
    folder: Path,
    on_epoch: Callable[[Progress, Schedule], None] = lambda progress, schedule: None,
) -> Progress:
    """Train until the schedule ends or dev F1 stops growing; leaves the best weights in `student`.

    gold_weight: what a certain tag weighs on a word that has a distribution as well.
    A checkpoint is written to `folder` after each epoch, and continued from when it is there.
    Raises `UserError` when training diverges.
    """
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(config.threads)
    model = student.model
    optimizer = _build_optimizer(student, config)
    restored = read_checkpoint(folder, optimizer)
    progress, weights = restored or (Progress(), {})
    if restored:
        model.load_state_dict(weights["last"])
    average = weights.get("average") or _copy(model.state_dict())
    best = weights.get("best") or _copy(model.state_dict())

    while not _is_over(progress, config, schedule):
        started = time.perf_counter()
        loss = _train_epoch(
            student, examples, config, schedule, gold_weight, optimizer, progress, average
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
        if measured["dev_f1"] > progress.best_f1:
            progress.best_f1, progress.best_epoch = measured["dev_f1"], progress.epoch
            best = _copy(model.state_dict())
        model.load_state_dict(last)
        sets = {"last": last, "best": best}
        if config.average_decay:
            sets["average"] = average
        write_checkpoint(folder, progress, optimizer, sets)
        on_epoch(progress, schedule)
    model.load_state_dict(best)
    model.eval()
    return progress


def _is_finite(loss: float, model: torch.nn.Module) -> bool:
    """Whether an epoch's loss is a number, and its weights still give numbers.

    A norm overflows, as what is computed with the weights would, when they do not yet themselves.
    """
    return math.isfinite(loss) and all(
        bool(weights.detach().norm().isfinite()) for weights in model.parameters()
    )


def _build_optimizer(student: Student, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW; embedding tables have their own learning rate and no weight decay."""
    student.model.embedder.subword_embedding.weight.requires_grad_(config.train_subwords)
    tables: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in student.model.named_parameters():
        if not parameter.requires_grad:
            continue
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


def _is_over(progress: Progress, config: TrainingConfig, schedule: Schedule) -> bool:
    waited = progress.epoch - progress.best_epoch
    return progress.epoch >= schedule.epochs or waited >= config.patience


def _train_epoch(
    student: Student,
    examples: Sequence[Example],
    config: TrainingConfig,
    schedule: Schedule,
    gold_weight: float,
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
    lengths = [len(example.words) for example in examples]
    rows = iterate_rows(lengths, config.batch_documents, config.seed, progress.update)
    total = 0.0
    for _ in range(schedule.updates_per_epoch):
        batch = build_batch([examples[row] for row in next(rows)], featurizer, tag_count)
        factor = _warm_up_and_decay(progress.update, schedule.updates, config.warmup_fraction)
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        loss = compute_loss(student, batch, label_words, gold_weight, config.distill_temperature)
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


def compute_loss(
    student: Student,
    batch: Batch,
    label_words: list[WordFeatures],
    gold_weight: float,
    temperature: float,
) -> Tensor:
    """Mean loss over the words that have targets.

    A word with a certain tag costs its cross entropy, one with a distribution its KL, and one with
    both `gold_weight` of the first and the rest of the second.
    """
    logits = student.model(batch.words, label_words)
    certain, soft = batch.tags_mask, batch.soft_mask
    loss = logits.sum() * 0  # a batch may lack what is to be learnt: no gradient, but a graph
    total = (certain | soft).sum().clamp(min=1)
    for mask, weight in (
        (certain & ~soft, 1.0),
        (certain & soft, gold_weight),
        (soft & ~certain, 0.0),
    ):
        if not mask.any():
            continue
        term = logits.new_zeros(())
        if weight > 0:
            term = term + weight * cross_entropy(logits, batch.tags, mask)
        if weight < 1:
            kl = soft_cross_entropy(logits, batch.soft, mask, temperature)
            term = term + (1 - weight) * kl
        loss = loss + term * (mask.sum() / total)
    return loss


def _warm_up_and_decay(update: int, updates: int, warmup_fraction: float) -> float:
    """Linear warm-up to 1, then linear decay to 0."""
    warmup = max(1, round(updates * warmup_fraction))
    if update < warmup:
        return (update + 1) / warmup
    return max(0.0, (updates - update) / max(1, updates - warmup))


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
