"""Measure what students, teacher, GLiNER and spaCy cost and find, side by side.

    python benchmarks/runtime/measure.py [--corpus bc5cdr] [--rounds 5] [--student NAME=FOLDER]
    python benchmarks/runtime/measure.py --quick

Makes what it needs: the teacher, its annotations and the students of the corpus' comparison
(benchmarks/common/corpora/CORPUS.yaml, in runs/CORPUS), other sizes of students
(benchmarks/runtime/settings.yaml), exports of teacher and students, GLiNER's published
architectures with random weights, and spaCy's `ner`. All else goes to runs/runtime/CORPUS; a run
that was killed goes on there, and `--fresh` measures anew without training anew. The numbers are
benchmarks/runtime/results/runtime.json, the picture docs/images/runtime.svg; `--quick` (a few
minutes, numbers of no worth) leaves those two alone.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from tokenizers import Tokenizer

from benchmarks.common.places import DATA, ROOT, RUNS
from benchmarks.runtime.figure import draw_speed
from benchmarks.runtime.models import EXPORTED, SPACY, TEACHER, Candidate, build_candidates
from benchmarks.runtime.plan import HERE, Plan, build_plan, read_stream
from benchmarks.runtime.rounds import RoundLog, Rounds, compute_key, measure_quality, run_rounds
from benchmarks.runtime.scaling import count_needed_words, measure_scaling, measure_stream
from benchmarks.runtime.targets import check_targets, compute_ratios
from distilgliner.bundled import bundled_teacher
from distilgliner.compare.machine import describe_machine
from distilgliner.compare.report.svg import render_file
from distilgliner.corpus.words import split_words
from distilgliner.evaluate.cost import compute_medians
from distilgliner.files import read_json, write_atomically, write_json

RESULT = HERE / "results" / "runtime.json"
PICTURE = ROOT / "docs" / "images" / "runtime.svg"
THREADS = (1, 2)
WORDS = (1_000, 10_000, 100_000, 1_000_000)
QUICK_WORDS = (1_000, 10_000)
PACKAGES = ("distilgliner", "gliner", "torch", "onnxruntime", "spacy")
NOTES = (
    "GLiNER small and medium are the architectures of gliner_small-v2.1 and gliner_medium-v2.1 "
    "with random weights, on which speed does not depend, and with biases that keep every score "
    "low: no time goes into decoding. They read the subwords of the bundled teacher's tokenizer, "
    "as their own is not at hand; its vocabulary of 30,525 instead of 128,000 makes a few more.",
    f"“{TEACHER}”, fine-tuned where the comparison says so, is how this project runs it; the "
    "others are the `gliner` package's own ways with its defaults. Its packing fails for BERT "
    "encoders, such as this teacher's. Compressed prompts are saved by the package but not read "
    "again; their vectors were put in place by hand, without the training that may follow.",
    f"“{SPACY}” is `spacy.blank('en')` with `add_pipe('ner')`, trained with spaCy's own defaults "
    "on the same decisions of the teacher that the student learns from; “gold” on human labels. "
    "It computes on one thread.",
)


def main() -> None:
    """Make, measure, write."""
    arguments = _parse()
    corpus = arguments.corpus or ("crossner_politics" if arguments.quick else "bc5cdr")
    runs = RUNS
    usual_run = runs / corpus
    name = "runtime-quick" if arguments.quick else "runtime"
    output = arguments.output or runs / name / corpus
    if arguments.quick:
        usual_run = output / "comparison"  # of another teacher than the true one
    folders = dict(text.split("=", 1) for text in arguments.student)
    plan = build_plan(
        corpus,
        arguments.data,
        arguments.run or usual_run,
        output,
        {name: Path(folder) for name, folder in folders.items()},
        quick=arguments.quick,
    )
    if arguments.fresh:
        for file in ("rounds.jsonl", "scaling.json"):
            (output / file).unlink(missing_ok=True)
        shutil.rmtree(output / EXPORTED, ignore_errors=True)  # the exporter may have changed
    wanted = re.compile(arguments.only)
    candidates = [each for each in build_candidates(plan) if wanted.search(each.name)]
    found = measure(plan, candidates, arguments)
    write_json(RESULT if not plan.quick else output / RESULT.name, found)
    picture = PICTURE if not plan.quick else output / PICTURE.name
    write_atomically(picture, render_file(draw_speed(found["models"], corpus)))
    for student, targets in found["targets"].items():
        for target in targets:
            print(student, target["name"], target["value"], target["bound"], target["limit"])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", help="of a comparison, benchmarks/common/corpora/CORPUS.yaml")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--run", type=Path, help="the comparison's folder; default: runs/CORPUS")
    parser.add_argument("--output", type=Path, help="default: runs/runtime/CORPUS")
    parser.add_argument("--student", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--only", default="", help="regular expression: measure these models only")
    parser.add_argument("--rounds", type=int, default=None, help="default: 5")
    parser.add_argument("--seconds", type=float, default=None, help="of each measurement; 5")
    parser.add_argument("--stream-sentences", type=int, default=None, help="default: 100,000")
    parser.add_argument("--fresh", action="store_true", help="measure anew what was measured")
    parser.add_argument("--quick", action="store_true", help="a trial of the script itself")
    arguments = parser.parse_args()
    for name, usual, quick in (
        ("rounds", 5, 1), ("seconds", 5.0, 0.3), ("stream_sentences", 100_000, 1_000),
    ):  # fmt: skip
        if getattr(arguments, name) is None:
            setattr(arguments, name, quick if arguments.quick else usual)
    return arguments


def measure(
    plan: Plan, candidates: Sequence[Candidate], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Quality, then cost in rounds, then behaviour on much text; everything for JSON."""
    texts = [document.text for document in plan.test]
    random.Random(0).shuffle(texts)  # slow models get no further than the beginning
    labels = plan.config.labels
    machine = describe_machine().model_dump()
    settings = {
        "labels": list(labels),
        "documents": len(texts),
        "words": sum(len(split_words(text)) for text in texts),
        "teacher_subwords": _count_subwords(texts),
        "threads": list(THREADS),
        "seconds": arguments.seconds,
    }
    f1 = measure_quality(candidates, plan.test, labels, plan.output / "quality.json")
    measured = [candidate for candidate in candidates if candidate.is_measured]
    log = RoundLog(plan.output / "rounds.jsonl", {**settings, "cpu": machine["cpu"]})
    run_rounds(
        measured, texts, labels, log,
        rounds=arguments.rounds, threads=THREADS, budget_seconds=arguments.seconds,
    )  # fmt: skip
    keys = {candidate.name: compute_key(candidate.model) for candidate in measured}
    rounds, failures = log.read(keys)
    scaling = _measure_scaling(plan, measured, arguments.stream_sentences)
    models = {each.name: _describe(each, f1, rounds, failures) for each in candidates}
    exported = [name for name in scaling if rounds.get(name)]
    means = {name: statistics.fmean(values) for name, values in f1.items()}
    return {
        "date": f"{date.today()}",
        "machine": machine,
        "versions": {package: version(package) for package in PACKAGES},
        "corpus": plan.config.name,
        "settings": settings,
        "rounds": max((len(costs) for costs in rounds.values()), default=0),
        "models": models,
        "targets": {
            name: [
                target.to_dict()
                for target in check_targets(
                    name, rounds, means, models[name]["disk_bytes"], scaling[name]
                )
            ]
            for name in exported
        },
        "ratios": {name: compute_ratios(rounds, name) for name in exported},
        "scaling": scaling,
        "notes": list(NOTES),
    }


