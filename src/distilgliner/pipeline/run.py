"""Annotate, fine-tune where that pays, distil, export and measure: all stages, each resumable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore
from distilgliner.corpus.arguments import check_threads
from distilgliner.corpus.document import Document
from distilgliner.corpus.labels import check_labels
from distilgliner.corpus.prompts import Prompts
from distilgliner.distill.config import DistillConfig
from distilgliner.distill.data import build_data
from distilgliner.distill.run import run_distillation
from distilgliner.errors import UserError
from distilgliner.folders import compute_fingerprint, lock_folder, record_run
from distilgliner.pipeline.choices import (
    choose_gold,
    choose_initial,
    choose_states,
    is_weak,
    measure_teacher,
)
from distilgliner.pipeline.deploy import Deployed, deploy_student

RUN_FILE = "pipeline.json"
TEACHER, ANNOTATIONS, TRAINING = "teacher", "annotations", "training"
"""Folders below the student's: they can be removed when the student is done."""
_DEV_DOCUMENTS = 1000
"""Held-out documents on which the exported student is measured, at most."""


@dataclass(frozen=True)
class PipelineResult:
    """What came out; F1 are strict, from 0 to 1."""

    student: Path
    deployed: Deployed
    dev_source: str
    """Whose labels the held-out text has, as `DistillData.dev_source`."""
    dev_documents: int
    teacher_f1: float | None
    """Of the student's teacher on the same text, where its labels are human; else None."""
    teacher_gold_f1: float | None
    """Of the teacher as it was given, on the gold; None without gold."""
    fine_tuned: dict[str, Any] | None
    """What `finetune` says where it was worth it, else None."""
    annotated_words: int
    distilled: dict[str, Any] = field(default_factory=dict)
    """What `run_distillation` says."""


def run_pipeline(
    documents: Iterable[Document],
    *,
    teacher: str | Path,
    labels: Sequence[str],
    output: str | Path,
    config: DistillConfig,
    prompts: Prompts = None,
    annotations: str | Path | None = None,
    gold: Sequence[Document] = (),
    dev: Sequence[Document] = (),
    initial: str | Path | None = None,
    threads: int | None = None,
    quiet: bool = False,
) -> PipelineResult:
    """Distil a student from a teacher and text into the folder `output`, which then opens as one.

    documents: unlabelled text, streamed. labels: what the student is to find. prompts: how the
    teacher is asked for them, see `run_annotation`. annotations: where the teacher's scores go, or
    are already; None keeps them below `output`. gold: labelled documents; the targets `mixed` need
    them. Where the teacher is weak on them it is fine-tuned on them first, and a student of the
    fine-tuned one is distilled. dev: labelled documents that choose the epochs. initial: a student
    to begin with; None takes the general student where it fits the teacher, else random weights.
    threads: of the CPU, for the teacher; None lets torch decide. The training has those of config.

    The student is exported, in 8 bits where that costs less than 0.3 F1 on the held-out text.
    Each stage resumes where it was interrupted. Raises `UserError` as the stages do, and for a
    folder that holds something else.
    """
    folder = Path(output)
    names = check_labels(labels)
    run = {
        "teacher": str(teacher),
        "labels": list(names),
        "config": config.model_dump(mode="json"),
        "gold": compute_fingerprint(map(repr, gold)),
        "dev": compute_fingerprint(map(repr, dev)),
    }
    with lock_folder(folder):
        record_run(folder, RUN_FILE, run, "student of 'distilgliner distill --teacher'")
        some = choose_gold(gold)
        gold_f1 = measure_teacher(teacher, some, names, prompts, threads) if some else None
        fine_tuned = None
        if gold_f1 is not None and is_weak(gold_f1):
            fine_tuned = _fine_tune(
                teacher, folder, gold, dev, names, prompts, threads, quiet=quiet
            )
        own_teacher = teacher if fine_tuned is None else folder / TEACHER
        store = _annotate(
            _read(gold, documents),
            own_teacher,
            names,
            folder / ANNOTATIONS if annotations is None else Path(annotations),
            prompts,
            states=choose_states(teacher, config, initial),
            threads=threads,
            quiet=quiet,
        )
        begin = choose_initial(store, config) if initial is None else initial
        result = run_distillation(
            store, config, folder / TRAINING, gold=gold, dev=dev, initial=begin, quiet=quiet
        )
        held_out = build_data(config, store, gold, dev).dev[:_DEV_DOCUMENTS]
        deployed = deploy_student(folder / TRAINING, folder, held_out, quiet=quiet)
        teacher_f1 = (
            measure_teacher(own_teacher, held_out, names, prompts, threads) if dev else None
        )
    return PipelineResult(
        student=folder,
        deployed=deployed,
        dev_source=result["dev_source"],
        dev_documents=len(held_out),
        teacher_f1=teacher_f1,
        teacher_gold_f1=gold_f1,
        fine_tuned=fine_tuned,
        annotated_words=store.words,
        distilled=result,
    )


def _read(gold: Sequence[Document], documents: Iterable[Document]) -> Iterator[Document]:
    """The texts to annotate; the store keeps a text that occurs twice once."""
    return (Document(document.text) for document in chain(gold, documents))


def _annotate(
    documents: Iterable[Document],
    teacher: str | Path,
    labels: Sequence[str],
    output: Path,
    prompts: Prompts,
    *,
    states: Sequence[int] | None,
    threads: int | None,
    quiet: bool,
) -> AnnotationStore:
    if threads is not None:
        import torch

        torch.set_num_threads(check_threads(threads))
    return run_annotation(
        documents,
        teacher=teacher,
        labels=labels,
        output=output,
        prompts=prompts,
        states=states,
        quiet=quiet,
    )


def _fine_tune(
    teacher: str | Path,
    folder: Path,
    gold: Sequence[Document],
    dev: Sequence[Document],
    labels: Sequence[str],
    prompts: Prompts,
    threads: int | None,
    *,
    quiet: bool,
) -> dict[str, Any]:
    from distilgliner.finetune.run import run_finetuning

    if not any(document.entities for document in gold):
        raise UserError("The gold holds no entity to learn from; give text with entities.")
    return run_finetuning(
        gold,
        teacher=teacher,
        output=folder / TEACHER,
        labels=labels,
        dev=dev,
        prompts=prompts,
        threads=threads,
        quiet=quiet,
    )
