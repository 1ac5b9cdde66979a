"""The stage `distill`: annotations (and gold) → a student's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.annotate.vocabulary import read_vocabulary
from distilgliner.corpus.choosing import check_can_choose, warn_if_nothing_found
from distilgliner.corpus.document import Document
from distilgliner.corpus.labels import list_labels
from distilgliner.corpus.texts import list_documents
from distilgliner.distill.calibration.measure import measure_student
from distilgliner.distill.calibration.run import (
    StudentCalibration,
    calibrate_student,
    check_calibration,
)
from distilgliner.distill.calibration.threshold import count_dev_entities
from distilgliner.distill.card import write_card
from distilgliner.distill.config import CalibrationConfig, DistillConfig
from distilgliner.distill.data import LEARNED, DistillData, build_data
from distilgliner.distill.objective.head_losses import find_head_loss
from distilgliner.distill.objective.stages import Schedule, build_schedule
from distilgliner.distill.objective.terms import resolve_terms
from distilgliner.distill.sources.transfer import StoredTeacher, name_teachers
from distilgliner.distill.targets.forms import find_form
from distilgliner.distill.training.build import build_student
from distilgliner.distill.training.checkpoint import CHECKPOINT_FILE, RUN_FILE, Progress
from distilgliner.distill.training.examples import Example, build_examples
from distilgliner.distill.training.initial import InitialStudent, read_initial
from distilgliner.distill.training.loop import train
from distilgliner.distill.training.word_vectors import move_word_vectors
from distilgliner.errors import UserError
from distilgliner.finish import find_damage, read_finish, recall_finish, write_finish
from distilgliner.folders import REMEDY, lock_folder, record_run
from distilgliner.progress import build_progress
from distilgliner.student.config import StudentConfig, build_student_config
from distilgliner.student.folder import Student, round_tables, write_student
from distilgliner.student.folder_files import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from distilgliner.student.model import count_parameters
from distilgliner.version import __version__

RESULT_FILE = "result.json"
STUDENT_FILES = (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE)
"""What a finished run promises; the model card is anyone's to write on."""
_RESULT_KEYS = (
    "dev_f1",
    "dev_source",
    "threshold",
    "target",
    "best_epoch",
    "epochs",
    "updates",
    "documents",
    "train_seconds",
    "parameters",
    "curve",
)


Annotations = str | Path | AnnotationStore
"""A store of annotations, or its folder."""


