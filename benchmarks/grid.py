"""One student after the other, each another recipe: what `ablation.py` and `corpora.py` share.

A student that is measured is not trained again, so a run that was killed goes on, and rows can be
added. Dev F1 picks recipes, test F1 is reported.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.arm import LABEL_FREE
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.corpus.document import Document
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.evaluate.run import run_predictions, score_predictions
from distilgliner.files import read_json, write_json
from distilgliner.folders import compute_fingerprint
from distilgliner.student.predictor import DistilGLiNER

HERE = Path(__file__).parent
_MEASURED_FILE = "measured.json"


def read_corpus(name: str, data: Path) -> CompareConfig:
    """The comparison of a corpus, benchmarks/corpora/NAME.yaml, with files below `data`."""
    path = HERE / "corpora" / f"{name}.yaml"
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


def run_row(
    row: dict[str, Any],
    recipe: DistillConfig,
    store: AnnotationStore,
    output: Path,
    *,
    gold: Sequence[Document],
    dev: Sequence[Document],
    test: Sequence[Document],
    initial: str | None = None,
) -> None:
    """Train one student and measure it on test, unless that is done.

    initial: the student whose word vectors and encoder it begins with.
    """
    folder = find_folder(output, row, recipe)
    if (folder / _MEASURED_FILE).is_file():
        return
    labelled = () if recipe.targets in LABEL_FREE else gold
    result = run_distillation(store, recipe, folder, gold=labelled, dev=dev, initial=initial)
    predictor = DistilGLiNER.from_pretrained(folder)
    predictions = run_predictions(predictor, [document.text for document in test], store.labels)
    evaluation = score_predictions(test, predictions, labels=store.labels)
    measured = {
        "name": row["name"],
        "seed": recipe.training.seed,
        "dev_f1": result["dev_f1"],
        "test_f1": evaluation.quality.spans.micro.f1,
        "parameters": result["parameters"]["total"],
        "seconds": result["train_seconds"],
    }
    print(measured, flush=True)
    write_json(folder / _MEASURED_FILE, measured)


def find_folder(output: Path, row: dict[str, Any], recipe: DistillConfig) -> Path:
    """Named by what is run, so that a changed row or recipe is run anew."""
    described = [json.dumps(row, sort_keys=True), recipe.model_dump_json()]
    return output / "runs" / compute_fingerprint(described)


def read_measured(output: Path, row: dict[str, Any], recipes: Sequence[DistillConfig]) -> list[Any]:
    """What the runs of a row have measured, of the seeds that are done."""
    paths = [find_folder(output, row, recipe) / _MEASURED_FILE for recipe in recipes]
    return [read_json(path, "remove it") for path in paths if path.is_file()]


def summarize(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds; spread is the standard deviation, None of one seed."""
    summary: dict[str, Any] = {"seeds": len(found)}
    for key in ("dev_f1", "test_f1"):
        values = [one[key] for one in found]
        summary[key] = statistics.fmean(values)
        summary[f"{key}_spread"] = statistics.stdev(values) if len(values) > 1 else None
    summary["parameters"] = found[0]["parameters"]
    summary["seconds"] = statistics.median(one["seconds"] for one in found)
    return summary
