"""Train the bundled teacher: the recipe, which can run for hours, be killed, and go on.

    python benchmarks/train_bundled_teacher.py --start ../shared/teacher --output runs/teacher

Reads `benchmarks/bundled_teacher.yaml`. The result is a GLiNER checkpoint in fp16 safetensors;
`benchmarks/evaluate_teacher.py` measures it, and writes its card.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml
from case_marks import write_cased_checkpoint

from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.teacher import load_teacher
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.finetune.config import FinetuneConfig, build_finetune_config
from distilgliner.finetune.examples import build_training_corpus
from distilgliner.finetune.run import DevSet, claim_folder, finish_folder, train_teacher

HERE = Path(__file__).parent
MAX_WIDTH = 12


def main() -> None:
    """Parse, prepare the start, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--start", type=Path, default=HERE.parent.parent / "shared" / "teacher")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--recipe", type=Path, default=HERE / "bundled_teacher.yaml")
    parser.add_argument("--output", type=Path, default=HERE.parent / "runs" / "teacher")
    parser.add_argument("--share", type=float, default=1.0, help="of every corpus' repeats")
    parser.add_argument("--uncased", action="store_true", help="without case marks")
    parser.add_argument("--set", action="append", default=[], help="key=value of the config")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = yaml.safe_load(arguments.recipe.read_text(encoding="utf-8"))
    recipe["config"] |= {k: yaml.safe_load(v) for k, v in (s.split("=") for s in arguments.set)}
    config = build_finetune_config(recipe["config"])
    start = arguments.output.with_name(arguments.output.name + "-start")
    if not start.is_dir():
        write_cased_checkpoint(
            arguments.start, start, max_width=MAX_WIDTH, cased=not arguments.uncased
        )
    checkpoint = find_checkpoint(start)
    named = {"recipe": recipe["corpora"], "share": arguments.share}
    if claim_folder(arguments.output, config, checkpoint, named) is not None:
        print(f"{arguments.output} is finished.")
        return
    teacher = load_teacher(checkpoint)
    corpora, dev = [], []
    for name, entry in recipe["corpora"].items():
        sources = entry.get("sources", ["train.jsonl"])
        documents = read_corpus(arguments.data / name, sources, recipe["ignore_labels"])
        labels = find_labels(documents)
        repeats = entry["repeats"] * arguments.share
        corpora.append(
            build_training_corpus(
                name, documents, labels, teacher, repeats=repeats,
                max_labels=config.prompts.max_labels,
            )
        )  # fmt: skip
        held = read_corpus(arguments.data / name, [f"dev.jsonl[:{recipe['dev_documents']}]"],
                     recipe["ignore_labels"])  # fmt: skip
        dev.append(DevSet(name, labels, [restrict(document, labels) for document in held]))
        print(f"{name}: {len(corpora[-1].examples)} examples, {len(labels)} labels", flush=True)
    result = train_teacher(
        teacher, corpora, dev, arguments.output, config, save_updates=recipe["save_updates"],
        keep_last=True,
    )  # fmt: skip
    _save(arguments.output, teacher, result, config)


def read_corpus(folder: Path, sources: list[str], ignored: list[str]) -> list[Document]:
    documents = []
    for source in sources:
        for document in read_documents(folder / source):
            entities = tuple(e for e in document.entities or () if e.label not in ignored)
            documents.append(Document(document.text, entities))
    return documents


def find_labels(documents: list[Document]) -> tuple[str, ...]:
    return tuple(sorted({entity.label for d in documents for entity in d.entities or ()}))


def restrict(document: Document, labels: tuple[str, ...]) -> Document:
    kept = tuple(entity for entity in document.entities or () if entity.label in labels)
    return Document(document.text, kept)


def _save(folder: Path, teacher: Any, result: dict[str, Any], config: FinetuneConfig) -> None:
    card = "# The bundled teacher\n\nWritten anew by `python benchmarks/evaluate_teacher.py`.\n"
    finish_folder(folder, teacher, result, card)
    print(f"{folder}: {result['updates']} updates in {result['seconds'] / 60:.0f} min, {config}")


if __name__ == "__main__":
    main()
