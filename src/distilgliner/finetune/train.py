"""Train a teacher on gold until dev gains no more, and leave it with what dev likes best."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilgliner.annotate.loading import load_model
from distilgliner.annotate.teacher import Teacher
from distilgliner.corpus.document import Document
from distilgliner.finetune.checkpoints import (
    CHECKPOINTS,
    DamagedProgressError,
    find_checkpoints,
)
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.curve import CURVE_FILE, Curve
from distilgliner.finetune.examples import TrainingCorpus
from distilgliner.finetune.interpolate import (
    Mixture,
    choose_mixture,
    copy_weights,
    load_mixture,
    measure_mixtures,
)
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.plan import TrainingPlan
from distilgliner.finetune.progress import FinetuneProgress
from distilgliner.finetune.trainer import build_trainer
from distilgliner.progress import notify, silence_loggers


@dataclass(frozen=True)
class DevSet:
    """Documents that choose the checkpoint, with all labels of theirs in one prompt."""

    name: str
    labels: tuple[str, ...]
    documents: Sequence[Document]


def train_teacher(
    teacher: Teacher,
    corpora: Sequence[TrainingCorpus],
    dev: Sequence[DevSet],
    folder: Path,
    config: FinetuneConfig,
    *,
    save_updates: int | None = None,
    keep_last: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train in place until dev gains no more; the teacher is then the best there was.

    The measure is the mean of the dev sets' strict micro F1. The teacher as it came is measured as
    update 0, and mixtures of it and of the best update where `config.interpolation` asks for them.
    `save_updates` measures and saves after so many updates (None: by the epoch).
    `keep_last` ends with the last weights instead.
    """
    plan = TrainingPlan(corpora, config)
    curve, found = _find_progress(folder, with_best=not keep_last)
    started = time.perf_counter()

    def measure() -> float:
        f1 = _measure_dev(teacher, dev)
        return curve.add(trainer.state.global_step, f1, trainer.take_mean_loss())

    with (
        FinetuneProgress(plan.updates, quiet=quiet) as progress,
        silence_loggers("transformers", "gliner", "accelerate"),
    ):
        trainer = build_trainer(
            teacher.model, plan, config, folder / CHECKPOINTS, measure,
            has_stopped=None if keep_last else lambda: curve.has_stopped(config.patience),
            callbacks=[progress], save_updates=save_updates,
        )  # fmt: skip
        if not curve.points:
            measure()
        wanted = curve.find_end(plan.updates, None if keep_last else config.patience)
        if wanted in found:  # it was killed behind the training
            trainer.load_weights(found[wanted])
        else:
            trainer.train(resume_from_checkpoint=str(found[max(found)]) if found else None)
        mixtures: list[Mixture] = []
        chosen = {**curve.points[-1], "share": 1.0}
        if not keep_last:
            chosen, mixtures = _choose_weights(teacher, curve, dev, config)
    teacher.model.eval()
    return {
        "f1_before": curve.points[0]["f1"],
        "f1": chosen["f1"],
        "best_update": chosen["update"],
        "share": chosen["share"],
        "updates": curve.points[-1]["update"],
        "planned_updates": plan.updates,
        "examples": sum(len(corpus.examples) for corpus in corpora),
        "unlearnable": sum(corpus.unlearnable for corpus in corpora),
        "seconds": time.perf_counter() - started,
        "curve": curve.points,
        "mixtures": mixtures,
    }


def _find_progress(folder: Path, *, with_best: bool) -> tuple[Curve, dict[int, Path]]:
    """What a killed run has left: its curve and checkpoints. With damaged ones it begins anew."""
    try:
        return (
            Curve(folder / CURVE_FILE),
            find_checkpoints(folder / CHECKPOINTS, with_best=with_best),
        )
    except DamagedProgressError as error:
        notify(f"{str(error).partition(';')[0]}; the fine-tuning begins anew.")
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        (folder / CURVE_FILE).unlink(missing_ok=True)
        return Curve(folder / CURVE_FILE), {}


def _measure_dev(teacher: Teacher, dev: Sequence[DevSet]) -> dict[str, float]:
    """Strict micro F1 by dev set; the model is in training mode again afterwards."""
    scores = {each.name: measure_teacher(teacher, each.documents, each.labels) for each in dev}
    teacher.model.train()
    return {name: score.micro.f1 for name, score in scores.items()}


def _choose_weights(
    teacher: Teacher, curve: Curve, dev: Sequence[DevSet], config: FinetuneConfig
) -> tuple[dict[str, Any], list[Mixture]]:
    """Leave the teacher, which has the best trained weights, with those that dev chooses.

    Those as it came (share 0 of what was learned), the best trained ones (share 1) and the mixtures
    of both that the config names. Returns what was chosen and what was measured of the mixtures.
    """
    best = curve.find_best()
    ends = [{**curve.points[0], "share": 0.0}, {**best, "share": 1.0}]
    network = teacher.model.model
    first = load_model(teacher.checkpoint, str(teacher.model.device)).model.state_dict()
    learned = copy_weights(network)
    mixtures = measure_mixtures(
        network, first, learned, config.interpolation, lambda: _measure_dev(teacher, dev)
    )
    between = [{**mixture, "update": best["update"]} for mixture in mixtures]
    chosen = choose_mixture([*ends, *between])
    load_mixture(network, first, learned, chosen["share"])
    return chosen, mixtures
