"""The ablation table: one change of the recipe a row, on human labels, several seeds.

    python benchmarks/ablation.py [--data ../shared/data] [--rows "the recipe,targets: hard"]

Reads `benchmarks/ablation.yaml`; the teacher, the data and the split are those of the corpus'
comparison (benchmarks/CORPUS.yaml). Everything goes to runs/ablation/CORPUS; a student that is
there is not trained again, so a killed run goes on, and a row can be added. Dev F1 picks
recipes, test F1 is reported. The numbers are `benchmarks/results/ablation.json`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.arm import annotation_folder
from distilgliner.compare.claim import claim_comparison
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.compare.prepare_teacher import prepare_teacher
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.distill.run import run_distillation
from distilgliner.evaluate.run import run_predictions, score_predictions
from distilgliner.files import read_json, write_json
from distilgliner.folders import compute_fingerprint, lock_folder
from distilgliner.student.predictor import DistilGLiNER

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs"
RESULT = HERE / "results" / "ablation.json"
MEASURED_FILE = "measured.json"
LABEL_FREE = ("hard", "soft")


def main() -> None:
    """Parse, annotate once, train and measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--rows", help="names of some rows, with commas; the others stay as kept")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = yaml.safe_load((HERE / "ablation.yaml").read_text(encoding="utf-8"))
    corpus = settings["corpus"]
    path = HERE / f"{corpus}.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    config = build_compare_config(raw, base=arguments.data, where=str(path))
    data = read_comparison_data(config)
    output = arguments.runs / "ablation" / corpus
    store = _annotate(config, data, output, settings["states"])
    chosen = arguments.rows.split(",") if arguments.rows else None
    rows = [row for row in settings["rows"] if chosen is None or row["name"] in chosen]
    # Seed by seed, so that a run that is cut short has whole columns.
    for seed in settings["seeds"]:
        for row in rows:
            recipe = _build_recipe(settings["recipe"], row.get("set", {}), config, seed)
            _run(row["name"], recipe, store, data, config, output)
            _write_results(settings, output, config)


def _annotate(
    config: CompareConfig, data: ComparisonData, output: Path, states: int
) -> AnnotationStore:
    """The comparison's teacher on its transfer text, with hidden states."""
    with lock_folder(output):
        claim_comparison(output, config, data, find_checkpoint(config.teacher))
        teacher = prepare_teacher(config, output, data, quiet=False)
    return run_annotation(
        data.transfer,
        teacher=teacher,
        labels=config.labels,
        output=annotation_folder(output, "transfer"),
        states=[states],
    )


def _build_recipe(
    recipe: dict[str, Any], changes: dict[str, Any], config: CompareConfig, seed: int
) -> DistillConfig:
    """The recipe with the changes of a row, whose keys may be dotted."""
    raw: dict[str, Any] = {
        "target": config.target.model_dump(exclude_unset=True),
        "training": config.training.model_dump(exclude_unset=True) | {"seed": seed},
        "calibration": config.calibration.model_dump(exclude_unset=True),
    }
    for key, value in {**recipe, **changes}.items():
        *parents, last = key.split(".")
        place = raw
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return build_distill_config(raw)


def _run(
    name: str,
    recipe: DistillConfig,
    store: AnnotationStore,
    data: ComparisonData,
    config: CompareConfig,
    output: Path,
) -> None:
    """Train one student and measure it on test, unless that is done."""
    folder = _find_folder(output, name, recipe)
    if (folder / MEASURED_FILE).is_file():
        return
    result = run_distillation(
        store,
        recipe,
        folder,
        gold=() if recipe.targets in LABEL_FREE else data.gold,
        dev=data.dev,
    )
    predictor = DistilGLiNER.from_pretrained(folder)
    texts = [document.text for document in data.test]
    predictions = run_predictions(predictor, texts, config.labels)
    evaluation = score_predictions(data.test, predictions, labels=config.labels)
    measured = {
        "name": name,
        "seed": recipe.training.seed,
        "dev_f1": result["dev_f1"],
        "test_f1": evaluation.quality.spans.micro.f1,
        "parameters": result["parameters"]["total"],
        "seconds": result["train_seconds"],
    }
    print(measured, flush=True)
    write_json(folder / MEASURED_FILE, measured)


def _find_folder(output: Path, name: str, recipe: DistillConfig) -> Path:
    """Named by what is run, so that a changed recipe is run anew."""
    print_of_it = compute_fingerprint([name, recipe.model_dump_json()])
    return output / "runs" / f"{print_of_it}"


def _write_results(settings: dict[str, Any], output: Path, config: CompareConfig) -> None:
    """One row for each that has a seed at least; spread is the standard deviation over seeds."""
    rows = []
    for row in settings["rows"]:
        found = []
        for seed in settings["seeds"]:
            recipe = _build_recipe(settings["recipe"], row.get("set", {}), config, seed)
            path = _find_folder(output, row["name"], recipe) / MEASURED_FILE
            if path.is_file():
                found.append(read_json(path, "remove it"))
        if found:
            rows.append(_summarize(row, found))
    result = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
        "corpus": settings["corpus"],
        "recipe": settings["recipe"],
        "rows": rows,
    }
    write_json(RESULT, result)


def _summarize(row: dict[str, Any], found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    summary = {"name": row["name"], "set": row.get("set", {}), "seeds": len(found)}
    for key in ("dev_f1", "test_f1"):
        values = [one[key] for one in found]
        summary[key] = statistics.fmean(values)
        summary[f"{key}_spread"] = statistics.stdev(values) if len(values) > 1 else None
    summary["parameters"] = found[0]["parameters"]
    summary["seconds"] = statistics.median(one["seconds"] for one in found)
    return summary


if __name__ == "__main__":
    main()