def _describe(
    candidate: Candidate,
    f1: Mapping[str, list[float]],
    rounds: Rounds,
    failures: Mapping[str, str],
) -> dict[str, Any]:
    scores = f1.get(candidate.name, [])
    costs = list(rounds.get(candidate.name, {}).values())
    found: dict[str, Any] = {
        "kind": candidate.kind,
        "f1": statistics.fmean(scores) if scores else None,
        "f1_seeds": scores,
        "failed": failures.get(candidate.name),
        "parameters": candidate.parameters,
        "disk_bytes": candidate.disk_bytes,
    }
    if costs:
        middle = compute_medians(costs)
        if candidate.parameters is None:
            found["parameters"] = middle.pop("parameters")["total"]
            found["disk_bytes"] = middle.pop("disk_bytes")
        speeds = [cost["words_per_second"]["1"] for cost in costs]
        found |= {"cost": middle, "words_per_second_range": [min(speeds), max(speeds)]}
    return found


def _measure_scaling(
    plan: Plan, candidates: Sequence[Candidate], sentences: int
) -> dict[str, dict[str, Any]]:
    """For every exported student `measure_scaling`, in 8 bits `measure_stream` at two lengths."""
    path = plan.output / "scaling.json"
    known: dict[str, Any] = read_json(path, "remove it") if path.is_file() else {}
    sizes = QUICK_WORDS if plan.quick else WORDS
    labels = plan.config.labels
    texts: list[str] = []
    found = {}
    for candidate in candidates:
        if candidate.kind != "student" or "ONNX" not in candidate.name:
            continue
        model = Path(str(candidate.model))
        key = f"{candidate.name} {compute_key(candidate.model)}"
        counts = (sentences // 10, sentences) if "int8" in candidate.name else ()
        streams = {f"{key}, {count} sentences": count for count in counts}
        missing = [one for one in (key, *streams) if one not in known]
        if missing:
            texts = texts or read_stream(plan, count_needed_words(sizes))
        for one in missing:
            known[one] = (
                measure_stream(model, _repeat(texts, streams[one]), labels)
                if one in streams
                else measure_scaling(model, texts, labels, sizes)
            )
            write_json(path, known)
            print(f"{one}: measured", flush=True)
        found[candidate.name] = {**known[key], "streams": [known[one] for one in streams]}
    return found


def _repeat(texts: Sequence[str], count: int) -> list[str]:
    return [texts[index % len(texts)] for index in range(count)]


def _count_subwords(texts: Sequence[str]) -> int:
    """Subwords of the bundled tokenizer, without prompts: what the transformers read."""
    tokenizer = Tokenizer.from_file(str(bundled_teacher() / "tokenizer.json"))
    tokenizer.no_truncation()
    return sum(
        len(encoding.ids)
        for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)
    )


if __name__ == "__main__":
    main()
