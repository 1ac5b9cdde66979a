"""What README and the pages of the documentation say in numbers is what is committed."""

from __future__ import annotations

import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common.places import BENCHMARKS, ROOT
from benchmarks.runtime.figure import choose_overview, draw_speed
from benchmarks.unseen.unseen_students_table import FREE, read_f1

from distilgliner.compare.report.svg import render_file
from distilgliner.compare.results import read_results
from distilgliner.files import read_json

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUALITY = (ROOT / "docs/explanation/quality.md").read_text(encoding="utf-8")
STUDENTS = (ROOT / "docs/explanation/students.md").read_text(encoding="utf-8")
LIMITS = (ROOT / "docs/explanation/limits.md").read_text(encoding="utf-8")
BASE, SMALL, TINY = (f"student {size}, ONNX int8" for size in ("base", "small", "tiny"))


def read(name: str) -> Any:
    return read_json(BENCHMARKS / name, "measure again")


def find_row(page: str, name: str) -> list[str]:
    """The cells after the name of a table's row."""
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def round_speed(words_per_second: float) -> str:
    return f"{round(words_per_second, -3):,.0f}"


def test_readme_is_short() -> None:
    assert len(README.split()) <= 900
    tables = re.findall(r"(?:^\|.*\n)+", README, re.MULTILINE)
    assert max(table.count("\n") for table in tables) <= 2 + 5
    assert not re.search(r"\b(seeds?|ablations?|decision \d+)\b", README)


def test_the_headline_is_that_of_corpora_never_seen() -> None:
    corpora = read("unseen/results/unseen_students.json")["corpora"]
    kept = [100 * read_f1(found, FREE) / found["test_f1"] for found in corpora.values()]
    assert len(kept) == 3
    assert f"keep {min(kept):.0f} to {max(kept):.0f} % of their teacher's F1" in README


def test_speeds_are_those_measured() -> None:
    found = read("runtime/results/runtime.json")
    model, ratios = found["models"][BASE], found["ratios"][BASE]
    times = {
        name: f"{ratios[name]['words_per_second']:.0f}" for name in ("teacher", "GLiNER small")
    }
    line = (
        f"{round_speed(model['cost']['words_per_second']['1'])} words per second on one CPU core, "
        f"in {model['disk_bytes'] / 1e6:.1f} MB; {times['teacher']}× the bundled teacher and "
        f"{times['GLiNER small']}× GLiNER small's architecture"
    )
    assert line in README
    for name, kind in (("base, 8 bits", BASE), ("small, 8 bits", SMALL)):
        model, ratios = found["models"][kind], found["ratios"][kind]
        speeds = [ratios[other]["words_per_second"] for other in ("teacher", "GLiNER small")]
        assert find_row(QUALITY, name) == [
            f"{100 * model['f1']:.1f}",
            round_speed(model["cost"]["words_per_second"]["1"]),
            *(f"{speed:.0f}" for speed in speeds),
            f"{ratios['spaCy CNN']['words_per_second']:.1f}",
            f"{model['cost']['latency_ms']['p50']:.2f} ms",
        ]


@pytest.mark.parametrize(("size", "kind"), [("base", BASE), ("small", SMALL), ("tiny", TINY)])
def test_sizes_are_those_measured(size: str, kind: str) -> None:
    model = read("runtime/results/runtime.json")["models"][kind]
    cost = model["cost"]
    assert find_row(STUDENTS, f"{size}, 8 bits") == [
        f"{model['parameters'] / 1e6:.1f} M",
        f"{model['disk_bytes'] / 1e6:.1f} MB",
        f"{100 * model['f1']:.1f}",
        round_speed(cost["words_per_second"]["1"]),
        f"{cost['latency_ms']['p50']:.2f} ms",
        f"{cost['peak_memory_bytes'] / 1e6:.0f} MB",
    ]


def test_kinds_of_students_are_those_measured() -> None:
    results = read_results(BENCHMARKS / "students/results/students.json")
    for student in dict.fromkeys(run.student for run in results.runs):
        f1 = [100 * run.quality.micro.f1 for run in results.runs if run.student == student]
        spread = f"{statistics.fmean(f1):.1f} ± {statistics.stdev(f1):.1f}"
        assert find_row(STUDENTS, f"{student} (")[-1] == spread
    assert f"({100 * results.teacher.quality.micro.f1:.1f} F1)" in STUDENTS


def test_the_general_student_has_what_was_measured() -> None:
    as_it_is = read("general_student/results/general_student.json")["corpora"]
    unseen = read("unseen/results/unseen.json")["corpora"]
    teachers = read("quality/results/corpora.json")["corpora"]
    for name, found in as_it_is.items():
        teacher = teachers[name]["test_f1"]
        cells = [f"{100 * found['f1']:.1f}", f"{100 * teacher:.1f}"]
        assert find_row(STUDENTS, f"{name} (")[1:] == cells
    for name in ("wikigold", "conll2003"):
        scores = unseen[name]["scores"]
        cells = [f"{100 * scores[model]['f1']:.1f}" for model in ("general", "teacher")]
        assert find_row(STUDENTS, f"{name} (")[1:] == cells
    found = [100 * row["scores"]["teacher"]["f1"] for row in unseen.values()]
    assert f"has {min(found):.1f} to {max(found):.1f} F1" in LIMITS


def test_every_page_is_in_a_part_of_the_documentation() -> None:
    docs = ROOT / "docs"
    alone = {path.name for path in docs.glob("*.md")}
    assert alone == {"faq.md", "index.md", "promises.md"}
    parts = {path.name for path in docs.iterdir() if path.is_dir()}
    assert parts == {"building", "explanation", "how-to", "images", "reference", "tutorials"}


def test_files_that_pages_link_to_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), BENCHMARKS / "README.md"]
    links = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
    missing = [
        (page.name, target)
        for page in pages
        for target in links.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / Path(target)).exists()
    ]
    assert missing == []


def test_sizes_in_the_picture_are_those_measured() -> None:
    models = read("runtime/results/runtime.json")["models"]
    for name, model in choose_overview(models).items():
        if "MB" in name:
            size = f"{model['disk_bytes'] / 1e6:.1f}"
            assert f"{size} MB" in name or f"{float(size):.0f} MB" in name


def test_pictures_are_drawn_from_what_is_committed() -> None:
    found = read("runtime/results/runtime.json")
    for name, models in (
        ("runtime", found["models"]),
        ("overview", choose_overview(found["models"])),
    ):
        picture = ROOT / "docs" / "images" / f"{name}.svg"
        assert picture.read_text(encoding="utf-8") == render_file(
            draw_speed(models, found["corpus"])
        )
