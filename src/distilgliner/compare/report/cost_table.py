"""The table of costs: the teacher and each student side by side, measured on one machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from distilgliner.compare.report.summary import (
    compute_ratio,
    compute_spread,
    list_students,
    list_threads,
)
from distilgliner.compare.report.tables import Cell, Row, Table
from distilgliner.compare.report.wording import (
    DASH,
    count_of,
    format_bytes,
    format_count,
    format_integer,
    format_milliseconds,
    format_seconds,
    format_share,
    format_times,
)
from distilgliner.compare.results import TEACHER, Cost, Results

# How a student's value is set against the teacher's.
Relation = Literal["share", "faster", "shorter"]


def build_cost_table(results: Results) -> Table | None:
    """Size, memory, speed, latency and training time; None when no cost was measured."""
    if not results.costs:
        return None
    known = [TEACHER, *list_students(results)]
    names = [name for name in known if name in results.costs]
    names += [name for name in results.costs if name not in known]
    costs = [results.costs[name] for name in names]
    teacher = results.costs.get(TEACHER)

    def row(
        title: str,
        value: Callable[[Cost], float | None],
        show: Callable[[float], str],
        relation: Relation,
    ) -> Row:
        reference = value(teacher) if teacher is not None else None
        cells = [
            _build_cell(value(cost), None if cost is teacher else reference, show, relation)
            for cost in costs
        ]
        return Row(title, tuple(cells))

    rows = [
        row("Parameters", lambda c: c.parameters.total, format_count, "share"),
        row("  embeddings", lambda c: c.parameters.embedding, format_count, "share"),
        row("  everything else", lambda c: c.parameters.other, format_count, "share"),
        row("On disk", lambda c: c.disk_bytes, format_bytes, "share"),
        row("Peak memory", lambda c: c.peak_memory_bytes, format_bytes, "share"),
        row("Loading", lambda c: c.load_seconds, format_seconds, "shorter"),
    ]
    for threads in list_threads(costs):
        amount = count_of(int(threads), "thread") if threads.isdigit() else f"{threads} threads"
        rows.append(
            row(
                f"Words per second, {amount}",
                lambda c, key=threads: c.words_per_second.get(key),  # type: ignore[misc]
                format_integer,
                "faster",
            )
        )
    rows += [
        row("One sentence, median", lambda c: c.latency_ms.p50, format_milliseconds, "shorter"),
        row("One sentence, 95th percentile", lambda c: c.latency_ms.p95, format_milliseconds,
            "shorter"),
        Row("Annotating the transfer text", tuple(_annotation_cell(results, n) for n in names)),
        Row("Training one student, mean", tuple(_training_cell(results, n) for n in names)),
    ]  # fmt: skip
    note = (
        "Measured in one run on the machine named below; peak memory is that of the whole "
        "process, one sentence has about 20 words."
    )
    if teacher is not None and len(names) > 1:
        note += (
            " The second value sets a student against the teacher: × is how many times faster or "
            "shorter, % is its share."
        )
    return Table(("", *names), tuple(rows), (note,))


def _build_cell(
    value: float | None, reference: float | None, show: Callable[[float], str], relation: Relation
) -> Cell:
    if value is None:
        return Cell(DASH)
    if reference is None:
        return Cell(show(value))
    swap = relation == "shorter"
    ratio = compute_ratio(reference, value) if swap else compute_ratio(value, reference)
    if not ratio:
        return Cell(show(value))
    aside = format_share(ratio) if relation == "share" else format_times(ratio)
    return Cell(show(value), aside)


def _annotation_cell(results: Results, name: str) -> Cell:
    seconds = results.teacher.annotation_seconds
    return Cell(format_seconds(seconds) if name == TEACHER and seconds else DASH)


def _training_cell(results: Results, name: str) -> Cell:
    seconds = [run.train_seconds for run in results.runs if run.student == name]
    if not seconds:
        return Cell(DASH)
    return Cell(format_seconds(compute_spread(seconds).mean))
