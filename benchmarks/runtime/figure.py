"""F1 against words per second on one core: a picture of benchmarks/runtime/results/runtime.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distilgliner.compare.report import svg
from distilgliner.compare.report.svg import Drawing, Scale

WIDTH, HEIGHT = 880.0, 480.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 150.0, 26.0, 42.0  # labels stand to the right
_COLORS = {"student": "soft", "teacher": "teacher", "gliner": "hard", "spacy": "gold"}
"""Kind of model → the system of the report whose colour and marker it borrows."""
_LINE = 13.0  # between two labels, one below the other
_REACH = 200.0  # how far a label may go to the right

_OVERVIEW = {
    "GLiNER small": "GLiNER small in torch",
    "teacher": "bundled teacher, 59 MB",
    "spaCy CNN": "spaCy's CNN, 4.2 MB",
    "student base, ONNX int8": "student, 5.4 MB",
    "student small, ONNX int8": "small student, 4.2 MB",
    "student tiny, ONNX int8": "tiny student, 2.2 MB",
}
"""The models of README's picture, and what they are called there."""


@dataclass(frozen=True)
class Point:
    """A model: words per second on one thread, and F1 in per cent (None: only its speed)."""

    name: str
    kind: str
    speed: float
    f1: float | None


def list_points(models: Mapping[str, Mapping[str, Any]]) -> list[Point]:
    """What was measured, slowest first."""
    points = [
        Point(
            name,
            model["kind"],
            model["cost"]["words_per_second"]["1"],
            None if model["f1"] is None else 100 * model["f1"],
        )
        for name, model in models.items()
        if model.get("cost")
    ]
    return sorted(points, key=lambda point: (point.speed, point.name))


def choose_overview(models: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The few models of README's picture, by the names that they have there."""
    return {shown: models[name] for name, shown in _OVERVIEW.items()}


def find_best(points: Sequence[Point]) -> list[Point]:
    """The points with F1 that no other one beats in both speed and F1, slowest first."""
    scored = [point for point in points if point.f1 is not None]
    return [
        point
        for point in scored
        if not any(_beats(other, point) for other in scored if other is not point)
    ]


def _beats(other: Point, point: Point) -> bool:
    assert other.f1 is not None
    assert point.f1 is not None
    no_worse = other.speed >= point.speed and other.f1 >= point.f1
    return no_worse and (other.speed > point.speed or other.f1 > point.f1)


def draw_speed(models: Mapping[str, Mapping[str, Any]], corpus: str) -> Drawing:
    """Every model that was measured; those with random weights stand on the axis."""
    points = list_points(models)
    scored = [point.f1 for point in points if point.f1 is not None]
    x_ticks = svg.compute_log_ticks(points[0].speed, points[-1].speed)
    x = Scale(x_ticks[0], x_ticks[-1], _LEFT, WIDTH - _RIGHT, log=True)
    y_ticks = svg.compute_ticks(max(0, min(scored, default=0) - 2), max(scored, default=100) + 1)
    y = Scale(y_ticks[0], y_ticks[-1], HEIGHT - _BOTTOM, _TOP)
    parts = [svg.text(0, 12, f"F1 (%) on {corpus}", size=13, tone="ink", bold=True)]
    for tick in y_ticks:
        parts.append(svg.rule(_LEFT, y(tick), WIDTH - _RIGHT, y(tick)))
        parts.append(svg.text(_LEFT - 7, y(tick) + 4, f"{tick:g}", anchor="end"))
    for tick in x_ticks:
        parts.append(svg.rule(x(tick), _TOP, x(tick), HEIGHT - _BOTTOM))
        label = f"{tick:,.0f}"
        parts.append(svg.text(x(tick), HEIGHT - _BOTTOM + 17, label, anchor="middle"))
    axis = "words per second on one core (log scale)"
    parts.append(svg.text((x.start + x.end) / 2, HEIGHT - 6, axis, anchor="middle"))
    best = [(x(point.speed), y(point.f1 or 0)) for point in find_best(points)]
    if len(best) > 1:
        parts.append(svg.group("soft", svg.polyline(best, width=1.5, dash="4 3", opacity=0.6)))
    places = [(x(point.speed), y(y_ticks[0] if point.f1 is None else point.f1)) for point in points]
    for point, place, level in zip(points, places, place_labels(places), strict=True):
        parts.append(_draw_point(point, place, level))
    title = f"F1 on {corpus} against words per second of students, teacher, GLiNER and spaCy"
    return Drawing(WIDTH, HEIGHT, "".join(parts), title)


def _draw_point(point: Point, place: tuple[float, float], level: float) -> str:
    """The marker, and the name beside it or, at another height, at the end of a thin line."""
    across, up = place
    color = _COLORS[point.kind]
    name = f"{point.name} (speed only)" if point.f1 is None else point.name
    moved = abs(level - up) > 1
    label = across + (18 if moved else 9)
    return "".join(
        [
            svg.rule(across, up, label - 2, level, kind="axis") if moved else "",
            svg.group(color, svg.marker(color, across, up)),
            svg.text(label, level + 4, name, size=10, tone="ink", halo=True),
        ]
    )


def place_labels(places: Sequence[tuple[float, float]]) -> list[float]:
    """The height of each point's label: its own, or the nearest free one within the picture.

    Of points side by side the left ones give way, so that their lines cross no other label.
    """
    taken: list[tuple[float, float]] = []
    levels = [0.0] * len(places)
    shifts = sorted((0.5 * _LINE * step for step in range(-60, 61)), key=lambda shift: abs(shift))
    for index in sorted(range(len(places)), key=lambda i: (-places[i][1], -places[i][0])):
        across, height = places[index]
        free = (
            height + shift
            for shift in shifts
            if _TOP <= height + shift <= HEIGHT - _BOTTOM
            and not any(
                abs(other - across) < _REACH and abs(level - height - shift) < _LINE
                for other, level in taken
            )
        )
        levels[index] = next(free, height)
        taken.append((across, levels[index]))
    return levels
