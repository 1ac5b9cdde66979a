"""Ten corpora: what a student keeps of its teacher without labels, with gold, and with a little.

    python benchmarks/corpora.py [--data ../shared/data] [--corpora "crossner_ai,btc"]

Reads `benchmarks/corpora.yaml`. The teacher is the bundled one as it is, so that the arm without
labels sees none at all: the teacher's labels on dev choose its epoch. Everything goes to
runs/corpora/CORPUS; a killed run goes on. The numbers are `benchmarks/results/corpora.json`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml
from grid import HERE, build_recipe, read_corpus, read_measured, run_row, summarize

from distilgliner.annotate.decode import label_by_teacher
from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.annotations import annotate_parts
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.evaluate.agreement import decode_teacher
from distilgliner.evaluate.run import score_predictions
from distilgliner.files import read_json, write_json

RESULT = HERE / "results" / "corpora.json"
TEACHER_FILE = "teacher.json"


def main() -> None:
    """Corpus by corpus, seed by seed; a corpus that is measured costs nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs")
    parser.add_argument("--corpora", help="names of some, with commas; the others stay as kept")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = yaml.safe_load((HERE / "corpora.yaml").read_text(encoding="utf-8"))
    chosen = arguments.corpora.split(",") if arguments.corpora else settings["corpora"]
    runs = arguments.runs / "corpora"
    for name in chosen:
        config = read_corpus(name, arguments.data)
        data = read_comparison_data(config)
        stores = annotate_parts(config, runs / name, data, config.teacher, quiet=False)
        _measure_teacher(config, data, stores["test"], runs / name)
        for seed in settings["seeds"]:
            for row in settings["rows"]:
                recipe = build_recipe(_choose_recipe(settings, row), config, seed)
                run_row(
                    row["name"],
                    recipe,
                    stores["transfer"],
                    runs / name,
                    gold=_choose_gold(data.gold, row.get("gold"), seed),
                    dev=_choose_dev(config, data, stores["dev"], row.get("dev")),
                    test=data.test,
                )
                _write_results(settings, runs, arguments.data)


def _measure_teacher(
    config: CompareConfig, data: ComparisonData, store: AnnotationStore, output: Path
) -> None:
    texts = [document.text for document in data.test]
    found = decode_teacher(store, texts, config.target.teacher_threshold)
    quality = score_predictions(data.test, found, labels=config.labels).quality
    described = {
        "test_f1": quality.spans.micro.f1,
        "documents": {
            "gold": len(data.gold),
            "transfer": len(data.transfer),
            "dev": len(data.dev),
            "test": len(data.test),
        },
        "weight_hash": store.manifest.teacher_hash,
    }
    write_json(output / TEACHER_FILE, described)


def _choose_recipe(settings: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {"student": settings["student"], "targets": row["targets"], **row.get("set", {})}


def _choose_gold(gold: Sequence[Document], count: int | None, seed: int) -> Sequence[Document]:
    if count is None or count >= len(gold):
        return gold
    return random.Random(seed).sample(gold, count)


def _choose_dev(
    config: CompareConfig, data: ComparisonData, store: AnnotationStore, source: str | None
) -> Sequence[Document]:
    if source is None:
        return ()
    if source == "humans":
        return data.dev
    return label_by_teacher(store, store.labels, config.target.teacher_threshold)


def _write_results(settings: dict[str, Any], runs: Path, data: Path) -> None:
    """All corpora that have a row."""
    corpora: dict[str, Any] = {}
    for name in settings["corpora"]:
        path = runs / name / TEACHER_FILE
        if not path.is_file():
            continue
        config = read_corpus(name, data)
        corpora[name] = {**read_json(path, "remove it"), "rows": {}}
        for row in settings["rows"]:
            changes = _choose_recipe(settings, row)
            recipes = [build_recipe(changes, config, seed) for seed in settings["seeds"]]
            found = read_measured(runs / name, row["name"], recipes)
            if found:
                corpora[name]["rows"][row["name"]] = summarize(found)
    result = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
        "student": settings["student"],
        "corpora": corpora,
    }
    write_json(RESULT, result)


if __name__ == "__main__":
    main()
