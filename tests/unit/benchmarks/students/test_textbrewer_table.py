"""Other people's students beside ours: means over the corpora that have all of them."""

from __future__ import annotations

from typing import Any

from benchmarks.students.textbrewer_table import build_textbrewer_section


def _row(f1: float, seconds: float) -> dict[str, Any]:
    return {"test_f1": f1, "seconds": seconds, "parameters": 2_500_000}


def test_a_corpus_that_lacks_a_student_is_left_out() -> None:
    ours = "soft, random start"
    corpora = {
        "none": {"test_f1": 0.7, "rows": {}, "runs": {}},
        "late": {"test_f1": 0.9, "rows": {ours: _row(0.9, 10)}, "runs": {}},
        "a": {"test_f1": 0.8, "rows": {ours: _row(0.6, 10), "theirs": _row(0.4, 30)}, "runs": {}},
        "b": {"test_f1": 0.5, "rows": {ours: _row(0.5, 20), "theirs": _row(0.3, 100)}, "runs": {}},
    }
    machine = {"cpu": "an abacus", "cores": 1}
    result = {"student": "s", "date": "2026-11-29", "machine": machine, "corpora": corpora}
    lines = build_textbrewer_section(result).splitlines()
    start = lines.index("| corpus | teacher | ours | theirs |")
    assert lines[start + 2 :] == [
        "| a | 80.0 | 60.0 (75.0) | 40.0 (50.0) |",
        "| b | 50.0 | 50.0 (100.0) | 30.0 (60.0) |",
        "| **mean of 2** | **65.0** | **55.0** (87.5) | **35.0** (55.0) |",
        "",
        "Parameters, and training (roughly: the machines had other work): "
        "ours 2.5 M, 1.0×; theirs 2.5 M, 4.0×.",
    ]