def run_distillation(
    annotations: Annotations | Sequence[Annotations],
    config: DistillConfig,
    output: str | Path,
    *,
    gold: Iterable[Document] = (),
    dev: Iterable[Document] = (),
    dev_source: str = "humans",
    watched: Mapping[str, Iterable[Document]] | None = None,
    ignore_labels: Sequence[str] = (),
    initial: str | Path | None = None,
    on_epoch: Callable[[Progress, Schedule], None] | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Distil one student into the folder `output`; returns the result, also in `result.json`.

    annotations: one store, or several of other teachers, texts or label sets; the student gets the
    union of the labels: docs/how-to/several_teachers.md. gold: labelled documents, for the
    targets gold and mixed. dev: labelled documents that choose the epoch; without it some of
    the others, see `build_data`. Both may hold documents that were annotated for some labels only
    (`mark_partial`). initial: a student whose word vectors and encoder this one begins with, see
    `read_initial`. A run that was killed continues; one that is finished returns at once, unless
    its files have changed: then it is made anew. A folder with another run is refused.
    Raises `UserError` for missing or unknown labels, missing gold, thresholds below a store's
    floor, settings that the student's head cannot follow, training that diverges, or a folder that
    cannot be made, is in use or holds another run.
    """
    stores = open_stores(annotations)
    gold, dev = list_documents(gold, "gold"), list_documents(dev, "dev")
    ignore_labels = list_labels(ignore_labels, "ignore_labels")
    followed = {name: list_documents(known, name) for name, known in (watched or {}).items()}
    data = build_data(config, stores, gold, dev, dev_source, followed, ignore_labels)
    if dev_source == "humans":
        check_can_choose(dev, "dev")
    folder = Path(output)
    # All that can be wrong is checked before anything is written to the folder.
    architecture = build_student_config(config.student, config.student_options)
    if config.targets in ("soft", "mixed"):
        find_head_loss(architecture).check(config.training.terms.soft, config.target)
    check_calibration(config.calibration, architecture)
    tokenizer, vectors = read_vocabulary(data.teachers[0].vocabulary)
    first = None if initial is None else read_initial(initial)
    if first is not None:
        first.check_sizes(architecture)
        first.check_subwords(tokenizer)
    with lock_folder(folder):
        finished = _record_run(folder, config, data, first)
        if finished is not None:
            return finished
        student = build_student(
            architecture,
            data.labels,
            tokenizer,
            vectors,
            config.training.seed,
            data.word_splitter,
        )
        if first is not None:
            first.copy_to(student)
        move_word_vectors(student, data.transfer, config.training.context_share)
        examples = _build_training_set(config, data, architecture)
        progress = _train(student, examples, config, data, folder, on_epoch, quiet=quiet)
        calibration = calibrate_student(student, data.dev, _choose_calibration(config, data))
        result = _describe_result(student, progress, calibration, data.teachers, len(examples))
        result["dev_entities"] = count_dev_entities(data.dev)
        result["dev_source"] = data.dev_source
        result["gold_borders"] = data.measure_borders().to_dict()
        result["texts_without_spaces"], result["texts"] = data.count_unspaced()
        warn_if_nothing_found(calibration.f1, data.dev, "dev")
        _write_folder(
            folder, student, config, name_teachers(data.teachers), data.dev_source, result
        )
    return result


def _train(
    student: Student,
    examples: Sequence[Example],
    config: DistillConfig,
    data: DistillData,
    folder: Path,
    on_epoch: Callable[[Progress, Schedule], None] | None,
    *,
    quiet: bool,
) -> Progress:
    """Train in place, with a progress bar."""
    schedule = build_schedule(config.training, len(data.transfer))
    with build_progress(quiet=quiet) as bar:
        task = bar.add_task(f"distil {config.targets}", total=schedule.epochs, note="")

        def show(progress: Progress, schedule: Schedule) -> None:
            row = progress.curve[-1]
            note = f"loss {row['objective']:.3f}  dev F1 {100 * row['dev_f1']:.1f}"
            bar.update(task, completed=progress.epoch, note=note)
            if on_epoch is not None:
                on_epoch(progress, schedule)

        return train(
            student,
            examples,
            config.training,
            schedule,
            terms=resolve_terms(config.targets, config.training.terms, has_states=data.has_states),
            measure=lambda current: measure_student(current, data.dev, data.watched),
            folder=folder,
            on_epoch=show,
        )


def open_stores(annotations: Annotations | Sequence[Annotations]) -> list[AnnotationStore]:
    """The stores of one folder or several. Raises `UserError` for none, and see `open_store`."""
    given = [annotations] if isinstance(annotations, Annotations) else list(annotations)
    if not given:
        raise UserError("No annotations were given; pass --annotations FOLDER.")
    return [one if isinstance(one, AnnotationStore) else open_store(one) for one in given]


def _record_run(
    folder: Path, config: DistillConfig, data: DistillData, initial: InitialStudent | None
) -> dict[str, Any] | None:
    """Write run.json, or check that it is this very run's; the result when that has finished."""
    run: dict[str, Any] = {
        "distilgliner": __version__,
        "config": config.model_dump(mode="json"),
        "teacher": name_teachers(data.teachers),
        "teacher_hash": " ".join(teacher.weight_hash for teacher in data.teachers),
        "labels": list(data.labels),
        "data": data.compute_fingerprints(),
    }
    if len(data.teachers) > 1:
        run["teachers"] = [teacher.describe() for teacher in data.teachers]
    if initial is not None:
        run["initial"] = initial.fingerprint
    record_run(folder, RUN_FILE, run, "run")
    return recall_finish(folder / RESULT_FILE, REMEDY, _RESULT_KEYS, STUDENT_FILES)


def read_result(folder: Path) -> dict[str, Any]:
    """What a finished run has written about itself into `result.json`.

    Raises `UserError` when that is damaged.
    """
    return read_finish(folder / RESULT_FILE, REMEDY, _RESULT_KEYS)


def is_finished(folder: Path) -> bool:
    """Whether a run has finished, and its student is there as it was written."""
    mark = folder / RESULT_FILE
    try:
        return mark.is_file() and find_damage(mark, _RESULT_KEYS, STUDENT_FILES) is None
    except UserError:
        return False


def _build_training_set(
    config: DistillConfig, data: DistillData, architecture: StudentConfig
) -> list[Example]:
    return build_examples(
        config.targets,
        data.transfer,
        data.gold,
        data.labels,
        data.teachers,
        resolve_terms(config.targets, config.training.terms, has_states=data.has_states),
        roles=architecture.roles,
        form=find_form(architecture),
        word_splitter=data.word_splitter,
    )


def _choose_calibration(config: DistillConfig, data: DistillData) -> CalibrationConfig:
    """As configured, but no temperature from text that the student knows: it is too sure there."""
    if data.dev_source == LEARNED:
        return config.calibration.model_copy(update={"temperature": False})
    return config.calibration


def _describe_result(
    student: Student,
    progress: Progress,
    calibration: StudentCalibration,
    teachers: Sequence[StoredTeacher],
    documents: int,
) -> dict[str, Any]:
    """What `result.json` says; `target` is that of the first teacher, `teachers` has all.

    `teacher_gold_f1` is the least of the teachers' on the gold among their texts, None without any.
    """
    known = [teacher.gold_f1 for teacher in teachers if teacher.gold_f1 is not None]
    result = {
        "dev_f1": calibration.f1,
        "threshold": calibration.threshold,
        "label_thresholds": calibration.label_thresholds,
        "temperature": calibration.temperature,
        "target": teachers[0].target.model_dump(mode="json"),
        "teacher_gold_f1": min(known, default=None),
        "best_epoch": progress.best_epoch,
        "epochs": progress.epoch,
        "updates": progress.update,
        "documents": documents,
        "train_seconds": progress.seconds,
        "parameters": count_parameters(student.model),
        "curve": progress.curve,
    }
    if len(teachers) > 1:
        result["teachers"] = [
            {**teacher.describe(), "target": teacher.target.model_dump(mode="json")}
            for teacher in teachers
        ]
    return result


def _write_folder(
    folder: Path,
    student: Student,
    config: DistillConfig,
    teacher: str,
    dev_source: str,
    result: dict[str, Any],
) -> None:
    """The student, its card and its result; result.json is last and says that all is there."""
    round_tables(student.model)
    student.card = write_card(student, config, teacher, dev_source, result)
    write_student(student, folder)
    result.update(write_finish(folder / RESULT_FILE, result, STUDENT_FILES))
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
