"""What a user gets from fine-tuning on 500 sentences, on two threads of a CPU.

    python benchmarks/forgetting/finetune_small.py [--data ../shared/data] [--output FOLDER]

The bundled teacher has been trained on most public corpora at hand, so this takes those that it has
never seen: news in Portuguese (3 labels) and decisions of German courts (18 labels in the gold),
both in languages that are new to its encoder. 500 training sentences, 100 dev sentences, the
settings that `distilgliner finetune` has by itself; strict F1 before and after on the first 800
test sentences, and on 800 of btc, tweets that the teacher knew.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import DATA, RUNS
from distilgliner.annotate.teacher import Teacher, load_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.files import write_json
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import choose_labels, run_finetuning

HERE = Path(__file__).parent
CORPORA = ("uner_pt", "german_ler")
KNOWN, KNOWN_LABELS = "btc", ("person", "location", "organization")
SENTENCES, DEV, TEST = 500, 100, 800
THREADS = 2


def main() -> None:
    """Fine-tune on each corpus, measure, keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=RUNS / "finetune_small")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    known = read_labelled_documents(
        [f"{arguments.data / KNOWN / 'test.jsonl'}[:{TEST}]"], KNOWN_LABELS, ("miscellaneous",)
    )
    start = load_teacher("bundled")
    known_before = measure_teacher(start, known, KNOWN_LABELS).micro.f1
    found: dict[str, Any] = {}
    for name in CORPORA:
        found[name] = _run(start, arguments.data / name, arguments.output / name, known)
        print(name, found[name], flush=True)
    result: dict[str, Any] = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
        "threads": THREADS,
        "sentences": SENTENCES,
        "known": {"corpus": KNOWN, "before": known_before},
        "corpora": found,
    }
    write_json(HERE / "results" / "finetune_small.json", result)


def _run(start: Teacher, data: Path, output: Path, known: list[Document]) -> dict[str, Any]:
    gold = list(read_documents(f"{data / 'train.jsonl'}[:{SENTENCES}]"))
    labels = choose_labels(gold)
    every = choose_labels(list(read_documents(data / "train.jsonl")))
    unknown = tuple(label for label in every if label not in labels)
    dev = read_labelled_documents([f"{data / 'dev.jsonl'}[:{DEV}]"], labels, unknown)
    test = read_labelled_documents([f"{data / 'test.jsonl'}[:{TEST}]"], labels, unknown)
    result = run_finetuning(
        gold, teacher="bundled", output=output, labels=labels, dev=dev, threads=THREADS
    )
    teacher = load_teacher(output)
    kept = ("seconds", "updates", "best_update", "share")
    return {
        "labels": len(labels),
        "before": measure_teacher(start, test, labels).micro.f1,
        "after": measure_teacher(teacher, test, labels).micro.f1,
        "known": measure_teacher(teacher, known, KNOWN_LABELS).micro.f1,
        **{key: result[key] for key in kept},
    }


if __name__ == "__main__":
    main()
