"""Train the bundled teacher: the recipe, which can run for hours, be killed, and go on.

    python benchmarks/teacher/train.py --start ../shared/teacher --output runs/teacher

Reads `benchmarks/teacher/recipe.yaml`. The result is a GLiNER checkpoint in fp16 safetensors;
`benchmarks/teacher/evaluate.py` measures it, and writes its card. A checkpoint of an earlier run
can be the start of the next one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import DATA, RUNS, SHARED
from benchmarks.teacher.case_marks import set_tokenizer_class, write_cased_checkpoint
from distilgliner.annotate.checkpoint import find_checkpoint
from distilgliner.annotate.teacher import Teacher, load_teacher
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.finetune.config import FinetuneConfig, build_finetune_config
from distilgliner.finetune.examples import build_training_corpus
from distilgliner.finetune.run import finish_folder, record_finetuning
from distilgliner.finetune.train import DevSet, train_teacher
from distilgliner.folders import lock_folder

HERE = Path(__file__).parent
MAX_WIDTH = 12


def main() -> None:
    """Parse, prepare the start, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--start", type=Path, default=SHARED / "teacher")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.yaml")
    parser.add_argument("--output", type=Path, default=RUNS / "teacher")
    parser.add_argument("--share", type=float, default=1.0, help="of every corpus' repeats")
    parser.add_argument("--uncased", action="store_true", help="without case marks")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = yaml.safe_load(arguments.recipe.read_text(encoding="utf-8"))
    config = build_finetune_config(recipe["config"])
    start = arguments.output.with_name(arguments.output.name + "-start")
    if not start.is_dir():
        cased = not arguments.uncased
        write_cased_checkpoint(arguments.start, start, max_width=MAX_WIDTH, cased=cased)
    checkpoint = find_checkpoint(start)
    named = {"recipe": recipe["corpora"], "share": arguments.share}
    with lock_folder(arguments.output):
        if record_finetuning(arguments.output, config, checkpoint, named) is None:
            _train(load_teacher(checkpoint), recipe, config, arguments)


def _train(teacher: Teacher, recipe: Any, config: FinetuneConfig, arguments: Any) -> None:
    corpora, dev = [], []
    for name, entry in recipe["corpora"].items():
        folder, ignored = arguments.data / name, recipe["ignore_labels"]
        documents = read_corpus(folder, entry.get("sources", ["train.jsonl"]), ignored)
        labels = find_labels(documents)
        corpus = build_training_corpus(
            name,
            documents,
            labels,
            teacher,
            repeats=entry["repeats"] * arguments.share,
            max_labels=config.prompts.max_labels,
        )
        corpora.append(corpus)
        held = read_corpus(folder, [f"dev.jsonl[:{recipe['dev_documents']}]"], ignored)
        dev.append(DevSet(name, labels, [restrict(document, labels) for document in held]))
        print(f"{name}: {len(corpus.examples)} examples, {len(labels)} labels", flush=True)
    result = train_teacher(
        teacher,
        corpora,
        dev,
        arguments.output,
        config,
        save_updates=recipe["save_updates"],
        keep_last=True,
    )
    card = "# The bundled teacher\n\nMeasure it with `python benchmarks/teacher/evaluate.py`.\n"
    finish_folder(arguments.output, teacher, result, card)
    set_tokenizer_class(arguments.output)
    print(f"{arguments.output}: {result['updates']} updates, {result['seconds'] / 60:.0f} min")


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


if __name__ == "__main__":
    main()
