"""The tables of the report, as plain cells that HTML and Markdown both write out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from distilgliner.compare.report.figures import draw_interval_strips, draw_seed_strips
from distilgliner.compare.report.summary import (
    Group,
    Spread,
    compute_ratio,
    compute_spread,
    count_seeds,
    find_best,
    group_runs,
    list_arms,
    list_students,
    order_labels,
)
from distilgliner.compare.report.verdict import judge
from distilgliner.compare.report.wording import (
    DASH,
    count_of,
    format_difference,
    format_integer,
    format_p,
    format_points,
    format_seconds,
)
from distilgliner.compare.results import FINETUNED, TEACHER, Finetuning, Quality, Results, Run

TARGETS = {
    "gold": "human labels only, no teacher",
    "hard": "the teacher's decisions",
    "soft": "the teacher's distribution",
    "mixed": "the teacher's distribution and human labels",
}


@dataclass(frozen=True)
class Cell:
    """A value, a smaller one beside it (a spread, a ratio), and for the page maybe a picture."""

    text: str
    aside: str = ""
    picture: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """A named row; `system` gives its colour, `is_heading` makes it a line between groups."""

    name: str
    cells: tuple[Cell, ...] = ()
    system: str = ""
    is_heading: bool = False


@dataclass(frozen=True)
class Table:
    """Column names (the first for the row names), rows, and sentences that explain them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    picture_note: str = ""  # explains the pictures, so only for the page
    pictures: frozenset[int] = field(default_factory=frozenset)  # columns only the page shows


def build_quality_table(results: Results) -> Table:
    """Teacher and every student × arm: mean ± sd over seeds of all qualities on the test part."""
    groups = group_runs(results)
    best = find_best(groups)
    strips = draw_seed_strips(results)
    has_kl = any(run.agreement.kl is not None for run in results.runs)
    teacher_f1 = results.teacher.quality.micro.f1
    empty = (Cell(DASH),) * (2 if has_kl else 1)
    rows = _build_teacher_rows(results, empty)
    students = list_students(results)
    for student in students:
        if len(students) > 1:
            rows.append(Row(student, is_heading=True))
        for group in groups:
            if group.student == student:
                strip = Cell("", picture=strips[student, group.arm])
                cells = _build_quality_cells(group, teacher_f1, has_kl, strip, group is best)
                rows.append(Row(group.arm, cells, group.arm))
    columns = (
        "Trained on" if len(students) != 1 else students[0],
        *("F1", "each seed", "of the teacher", "Precision", "Recall", "Macro F1"),
        *("Word accuracy", "Word recall", "Agreement"),
        *(("KL",) if has_kl else ()),
    )
    strip_note = "Strips: a mark for each seed, the bar is their mean, the dashed line the teacher."
    notes = _explain_quality(results, has_kl)
    return Table(columns, tuple(rows), notes, strip_note, frozenset({2}))


def _build_teacher_rows(results: Results, empty: tuple[Cell, ...]) -> list[Row]:
    """The teacher, or all of several; a fine-tuned one first as it came, then as it taught."""
    named = {TEACHER: results.teacher.quality}
    if results.finetuning is not None:
        named = {TEACHER: results.finetuning.quality, FINETUNED: results.teacher.quality}
    elif results.more_teachers:
        named = {f"{TEACHER} {results.teacher.name}": results.teacher.quality}
        named |= {f"{TEACHER} {other.name}": other.quality for other in results.more_teachers}
    rows = []
    for name, quality in named.items():
        values = tuple(Cell(format_points(value)) for value in _list_values(quality))
        rows.append(Row(name, (values[0], Cell(""), Cell(DASH), *values[1:], *empty), TEACHER))
    return rows


def _list_values(quality: Quality) -> tuple[float, ...]:
    micro = quality.micro
    words = (quality.word.accuracy, quality.word.recall)
    return (micro.f1, micro.precision, micro.recall, quality.macro.f1, *words)


def _build_quality_cells(
    group: Group, teacher_f1: float, has_kl: bool, strip: Cell, is_best: bool
) -> tuple[Cell, ...]:
    def cell(value: Callable[[Run], float], is_best: bool = False) -> Cell:
        return _points_cell(group.spread(value), is_best)

    share = compute_ratio(group.f1.mean, teacher_f1)
    cells = [
        cell(lambda run: run.quality.micro.f1, is_best),
        strip,
        Cell(DASH if share is None else f"{100 * share:.1f} %"),
    ]
    cells += [cell(lambda run, i=i: _list_values(run.quality)[i]) for i in range(1, 6)]  # type: ignore[misc]
    cells.append(cell(lambda run: run.agreement.f1))
    if has_kl:
        found = [run.agreement.kl for run in group.runs if run.agreement.kl is not None]
        cells.append(Cell(f"{compute_spread(found).mean:.3f}" if found else DASH))
    return tuple(cells)


def _points_cell(spread: Spread, is_best: bool = False) -> Cell:
    aside = "" if spread.sd is None else f"± {100 * spread.sd:.1f}"
    return Cell(format_points(spread.mean), aside, is_best=is_best)


