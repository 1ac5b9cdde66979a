"""One student after the other, each another recipe: what `ablation.py` and `corpora.py` share.

A student that is measured is not trained again (`grid_log.py`), so a run that was killed goes on,
and rows can be added. Dev F1 picks recipes, test F1 is reported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common.grid_log import RunLog
from benchmarks.common.places import CORPORA
from distilgliner.annotate.store import AnnotationStore
from distilgliner.augment.config import build_augment_config
from distilgliner.compare.arms.annotations import annotate_transfer, find_layers
from distilgliner.compare.arms.arm import LABEL_FREE
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.compare.data import ComparisonData
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.distill.training.initial import read_initial
from distilgliner.evaluate.run import run_predictions, score_predictions
from distilgliner.folders import compute_fingerprint
from distilgliner.student.predictor import DistilGLiNER


def read_corpus(name: str, data: Path) -> CompareConfig:
    """The comparison of a corpus, benchmarks/common/corpora/NAME.yaml, with files below `data`."""
    path = CORPORA / f"{name}.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return build_compare_config(raw, base=data, where=str(path))


def build_recipe(changes: dict[str, Any], config: CompareConfig, seed: int) -> DistillConfig:
    """The recipe of a corpus with some changes, whose keys may be dotted."""
    raw: dict[str, Any] = {
        "target": config.target.model_dump(exclude_unset=True),
        "training": config.training.model_dump(exclude_unset=True) | {"seed": seed},
        "calibration": config.calibration.model_dump(exclude_unset=True),
    }
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = raw
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return build_distill_config(raw)


def annotate_augmented(
    config: CompareConfig,
    data: ComparisonData,
    augment: dict[str, Any],
    output: Path,
    *,
    states: Sequence[int] | None = None,
) -> AnnotationStore:
    """The annotations of the transfer text and of what `augment` makes of it; see
    `annotate_transfer`. In a folder of their own below `output`.

    states: the teacher's layers to keep; None for those that the terms of `config` look at.
    """
    changed = config.model_copy(update={"augment": build_augment_config(augment)})
    folder = output / f"augmented-{compute_fingerprint([str(augment)])}"
    layers = find_layers(config.training.terms) if states is None else states
    return annotate_transfer(changed, folder, data, config.teacher, states=layers, quiet=False)


def run_row(
    name: str,
    fingerprint: str,
    recipe: DistillConfig,
    store: AnnotationStore,
    log: RunLog,
    *,
    gold: Sequence[Document],
    dev: Sequence[Document],
    test: Sequence[Document],
    initial: str | None = None,
) -> None:
    """Train one student, measure it on test and keep that in the log.

    name: of its row. fingerprint: what the log knows it by. initial: the student whose word vectors
    and encoder it begins with.
    """
    folder = log.folder / fingerprint
    labelled = () if recipe.targets in LABEL_FREE else gold
    result = run_distillation(store, recipe, folder, gold=labelled, dev=dev, initial=initial)
    predictor = DistilGLiNER.from_pretrained(folder)
    predictions = run_predictions(predictor, [document.text for document in test], store.labels)
    evaluation = score_predictions(test, predictions, labels=store.labels)
    measured = {
        "name": name,
        "seed": recipe.training.seed,
        "dev_f1": result["dev_f1"],
        "test_f1": evaluation.quality.spans.micro.f1,
        "parameters": result["parameters"]["total"],
        "seconds": result["train_seconds"],
        "cpu": describe_machine().cpu,
    }
    print(measured, flush=True)
    log.add(fingerprint, measured)


def compute_run_fingerprint(
    row: dict[str, Any], recipe: DistillConfig, initial: str | None = None
) -> str:
    """Names a run by what is run, so that a changed row, recipe or initial student is run anew."""
    settings = recipe.model_dump(mode="json")
    # Settings that came later, where they change nothing: runs of before stay known.
    if settings["training"]["context_share"] == 0:
        del settings["training"]["context_share"]
    written = json.dumps(settings, separators=(",", ":"), ensure_ascii=False)  # as pydantic does
    described = [json.dumps(row, sort_keys=True), written]
    if initial is not None:
        described.append(_compute_initial_fingerprint(initial))
    return compute_fingerprint(described)


@cache
def _compute_initial_fingerprint(initial: str) -> str:
    return read_initial(initial).fingerprint
