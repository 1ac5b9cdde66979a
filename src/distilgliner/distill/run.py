"""The stage `distill`: annotations (and gold) → a student's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilgliner import __version__
from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.store import AnnotatedDocument, AnnotationStore, open_store
from distilgliner.annotate.vocabulary import VOCABULARY_FOLDER, read_vocabulary
from distilgliner.corpus.document import Document, restrict_labels
from distilgliner.distill.build import build_student
from distilgliner.distill.calibrate import Calibration, calibrate_outside
from distilgliner.distill.card import write_card
from distilgliner.distill.checkpoint import CHECKPOINT_FILE, Progress
from distilgliner.distill.config import DistillConfig, TargetConfig
from distilgliner.distill.examples import Example, build_examples, pair_with_gold
from distilgliner.distill.measure import measure_student
from distilgliner.distill.teacher_calibration import calibrate_teacher
from distilgliner.distill.train import Schedule, build_schedule, train
from distilgliner.errors import UserError
from distilgliner.files import is_partial, read_json, write_json
from distilgliner.progress import build_progress
from distilgliner.student.config import build_student_config
from distilgliner.student.folder import Student, round_tables, write_student
from distilgliner.student.model import count_parameters

RUN_FILE = "run.json"
RESULT_FILE = "result.json"
_REMEDY = "remove the folder, or give another --output folder"
HELD_OUT = 10
"""Without dev documents every tenth document (by its id) is held out, with the run's own labels."""


@dataclass(frozen=True)
class DistillData:
    """What a run learns from. `dev` chooses the epoch; `watched` is only reported, per epoch."""

    labels: tuple[str, ...]
    transfer: list[AnnotatedDocument]
    gold: list[Document]
    dev: list[Document]
    dev_source: str
    watched: Mapping[str, Sequence[Document]]


