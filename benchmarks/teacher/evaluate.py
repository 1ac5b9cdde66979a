"""Measure the bundled teacher on every public corpus, and write its model card.

    python benchmarks/teacher/evaluate.py [--teacher runs/teacher] [--before ../shared/teacher]

Strict span F1 at threshold 0.5 on the first 500 test sentences, all labels of the corpus in one
prompt, the text as `predict_entities` gets it. Both checkpoints in one run; what is measured is
kept, so a stopped run goes on. The results are `benchmarks/teacher/results/bundled_teacher.json`;
the card goes into the folder of the teacher.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import BENCHMARKS, RUNS, SHARED
from benchmarks.teacher.card import build_card
from benchmarks.teacher.train import find_labels, read_corpus, restrict
from distilgliner.annotate.teacher import load_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.files import read_json, write_json
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import RESULT_FILE, RUN_FILE

HERE = Path(__file__).parent
RESULT = HERE / "results" / "bundled_teacher.json"
SENTENCES = 500
UNSEEN = ("german_ler", "uner_pt", "uner_sv", "wikiann_de")
"""Corpora of other languages: neither checkpoint has seen them."""


def main() -> None:
    """Measure what is not measured yet, and write the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", type=Path, default=RUNS / "teacher")
    parser.add_argument("--before", type=Path, default=SHARED / "teacher")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    arguments = parser.parse_args()
    recipe = yaml.safe_load((HERE / "recipe.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = read_json(RESULT, "remove it") if RESULT.is_file() else {}
    scores = found.get("scores", {})
    for role, name in (("after", arguments.teacher), ("before", arguments.before)):
        teacher = load_teacher(name)
        own = scores.get(role, {})
        if own.get("hash") != teacher.weight_hash:
            own = {"hash": teacher.weight_hash, "corpora": {}}
        for corpus in (*recipe["corpora"], *UNSEEN):
            if corpus not in own["corpora"]:
                own["corpora"][corpus] = _measure(teacher, corpus, recipe, arguments)
                print(role, corpus, own["corpora"][corpus], flush=True)
            scores[role] = own
            machine = describe_machine().model_dump()
            found = {"date": f"{date.today()}", "machine": machine, "scores": scores}
            write_json(RESULT, found)
    whole = read_json(BENCHMARKS / "quality" / "results" / "corpora.json", "run corpora.py first")
    ten = whole["corpora"]
    whole = {name: corpus["test_f1"] for name, corpus in ten.items()}
    unseen = read_json(BENCHMARKS / "unseen" / "results" / "unseen.json", "run unseen.py first")
    card = build_card(found, recipe, _describe_training(arguments), whole, unseen)
    (arguments.teacher / "README.md").write_text(card, encoding="utf-8")


def _describe_training(arguments: Any) -> dict[str, Any]:
    run = read_json(arguments.teacher / RUN_FILE, "train the teacher again")
    result = read_json(arguments.teacher / RESULT_FILE, "train the teacher again")
    return {
        "share": run["data"]["share"],
        "updates": result["updates"],
        "sentences": arguments.sentences,
    }


def _measure(teacher: Any, corpus: str, recipe: Any, arguments: Any) -> dict[str, Any]:
    folder = arguments.data / corpus
    entry = recipe["corpora"].get(corpus, {})
    ignored = recipe["ignore_labels"]
    train = read_corpus(folder, entry.get("sources", ["train.jsonl"]), ignored)
    labels = find_labels(train)
    test = read_corpus(folder, [f"test.jsonl[:{arguments.sentences}]"], ignored)
    quality = measure_teacher(teacher, [restrict(document, labels) for document in test], labels)
    micro = quality.micro
    return {
        "labels": len(labels), "sentences": len(test), "entities": micro.support,
        "f1": micro.f1, "precision": micro.precision, "recall": micro.recall,
        "macro_f1": quality.macro.f1,
    }  # fmt: skip


if __name__ == "__main__":
    main()
