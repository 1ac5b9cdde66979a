"""What people have measured with `published.py`, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distilgliner.files import read_json


def read_published(folder: Path) -> list[dict[str, Any]]:
    """The results of all teachers that were measured, by name."""
    return [read_json(path, "measure again") for path in sorted(folder.glob("*.json"))]


def build_published_section(results: Iterable[Mapping[str, Any]]) -> str:
    """The results there are, or that there are none yet."""
    measured = list(results)
    lines = [
        "## Published checkpoints",
        "",
        "No GLiNER checkpoint from the Hugging Face hub was available where this project was "
        "built, so all other sections are about the bundled teacher. "
        "`python benchmarks/published/published.py --teacher ID --data FOLDER` measures any "
        "checkpoint and a student that is distilled from it without human labels; "
        "contributed results appear here.",
        "",
    ]
    table = build_published_table(measured) if measured else "There are none yet."
    return "\n".join([*lines, table, ""])


def build_published_table(results: Iterable[Mapping[str, Any]]) -> str:
    """A row for each teacher: strict F1 in per cent, the means and each corpus."""
    lines = [
        "| teacher | corpora | F1 of the teacher | F1 of its student | kept | student | "
        "each corpus: teacher → student | measured |",
        "|---" * 8 + "|",
    ]
    return "\n".join([*lines, *map(_build_row, results)])


def _build_row(found: Mapping[str, Any]) -> str:
    corpora = found["corpora"]
    teacher, student = (
        100 * statistics.fmean(row[f"{model}_f1"] for row in corpora.values())
        for model in ("teacher", "student")
    )
    kept = f"{100 * student / teacher:.1f} %" if teacher else "—"
    megabytes, speed = (
        statistics.median(row[key] for row in corpora.values())
        for key in ("student_bytes", "student_words_per_second")
    )
    each = ", ".join(
        f"{name} {100 * row['teacher_f1']:.1f} → {100 * row['student_f1']:.1f}"
        for name, row in corpora.items()
    )
    cells = [
        f"`{found['teacher']}`", str(len(corpora)), f"{teacher:.1f}", f"{student:.1f}", kept,
        f"{megabytes / 1e6:.1f} MB, {speed:,.0f} words/s", each,
        f"{found['date']}, {found['machine']['cpu']}; at most {found['limits']['texts']:,} texts, "
        f"{found['limits']['tests']:,} test sentences",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"
