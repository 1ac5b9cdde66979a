"""The stage `compare`: all arms × students × seeds, measured on the same text, in one report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.run import DEFAULT_FLOOR
from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.arms.annotations import SPEED_FILE, annotate_parts
from distilgliner.compare.arms.arm import ArmJob, annotation_folder, open_parts, read_test
from distilgliner.compare.arms.choose_examples import choose_examples
from distilgliner.compare.arms.costs import measure_costs
from distilgliner.compare.arms.pool import run_arms
from distilgliner.compare.arms.prepare_teacher import (
    describe_finetuning,
    name_teacher,
    prepare_teacher,
)
from distilgliner.compare.arms.reuse import check_given_annotations
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.compare.report.notes import explain_comparison
from distilgliner.compare.report.write import write_report
from distilgliner.compare.results import (
    TEACHER,
    Agreement,
    Cost,
    CurvePoint,
    FurtherTeacher,
    Quality,
    Results,
    Run,
    Significance,
    Teacher,
    write_results,
)
from distilgliner.compare.run_record import CONFIG_FILE, record_comparison
from distilgliner.corpus.borders import measure_borders
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.splitters import find_splitter
from distilgliner.corpus.unspaced import describe_unspaced, is_unspaced
from distilgliner.distill.run import read_result
from distilgliner.distill.sources.labels import check_floor
from distilgliner.distill.training.initial import read_initial
from distilgliner.evaluate.agreement import decode_teacher
from distilgliner.evaluate.run import Evaluation, score_predictions
from distilgliner.files import read_json
from distilgliner.folders import lock_folder
from distilgliner.metrics.calibration import SCORE_FLOOR
from distilgliner.metrics.significance import compute_significance
from distilgliner.student.config import build_student_config

RESULTS_FILE = "results.json"
PAIRS = (("soft", "hard"), ("mixed", "hard"), ("mixed", "gold"), ("soft", "gold"))
"""Which arms are tested against each other."""


def run_comparison(config: CompareConfig, output: str | Path, *, quiet: bool = False) -> Results:
    """Annotate once, train and test every arm, measure cost, write report.html, .md, results.json.

    A run that was stopped continues where it was, and arms, students and seeds can be added to one
    that is finished; a folder of another comparison is refused.
    Raises `UserError` for bad data or settings, or a folder that cannot be made or is in use.
    """
    output = Path(output)
    # What may be wrong is checked before anything is written to the folder.
    data = read_comparison_data(config)
    check_floor(config.target, DEFAULT_FLOOR)
    if config.initial is not None:
        initial = read_initial(config.initial)
        for student in config.students:
            initial.check_sizes(build_student_config(student, config.student_options))
    teachers = [find_checkpoint(name) for name in (config.teacher, *config.more_teachers)]
    check_given_annotations(config, data.transfer, teachers)
    if not (output / CONFIG_FILE).is_file():
        from distilgliner.annotate.teacher import check_room

        for checkpoint in teachers:
            check_room(checkpoint, config.labels, config.prompts)
    with lock_folder(output):
        record_comparison(output, config, data, teachers)
        return _run_recorded(config, output, data, quiet=quiet)


def _run_recorded(
    config: CompareConfig, output: Path, data: ComparisonData, *, quiet: bool
) -> Results:
    teacher = prepare_teacher(config, output, data, quiet=quiet)
    stores = annotate_parts(config, output, data, teacher, quiet=quiet)
    jobs = [
        ArmJob(config, output, arm, student, seed)
        for student, seed, arm in product(config.students, config.seeds, config.arms)
    ]
    run_arms(jobs, config.workers, quiet=quiet)
    costs = measure_costs(config, output, jobs, data.test, teacher, quiet=quiet)
    results = build_results(config, output, data, stores, jobs, costs)
    write_results(results, output / RESULTS_FILE)
    write_report(results, output)
    return results


def build_results(
    config: CompareConfig,
    output: Path,
    data: ComparisonData,
    stores: dict[str, AnnotationStore],
    jobs: Sequence[ArmJob],
    costs: dict[str, Any],
) -> Results:
    """Everything that was measured, from what the runs have written."""
    threshold = config.target.teacher_threshold
    teacher = _measure_teacher(config, data.test, stores["test"])
    measured = [
        _measure_run(job, data.test, stores["test"], config.labels, threshold) for job in jobs
    ]
    split = find_splitter(stores["transfer"].manifest.word_splitter)
    borders = measure_borders([*data.gold, *data.dev, *data.test], split)
    texts = {d.text for d in (*data.gold, *data.transfer, *data.dev, *data.test)}
    unspaced = describe_unspaced(sum(is_unspaced(text, split) for text in texts), len(texts))
    new_texts = len(stores["transfer"]) - len(data.transfer)
    dev_sources = {job.arm: read_result(job.folder)["dev_source"] for job in jobs}
    return Results(
        name=config.name,
        created=datetime.now(timezone.utc).replace(microsecond=0),
        machine=describe_machine(),
        config=json.loads(config.model_dump_json()),
        labels=list(config.labels),
        data=data.describe(),
        teacher=_describe_teacher(config, output, teacher, stores["transfer"]),
        more_teachers=_describe_more_teachers(config, output, data.test),
        finetuning=describe_finetuning(config, output, data.test),
        runs=[_describe_run(run) for run in measured],
        significance=_compare_pairs(config, measured),
        costs={name: Cost.model_validate(cost) for name, cost in costs.items()},
        examples=_show_examples(config, data.test, teacher, measured),
        notes=[
            *data.notes,
            *(f"{sentence}." for sentence in (borders.describe(), unspaced) if sentence),
            *explain_comparison(config, new_texts, dev_sources),
        ],
        gold_borders=borders.to_dict(),
    )


@dataclass(frozen=True)
class _MeasuredRun:
    """A run with its scores on test and its KL from the teacher."""

    job: ArmJob
    evaluation: Evaluation
    kl: float


def _measure_run(
    job: ArmJob,
    test: Sequence[Document],
    store: AnnotationStore,
    labels: Sequence[str],
    threshold: float,
) -> _MeasuredRun:
    predictions, scored, kl = read_test(job.folder)
    evaluation = score_predictions(
        test, predictions, labels=labels, threshold=threshold, annotations=store, scored=scored
    )
    return _MeasuredRun(job, evaluation, kl)


def _measure_teacher(
    config: CompareConfig, test: Sequence[Document], store: AnnotationStore
) -> Evaluation:
    texts = [document.text for document in test]
    return score_predictions(
        test,
        decode_teacher(store, texts, config.target.teacher_threshold),
        labels=config.labels,
        scored=decode_teacher(store, texts, SCORE_FLOOR),
    )


def _describe_more_teachers(
    config: CompareConfig, output: Path, test: Sequence[Document]
) -> list[FurtherTeacher]:
    stores = open_parts(config, output, "test")[1:]
    return [
        FurtherTeacher(
            name=Path(name).name or name,
            weight_hash=store.manifest.teacher_hash,
            quality=Quality.model_validate(_measure_teacher(config, test, store).quality.to_dict()),
        )
        for name, store in zip(config.more_teachers, stores, strict=True)
    ]


def _describe_teacher(
    config: CompareConfig, output: Path, teacher: Evaluation, store: AnnotationStore
) -> Teacher:
    path = annotation_folder(output, "transfer") / SPEED_FILE
    speed = float(read_json(path, "remove it")) if path.is_file() else 0.0
    return Teacher(
        name=name_teacher(config),
        weight_hash=store.manifest.teacher_hash,
        quality=Quality.model_validate(teacher.quality.to_dict()),
        annotation_seconds=store.words / speed if speed else 0.0,
        annotation_words_per_second=speed,
    )


def _describe_run(run: _MeasuredRun) -> Run:
    job, evaluation = run.job, run.evaluation
    trained = read_result(job.folder)
    assert evaluation.agreement is not None
    agreement = evaluation.agreement
    return Run(
        arm=job.arm,  # type: ignore[arg-type]
        student=job.student,
        seed=job.seed,
        quality=Quality.model_validate(evaluation.quality.to_dict()),
        agreement=Agreement(
            f1=agreement.f1, precision=agreement.precision, recall=agreement.recall, kl=run.kl
        ),
        train_seconds=trained["train_seconds"],
        best_epoch=trained["best_epoch"],
        updates=trained["updates"],
        curve=[_describe_epoch(row) for row in trained["curve"] if "train" in row],
    )


def _describe_epoch(row: dict[str, Any]) -> CurvePoint:
    keys = ("recall", "precision", "f1", "word_accuracy")
    return CurvePoint(
        epoch=row["epoch"],
        train_loss=row["train_loss"],
        test_loss=row["test_loss"],
        dev_f1=row["dev_f1"],
        train={key: row["train"][key] for key in keys},  # type: ignore[arg-type]
        test={key: row["test"][key] for key in keys},  # type: ignore[arg-type]
    )


def _compare_pairs(config: CompareConfig, runs: Sequence[_MeasuredRun]) -> list[Significance]:
    def counts(student: str, arm: str) -> list[Any]:
        return [
            run.evaluation.counts
            for run in runs
            if (run.job.student, run.job.arm) == (student, arm)
        ]

    return [
        Significance(
            student=student,
            a=a,
            b=b,
            **compute_significance(counts(student, a), counts(student, b)).to_dict(),
        )
        for student in config.students
        for a, b in PAIRS
        if a in config.arms and b in config.arms
    ]


def _show_examples(
    config: CompareConfig,
    test: Sequence[Document],
    teacher: Evaluation,
    runs: Sequence[_MeasuredRun],
) -> list[Any]:
    predictions: dict[str, Sequence[Sequence[Entity]]] = {TEACHER: teacher.predictions}
    for run in runs:
        if run.job.student == config.students[0] and run.job.seed == config.seeds[0]:
            predictions[run.job.arm] = run.evaluation.predictions
    return choose_examples(test, predictions, config.examples)
