"""One run of a comparison: distil a student for one arm and one seed, and measure it on test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distilgliner.annotate.decode import label_by_teacher
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.run_record import check_same_data
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.words import cut_words
from distilgliner.distill.calibration.tag_scores import compute_tag_log_probabilities
from distilgliner.distill.config import DistillConfig, TargetConfig
from distilgliner.distill.objective.stages import Schedule
from distilgliner.distill.run import is_finished, read_result, run_distillation
from distilgliner.distill.sources.transfer import read_transfer
from distilgliner.distill.targets.distribution import compute_soft_targets
from distilgliner.distill.targets.ensemble import label_by_teachers
from distilgliner.distill.training.checkpoint import Progress
from distilgliner.errors import UserError
from distilgliner.evaluate.run import run_predictions
from distilgliner.files import write_json
from distilgliner.finish import read_finish, write_finish
from distilgliner.metrics.calibration import SCORE_FLOOR
from distilgliner.student.predictor import DistilGLiNER

LABEL_FREE = ("hard", "soft")
TEST_FILE = "test.json"
_TEST_KEYS = ("predictions", "kl")
PROGRESS_FILE = "progress.json"
KL_DOCUMENTS = 500


@dataclass(frozen=True)
class ArmJob:
    """What a worker process needs to know."""

    config: CompareConfig
    output: Path
    arm: str
    student: str
    seed: int

    @property
    def folder(self) -> Path:
        return self.output / "runs" / self.student / self.arm / f"seed-{self.seed}"

    @property
    def name(self) -> str:
        return f"{self.student} {self.arm} seed {self.seed}"

    @property
    def is_done(self) -> bool:
        """Whether it was trained and tested, and its student is there as it was written."""
        return (self.folder / TEST_FILE).is_file() and is_finished(self.folder)


def annotation_folder(output: Path, part: str, teacher: int = 0) -> Path:
    """Where the annotations of a part of the data are, by the first teacher or another."""
    return output / "annotations" / (f"{part}-teacher-{teacher + 1}" if teacher else part)


def open_parts(config: CompareConfig, output: Path, part: str) -> list[AnnotationStore]:
    """The annotations of a part of the data, a store for each teacher."""
    teachers = range(1 + len(config.more_teachers))
    return [open_store(annotation_folder(output, part, teacher)) for teacher in teachers]


def run_arm(job: ArmJob) -> None:
    """Train and test one student; continues what was begun, and does nothing when it is done."""
    if job.is_done:
        return
    torch.set_num_threads(job.config.training.threads)
    data = read_comparison_data(job.config)
    check_same_data(job.output, data)  # a comparison takes hours in which files may change
    dev, dev_source = build_dev(job, data)
    config = DistillConfig(
        targets=job.arm,  # type: ignore[arg-type]
        student=job.student,
        student_options=job.config.student_options,
        target=job.config.target,
        training=job.config.training.model_copy(update={"seed": job.seed}),
        calibration=job.config.calibration,
    )
    run_distillation(
        open_parts(job.config, job.output, "transfer"),
        config,
        job.folder,
        gold=data.gold if job.arm not in LABEL_FREE else (),
        dev=dev,
        dev_source=dev_source,
        watched=_build_watched(job, data),
        initial=None if job.arm == "gold" else job.config.initial,
        on_epoch=lambda progress, schedule: _write_progress(job.folder, progress, schedule),
        quiet=True,
    )
    _write_test(job, data)


def build_dev(job: ArmJob, data: ComparisonData) -> tuple[list[Document], str]:
    """The documents that choose the epoch. Arms without labels see no human label here either.

    A fine-tuned teacher has seen human labels, so that no arm is without them. Without dev there
    are none: the run holds some of its own text out.
    """
    if job.arm not in LABEL_FREE or job.config.finetune is not None or not data.dev:
        return data.dev, "humans"
    labels, target = job.config.labels, job.config.target
    stores = open_parts(job.config, job.output, "dev")
    teachers, documents = read_transfer(stores, labels, target, states=False)
    decided = label_by_teachers(documents, teachers, labels, target.teacher_threshold)
    return decided, "the teacher"


def _build_watched(job: ArmJob, data: ComparisonData) -> dict[str, list[Document]]:
    """Documents for the curves; without gold, train is the transfer text with teacher labels."""
    count = job.config.curve_documents
    train = data.gold[:count]
    if not train:
        store = open_store(annotation_folder(job.output, "transfer"))
        annotated = islice(store, count)
        threshold = job.config.target.teacher_threshold
        train = label_by_teacher(annotated, store.labels, threshold)
    return {"train": train, "test": data.test[:count]} if count else {}


def _write_progress(folder: Path, progress: Progress, schedule: Schedule) -> None:
    state = {"epoch": progress.epoch, "epochs": schedule.epochs, "dev_f1": progress.best_f1}
    write_json(folder / PROGRESS_FILE, state)


def _write_test(job: ArmJob, data: ComparisonData) -> None:
    """Predict test with the student as it was saved; keeps the predictions and the KL."""
    predictor = DistilGLiNER.from_pretrained(job.folder)
    texts = [document.text for document in data.test]
    predictions = run_predictions(predictor, texts, job.config.labels)
    scored = run_predictions(predictor, texts, job.config.labels, SCORE_FLOOR)
    temperature = float(read_result(job.folder).get("temperature", 1.0))
    store = open_store(annotation_folder(job.output, "test"))
    found = {
        "predictions": _list_entities(predictions),
        "scored": _list_entities(scored),
        "kl": compute_kl(predictor, store, job.config.target, temperature),
    }
    write_finish(job.folder / TEST_FILE, found, (), indent=None)


def _read_entities(rows: list[list[list[Any]]]) -> list[tuple[Entity, ...]]:
    return [tuple(Entity(*entity) for entity in row) for row in rows]


def _list_entities(predictions: Sequence[Sequence[Entity]]) -> list[list[list[Any]]]:
    return [
        [[e.char_start, e.char_end, e.label, round(e.score, 4)] for e in entities]
        for entities in predictions
    ]


def read_test(
    folder: Path,
) -> tuple[list[tuple[Entity, ...]], list[tuple[Entity, ...]] | None, float]:
    """What a run found in each test document at 0.5 and at `SCORE_FLOOR`, and its KL.

    Runs of earlier versions have None for the second.
    """
    path, remedy = folder / TEST_FILE, "remove it to test that student again"
    found = read_finish(path, remedy, _TEST_KEYS)
    try:
        predictions = _read_entities(found["predictions"])
        scored = None if found.get("scored") is None else _read_entities(found["scored"])
        return predictions, scored, float(found["kl"])
    except (TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); {remedy}.") from None


def compute_kl(
    predictor: DistilGLiNER, store: AnnotationStore, config: TargetConfig, temperature: float
) -> float:
    """Mean KL(teacher ‖ student) per word, in nats, over the first documents of a store.

    `temperature` is what the student's logits were divided by: it was fitted to entities, and words
    are compared without it.
    """
    roles = predictor.student.config.roles
    total, count = 0.0, 0
    for document, _ in zip(store, range(KL_DOCUMENTS), strict=False):
        if not document.words:
            continue
        words = cut_words(document.text, document.words)
        scores = predictor.compute_scores([words], store.labels)[0]
        predicted = compute_tag_log_probabilities(predictor, scores * temperature)
        wanted = compute_soft_targets(document, len(store.labels), config, roles=roles)
        wanted = wanted.astype(np.float64)
        terms = wanted * (np.log(np.maximum(wanted, 1e-12)) - predicted)
        total += float(terms.sum())
        count += len(words)
    return total / max(1, count)
