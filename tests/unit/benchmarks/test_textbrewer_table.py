"""Other people's students beside ours: means over the corpora that have all of them."""

from __future__ import annotations

from typing import Any

from textbrewer_table import build_textbrewer_section


def _row(f1: float, seconds: float) -> dict[str, Any]:
    return {"test_f1": f1, "seconds": seconds, "parameters": 2_500_000}


def test_a_corpus_that_lacks_a_student_does_not_count() -> None:
    ours = {"late": _row(0.9, 10), "a": _row(0.6, 10), "b": _row(0.5, 20)}
    ten = {"corpora": {name: {"rows": {"soft, random start": row}} for name, row in ours.items()}}
    theirs = {
        "late": {"test_f1": 0.9, "rows": {}, "runs": {}},
        "a": {"test_f1": 0.8, "rows": {"theirs": _row(0.4, 30)}, "runs": {}},
        "b": {"test_f1": 0.5, "rows": {"theirs": _row(0.3, 100)}, "runs": {}},
    }
    machine = {"cpu": "an abacus", "cores": 1}
    result = {"date": "2026-11-29", "machine": machine, "corpora": theirs}
    lines = build_textbrewer_section(result, {"student": "s", **ten}).splitlines()
    start = lines.index("| corpus | teacher | ours | theirs |")
    assert lines[start + 2 :] == [
        "| a | 80.0 | 60.0 (75.0) | 40.0 (50.0) |",
        "| b | 50.0 | 50.0 (100.0) | 30.0 (60.0) |",
        "| late | 90.0 | 90.0 (100.0) | — |",
        "| **mean of 2** | **65.0** | **55.0** (87.5) | **35.0** (55.0) |",
        "",
        "Parameters, and training: ours 2.5 M, 1.0×; theirs 2.5 M, 4.0×.",
    ]