def run_distillation(
    annotations: str | Path | AnnotationStore,
    config: DistillConfig,
    output: str | Path,
    *,
    gold: Sequence[Document] = (),
    dev: Sequence[Document] = (),
    dev_source: str = "humans",
    watched: Mapping[str, Sequence[Document]] | None = None,
    ignore_labels: Sequence[str] = (),
    on_epoch: Callable[[Progress, Schedule], None] | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Distil one student into the folder `output`; returns the result, also in `result.json`.

    gold: labelled documents, needed by the targets gold and mixed. dev: labelled documents that
    choose the epoch; without them a tenth of the gold (targets gold) or of the annotated documents
    with the teacher's decisions (the others) is held out. A run that was killed continues; one that
    is finished returns at once; a folder with another run is refused.
    Raises `UserError` for missing or unknown labels, missing gold, or a folder of another run.
    """
    store = annotations if isinstance(annotations, AnnotationStore) else open_store(annotations)
    data = build_data(config, store, gold, dev, dev_source, watched or {}, ignore_labels)
    folder = Path(output)
    # All that can be wrong is checked before the folder is claimed, which a correction would find.
    architecture = build_student_config(config.student, config.student_options)
    tokenizer, vectors = read_vocabulary(store.folder / VOCABULARY_FOLDER)
    finished = _claim_folder(folder, config, store, data)
    if finished is not None:
        return finished
    student = build_student(architecture, data.labels, tokenizer, vectors, config.training.seed)
    examples, target = _build_training_set(config, data, roles=architecture.roles)
    schedule = build_schedule(config.training, len(data.transfer))
    with build_progress(quiet=quiet) as bar:
        task = bar.add_task(f"distil {config.targets}", total=schedule.epochs, note="")

        def show(progress: Progress, schedule: Schedule) -> None:
            row = progress.curve[-1]
            note = f"loss {row['objective']:.3f}  dev F1 {100 * row['dev_f1']:.1f}"
            bar.update(task, completed=progress.epoch, note=note)
            if on_epoch is not None:
                on_epoch(progress, schedule)

        progress = train(
            student,
            examples,
            config.training,
            schedule,
            gold_weight=config.training.gold_weight,
            measure=lambda current: measure_student(current, data.dev, data.watched),
            folder=folder,
            on_epoch=show,
        )
    calibration = calibrate_outside(student, data.dev)
    result = _describe_result(student, progress, calibration, target, len(examples))
    _write_folder(folder, student, config, store.manifest.teacher, data.dev_source, result)
    return result


def build_data(
    config: DistillConfig,
    store: AnnotationStore,
    gold: Sequence[Document],
    dev: Sequence[Document],
    dev_source: str,
    watched: Mapping[str, Sequence[Document]],
    ignore_labels: Sequence[str] = (),
) -> DistillData:
    """Check labels and hold out documents where no dev documents are given."""
    labels = store.labels

    def restrict(documents: Sequence[Document], name: str) -> list[Document]:
        restricted = []
        for number, document in enumerate(documents, 1):
            if document.entities is None:
                raise UserError(
                    f"{name}, document {number}, has no labels; give labelled documents."
                )
            restricted.append(
                restrict_labels(document, labels, ignore_labels, f"{name}, document {number}")
            )
        return restricted

    gold = restrict(gold, "gold")
    if config.targets in ("gold", "mixed") and not gold:
        raise UserError(f"Targets {config.targets!r} need gold documents; pass --gold FILE.")
    transfer = list(store)
    chosen = restrict(dev, "dev")
    if not chosen and config.targets == "gold":
        gold, chosen = _hold_out(gold)
    elif not chosen:
        dev_source = "the teacher"
        kept, held = _hold_out(transfer)
        threshold = config.target.teacher_threshold
        chosen = [Document(doc.text, decode_flat(doc, labels, threshold)) for doc in held]
        held_ids = {doc.id for doc in held}
        transfer, gold = kept, [document for document in gold if document.id not in held_ids]
    return DistillData(
        labels=labels,
        transfer=transfer,
        gold=gold,
        dev=chosen,
        dev_source=dev_source,
        watched={name: restrict(documents, name) for name, documents in watched.items()},
    )


def _hold_out(documents: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Every tenth document in the order of their ids, which are as good as random."""
    order = sorted(documents, key=lambda document: document.id)
    held = {document.id for document in order[::HELD_OUT]}
    kept = [document for document in documents if document.id not in held]
    return kept, [document for document in documents if document.id in held]


def _claim_folder(
    folder: Path, config: DistillConfig, store: AnnotationStore, data: DistillData
) -> dict[str, Any] | None:
    """Write run.json, or check that it is this very run's; the result when that has finished."""
    run = {
        "distilgliner": __version__,
        "config": config.model_dump(),
        "teacher": store.manifest.teacher,
        "labels": list(data.labels),
        "data": {
            "transfer": _fingerprint(document.text for document in data.transfer),
            "annotations": store.manifest.fingerprint,
            "gold": _fingerprint(repr(document) for document in data.gold),
            "dev": _fingerprint(repr(document) for document in data.dev),
        },
    }
    run = json.loads(json.dumps(run))
    path = folder / RUN_FILE
    if path.is_file():
        if read_json(path, _REMEDY) != run:
            raise UserError(
                f"{folder} holds a run with other settings or data; give another --output folder "
                "or remove this one."
            )
        return read_result(folder) if (folder / RESULT_FILE).is_file() else None
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; give a folder for --output.")
    # A run that was killed as it began leaves only the temporary file.
    if folder.is_dir() and not all(map(is_partial, folder.iterdir())):
        raise UserError(f"{folder} is not empty and holds no run; give another --output folder.")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, run)
    return None


def read_result(folder: Path) -> dict[str, Any]:
    """What a finished run has written about itself into `result.json`."""
    result: dict[str, Any] = read_json(folder / RESULT_FILE, _REMEDY)
    return result


def _fingerprint(parts: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _build_training_set(
    config: DistillConfig, data: DistillData, *, roles: bool
) -> tuple[list[Example], TargetConfig]:
    """The examples, and how the teacher's scores became their targets."""
    target = config.target
    if config.targets == "mixed":
        pairs = pair_with_gold(data.transfer, data.gold, data.labels, roles=roles)
        target = calibrate_teacher(pairs, len(data.labels), target, roles=roles)
    examples = build_examples(
        config.targets, data.transfer, data.gold, data.labels, target, roles=roles
    )
    if not examples:
        raise UserError(f"There is no document to learn from with targets {config.targets!r}.")
    return examples, target


def _describe_result(
    student: Student,
    progress: Progress,
    calibration: Calibration,
    target: TargetConfig,
    documents: int,
) -> dict[str, Any]:
    return {
        "dev_f1": calibration.f1,
        "threshold": calibration.threshold,
        "target": target.model_dump(),
        "best_epoch": progress.best_epoch,
        "epochs": progress.epoch,
        "updates": progress.update,
        "documents": documents,
        "train_seconds": progress.seconds,
        "parameters": count_parameters(student.model),
        "curve": progress.curve,
    }


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
    write_json(folder / RESULT_FILE, result)
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
