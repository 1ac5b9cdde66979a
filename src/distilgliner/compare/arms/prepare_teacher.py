"""The teacher of a comparison: as it came, or fine-tuned on the gold first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import open_store
from distilgliner.compare.arms.arm import annotation_folder
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData
from distilgliner.compare.results import Finetuning, Quality
from distilgliner.corpus.document import Document
from distilgliner.evaluate.agreement import decode_teacher
from distilgliner.evaluate.run import score_predictions
from distilgliner.finetune.run import RESULT_FILE, run_finetuning
from distilgliner.finish import read_finish
from distilgliner.metrics.calibration import SCORE_FLOOR

TEACHER_FOLDER = "teacher"
BEFORE = "test-before-finetuning"


def prepare_teacher(
    config: CompareConfig, output: Path, data: ComparisonData, *, quiet: bool
) -> str | Path:
    """The checkpoint that annotates: `config.teacher`, or with `finetune` one made from it.

    With `finetune`, the teacher as it came is measured on test as well.
    """
    if config.finetune is None:
        return config.teacher
    run_annotation(
        data.test,
        teacher=config.teacher,
        labels=config.labels,
        prompts=config.prompts,
        output=annotation_folder(output, BEFORE),
        quiet=quiet,
    )
    run_finetuning(
        data.gold,
        teacher=config.teacher,
        labels=config.labels,
        dev=data.dev,
        output=output / TEACHER_FOLDER,
        config=config.finetune,
        prompts=config.prompts,
        quiet=quiet,
    )
    return output / TEACHER_FOLDER


def describe_finetuning(
    config: CompareConfig, output: Path, test: Sequence[Document]
) -> Finetuning | None:
    """The teacher as it came; None when it was not fine-tuned."""
    if config.finetune is None:
        return None
    store = open_store(annotation_folder(output, BEFORE))
    texts = [document.text for document in test]
    predictions = decode_teacher(store, texts, config.target.teacher_threshold)
    scored = decode_teacher(store, texts, SCORE_FLOOR)
    evaluation = score_predictions(test, predictions, labels=config.labels, scored=scored)
    path = output / TEACHER_FOLDER / RESULT_FILE
    result = read_finish(path, f"remove the folder {path.parent}", ("seconds", "updates"))
    return Finetuning(
        name=Path(config.teacher).name or config.teacher,
        quality=Quality.model_validate(evaluation.quality.to_dict()),
        seconds=result["seconds"],
        updates=result["updates"],
    )


def name_teacher(config: CompareConfig) -> str:
    """What the report calls the teacher that the students learn from."""
    name = Path(config.teacher).name or config.teacher
    return name if config.finetune is None else f"{name}, fine-tuned"
