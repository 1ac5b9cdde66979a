"""What fine-tuning forgets when it is given text to keep, and when it is not.

    python benchmarks/quality/compare.py wnut17
    python benchmarks/forgetting/finetune_small.py
    python benchmarks/forgetting/rehearsal.py [--data ../shared/data] [--runs runs]

Fine-tunes the bundled teacher as the first two commands do, which leave theirs in their folders,
with text to keep: sentences of the web or tweets, neither with labels, in which it is to go on
finding people, places and organizations. (All 3,394 sentences of wnut17 are the gold here; the
comparison drops 103 that stand there twice.) Strict F1 at threshold 0.5 on the dev text that chose
the checkpoint, and on two things that the bundled teacher knew: 300 dev sentences of btc, tweets
with the labels to keep, and of ncbi_disease, with a label of which nobody spoke. The results are
`benchmarks/forgetting/results/rehearsal.json`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import CORPORA, DATA, RUNS
from benchmarks.forgetting.finetune_small import SENTENCES
from benchmarks.forgetting.mixtures import KNOWN, KNOWN_LABELS, TEACHERS, read_gold
from distilgliner.annotate.teacher import Teacher, load_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.files import read_json, write_json
from distilgliner.finetune.config import build_finetune_config
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import RESULT_FILE, run_finetuning

HERE = Path(__file__).parent
KEPT = {"web": "uner_en/train.jsonl", "tweets": "btc/train.jsonl"}
KEEPS = {"wnut17": ("web", "tweets"), "uner_pt": ("web",), "german_ler": ("web",)}
"""Which text each corpus is fine-tuned with."""
UNTOLD, UNTOLD_LABELS = "ncbi_disease/dev.jsonl[:300]", ("disease",)
THREADS = 2


def main() -> None:
    """Fine-tune every corpus with text to keep; measure the teachers without it as well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=RUNS)
    arguments = parser.parse_args()
    data, runs = arguments.data, arguments.runs
    known = {
        "known": (read_gold(f"{data}/{KNOWN}", KNOWN_LABELS), KNOWN_LABELS),
        "untold": (read_gold(f"{data}/{UNTOLD}", UNTOLD_LABELS), UNTOLD_LABELS),
    }
    corpora: dict[str, Any] = {}
    for name, (folder, source) in TEACHERS.items():
        alone = read_json(runs / folder / RESULT_FILE, "fine-tune it first")
        labels = alone["labels"]
        dev = read_gold(f"{data}/{source}", labels)
        measured = {"dev": (dev, tuple(labels)), **known}
        rows = {
            "before": _measure(load_teacher("bundled"), measured),
            "alone": _measure(load_teacher(runs / folder), measured) | _describe(alone),
        }
        for kind in KEEPS[name]:
            output = runs / "rehearsal" / f"{name}-{kind}"
            keep = list(read_documents(data / KEPT[kind]))
            result = _finetune(name, labels, dev, keep, data, output)
            rows[kind] = _measure(load_teacher(output), measured) | _describe(result)
        corpora[name] = rows
        print(name, rows, flush=True)
    machine = describe_machine().model_dump()
    result = {"date": f"{date.today()}", "machine": machine, "threads": THREADS, "kept": KEPT}
    result |= {"known": KNOWN, "untold": UNTOLD, "corpora": corpora}
    write_json(HERE / "results" / "rehearsal.json", result)


def _finetune(
    name: str,
    labels: list[str],
    dev: list[Document],
    keep: list[Document],
    data: Path,
    output: Path,
) -> dict[str, Any]:
    """As `compare.py` or `finetune_small.py`, with text to keep."""
    path = CORPORA / f"{name}.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    gold = settings.get("gold", f"{name}/train.jsonl[:{SENTENCES}]")
    return run_finetuning(
        read_gold(f"{data}/{gold}", labels), teacher="bundled", output=output, labels=labels,
        config=build_finetune_config(settings.get("finetune", {})), dev=dev,
        keep=keep, keep_labels=KNOWN_LABELS, threads=THREADS,
    )  # fmt: skip


def _measure(
    teacher: Teacher, measured: dict[str, tuple[list[Document], tuple[str, ...]]]
) -> dict[str, float]:
    return {
        name: measure_teacher(teacher, documents, labels).micro.f1
        for name, (documents, labels) in measured.items()
    }


def _describe(result: dict[str, Any]) -> dict[str, Any]:
    kept = result.get("kept", {}).get("f1")
    return {"kept": kept, **{key: result[key] for key in ("share", "seconds", "updates", "gold")}}


if __name__ == "__main__":
    main()
