"""The students of the bundled corpus as a Markdown section: F1, and what their scores are worth."""

from __future__ import annotations

import statistics

from distilgliner.compare.results import Quality, Results


def build_students_section(results: Results) -> str:
    """One row a student, over its seeds; the teacher first."""
    machine = results.machine
    lines = [
        "## The students on the bundled corpus",
        "",
        "Strict span F1 and expected calibration error (ECE, in points: how far scores above 0.1 "
        "are from the share of entities that is right, over ten bins) on the bundled test "
        "sentences; soft targets and hidden states of the fine-tuned teacher, from the general "
        "student, a temperature fitted on the teacher's labels of dev; mean ± standard deviation "
        "over the seeds.",
        "",
        f"Measured on {results.created:%Y-%m-%d}, {machine.cpu}, {machine.cores} cores, with "
        "`python benchmarks/students/students.py` "
        "([results](../../benchmarks/students/results/students.json)).",
        "",
        "| | F1 | ECE |",
        "|---|---|---|",
        _build_row("teacher", [results.teacher.quality]),
    ]
    for student in dict.fromkeys(run.student for run in results.runs):
        runs = [run.quality for run in results.runs if run.student == student]
        lines.append(_build_row(f"`{student}`", runs))
    return "\n".join([*lines, ""])


def _build_row(name: str, qualities: list[Quality]) -> str:
    errors = [q.calibration.ece for q in qualities if q.calibration and q.calibration.ece]
    return f"| {name} | {_spread([q.micro.f1 for q in qualities])} | {_spread(errors)} |"


def _spread(values: list[float]) -> str:
    mean = f"{100 * statistics.fmean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {100 * statistics.stdev(values):.1f}"
