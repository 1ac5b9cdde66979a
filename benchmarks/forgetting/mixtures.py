"""What fine-tuned teachers have learned and forgotten, by the share of the new weights in them.

    python benchmarks/quality/compare.py wnut17
    python benchmarks/forgetting/finetune_small.py
    python benchmarks/forgetting/mixtures.py [--data ../shared/data] [--runs runs]

Takes the teachers that the first two commands leave in their folders, mixes their weights with
those of the bundled teacher, where they began, and measures strict F1 at threshold 0.5 on the dev
text that chose them, and on 300 dev sentences of btc, tweets that the bundled teacher knew. The
results are `benchmarks/forgetting/results/mixtures.json`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import DATA, RUNS
from distilgliner.annotate.teacher import load_teacher
from distilgliner.bundled import bundled_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.files import read_json, write_json
from distilgliner.finetune.interpolate import copy_weights, load_mixture
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import RESULT_FILE, choose_labels

HERE = Path(__file__).parent
TEACHERS = {
    "wnut17": ("wnut17/teacher", "wnut17/dev.jsonl"),
    "uner_pt": ("finetune_small/uner_pt", "uner_pt/dev.jsonl[:100]"),
    "german_ler": ("finetune_small/german_ler", "german_ler/dev.jsonl[:100]"),
}
"""Where a teacher is, and the dev text that chose it."""
KNOWN, KNOWN_LABELS = "btc/dev.jsonl[:300]", ("person", "location", "organization")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def main() -> None:
    """Measure every share of every teacher, and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=RUNS)
    arguments = parser.parse_args()
    known = read_gold(f"{arguments.data}/{KNOWN}", KNOWN_LABELS)
    teachers: dict[str, Any] = {}
    for name, (folder, source) in TEACHERS.items():
        run = read_json(arguments.runs / folder / RESULT_FILE, "fine-tune it first")
        if run["share"] != 1:
            raise SystemExit(f"{folder} is a mixture itself ({run['share']} of what was learned).")
        dev = read_gold(f"{arguments.data}/{source}", run["labels"])
        shares = _measure(arguments.runs / folder, dev, run["labels"], known)
        teachers[name] = {"gold": run["gold"], "dev": len(dev), "shares": shares}
        print(name, shares, flush=True)
    machine = describe_machine().model_dump()
    result = {"date": f"{date.today()}", "machine": machine, "known": KNOWN, "teachers": teachers}
    write_json(HERE / "results" / "mixtures.json", result)


def _measure(
    folder: Path, dev: list[Document], labels: Sequence[str], known: list[Document]
) -> list[dict[str, float]]:
    teacher = load_teacher(bundled_teacher())
    network = teacher.model.model
    start, learned = copy_weights(network), copy_weights(load_teacher(folder).model.model)
    found = []
    for share in SHARES:
        load_mixture(network, start, learned, share)
        found.append(
            {
                "share": share,
                "dev": measure_teacher(teacher, dev, labels).micro.f1,
                "known": measure_teacher(teacher, known, KNOWN_LABELS).micro.f1,
            }
        )
    return found


def read_gold(source: str, labels: Sequence[str]) -> list[Document]:
    """Labelled documents with the entities of these labels alone."""
    others = set(choose_labels(list(read_documents(source)))) - set(labels)
    return read_labelled_documents([source], labels, sorted(others))


if __name__ == "__main__":
    main()
