"""The table that says how far the scores of the teacher and of every student can be believed."""

from __future__ import annotations

from collections.abc import Sequence

from distilgliner.compare.report.summary import Spread, compute_spread, group_runs, list_students
from distilgliner.compare.report.tables import Cell, Row, Table
from distilgliner.compare.report.wording import DASH, format_integer, format_points
from distilgliner.compare.results import FINETUNED, TEACHER, Calibration, Quality, Results

_COLUMNS = ("ECE", "Mean score", "Right", "Entities")


def build_calibration_table(results: Results) -> Table | None:
    """ECE, mean score and share of right entities; None where no scores were measured."""
    named = {TEACHER: results.teacher.quality}
    if results.finetuning is not None:
        named = {TEACHER: results.finetuning.quality, FINETUNED: results.teacher.quality}
    rows = [Row(name, _build_cells([quality]), TEACHER) for name, quality in named.items()]
    students = list_students(results)
    qualities = [*named.values(), *(run.quality for run in results.runs)]
    measured = [q.calibration for q in qualities if q.calibration is not None]
    if not measured:
        return None
    for student in students:
        if len(students) > 1:
            rows.append(Row(student, is_heading=True))
        for group in group_runs(results):
            if group.student == student:
                cells = _build_cells([run.quality for run in group.runs])
                rows.append(Row(group.arm, cells, group.arm))
    name = "Trained on" if len(students) != 1 else students[0]
    return Table((name, *_COLUMNS), tuple(rows), (_explain(measured),))


def _build_cells(qualities: Sequence[Quality]) -> tuple[Cell, ...]:
    """One cell for each of `_COLUMNS`, over the seeds that found an entity."""
    found = [q.calibration for q in qualities if q.calibration is not None]
    found = [calibration for calibration in found if calibration.ece is not None]
    if not found:
        return (Cell(DASH),) * len(_COLUMNS)
    return (
        _write(compute_spread([calibration.ece or 0.0 for calibration in found])),
        _write(compute_spread([_average(calibration, "score") for calibration in found])),
        _write(compute_spread([_average(calibration, "accuracy") for calibration in found])),
        Cell(format_integer(compute_spread([c.entities for c in found]).mean)),
    )


def _average(calibration: Calibration, name: str) -> float:
    """The mean of a value of the bins over all entities."""
    total = sum(part.entities * float(getattr(part, name)) for part in calibration.bins)
    return total / calibration.entities


def _write(spread: Spread) -> Cell:
    return Cell(format_points(spread.mean), "" if spread.sd is None else f"± {100 * spread.sd:.1f}")


def _explain(measured: Sequence[Calibration]) -> str:
    floor = measured[0].floor
    return (
        f"In percent, over the entities that score above {floor:g} on the test part. Right: the "
        "share of them that is strictly right; a mean score above it says too much, one below it "
        "too little. ECE, the expected calibration error: how far the two lie apart in each tenth "
        "of the scores, weighted by its entities (Guo et al. 2017). "
        "0 means that of the entities with a score of 0.8, 80 % are right."
    )
