"""The table of students for what the teacher was never trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.unseen.unseen_students_table import (
    QUALITY_COLUMNS,
    README_COLUMNS,
    build_unseen_students_section,
    update_unseen,
)

ROOT = Path(__file__).parents[4]


def row(f1: float, spread: float | None = None) -> dict[str, Any]:
    return {"test_f1": f1, "test_f1_spread": spread, "seeds": 2 if spread else 1}


def test_shares_are_of_the_teacher_that_taught() -> None:
    corpus = {
        "test_f1": 0.5, "finetuned": {"test_f1": 0.8, "seconds": 390}, "labels": 3, "runs": {},
        "documents": {"gold": 200, "transfer": 1550, "dev": 97},
        "rows": {
            "soft": row(0.45, 0.01), "mixed": row(0.6), "gold": row(0.3),
            "soft, then gold": row(0.7), "fine-tuned, mixed": row(0.76),
        },
    }  # fmt: skip
    machine = {"cpu": "an abacus", "cores": 1}
    result = {"student": "s", "date": "2026-11-29", "machine": machine, "corpora": {"a": corpus}}
    section = build_unseen_students_section(result)
    assert (
        "| a | 3 | 200 | 1,550 | 50.0 | 45.0 ± 1.0 (90.0) | 60.0 (120.0) |  | 30.0 | 70.0 | 80.0 "
        "| 6.5 | 76.0 (95.0) |" in section
    )
    assert "keep 90.0 %" in section
    assert "labelled dev sentences (97) choose" in section
    page = "| a (tweets) | 1 | 2 |\n| ab (tweets) | 1 |\n"
    assert update_unseen(page, result, QUALITY_COLUMNS).splitlines() == [
        "| a (tweets) | 50.0 | 45.0 | 30.0 | 70.0 | 80.0 | 76.0 |",
        "| ab (tweets) | 1 |",
    ]
    assert update_unseen(page, result, README_COLUMNS).splitlines()[0] == (
        "| a (tweets) | 50.0 | 45.0 | 80.0 | 76.0 | 30.0 |"
    )


@pytest.mark.parametrize(
    ("name", "columns"),
    [("README.md", README_COLUMNS), ("docs/explanation/quality.md", QUALITY_COLUMNS)],
)
def test_pages_have_the_committed_numbers(name: str, columns: tuple[str, ...]) -> None:
    path = ROOT / "benchmarks/unseen/results/unseen_students.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == update_unseen(text, result, columns)
    assert all(f"| {name} (" in text for name in result["corpora"])
