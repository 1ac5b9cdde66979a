"""Ways to make the bundled teacher better, tried on as many sentences each; dev says what they do.

    python benchmarks/teacher/trials.py [--data ../shared/data] [--runs runs] [--only recipe ...]

Reads `benchmarks/teacher/trials.yaml`. Every trial begins with the bundled teacher. Strict F1 at
threshold 0.5 on dev: 200 sentences of each of its corpora, all of the first thousand of those
whose target is missed, and the bundled corpus, whose label set no teacher was trained on. Behind
the trials their average is measured, of their weights and of their scores: the second is what a
distillation of all into one could reach. The results are `benchmarks/teacher/results/trials.json`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import DATA, RUNS
from benchmarks.teacher.masked_words import train_masked_words
from benchmarks.teacher.train import find_labels, read_corpus, restrict
from distilgliner.annotate.span_head import compute_marker_logits
from distilgliner.annotate.teacher import Teacher, load_teacher
from distilgliner.bundled import bundled_corpus
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.files import read_json, write_json
from distilgliner.finetune.config import FinetuneConfig, build_finetune_config
from distilgliner.finetune.examples import TrainingCorpus, build_training_corpus
from distilgliner.finetune.interpolate import copy_weights
from distilgliner.finetune.measure import measure_teacher
from distilgliner.finetune.run import RESULT_FILE, finish_folder
from distilgliner.finetune.train import DevSet, train_teacher

HERE = Path(__file__).parent
RESULT = HERE / "results" / "trials.json"
MISSED = ("btc", "bc5cdr", "wnut17")
"""Corpora whose target the bundled teacher misses."""
SENTENCES, SENTENCES_MISSED = 200, 1000
UNSEEN = "bundled"
VARIANTS = 4
"""How many prompts with other absent labels a corpus has."""
THREADS = 2
Corpora = dict[str, list[Document]]


def main() -> None:
    """Train what is not trained yet, and measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--only", nargs="*", help="these trials, and no averages")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    recipe = yaml.safe_load((HERE / "recipe.yaml").read_text(encoding="utf-8"))
    trials = yaml.safe_load((HERE / "trials.yaml").read_text(encoding="utf-8"))
    train = {
        name: read_corpus(
            arguments.data / name, entry.get("sources", ["train.jsonl"]), recipe["ignore_labels"]
        )
        for name, entry in recipe["corpora"].items()
    }
    dev = read_dev(train, arguments.data, recipe)
    found: dict[str, Any] = read_json(RESULT, "remove it") if RESULT.is_file() else {}
    rows: dict[str, Any] = found.get("rows", {})

    def keep(name: str, row: dict[str, Any]) -> None:
        rows[name] = row
        print(name, {key: value for key, value in row.items() if key != "dev"}, flush=True)
        machine = describe_machine().model_dump()
        head = {"date": f"{date.today()}", "machine": machine, "sentences": trials["sentences"]}
        write_json(RESULT, head | {"missed": list(MISSED), "rows": rows})

    if "before" not in rows:
        keep("before", measure(load_teacher("bundled"), dev))
    names = arguments.only or list(trials["trials"])
    folders = [arguments.runs / "teacher_trials" / name for name in names]
    for name, folder in zip(names, folders, strict=True):
        if name not in rows:
            trial = trials["trials"][name]
            run_trial(folder, train, recipe, trials, trial)
            keep(name, measure(load_teacher(folder), dev))
    if arguments.only:
        return
    for name, average in (("weights", average_weights), ("scores", average_scores)):
        if name not in rows:
            keep(name, measure(average(folders), dev))


def read_dev(train: Corpora, data: Path, recipe: Any) -> list[DevSet]:
    """The dev sets: with the labels that the corpus has in training."""
    sets = []
    for name, documents in train.items():
        most = SENTENCES_MISSED if name in MISSED else SENTENCES
        most = min(most, 100) if name.startswith("crossner") else most
        held = read_corpus(data / name, [f"dev.jsonl[:{most}]"], recipe["ignore_labels"])
        labels = find_labels(documents)
        sets.append(DevSet(name, labels, [restrict(each, labels) for each in held]))
    own = list(read_documents(bundled_corpus("dev")))
    return [*sets, DevSet(UNSEEN, find_labels(own), own)]


