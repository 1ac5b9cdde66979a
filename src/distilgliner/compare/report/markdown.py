"""`report.md`: the same report for places that show Markdown, with its figures beside it."""

from __future__ import annotations

import re

from distilgliner.compare.report.calibration_table import build_calibration_table
from distilgliner.compare.report.cost_table import build_cost_table
from distilgliner.compare.report.examples import ComparedExample, Place, Verdict, compare_example
from distilgliner.compare.report.figures import (
    Figure,
    build_curve_figures,
    build_label_figures,
    build_speed_figure,
)
from distilgliner.compare.report.reliability import build_reliability_figures
from distilgliner.compare.report.summary import count_seeds, name_teachers
from distilgliner.compare.report.tables import (
    Cell,
    Table,
    build_data_table,
    build_label_table,
    build_machine_table,
    build_quality_table,
    build_significance_table,
    format_config,
    format_date,
)
from distilgliner.compare.report.verdict import build_verdict
from distilgliner.compare.report.wording import EXAMPLE_NOTE, explain_curves
from distilgliner.compare.results import Results

FIGURES = "figures"


def build_markdown(results: Results) -> str:
    """The whole report; figures are links to `figures/NAME.svg`."""
    significance, costs = build_significance_table(results), build_cost_table(results)
    data, speed = build_data_table(results), build_speed_figure(results)
    calibration = build_calibration_table(results)
    curves, labels = build_curve_figures(results), build_label_figures(results)
    parts = [
        f"# {escape_markdown(results.name)}",
        f"{format_date(results)} · {escape_markdown(name_teachers(results))}",
        escape_markdown(build_verdict(results)),
        "## Quality",
        write_table(build_quality_table(results)),
    ]
    if significance is not None:
        parts += ["## Which differences are real", write_table(significance)]
    if costs is not None:
        parts += ["## Costs", write_table(costs)]
    if speed is not None:
        parts += ["## F1 against speed", _link(speed)]
    if curves:
        parts += ["## Learning curves", *map(_link, curves), explain_curves(count_seeds(results))]
    if results.runs:
        parts += ["## Labels", *map(_link, labels), write_table(build_label_table(results))]
    if calibration is not None:
        figures = map(_link, build_reliability_figures(results))
        parts += ["## Scores", *figures, write_table(calibration)]
    if results.examples:
        parts += ["## Examples", EXAMPLE_NOTE]
        parts += [write_example(compare_example(example)) for example in results.examples]
    if data is not None:
        parts += ["## Data", write_table(data)]
    parts += ["## Machine", write_table(build_machine_table(results))]
    if results.notes:
        notes = "\n".join(f"- {escape_markdown(note)}" for note in results.notes)
        parts += ["## Notes", notes]
    if results.config:
        parts += ["## Configuration", _fence(format_config(results))]
    return "\n\n".join(parts) + "\n"


def write_table(table: Table) -> str:
    """A Markdown table (without the columns that are pictures) and its notes."""
    keep = [index for index in range(len(table.columns)) if index not in table.pictures]
    lines = [
        _line([escape_markdown(table.columns[index]) for index in keep]),
        _line([":--", *("--:" for _ in keep[1:])]),
    ]
    for row in table.rows:
        indent = "&nbsp;&nbsp;&nbsp;" if row.name.startswith(" ") else ""
        name = indent + escape_markdown(row.name.strip())
        if row.is_heading:
            lines.append(_line([f"**{name}**", *("" for _ in keep[1:])]))
        else:
            cells = [_write_cell(row.cells[index - 1]) for index in keep[1:]]
            lines.append(_line([name, *cells]))
    notes = [escape_markdown(note) for note in table.notes if note]
    return "\n\n".join(["\n".join(lines), *notes])


def write_example(example: ComparedExample) -> str:
    """A sentence with its human labels in brackets, and a table of what the systems made of it."""
    sentence = "".join(
        f"**[{escape_markdown(piece.text)}]** *{escape_markdown(piece.label)}*"
        if piece.label
        else escape_markdown(piece.text)
        for piece in example.pieces
    )
    if not example.places:
        return f"> {sentence}"
    lines = [
        _line(["Human label", *(escape_markdown(name) for name in example.systems)]),
        _line([":--" for _ in range(1 + len(example.systems))]),
    ]
    for place in example.places:
        cells = [_write_verdict(verdict) for verdict in place.verdicts]
        lines.append(_line([_write_place(place), *cells]))
    return f"> {sentence}\n\n" + "\n".join(lines)


def escape_markdown(text: str) -> str:
    """Text that shows as it is: no markup, no table borders, no line breaks, no HTML."""
    flat = re.sub(r"\s+", " ", text)
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#!])", r"\\\1", flat)


def _write_place(place: Place) -> str:
    if not place.gold:
        return f"{escape_markdown(place.text)} (no entity)"
    return ", ".join(
        f"{escape_markdown(text)} *{escape_markdown(label)}*" for text, label in place.gold
    )


def _write_verdict(verdict: Verdict) -> str:
    said = ", ".join(
        f"{escape_markdown(text)} *{escape_markdown(label)}*".strip()
        for text, label in verdict.said
    )
    return f"{verdict.sign} {said}".strip()


def _write_cell(cell: Cell) -> str:
    text = f"{cell.text} {cell.aside}".strip() if cell.aside.startswith("±") else cell.text
    if cell.aside and not cell.aside.startswith("±"):
        text = f"{cell.text} ({cell.aside})"
    text = escape_markdown(text)
    return f"**{text}**" if cell.is_best else text


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _link(figure: Figure) -> str:
    return f"![{escape_markdown(figure.whole.title)}]({FIGURES}/{figure.name}.svg)"


def _fence(text: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}yaml\n{text.rstrip()}\n{fence}"
