"""What a run of the whole way decides by itself: fine-tuning, hidden states, where to begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distilgliner.annotate.store import AnnotationStore
from distilgliner.annotate.vocabulary import VOCABULARY_FOLDER, read_vocabulary
from distilgliner.bundled import BUNDLED, GENERAL
from distilgliner.corpus.document import Document
from distilgliner.corpus.prompts import Prompts
from distilgliner.distill.config import DistillConfig
from distilgliner.distill.training.initial import read_initial
from distilgliner.errors import UserError
from distilgliner.student.config import build_student_config

WEAK_TEACHER = 0.75
"""Strict F1 on the gold. Below, fine-tuning the teacher on it first pays:
docs/how-to/finetuning.md."""
_GOLD_DOCUMENTS = 300
"""Of the gold, on which the teacher is measured."""
LAST_LAYER = -1


def is_weak(gold_f1: float) -> bool:
    """Whether a teacher with this strict F1 on the gold is worth fine-tuning first."""
    return gold_f1 < WEAK_TEACHER


def choose_gold(gold: Sequence[Document]) -> list[Document]:
    """Some of the gold, whatever its order, on which a teacher is measured."""
    return sorted(gold, key=lambda document: document.id)[:_GOLD_DOCUMENTS]


def measure_teacher(
    teacher: str | Path,
    documents: Sequence[Document],
    labels: Sequence[str],
    prompts: Prompts,
    threads: int | None,
) -> float:
    """Strict micro F1 of a teacher on labelled documents, at the usual threshold."""
    from distilgliner.evaluate.run import run_evaluation
    from distilgliner.models import load_predictor, set_threads

    predictor = load_predictor(teacher)
    if threads is not None:
        set_threads(predictor, threads)
    found = run_evaluation(
        predictor, documents, labels=labels, prompts=prompts, source="labelled text"
    )
    return found.quality.spans.micro.f1


def fits_general(config: DistillConfig, store: AnnotationStore) -> bool:
    """Whether a student of these annotations can begin with the general student."""
    architecture = build_student_config(config.student, config.student_options)
    tokenizer, _ = read_vocabulary(store.folder / VOCABULARY_FOLDER)
    try:
        general = read_initial(GENERAL)
        general.check_sizes(architecture)
        general.check_subwords(tokenizer)
    except UserError:
        return False
    return True


def choose_initial(store: AnnotationStore, config: DistillConfig) -> str | None:
    """The general student where it fits: docs/explanation/results.md shows what it gives."""
    return GENERAL if fits_general(config, store) else None


def choose_states(
    teacher: str | Path, config: DistillConfig, initial: str | Path | None
) -> list[int] | None:
    """The layers whose states are kept: the last, for a student that begins with random weights.

    After a student that was distilled before they gave nothing that shows, and they are most of
    the bytes. The bundled teacher's students have the general one to begin with, if it fits.
    """
    begins = initial is not None or (str(teacher) == BUNDLED and _has_general_sizes(config))
    return None if begins else [LAST_LAYER]


def _has_general_sizes(config: DistillConfig) -> bool:
    try:
        general = read_initial(GENERAL)
        general.check_sizes(build_student_config(config.student, config.student_options))
    except UserError:
        return False
    return True
