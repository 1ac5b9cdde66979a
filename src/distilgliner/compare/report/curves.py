"""Loss, recall and F1 per epoch on train and test, one line per arm, with the spread over seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median_low

from distilgliner.compare.report import svg
from distilgliner.compare.report.summary import Group, group_runs, list_arms
from distilgliner.compare.report.svg import Drawing, Scale
from distilgliner.compare.results import CurvePoint, Results

WIDTH, HEIGHT = 344.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 8.0, 30.0, 34.0
_TEST_DASH = "5 3.5"

Value = Callable[[CurvePoint], "float | None"]


@dataclass(frozen=True)
class Line:
    """One value of one arm over epochs: (epoch, mean, lowest, highest) and the epoch kept."""

    arm: str
    split: str
    points: tuple[tuple[int, float, float, float], ...]
    kept: int


def build_curve_panels(results: Results, student: str) -> list[Drawing]:
    """The three panels (loss, recall, F1) of a student; none when no run has a curve."""
    groups = [group for group in group_runs(results) if group.student == student]
    panels = []
    for title, train, test, factor in (
        ("Loss", lambda p: p.train_loss, lambda p: p.test_loss, 1.0),
        ("Recall (%)", lambda p: p.train.recall, lambda p: p.test.recall, 100.0),
        ("F1 (%)", lambda p: p.train.f1, lambda p: p.test.f1, 100.0),
    ):
        lines = [
            line
            for group in groups
            for split, value in (("train", train), ("test", test))
            if (line := compute_line(group, split, value, factor)).points
        ]
        if lines:
            panels.append(_draw_panel(title, lines, student))
    return panels


def compute_line(group: Group, split: str, value: Value, factor: float) -> Line:
    """Average a value over seeds, for the epochs that at least half of the seeds reached."""
    by_epoch: dict[int, list[float]] = {}
    for run in group.runs:
        for point in run.curve:
            found = value(point)
            if found is not None and math.isfinite(found):
                by_epoch.setdefault(point.epoch, []).append(factor * found)
    points = tuple(
        (epoch, fmean(values), min(values), max(values))
        for epoch, values in sorted(by_epoch.items())
        if 2 * len(values) >= len(group.runs)
    )
    return Line(group.arm, split, points, median_low([run.best_epoch for run in group.runs]))


def build_curve_legend(results: Results) -> Drawing:
    """The legend below the panels in an SVG file (the page writes it in HTML)."""
    x, parts = 0.0, []
    for arm in list_arms(results):
        parts.append(svg.group(arm, svg.polyline([(x, 8), (x + 22, 8)], width=3)))
        parts.append(svg.text(x + 28, 12, arm, size=12, tone="ink"))
        x += 44 + 7.0 * len(arm)
    for name, dash in (("train", ""), ("test", _TEST_DASH)):
        line = svg.polyline([(x + 14, 8), (x + 40, 8)], width=1.8, dash=dash)
        parts.append(svg.group("teacher", line))
        parts.append(svg.text(x + 46, 12, name, size=12, tone="ink"))
        x += 54 + 7.0 * len(name)
    return Drawing(x, 18, "".join(parts), "Legend")


def _draw_panel(title: str, lines: Sequence[Line], student: str) -> Drawing:
    values = [value for line in lines for point in line.points for value in point[1:]]
    epochs = [point[0] for line in lines for point in line.points]
    x = _scale_epochs(min(epochs), max(epochs))
    y, ticks = _scale_values(min(values), max(values), is_loss=title == "Loss")
    parts = [svg.text(0, 13, title, size=13, tone="ink", bold=True)]
    for tick in ticks:
        parts.append(svg.rule(_LEFT, y(tick), WIDTH - _RIGHT, y(tick)))
        parts.append(svg.text(_LEFT - 7, y(tick) + 4, f"{tick:g}", anchor="end"))
    for epoch in _epoch_ticks(min(epochs), max(epochs)):
        parts.append(svg.text(x(epoch), HEIGHT - _BOTTOM + 16, str(epoch), anchor="middle"))
    parts.append(svg.text(WIDTH - _RIGHT, HEIGHT - 3, "epoch", anchor="end"))
    parts += [svg.group(line.arm, _draw_band(line, x, y)) for line in lines]
    parts += [svg.group(line.arm, _draw_line(line, x, y)) for line in lines]
    arms = ", ".join(dict.fromkeys(line.arm for line in lines))
    name = f"{title} per epoch of {student} on train (solid) and test (dashed), arms {arms}"
    return Drawing(WIDTH, HEIGHT, "".join(parts), name)


def _draw_band(line: Line, x: Scale, y: Scale) -> str:
    if all(low == high for _, _, low, high in line.points) or len(line.points) < 2:
        return ""
    lower = [(x(epoch), y(low)) for epoch, _, low, _ in line.points]
    upper = [(x(epoch), y(high)) for epoch, _, _, high in line.points]
    return svg.band(lower, upper)


def _draw_line(line: Line, x: Scale, y: Scale) -> str:
    points = [(x(epoch), y(mean)) for epoch, mean, _, _ in line.points]
    on_test = line.split == "test"
    drawn = svg.polyline(points, width=2 if on_test else 1.4, dash=_TEST_DASH if on_test else "")
    if len(points) == 1:
        drawn = svg.marker(line.arm, *points[0], 3)
    epochs = [entry[0] for entry in line.points]
    if on_test and line.kept in epochs:
        drawn += svg.marker(line.arm, *points[epochs.index(line.kept)], 4)
    return drawn


def _scale_epochs(first: int, last: int) -> Scale:
    return Scale(first, last if last > first else first + 1, _LEFT + 4, WIDTH - _RIGHT - 4)


def _scale_values(low: float, high: float, *, is_loss: bool) -> tuple[Scale, list[float]]:
    bottom, top = HEIGHT - _BOTTOM, _TOP
    if is_loss and low > 0 and high / low > 40:
        # Losses that fall by orders of magnitude show nothing on a linear scale.
        ticks = svg.compute_log_ticks(low, high)
        return Scale(ticks[0], ticks[-1], bottom, top, log=True), ticks
    ticks = svg.compute_ticks(0.0 if is_loss else low, high)
    return Scale(ticks[0], ticks[-1], bottom, top), ticks


def _epoch_ticks(first: int, last: int) -> list[int]:
    step = max(1, math.ceil((last - first) / 8))
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 10**9) if size >= step)
    return [epoch for epoch in range(first, last + 1) if epoch == first or epoch % step == 0]
