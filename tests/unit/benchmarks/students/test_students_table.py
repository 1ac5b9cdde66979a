"""The table of the students on the bundled corpus."""

from __future__ import annotations

from pathlib import Path

from benchmarks.students.students_table import build_students_section

from distilgliner.compare.results import read_results

RESULT = Path(__file__).parents[4] / "benchmarks/students/results/students.json"


def test_a_row_a_student_behind_the_teacher() -> None:
    results = read_results(RESULT)
    rows = [line for line in build_students_section(results).splitlines() if line.startswith("| ")]
    students = dict.fromkeys(run.student for run in results.runs)
    assert [row.split(" | ")[0][2:] for row in rows[1:]] == [
        "teacher",
        *(f"`{s}`" for s in students),
    ]
    crf = [run.quality for run in results.runs if run.student == "bilstm-crf"]
    mean = 100 * sum(quality.micro.f1 for quality in crf) / len(crf)
    assert f"| {mean:.1f} ± " in rows[2]
    errors = [100 * quality.calibration.ece for quality in crf if quality.calibration]
    assert f"| {sum(errors) / len(errors):.1f} ± " in rows[2]
