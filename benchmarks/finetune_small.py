"""What a user gets from fine-tuning on 500 sentences, on two threads of a CPU.

    python benchmarks/finetune_small.py [--data ../shared/data] [--output runs/finetune_small]

The bundled teacher has been trained on most public corpora at hand, so this takes those that it has
never seen: news in Portuguese (3 labels) and decisions of German courts (19 labels), both in
languages that are new to its encoder. 500 training sentences, 100 dev sentences, the settings that
`distilgliner finetune` has by itself, without mixtures of old and new weights and with them; strict
F1 on the first 800 test sentences before and after, and on 800 of a corpus that the teacher knew.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

import torch

from distilgliner.annotate.teacher import load_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.files import write_json
from distilgliner.finetune.config import FinetuneConfig
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import choose_labels, run_finetuning

HERE = Path(__file__).parent
CORPORA = ("uner_pt", "german_ler")
KNOWN, KNOWN_LABELS = "btc", ("person", "location", "organization")
SENTENCES, DEV, TEST = 500, 100, 800
THREADS = 2
CONFIGS = {
    "plain": FinetuneConfig(),
    "mixtures": FinetuneConfig(interpolation=(0.25, 0.5, 0.75)),
}


def main() -> None:
    """Fine-tune on each corpus, measure, keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=HERE.parent / "runs" / "finetune_small")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    known = read_labelled_documents(
        [f"{arguments.data / KNOWN / 'test.jsonl'}[:{TEST}]"], KNOWN_LABELS, ("miscellaneous",)
    )
    found: dict[str, Any] = {}
    for name in CORPORA:
        found[name] = _run(arguments.data / name, arguments.output / name, known)
        result: dict[str, Any] = {
            "date": f"{date.today()}",
            "machine": describe_machine().model_dump(),
        }
        result |= {"threads": THREADS, "sentences": SENTENCES, "known": KNOWN, "corpora": found}
        write_json(HERE / "results" / "finetune_small.json", result)


def _run(data: Path, output: Path, known: list[Document]) -> dict[str, Any]:
    gold = list(read_documents(f"{data / 'train.jsonl'}[:{SENTENCES}]"))
    labels = choose_labels(gold)
    every = choose_labels(list(read_documents(data / "train.jsonl")))
    unknown = tuple(label for label in every if label not in labels)
    dev = read_labelled_documents([f"{data / 'dev.jsonl'}[:{DEV}]"], labels, unknown)
    test = read_labelled_documents([f"{data / 'test.jsonl'}[:{TEST}]"], labels, unknown)

    def measure(teacher: str | Path) -> dict[str, float]:
        loaded = load_teacher(teacher)
        return {
            "f1": measure_teacher(loaded, test, labels).micro.f1,
            "known": measure_teacher(loaded, known, KNOWN_LABELS).micro.f1,
        }

    runs: dict[str, Any] = {}
    for name, config in CONFIGS.items():
        folder = output / name
        result = run_finetuning(
            gold, teacher="bundled", output=folder, config=config, labels=labels, dev=dev,
            threads=THREADS,
        )  # fmt: skip
        kept = ("seconds", "updates", "best_update", "share")
        runs[name] = {**measure(folder), **{key: result[key] for key in kept}}
        print(data.name, name, runs[name], flush=True)
    return {"labels": len(labels), "before": measure("bundled"), "after": runs}


if __name__ == "__main__":
    main()
