"""Write docs/explanation/results.md from the committed results: `python benchmarks/tables.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from benchmarks.ablation.ablation_table import build_ablation_section
from benchmarks.common.places import BENCHMARKS, ROOT
from benchmarks.forgetting.mixtures_table import build_mixtures_section
from benchmarks.forgetting.rehearsal_table import build_rehearsal_section
from benchmarks.general_student.table import build_general_section
from benchmarks.presidio.table import build_presidio_section
from benchmarks.published.published_table import build_published_section, read_published
from benchmarks.quality.compare_table import build_compare_section
from benchmarks.quality.corpora_table import build_corpora_section, update_quality
from benchmarks.quality.curves_table import build_curves_section, draw_curves
from benchmarks.runtime.figure import choose_overview, draw_speed
from benchmarks.runtime.table import build_runtime_section
from benchmarks.students.students_table import build_students_section
from benchmarks.students.textbrewer_table import build_textbrewer_section
from benchmarks.teacher.card import update_card
from benchmarks.teacher.trials_table import build_teacher_trials_section
from benchmarks.unseen.unseen_students_table import (
    QUALITY_COLUMNS,
    README_COLUMNS,
    build_unseen_students_section,
    update_unseen,
)
from benchmarks.unseen.unseen_table import build_unseen_section
from distilgliner.bundled import bundled_teacher
from distilgliner.compare.report.svg import Drawing, render_file
from distilgliner.compare.results import read_results
from distilgliner.files import read_json

NAMES = ("wnut17", "bc5cdr", "crossner_politics")
IMAGES = ROOT / "docs" / "images"
README = ROOT / "README.md"
QUALITY = ROOT / "docs" / "explanation" / "quality.md"
RESULTS = ROOT / "docs" / "explanation" / "results.md"


def main() -> None:
    """Write the page of results, the pictures, and the tables of other pages."""
    ten, unseen = _read("quality", "corpora"), _read("unseen", "unseen")
    students = _read("unseen", "unseen_students")
    _update(README, lambda text: update_unseen(text, students, README_COLUMNS))
    _update(QUALITY, lambda text: update_unseen(text, students, QUALITY_COLUMNS))
    _update(QUALITY, lambda text: update_quality(text, ten))
    _update_teacher_card(ten, unseen)
    for name, found in _read("quality", "curves")["corpora"].items():
        _draw(f"curves-{name}", draw_curves(name, found))
    speed = _read("runtime", "runtime")
    _draw("runtime", draw_speed(speed["models"], speed["corpus"]))
    _draw("overview", draw_speed(choose_overview(speed["models"]), speed["corpus"]))
    RESULTS.write_text(build_page(), encoding="utf-8")


def build_page() -> str:
    """docs/explanation/results.md: every committed result as a section."""
    ten = _read("quality", "corpora")
    parts = [
        "# Results",
        "",
        "Strict span F1 in per cent on human labels of the test splits, mean ± standard deviation "
        "over the seeds. Dev chose epoch and threshold; test was measured once. The teacher "
        "is the bundled checkpoint; it was trained on the train splits of these corpora, human "
        "labels included, except those that a heading says it has not seen, and of three CrossNER "
        "sets also on dev except its first 100 sentences, see its model card. The comparisons of "
        "bc5cdr, crossner_politics and wnut17 are the study that this project began with: "
        "`bilstm-tagger`, targets alone, no hidden states "
        "([settings](../../benchmarks/quality/study.yaml)); "
        "the teachers of bc5cdr and "
        "crossner_politics were fine-tuned before dev chose among mixtures of old and new weights "
        "([decision 23](decisions/0023-mixtures.md)). "
        "Written by `python benchmarks/tables.py`.",
        "",
    ]
    parts += [
        build_corpora_section(ten),
        build_general_section(_read("general_student", "general_student"), ten),
        build_unseen_section(_read("unseen", "unseen")),
        build_unseen_students_section(_read("unseen", "unseen_students")),
        build_published_section(read_published(BENCHMARKS / "published" / "results")),
        build_textbrewer_section(_read("students", "textbrewer")),
        build_curves_section(_read("quality", "curves")),
        build_students_section(read_results(_locate("students", "students"))),
        *(build_compare_section(read_results(_locate("quality", name))) for name in NAMES),
        build_mixtures_section(_read("forgetting", "mixtures")),
        build_rehearsal_section(_read("forgetting", "rehearsal")),
        build_teacher_trials_section(_read("teacher", "trials")),
        build_ablation_section(_read("ablation", "ablation")),
        build_runtime_section(_read("runtime", "runtime")),
        build_presidio_section(_read("presidio", "presidio")),
    ]
    return "\n".join(parts)


def _draw(name: str, drawing: Drawing) -> None:
    (IMAGES / f"{name}.svg").write_text(render_file(drawing), encoding="utf-8")


def _update(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def _locate(room: str, name: str) -> Path:
    return BENCHMARKS / room / "results" / f"{name}.json"


def _read(room: str, name: str) -> dict[str, Any]:
    result: dict[str, Any] = read_json(_locate(room, name), "measure again")
    return result


def _update_teacher_card(ten: dict[str, Any], unseen: dict[str, Any]) -> None:
    """The tables in the bundled teacher's card."""
    card = bundled_teacher() / "README.md"
    found = _read("teacher", "bundled_teacher")
    recipe = yaml.safe_load((BENCHMARKS / "teacher" / "recipe.yaml").read_text(encoding="utf-8"))
    whole = {name: corpus["test_f1"] for name, corpus in ten["corpora"].items()}
    text = update_card(card.read_text(encoding="utf-8"), found, recipe, whole, unseen)
    card.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
