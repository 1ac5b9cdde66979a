"""Measure any GLiNER checkpoint and a student of it on public corpora.

    python benchmarks/published/published.py --teacher urchade/gliner_small-v2.1 --data FOLDER
    python benchmarks/published/published.py --teacher FOLDER --corpora mine.yaml --data .

For each corpus whose files are there: strict F1 on its human-labelled test text, of the teacher and
of a student distilled from it on the train text without a single human label; the teacher's labels
of a held-out tenth choose the epoch. The corpora are those of `benchmarks/common/corpora`; a YAML
file of the same form (labels, transfer, test) names another one, whose sources may be on the
Hugging Face hub (`hf:NAME:SPLIT`). Prints one row of a Markdown table and writes
`results/TEACHER.json` below this folder. A run that was stopped resumes.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script

from benchmarks.common.places import CORPORA, DATA, RUNS
from benchmarks.published.published_table import build_published_table
from distilgliner.bundled import BUNDLED, bundled_teacher
from distilgliner.compare.config import CompareConfig, build_compare_config
from distilgliner.compare.machine import describe_machine
from distilgliner.corpus.document import Document
from distilgliner.corpus.labelled import read_labelled_documents
from distilgliner.corpus.read import read_documents
from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.evaluate.run import run_evaluation
from distilgliner.files import read_json, write_json
from distilgliner.models import load_predictor
from distilgliner.pipeline.run import run_pipeline
from distilgliner.student.predictor import DistilGLiNER

HERE = Path(__file__).parent


def main() -> None:
    """Parse, measure what is not measured yet, and print the row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", required=True, help="a folder or an id of the hub")
    parser.add_argument("--data", type=Path, default=DATA, help="with a folder for each corpus")
    parser.add_argument("--corpora", help="names or YAML files, with commas; default: all there")
    parser.add_argument("--runs", type=Path, default=RUNS / "published")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--texts", type=int, default=5000, help="to learn from, at most")
    parser.add_argument("--tests", type=int, default=1000, help="test sentences, at most")
    parser.add_argument("--epochs", type=int, help="passes over the texts, at most")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    corpora = find_corpora(arguments.corpora, arguments.data)
    training = {"seed": 0} | ({"epochs": arguments.epochs} if arguments.epochs else {})
    recipe = build_distill_config({"targets": "soft", "training": training})
    name = re.sub(r"[^\w.-]+", "-", arguments.teacher).strip("-")
    path = arguments.results / f"{name}.json"
    limits = {"texts": arguments.texts, "tests": arguments.tests, "epochs": arguments.epochs}
    found = _open_result(path, arguments.teacher, limits)
    for corpus, config in corpora.items():
        if corpus in found["corpora"]:
            continue
        folder = arguments.runs / name / corpus
        found["corpora"][corpus] = measure_corpus(
            config, arguments.teacher, recipe, folder, arguments.texts, arguments.tests,
            arguments.threads,
        )  # fmt: skip
        write_json(path, found)
        print(corpus, found["corpora"][corpus], flush=True)
    print(f"\n{build_published_table([found])}\n\nNumbers: {path}")


def find_corpora(names: str | None, data: Path) -> dict[str, CompareConfig]:
    """The corpora of these names or YAML files, or all whose files lie below `data`, by name.

    Raises `UserError` when there is none.
    """
    paths = sorted(CORPORA.glob("*.yaml"))
    if names is not None:
        paths = [Path(name) if name.endswith(".yaml") else CORPORA / f"{name}.yaml"
                 for name in names.split(",")]  # fmt: skip
    found = {}
    for path in paths:
        if not path.is_file():
            raise UserError(f"There is no corpus {path.stem}; name one of {CORPORA}, or a file.")
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        config = build_compare_config({"arms": ["soft"], **raw}, base=data, where=str(path))
        sources = (*config.transfer, *config.test)
        if names is not None or all(Path(re.sub(r"\[.*\]$", "", s)).exists() for s in sources):
            found[path.stem] = config
    if not found:
        raise UserError(f"There is no corpus below {data}; give its folder as --data.")
    return found


def measure_corpus(
    config: CompareConfig,
    teacher: str,
    recipe: DistillConfig,
    folder: Path,
    texts: int,
    tests: int,
    threads: int = 1,
) -> dict[str, Any]:
    """F1 of a teacher and of a student distilled from it without labels, on human labels of test.

    The student and the teacher's annotations go to `folder`. texts, tests: of the corpus, at most.
    """
    reading = config.read_options()
    test = read_labelled_documents(config.test, config.labels, config.ignore_labels, **reading)
    transfer = (
        Document(document.text)
        for source in config.transfer
        for document in read_documents(source, **reading)
    )
    made = run_pipeline(
        islice(transfer, texts),
        teacher=teacher,
        labels=config.labels,
        prompts=config.prompts,
        output=folder,
        config=recipe,
        threads=threads,
        quiet=False,
    )
    test = test[:tests]
    path = bundled_teacher() if teacher == BUNDLED else teacher
    scores = {
        "teacher": _measure(load_predictor(path), test, config),
        "student": _measure(DistilGLiNER.from_pretrained(folder), test, config),
    }
    return {
        "labels": len(config.labels),
        "words": made.annotated_words,
        "test": len(test),
        **{f"{model}_f1": f1 for model, f1 in scores.items()},
        "student_bytes": made.deployed.disk_bytes,
        "student_words_per_second": made.deployed.words_per_second,
    }


def _measure(model: Any, test: list[Document], config: CompareConfig) -> float:
    prompts = None if isinstance(model, DistilGLiNER) else config.prompts
    found = run_evaluation(
        model, test, labels=config.labels, prompts=prompts, source="the test text", quiet=False
    )
    return found.quality.spans.micro.f1


def _open_result(path: Path, teacher: str, limits: dict[str, Any]) -> dict[str, Any]:
    """What was measured with these limits, or an empty result."""
    settings = {"teacher": teacher, "limits": limits}
    if path.is_file():
        known: dict[str, Any] = read_json(path, "remove it")
        if {key: known.get(key) for key in settings} == settings:
            return known
        raise UserError(f"{path} has other numbers of this teacher; move it away.")
    machine = describe_machine().model_dump()
    return {**settings, "date": f"{date.today()}", "machine": machine, "corpora": {}}


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"published.py: {error}")
