"""Distil the bundled general student, which other students begin with: the recipe as a program.

    python benchmarks/general_student/build.py [--data ../shared/data] [--part science]
    python benchmarks/general_student/build.py --bundle
    python benchmarks/general_student/build.py --measure

Reads `benchmarks/general_student/recipe.yaml`. No text of a dev or test split of the data is
learned from. The parts can be annotated by two processes, each with its `--part`; a killed run
resumes. `--bundle` puts the finished student into the package, exported in 8 bits too. `--measure`
tests that one as it is, on corpora all of whose labels it knows: `results/general_student.json`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import torch
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.grid import read_corpus
from benchmarks.common.places import DATA, RUNS
from benchmarks.teacher.card import LICENCES
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore, open_store
from distilgliner.bundled import GENERAL, bundled_student, bundled_trained_student
from distilgliner.compare.data import read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.split import text_key
from distilgliner.distill.config import TargetConfig, build_distill_config
from distilgliner.distill.run import RUN_FILE, run_distillation
from distilgliner.distill.sources.transfer import read_transfer
from distilgliner.distill.targets.ensemble import label_by_teachers
from distilgliner.evaluate.agreement import decode_teacher
from distilgliner.evaluate.run import run_predictions, score_predictions
from distilgliner.files import write_json
from distilgliner.runtime.export import run_export
from distilgliner.student.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    write_manifest,
)
from distilgliner.student.predictor import DistilGLiNER

HERE = Path(__file__).parent
LAST_LAYER = -1
EXPORT_DOCUMENTS = 2000


def main() -> None:
    """Parse, annotate, distil, bundle."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=RUNS / "general")
    parser.add_argument("--part", help="annotate this part only")
    parser.add_argument("--bundle", action="store_true", help="copy the student into the package")
    parser.add_argument("--measure", action="store_true", help="test the bundled student")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = yaml.safe_load((HERE / "recipe.yaml").read_text(encoding="utf-8"))
    if arguments.measure:
        _measure(recipe, arguments.data, arguments.output)
        return
    student = arguments.output / "student"
    parts = [arguments.part] if arguments.part else list(recipe["parts"])
    if arguments.bundle:
        stores = [
            open_store(folder)
            for part in parts
            for _, folder in _list_stores(recipe, part, arguments.output)
        ]
        _bundle(student, recipe, stores)
        return
    held = _read_held_texts(arguments.data)
    stores = [
        _annotate(recipe["parts"][part], labels, folder, arguments.data, held)
        for part in parts
        for labels, folder in _list_stores(recipe, part, arguments.output)
    ]
    if not arguments.part:
        result = run_distillation(stores, build_distill_config(recipe["distill"]), student)
        print(f"{student}: agreement with the teacher {100 * result['dev_f1']:.1f} F1")


def _read_held_texts(data: Path) -> set[str]:
    paths = [path for split in ("dev", "test") for path in sorted(data.glob(f"*/{split}.jsonl"))]
    return {text_key(document.text) for path in paths for document in read_documents(path)}


def _list_stores(
    recipe: dict[str, Any], part: str, output: Path
) -> list[tuple[Sequence[str], Path]]:
    """The labels of each prompt of a part, and where its annotations are."""
    return [
        (labels, output / "annotations" / f"{part}-{number}")
        for number, labels in enumerate(recipe["parts"][part]["prompts"], 1)
    ]


def _annotate(
    part: dict[str, Any], labels: Sequence[str], folder: Path, data: Path, held: set[str]
) -> AnnotationStore:
    return run_annotation(
        _read_texts(data, part["texts"], held),
        teacher="bundled",
        labels=labels,
        output=folder,
        states=[LAST_LAYER],
    )


def _read_texts(data: Path, sources: Sequence[str], held: set[str]) -> list[Document]:
    """The texts alone, each once, and none of those that are held out."""
    documents = (document for source in sources for document in read_documents(f"{data}/{source}"))
    texts = {document.text: Document(document.text) for document in documents if document.words()}
    return [document for text, document in texts.items() if text_key(text) not in held]


def _bundle(student: Path, recipe: dict[str, Any], stores: Sequence[AnnotationStore]) -> None:
    """Copy what a student's folder needs, with a card that says what it is for, and export it."""
    trained, target = bundled_trained_student(), bundled_student()
    for folder in (trained, target):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST_FILE).unlink(missing_ok=True)  # of the files that are replaced
    for name in (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, RUN_FILE):
        shutil.copyfile(student / name, trained / name)
    sources = [source for part in recipe["parts"].values() for source in part["texts"]]
    names = dict.fromkeys(source.partition("/")[0] for source in sources)
    card = Template((HERE / "card.md").read_text(encoding="utf-8")).substitute(
        trained=", ".join(f"{name} ({LICENCES[name]})" for name in names),
        card=(student / CARD_FILE).read_text(encoding="utf-8").rstrip(),
    )
    for folder in (trained, target):
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
    write_manifest(trained, (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE))
    # What int8 costs: on texts that it knows, by the teacher's labels, which is what it learned.
    labels = sorted({label for store in stores for label in store.labels})
    teachers, documents = read_transfer(stores, labels, TargetConfig(), states=False)
    dev = label_by_teachers(documents[:EXPORT_DOCUMENTS], teachers, labels, 0.5)
    with tempfile.TemporaryDirectory() as exported:
        manifest = run_export(trained, exported, quantize="int8", dev=dev)
        for name in (CONFIG_FILE, TOKENIZER_FILE, GRAPH_FILE, MANIFEST_FILE):
            shutil.copyfile(Path(exported) / name, target / name)
    print(f"{target}: {manifest['dev_f1']}")


def _measure(recipe: dict[str, Any], data: Path, output: Path) -> None:
    """Strict F1 on the test splits of some corpora, of the student as it is bundled, and of the
    teacher when one prompt has all labels of the student."""
    predictor, corpora = DistilGLiNER.from_pretrained(GENERAL), {}
    for name in recipe["measured"]:
        config = read_corpus(name, data)
        test = read_comparison_data(config).test
        texts = [document.text for document in test]
        predictions = run_predictions(predictor, texts, config.labels)
        spans = score_predictions(test, predictions, labels=config.labels).quality.spans.micro
        folder = output / "measured" / name
        asked = run_annotation(test, teacher="bundled", labels=predictor.labels, output=folder)
        found = [
            [entity for entity in entities if entity.label in config.labels]
            for entities in decode_teacher(asked, texts, TargetConfig().teacher_threshold)
        ]
        teacher = score_predictions(test, found, labels=config.labels).quality.spans.micro
        corpora[name] = {
            "labels": list(config.labels),
            "documents": len(test),
            **asdict(spans),
            "teacher_all_labels": teacher.f1,
        }
        print(name, corpora[name])
    measured = {"date": f"{date.today()}", "machine": describe_machine().model_dump()}
    write_json(HERE / "results" / "general_student.json", {**measured, "corpora": corpora})


if __name__ == "__main__":
    main()