def measure(teacher: Teacher, dev: Sequence[DevSet]) -> dict[str, Any]:
    """F1 by dev set, and their mean without the one that nobody was trained on."""
    f1 = {each.name: measure_teacher(teacher, each.documents, each.labels).micro.f1 for each in dev}
    known = [value for name, value in f1.items() if name != UNSEEN]
    chosen = {name: f1[name] for name in (*MISSED, UNSEEN)}
    return {"mean": sum(known) / len(known), **chosen, "dev": f1}


def run_trial(folder: Path, train: Corpora, recipe: Any, trials: Any, trial: Any) -> None:
    """Train the bundled teacher as the trial says; a folder that is finished stays as it is."""
    if (folder / RESULT_FILE).is_file():
        return
    settings = recipe["config"] | trials["config"] | trial.get("config", {})
    config = build_finetune_config(settings)
    teacher = load_teacher("bundled")
    if trial.get("masked_updates"):
        texts = sorted({document.text for documents in train.values() for document in documents})
        losses = train_masked_words(teacher, texts, trial["masked_updates"])
        print("masked words", sum(losses[:20]) / 20, sum(losses[-20:]) / 20, flush=True)
    corpora = build_corpora(teacher, train, recipe, trials, trial, config)
    # The trainer wants a dev set, which does not count: it keeps the last weights.
    probe = DevSet("probe", corpora[0].labels, train[corpora[0].name][:8])
    result = train_teacher(teacher, corpora, [probe], folder, config, keep_last=True)
    finish_folder(folder, teacher, result, "# A trial\n")


def build_corpora(
    teacher: Teacher, train: Corpora, recipe: Any, trials: Any, trial: Any, config: FinetuneConfig
) -> list[TrainingCorpus]:
    """The recipe's corpora, so often that all trials see as many sentences."""
    repeats = {
        name: entry["repeats"] * trial.get("repeats", {}).get(name, 1)
        for name, entry in recipe["corpora"].items()
    }
    corpora = [
        build_training_corpus(
            name, documents, find_labels(documents), teacher, max_labels=config.prompts.max_labels
        )
        for name, documents in train.items()
    ]
    total = sum(repeats[each.name] * len(each.examples) for each in corpora)
    share = trials["sentences"] / total
    corpora = [replace(each, repeats=repeats[each.name] * share) for each in corpora]
    if not trial.get("absent"):
        return corpora
    return [part for each in corpora for part in add_absent_labels(each, trials, trial["absent"])]


def add_absent_labels(corpus: TrainingCorpus, trials: Any, count: int) -> list[TrainingCorpus]:
    """Half of the sentences as they are, half with labels in the prompt that it should not have."""
    absent = [
        label
        for entry in trials["absent"]
        if corpus.name in entry["corpora"]
        for label in entry["labels"]
        if label not in corpus.labels
    ]
    generator = random.Random(corpus.name)
    parts = [replace(corpus, repeats=corpus.repeats / 2)]
    for _ in range(VARIANTS):
        chosen = generator.sample(absent, min(count, len(absent)))
        labels = tuple(sorted({*corpus.labels, *chosen}))
        parts.append(replace(corpus, labels=labels, repeats=corpus.repeats / 2 / VARIANTS))
    return parts


def average_weights(folders: Sequence[Path]) -> Teacher:
    """A teacher with the mean of the weights of all."""
    teacher, *others = (load_teacher(folder) for folder in folders)
    weights = [copy_weights(each.model.model) for each in (teacher, *others)]
    mean = {
        name: torch.stack([each[name] for each in weights]).mean(0)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in weights[0].items()
    }
    teacher.model.model.load_state_dict(mean)
    return teacher


def average_scores(folders: Sequence[Path]) -> Teacher:
    """A teacher whose logits are the mean of those of all."""
    teachers = [load_teacher(folder) for folder in folders]

    def run_batch(batch: Any, **extra: Any) -> tuple[torch.Tensor]:
        logits = [compute_marker_logits(each.model, batch, **extra) for each in teachers]
        return (torch.stack(logits).mean(0),)

    first = teachers[0]
    first.model.run_batch = run_batch
    first._has_marker_head = False  # so that it asks `run_batch`
    return first


if __name__ == "__main__":
    main()
