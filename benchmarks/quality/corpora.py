"""Ten corpora: what a student keeps of its teacher without labels, with gold, and with a little.

    python benchmarks/quality/corpora.py [--data ../shared/data] [--corpora "crossner_ai,btc"]
    python benchmarks/quality/corpora.py --settings benchmarks/quality/curves.yaml
    python benchmarks/quality/corpora.py --settings benchmarks/students/textbrewer.yaml
    python benchmarks/quality/corpora.py --settings benchmarks/unseen/unseen_students.yaml \
        --data runs/unseen/jsonl

Reads `benchmarks/quality/corpora.yaml`, or with `--settings` another file: `curves.yaml`, more and
less text, more and fewer labels, on one corpus; `textbrewer.yaml`, other people's students;
`unseen_students.yaml`, corpora that the teacher was never trained on (`unseen_text.py` prepares
them). The teacher is the bundled one as it is, so that the arm without labels sees none at all: the
teacher's labels on dev choose its epoch. Rows that say so have one that was fine-tuned on the gold
first. Everything goes to runs/corpora/CORPUS; a killed run goes on. The numbers are
`results/SETTINGS.json` next to the settings; with `--keep`, what is measured there counts as done,
so that seeds can be added on another machine.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.grid import (
    annotate_augmented,
    build_recipe,
    compute_run_fingerprint,
    read_corpus,
    run_row,
)
from benchmarks.common.grid_log import RunLog, summarize
from benchmarks.common.places import DATA, RUNS
from distilgliner.annotate.decode import label_by_teacher
from distilgliner.annotate.run import run_annotation
from distilgliner.annotate.store import AnnotationStore
from distilgliner.compare.arms.annotations import annotate_parts, find_layers
from distilgliner.compare.arms.prepare_teacher import TEACHER_FOLDER, prepare_teacher
from distilgliner.compare.config import CompareConfig
from distilgliner.compare.data import ComparisonData, read_comparison_data
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.evaluate.agreement import decode_teacher
from distilgliner.evaluate.run import score_predictions
from distilgliner.files import read_json, write_json
from distilgliner.finetune.config import build_finetune_config
from distilgliner.finetune.run import RESULT_FILE

HERE = Path(__file__).parent
TEACHER_FILE = "teacher.json"
FINETUNED = "finetuned"


def main() -> None:
    """Parse, and run what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--settings", type=Path, default=HERE / "corpora.yaml")
    parser.add_argument("--corpora", help="names of some, with commas; the others stay as kept")
    parser.add_argument("--keep", action="store_true", help="the committed runs count as done")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = yaml.safe_load(arguments.settings.read_text(encoding="utf-8"))
    chosen = arguments.corpora.split(",") if arguments.corpora else settings["corpora"]
    result = arguments.settings.parent / "results" / f"{arguments.settings.stem}.json"
    # Seed by seed, so that a run that is cut short has every corpus.
    for seed in settings["seeds"]:
        for name in chosen:
            config = read_corpus(name, arguments.data)
            known = _read_known(result) if arguments.keep else {}
            output = arguments.runs / "corpora" / name
            _run_corpus(config, settings, seed, output, _open_log(output, known))
            _write_results(result, settings, arguments, known)


def _read_known(result: Path) -> dict[str, Any]:
    """What is committed of every corpus."""
    known: dict[str, Any] = read_json(result, "remove it")["corpora"] if result.is_file() else {}
    return known


def _open_log(output: Path, known: dict[str, Any]) -> RunLog:
    return RunLog(output / "runs", known.get(output.name, {}).get("runs", {}))


def _run_corpus(
    config: CompareConfig, settings: dict[str, Any], seed: int, output: Path, log: RunLog
) -> None:
    """All rows of one corpus and one seed that are not measured yet."""
    rows = [
        row
        for row in _list_rows(settings, config)
        if seed in _list_seeds(settings, row)
        and log.find(_compute_fingerprint(settings, row, config, seed)) is None
    ]
    if not rows:
        return
    data = read_comparison_data(config)
    for finetuned in (False, True):
        chosen = [row for row in rows if row.get("finetuned", False) == finetuned]
        if chosen:
            place = output / FINETUNED if finetuned else output
            own = _finetune(config, settings, data, place) if finetuned else config
            _run_rows(chosen, own, data, settings, seed, place, log)


def _finetune(
    config: CompareConfig, settings: dict[str, Any], data: ComparisonData, output: Path
) -> CompareConfig:
    """The same with a teacher fine-tuned on the gold; human-labelled dev chooses its epoch."""
    finetune = build_finetune_config(settings["finetune"])
    teacher = prepare_teacher(
        config.model_copy(update={"finetune": finetune}), output, data, quiet=False
    )
    return config.model_copy(update={"teacher": str(teacher)})


def _run_rows(
    rows: Sequence[dict[str, Any]],
    config: CompareConfig,
    data: ComparisonData,
    settings: dict[str, Any],
    seed: int,
    output: Path,
    log: RunLog,
) -> None:
    """Train and measure the rows that have the teacher of `config`, which annotates first."""
    stores = annotate_parts(config, output, data, config.teacher, quiet=False)
    _measure_teacher(config, data, stores["test"], output)
    for row in rows:
        run_row(
            row["name"],
            _compute_fingerprint(settings, row, config, seed),
            build_recipe(_choose_recipe(settings, row), config, seed),
            _choose_store(config, data, stores["transfer"], row, seed, output),
            log,
            gold=_sample(data.gold, row.get("gold"), seed),
            dev=_choose_dev(config, data, stores["dev"], row.get("dev")),
            test=data.test,
            initial=_find_initial(settings, row, config, seed, log),
        )


