"""The figures of the report: curves per epoch, F1 per label, F1 against speed, and small strips."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from distilgliner.compare.report import svg
from distilgliner.compare.report.curves import build_curve_legend, build_curve_panels
from distilgliner.compare.report.summary import (
    Group,
    Spread,
    compute_spread,
    group_runs,
    list_students,
    order_labels,
)
from distilgliner.compare.report.svg import Drawing, Scale
from distilgliner.compare.results import TEACHER, Results, Significance

_BAR, _GAP = 9.0, 13.0


@dataclass(frozen=True)
class Figure:
    """A figure: its panels on the page, and one drawing with everything for a file."""

    name: str
    title: str
    panels: tuple[Drawing, ...]
    whole: Drawing


def build_curve_figures(results: Results) -> list[Figure]:
    """One figure per student with the panels loss, recall and F1."""
    figures = []
    for student in list_students(results):
        panels = build_curve_panels(results, student)
        if panels:
            whole = _join(panels, build_curve_legend(results), f"Learning curves of {student}")
            figures.append(Figure(_file_name("curves", student), student, tuple(panels), whole))
    return figures


def build_label_figures(results: Results) -> list[Figure]:
    """One figure per student: F1 of the teacher and each arm on each label, frequent ones first."""
    labels = order_labels(results)
    figures = []
    for student in list_students(results):
        groups = [group for group in group_runs(results) if group.student == student]
        half = (len(labels) + 1) // 2
        # Two columns for many labels, so that the figure is not a tower.
        parts = [labels[:half], labels[half:]] if len(labels) > 4 else [labels]
        panels = [_draw_labels(results, groups, part, student) for part in parts if part]
        if panels:
            legend = _build_system_legend([group.arm for group in groups])
            whole = _join(panels, legend, f"F1 per label of {student}")
            figures.append(Figure(_file_name("labels", student), student, tuple(panels), whole))
    return figures


def _file_name(kind: str, student: str) -> str:
    return f"{kind}-{re.sub(r'[^A-Za-z0-9.-]+', '-', student)}"


def _join(panels: Sequence[Drawing], legend: Drawing, title: str) -> Drawing:
    """Panels side by side and a legend below."""
    x, parts, height = 0.0, [], max(panel.height for panel in panels)
    for panel in panels:
        parts.append(svg.move(x, 0, panel.body))
        x += panel.width + 24
    parts.append(svg.move(0, height + 10, legend.body))
    return Drawing(max(x - 24, legend.width), height + 12 + legend.height, "".join(parts), title)


def _build_system_legend(arms: Sequence[str]) -> Drawing:
    x, parts = 0.0, []
    for system in (TEACHER, *arms):
        parts.append(svg.group(system, svg.bar(x, 3, 11, 11)))
        parts.append(svg.text(x + 17, 13, system, size=12, tone="ink"))
        x += 34 + 7.0 * len(system)
    return Drawing(x, 18, "".join(parts), "Legend")


def _draw_labels(
    results: Results, groups: Sequence[Group], labels: Sequence[str], student: str
) -> Drawing:
    width, right = 470.0, 30.0
    # The same for all panels, so that their bars can be compared.
    left = min(max(len(label) for label in order_labels(results)) * 6.7 + 14, 170)
    x = Scale(0, 1, left, width - right)
    row = (1 + len(groups)) * _BAR + _GAP
    bottom = row * len(labels) + 4
    parts = [svg.rule(x(tick), 0, x(tick), bottom) for tick in (0, 0.25, 0.5, 0.75, 1)]
    parts += [
        svg.text(x(tick), bottom + 15, f"{100 * tick:.0f}", anchor="middle")
        for tick in (0, 0.25, 0.5, 0.75, 1)
    ]
    for index, label in enumerate(labels):
        parts.append(_draw_label(results, groups, label, x, index * row + _GAP / 2))
    title = f"F1 per label of the teacher and {student}: {', '.join(labels)}"
    return Drawing(width, bottom + 20, "".join(parts), title)


def _draw_label(results: Results, groups: Sequence[Group], label: str, x: Scale, top: float) -> str:
    scores = results.teacher.quality.per_label.get(label)
    middle = top + (1 + len(groups)) * _BAR / 2
    shown = label if len(label) <= 24 else label[:23] + "…"
    parts = [svg.text(x.start - 9, middle, shown, size=12, anchor="end", tone="ink")]
    if scores is not None and scores.support is not None:
        support = f"n = {scores.support:,}"
        parts.append(svg.text(x.start - 9, middle + 13, support, size=10, anchor="end"))
    bars: list[tuple[str, Spread]] = []
    if scores is not None:
        bars.append((TEACHER, compute_spread([scores.f1])))
    for group in groups:
        values = [
            run.quality.per_label[label].f1 for run in group.runs if label in run.quality.per_label
        ]
        if values:
            bars.append((group.arm, compute_spread(values)))
    for index, (system, spread) in enumerate(bars):
        y = top + index * _BAR
        drawn = svg.bar(x(0), y + 0.5, x(spread.mean) - x(0), _BAR - 1)
        parts.append(svg.group(system, drawn))
        value = f"{100 * spread.mean:.0f}"
        parts.append(svg.text(x(spread.mean) + 4, y + _BAR - 1.2, value, size=9))
    return "".join(parts)


def build_speed_figure(results: Results) -> Figure | None:
    """F1 against words per second on one core (log scale); None without measured speeds."""
    columns = _list_speeds(results)
    points = [point for column in columns for point in column[1]]
    if len(points) < 2 or not any(system != TEACHER for system, _, _ in points):
        return None
    width, height, left, top, bottom = 720.0, 330.0, 40.0, 26.0, 42.0
    low, high = min(column[0] for column in columns), max(column[0] for column in columns)
    x_ticks = svg.compute_log_ticks(low / 1.5, high)
    x = Scale(x_ticks[0], max(x_ticks[-1], high), left, width - 160, log=True)
    values = [100 * value for _, _, spread in points for value in (spread.low, spread.high)]
    y_ticks = svg.compute_ticks(min(values) - 1, max(values) + 1)
    y = Scale(y_ticks[0], y_ticks[-1], height - bottom, top)
    parts = [svg.text(0, 12, "F1 (%)", size=13, tone="ink", bold=True)]
    for tick in y_ticks:
        parts.append(svg.rule(left, y(tick), width - 20, y(tick)))
        parts.append(svg.text(left - 7, y(tick) + 4, f"{tick:g}", anchor="end"))
    for tick in x_ticks:
        parts.append(svg.rule(x(tick), top, x(tick), height - bottom))
        parts.append(svg.text(x(tick), height - bottom + 17, f"{tick:,.0f}", anchor="middle"))
    axis = "words per second on one core (log scale)"
    parts.append(svg.text((x.start + x.end) / 2, height - 6, axis, anchor="middle"))
    level = y(100 * results.teacher.quality.micro.f1)
    line = svg.rule(left, level, width - 20, level, kind="", dash="2 3")
    parts.append(svg.group(TEACHER, line))
    for index, (speed, column) in enumerate(columns):
        following = x(columns[index + 1][0]) if index + 1 < len(columns) else width * 2
        parts.append(_draw_column(column, x(speed), y, to_left=following - x(speed) < 170))
    title = "F1 against words per second of the teacher and every student"
    whole = Drawing(width, height, "".join(parts), title)
    return Figure("speed", title, (whole,), whole)


def _list_speeds(results: Results) -> list[tuple[float, list[tuple[str, str, Spread]]]]:
    """(words per second, [(system, name, F1)]) for the teacher and each student, slowest first."""
    speeds = {name: cost.words_per_second.get("1", 0.0) for name, cost in results.costs.items()}
    columns: list[tuple[float, list[tuple[str, str, Spread]]]] = []
    if speeds.get(TEACHER, 0.0) > 0:
        spread = compute_spread([results.teacher.quality.micro.f1])
        columns.append((speeds[TEACHER], [(TEACHER, TEACHER, spread)]))
    students = list_students(results)
    for student in students:
        if speeds.get(student, 0.0) > 0:
            column: list[tuple[str, str, Spread]] = [
                (group.arm, f"{student} · {group.arm}", group.f1)
                for group in group_runs(results)
                if group.student == student
            ]
            columns.append((speeds[student], column))
    return sorted(columns, key=lambda column: column[0])


def _draw_column(
    column: Sequence[tuple[str, str, Spread]], x: float, y: Scale, *, to_left: bool
) -> str:
    """The arms of one model (they share its speed), their names pushed apart where they touch."""
    ordered = sorted(column, key=lambda item: -item[2].mean)
    places = spread_labels([y(100 * spread.mean) for _, _, spread in ordered], 15)
    side = -1 if to_left else 1
    anchor: svg.Anchor = "end" if to_left else "start"
    parts = []
    for (system, name, spread), place in zip(ordered, places, strict=True):
        middle = y(100 * spread.mean)
        drawn = ""
        if spread.sd:
            drawn += svg.rule(x, y(100 * spread.low), x, y(100 * spread.high), kind="")
        if abs(place - middle) > 2:
            link = [(x + side * 7, middle), (x + side * 15, place)]
            drawn += svg.polyline(link, width=0.8, opacity=0.6)
        drawn += svg.marker(system, x, middle, 5.5)
        parts.append(svg.group(system, drawn))
        label = f"{name} {100 * spread.mean:.1f}"
        start = x + side * (18 if abs(place - middle) > 2 else 12)
        parts.append(
            svg.text(start, place + 4, label, size=12, anchor=anchor, tone="ink", halo=True)
        )
    return "".join(parts)


def spread_labels(places: Sequence[float], distance: float) -> list[float]:
    """Move ascending places apart until neighbours are `distance` away, around their middle."""
    blocks: list[tuple[float, int]] = []  # (middle, how many)
    for place in places:
        middle, count = place, 1
        while blocks:
            before, amount = blocks[-1]
            if middle - before >= distance * (count + amount) / 2:
                break
            middle = (middle * count + before * amount) / (count + amount)
            count += amount
            blocks.pop()
        blocks.append((middle, count))
    return [
        middle + distance * (index - (count - 1) / 2)
        for middle, count in blocks
        for index in range(count)
    ]


def draw_seed_strips(results: Results) -> dict[tuple[str, str], str]:
    """For each (student, arm) a strip with a mark per seed, the mean, and the teacher's line."""
    groups = group_runs(results)
    teacher = results.teacher.quality.micro.f1
    values = [run.quality.micro.f1 for group in groups for run in group.runs]
    x = Scale(*_widen(min([*values, teacher]), max([*values, teacher])), 6, 134)
    strips: dict[tuple[str, str], str] = {}
    for group in groups:
        marks = "".join(
            f'<g opacity="0.5">{svg.marker(group.arm, x(run.quality.micro.f1), 10, 3.2)}</g>'
            for run in group.runs
        )
        mean = svg.bar(x(group.f1.mean) - 1.25, 3, 2.5, 14)
        body = (
            svg.rule(6, 10, 134, 10)
            + svg.group(TEACHER, svg.rule(x(teacher), 0, x(teacher), 20, kind="", dash="2 2"))
            + svg.group(group.arm, marks, mean)
        )
        title = f"F1 of each seed of {group.student} {group.arm}; dashed: the teacher"
        drawing = Drawing(140, 20, body, title)
        strips[group.student, group.arm] = svg.render_inline(drawing)
    return strips


def draw_interval_strips(rows: Sequence[Significance]) -> list[str]:
    """For each comparison its difference and 95 % interval around zero, on one scale."""
    ends = [0.0, *(value for row in rows for value in (row.low, row.high, row.difference))]
    x = Scale(*_widen(min(ends), max(ends)), 6, 174)
    strips = []
    for row in rows:
        body = (
            svg.rule(6, 10, 174, 10)
            + svg.rule(x(0), 0, x(0), 20, kind="axis")
            + f'<g class="ink">{_interval(x(row.low), x(row.high))}'
            f'<circle cx="{svg.number(x(row.difference))}" cy="10" r="4"/></g>'
        )
        drawing = Drawing(180, 20, body, f"Difference {row.a} − {row.b} and its interval")
        strips.append(svg.render_inline(drawing))
    return strips


def _interval(low: float, high: float) -> str:
    return f'<rect x="{svg.number(low)}" y="9" width="{svg.number(high - low)}" height="2"/>'


def _widen(low: float, high: float) -> tuple[float, float]:
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room