def _explain_quality(results: Results, has_kl: bool) -> tuple[str, ...]:
    seeds = count_seeds(results)
    arms = "; ".join(f"{arm}: {TARGETS[arm]}" for arm in list_arms(results))
    kl = " KL: the divergence of its word distributions from the teacher's." if has_kl else ""
    if seeds > 1:
        spread = f"± is the standard deviation over {seeds} seeds. "
    else:
        spread = "One seed only, so no spread is given. "
    return (
        f"In percent, against human labels on the test part: an entity counts only if its start, "
        f"its end and its label are all right. {spread}The test part was never used for training, "
        "early stopping or any other choice.",
        f"Rows are what the student learned from: {arms}." if arms else "",
        "" if results.finetuning is None else _explain_finetuning(results.finetuning),
        f"Agreement: F1 against the teacher's entities instead of human labels.{kl} "
        "Of the teacher: F1 as a share of the teacher's. Word accuracy: words with the right "
        "label, or rightly with none; word recall: of the words inside an entity, those with its "
        "label.",
    )


def _explain_finetuning(finetuning: Finetuning) -> str:
    return (
        f"The teacher was fine-tuned on the gold ({format_integer(finetuning.updates)} updates, "
        f"{format_seconds(finetuning.seconds)}); the students learned from the fine-tuned one."
    )


def build_significance_table(results: Results) -> Table | None:
    """The paired differences between arms; None when none were computed."""
    if not results.significance:
        return None
    verdicts = {"won": "better", "lost": "worse", "open": "no clear difference"}
    strips = draw_interval_strips(results.significance)
    several = len({row.student for row in results.significance}) > 1
    rows, student = [], None
    for entry, strip in zip(results.significance, strips, strict=True):
        if several and entry.student != student:
            student = entry.student
            rows.append(Row(student, is_heading=True))
        cells = (
            Cell(format_difference(entry.difference)),
            Cell("", picture=strip),
            Cell(f"{format_difference(entry.low)} to {format_difference(entry.high)}"),
            Cell(format_p(entry.p)),
            Cell(verdicts[judge(entry)]),
        )
        rows.append(Row(f"{entry.a} against {entry.b}", cells))
    name = "Comparison" if several else results.significance[0].student
    columns = (name, "Difference", "", "95 % interval", "p", "The first is")
    note = (
        "Difference in F1 points on human labels, by a paired bootstrap over the test documents, "
        "averaged over the seeds. "
        "An interval that contains zero means that the test part cannot tell the two apart."
    )
    return Table(columns, tuple(rows), (note,), pictures=frozenset({2}))


def build_label_table(results: Results) -> Table:
    """F1 of the teacher and of every student × arm on each label, frequent labels first."""
    groups = group_runs(results)
    several = len(list_students(results)) > 1
    names = [f"{group.student} {group.arm}" if several else group.arm for group in groups]
    rows = []
    for label in order_labels(results):
        teacher = results.teacher.quality.per_label.get(label)
        cells = [
            Cell(str(teacher.support) if teacher and teacher.support is not None else DASH),
            Cell(format_points(teacher.f1) if teacher else DASH),
        ]
        for group in groups:
            found = [run.quality.per_label.get(label) for run in group.runs]
            values = [scores.f1 for scores in found if scores is not None]
            cells.append(_points_cell(compute_spread(values)) if values else Cell(DASH))
        rows.append(Row(label, tuple(cells)))
    teacher_name = TEACHER if results.finetuning is None else FINETUNED
    return Table(("Label", "Entities", teacher_name, *names), tuple(rows))


def build_data_table(results: Results) -> Table | None:
    """The size of each part of the data; None when it was not recorded."""
    uses = {
        "gold": "human labels, for the arms gold and mixed",
        "transfer": "text that the teacher annotated, for hard, soft and mixed",
        "dev": "early stopping",
        "test": "this report, nothing else",
    }
    rows = []
    for name, use in uses.items():
        part = results.data.get(name)  # type: ignore[call-overload]
        if part is not None:
            entities = DASH if part.entities is None else format_integer(part.entities)
            sizes = (Cell(format_integer(part.documents)), Cell(format_integer(part.words)))
            rows.append(Row(name, (*sizes, Cell(entities), Cell(use))))
    if not rows:
        return None
    return Table(("Part", "Documents", "Words", "Entities", "Used for"), tuple(rows))


def build_machine_table(results: Results) -> Table:
    """Where and with what everything was measured."""
    machine = results.machine
    memory = f"{machine.memory_bytes / 2**30:.0f} GiB memory"
    values = {
        "Processor": f"{machine.cpu}, {count_of(machine.cores, 'core')}, {memory}",
        "Versions": (
            f"Python {machine.python}, torch {machine.torch}, gliner {machine.gliner}, "
            f"distilgliner {machine.distilgliner}"
        ),
        "Teacher": results.teacher.name,
        "Annotation": _describe_annotation(results),
        "Finished": format_date(results),
    }
    rows = tuple(Row(name, (Cell(value),)) for name, value in values.items())
    return Table(("", ""), rows)


def _describe_annotation(results: Results) -> str:
    if not results.teacher.annotation_words_per_second:
        return "done before this comparison"
    return (
        f"{format_seconds(results.teacher.annotation_seconds)} at "
        f"{format_integer(results.teacher.annotation_words_per_second)} words per second"
    )


def format_config(results: Results) -> str:
    """The resolved config as YAML, in the order it was written."""
    config = results.model_dump(mode="json")["config"]
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def format_date(results: Results) -> str:
    """The date and time of the results, in the zone they were written with."""
    zone = results.created.strftime("%z")
    name = "" if not zone else " UTC" if zone == "+0000" else f" {zone[:3]}:{zone[3:5]}"
    return results.created.strftime("%Y-%m-%d %H:%M") + name