def _list_rows(settings: dict[str, Any], config: CompareConfig) -> list[dict[str, Any]]:
    """The rows; where there is little text, those with a teacher have it augmented."""
    rows: list[dict[str, Any]] = settings["rows"]
    few = settings.get("augment")
    if few is None or config.name not in few["epochs"]:
        return [row for row in rows if not row.get("plain", False)]
    changes = {"training.epochs": few["epochs"][config.name]}
    return [
        row
        if row["targets"] == "gold" or row.get("plain", False)
        else {**row, "augment": few["config"], "set": {**row.get("set", {}), **changes}}
        for row in rows
    ]


def _list_seeds(settings: dict[str, Any], row: dict[str, Any]) -> Sequence[int]:
    seeds: Sequence[int] = row.get("seeds", settings["seeds"])
    return seeds


def _compute_fingerprint(
    settings: dict[str, Any], row: dict[str, Any], config: CompareConfig, seed: int
) -> str:
    recipe = build_recipe(_choose_recipe(settings, row), config, seed)
    if "after" in row:
        first = _find_row(settings, config, row["after"])
        row = {**row, "after": _compute_fingerprint(settings, first, config, seed)}
    return compute_run_fingerprint(row, recipe, row.get("initial"))


def _find_row(settings: dict[str, Any], config: CompareConfig, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in _list_rows(settings, config) if r["name"] == name)
    return found


def _find_initial(
    settings: dict[str, Any], row: dict[str, Any], config: CompareConfig, seed: int, log: RunLog
) -> str | None:
    """What a student begins with: what its row names, or the student of another row (`after`)."""
    if "after" not in row:
        initial: str | None = row.get("initial")
        return initial
    first = _find_row(settings, config, row["after"])
    return str(log.folder / _compute_fingerprint(settings, first, config, seed))


def _measure_teacher(
    config: CompareConfig, data: ComparisonData, store: AnnotationStore, output: Path
) -> None:
    texts = [document.text for document in data.test]
    found = decode_teacher(store, texts, config.target.teacher_threshold)
    quality = score_predictions(data.test, found, labels=config.labels).quality
    described = {
        "test_f1": quality.spans.micro.f1,
        "documents": {
            "gold": len(data.gold),
            "transfer": len(data.transfer),
            "dev": len(data.dev),
            "test": len(data.test),
        },
        "weight_hash": store.manifest.teacher_hash,
    }
    write_json(output / TEACHER_FILE, described)


def _choose_recipe(settings: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {"student": settings["student"], "targets": row["targets"], **row.get("set", {})}


def _sample(documents: Sequence[Document], count: int | None, seed: int) -> Sequence[Document]:
    if count is None or count >= len(documents):
        return documents
    return random.Random(seed).sample(documents, count)


def _choose_store(
    config: CompareConfig,
    data: ComparisonData,
    store: AnnotationStore,
    row: dict[str, Any],
    seed: int,
    output: Path,
) -> AnnotationStore:
    """The annotations of the transfer text, of that and its variations, or of a sample of it."""
    count, augment = row.get("transfer"), row.get("augment")
    if augment is not None:
        return annotate_augmented(config, data, augment, output)
    if count is None:
        return store
    documents = list(_sample(data.transfer, count, seed))
    folder = store.folder.parent / f"transfer-{count}-seed-{seed}"
    return run_annotation(
        documents,
        teacher=config.teacher,
        labels=config.labels,
        output=folder,
        states=find_layers(config.training.terms),
    )


def _choose_dev(
    config: CompareConfig, data: ComparisonData, store: AnnotationStore, source: str | None
) -> Sequence[Document]:
    if source is None:
        return ()
    if source == "humans":
        return data.dev
    return label_by_teacher(store, store.labels, config.target.teacher_threshold)


def _write_results(
    path: Path, settings: dict[str, Any], arguments: argparse.Namespace, known: dict[str, Any]
) -> None:
    """All corpora that have a row."""
    corpora: dict[str, Any] = {}
    runs = arguments.runs / "corpora"
    for name in settings["corpora"]:
        teacher = runs / name / TEACHER_FILE
        if teacher.is_file():
            corpora[name] = read_json(teacher, "remove it")
        elif name in known:
            corpora[name] = dict(known[name])
        else:
            continue
        finetuned = runs / name / FINETUNED
        if (finetuned / TEACHER_FILE).is_file():
            run = read_json(finetuned / TEACHER_FOLDER / RESULT_FILE, "fine-tune it again")
            corpora[name][FINETUNED] = {
                "test_f1": read_json(finetuned / TEACHER_FILE, "remove it")["test_f1"],
                "seconds": run["seconds"],
            }
        config = read_corpus(name, arguments.data)
        log = _open_log(runs / name, known)
        corpora[name] |= {"labels": len(config.labels), "rows": {}, "runs": {}}
        for row in _list_rows(settings, config):
            found = log.find_all(
                _compute_fingerprint(settings, row, config, seed)
                for seed in _list_seeds(settings, row)
            )
            if found:
                corpora[name]["rows"][row["name"]] = summarize(list(found.values()))
                corpora[name]["runs"] |= found
    result = {
        "date": f"{date.today()}",
        "machine": describe_machine().model_dump(),
        "student": settings["student"],
        "corpora": corpora,
    }
    write_json(path, result)


if __name__ == "__main__":
    main()
