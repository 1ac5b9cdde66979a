"""The ablation table: one change of the recipe a row, on human labels, several seeds.

    python benchmarks/ablation/ablation.py [--data ../shared/data] [--row "targets: hard" …]

Reads `benchmarks/ablation/ablation.yaml`; the data and the split are those of the corpus'
comparison (benchmarks/common/corpora/CORPUS.yaml), the teacher is the bundled one as it is:
fine-tuned, it would be another on every machine. Everything goes to runs/ablation/CORPUS; a killed
run goes on. The numbers are `benchmarks/ablation/results/ablation.json`; with `--keep`, what is
measured there counts as done, so that seeds can be added on another machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.grid import (
    annotate_augmented,
    build_recipe,
    compute_run_fingerprint,
    read_corpus,
    run_row,
)
from benchmarks.common.grid_log import RunLog, summarize
from benchmarks.common.places import DATA, RUNS
from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.arms.annotations import annotate_transfer
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.distill.config import DistillConfig
from distilgliner.files import read_json, write_json

HERE = Path(__file__).parent
RESULT = HERE / "results" / "ablation.json"


def main() -> None:
    """Parse, annotate once, train and measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--row", action="append", help="the name of a row; the others stay as kept")
    parser.add_argument("--keep", action="store_true", help="the committed runs count as done")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = yaml.safe_load((HERE / "ablation.yaml").read_text(encoding="utf-8"))
    config = read_corpus(settings["corpus"], arguments.data)
    data = read_comparison_data(config)
    output = arguments.runs / "ablation" / settings["corpus"]
    known = read_json(RESULT, "remove it")["runs"] if arguments.keep else {}
    log = RunLog(output / "runs", known)
    rows = [row for row in settings["rows"] if row["name"] in (arguments.row or [row["name"]])]
    # Seed by seed, so that a run that is cut short has whole columns.
    for seed in settings["seeds"]:
        for row in rows:
            fingerprint, recipe = _find_run(settings, row, config, seed)
            if log.find(fingerprint) is not None:
                continue
            layers = row.get("states", [settings["states"]])
            store = _annotate(config, data, output, row.get("augment"), layers)
            initial = row.get("initial", settings["initial"])
            documents = {"gold": data.gold, "dev": data.dev, "test": data.test}
            run_row(row["name"], fingerprint, recipe, store, log, **documents, initial=initial)
            _write_results(settings, log, config)


def _annotate(
    config: CompareConfig,
    data: ComparisonData,
    output: Path,
    augment: dict[str, Any] | None,
    layers: Sequence[int],
) -> AnnotationStore:
    """The transfer text, or that and its variations, with hidden states."""
    if augment is not None:
        return annotate_augmented(config, data, augment, output, states=layers)
    if len(layers) > 1:
        output = output / f"layers{','.join(map(str, layers))}"
    return annotate_transfer(config, output, data, config.teacher, states=layers, quiet=False)


def _merge(settings: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {**settings["recipe"], **row.get("set", {})}


def _find_run(
    settings: dict[str, Any], row: dict[str, Any], config: CompareConfig, seed: int
) -> tuple[str, DistillConfig]:
    """The fingerprint and the recipe of a row's run."""
    recipe = build_recipe(_merge(settings, row), config, seed)
    initial = row.get("initial", settings["initial"])
    return compute_run_fingerprint(row, recipe, initial), recipe


def _write_results(settings: dict[str, Any], log: RunLog, config: CompareConfig) -> None:
    """One row for each that has a seed at least, and every run."""
    rows: list[dict[str, Any]] = []
    runs: dict[str, Any] = {}
    for row in settings["rows"]:
        found = log.find_all(
            _find_run(settings, row, config, seed)[0] for seed in settings["seeds"]
        )
        if found:
            rows.append({**row, **summarize(list(found.values()))})
            runs |= found
    result = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
        "corpus": settings["corpus"],
        "recipe": {**settings["recipe"], "initial": settings["initial"]},
        "rows": rows,
        "runs": runs,
    }
    write_json(RESULT, result)


if __name__ == "__main__":
    main()
