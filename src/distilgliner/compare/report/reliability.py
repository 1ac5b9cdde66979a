"""The reliability diagram: how many entities are right, by their score."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from distilgliner.compare.report import svg
from distilgliner.compare.report.figures import Figure
from distilgliner.compare.report.summary import group_runs, list_students
from distilgliner.compare.report.svg import Drawing, Scale
from distilgliner.compare.results import TEACHER, Calibration, Results

WIDTH, HEIGHT = 720.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 20.0, 30.0, 42.0
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
LEAST_ENTITIES = 10
"""A bin with fewer, over all seeds, is not drawn: its share is luck."""

Point = tuple[float, float]


def build_reliability_figures(results: Results) -> list[Figure]:
    """One figure per student with the teacher and its arms; none where no scores were measured."""
    figures = []
    for student in list_students(results):
        lines = {TEACHER: [results.teacher.quality.calibration]}
        for group in group_runs(results):
            if group.student == student:
                lines[group.arm] = [run.quality.calibration for run in group.runs]
        points = {
            system: pool_bins([found for found in calibrations if found is not None])
            for system, calibrations in lines.items()
        }
        points = {system: line for system, line in points.items() if line}
        if points:
            drawing = _draw(points, student)
            name = f"reliability-{re.sub(r'[^A-Za-z0-9.-]+', '-', student)}"
            figures.append(Figure(name, student, (drawing,), drawing))
    return figures


def pool_bins(calibrations: Sequence[Calibration]) -> list[Point]:
    """(mean score, share right) of each bin over all seeds together, the lowest first."""
    sums: dict[float, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for calibration in calibrations:
        for part in calibration.bins:
            total = sums[part.low]
            total[0] += part.entities
            total[1] += part.entities * part.score
            total[2] += part.entities * part.accuracy
    return [
        (score / entities, right / entities)
        for _, (entities, score, right) in sorted(sums.items())
        if entities >= LEAST_ENTITIES
    ]


def _draw(points: dict[str, list[Point]], student: str) -> Drawing:
    x = Scale(0, 1, _LEFT, WIDTH - _RIGHT)
    y = Scale(0, 1, HEIGHT - _BOTTOM, _TOP)
    parts = [svg.text(0, 13, "Right (%)", size=13, tone="ink", bold=True)]
    for tick in _TICKS:
        parts.append(svg.rule(_LEFT, y(tick), WIDTH - _RIGHT, y(tick)))
        parts.append(svg.text(_LEFT - 7, y(tick) + 4, f"{100 * tick:.0f}", anchor="end"))
        parts.append(svg.text(x(tick), HEIGHT - _BOTTOM + 17, f"{tick:g}", anchor="middle"))
    parts.append(svg.text((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 6, "score", anchor="middle"))
    parts.append(svg.rule(x(0), y(0), x(1), y(1), kind="axis", dash="4 4"))
    for system, line in points.items():
        places = [(x(score), y(right)) for score, right in line]
        drawn = svg.polyline(places, width=1.8) if len(places) > 1 else ""
        drawn += "".join(svg.marker(system, *place, 4) for place in places)
        parts.append(svg.group(system, drawn))
    for index, system in enumerate(points):  # above the diagonal there is room
        top = _TOP + 16 + 18 * index
        parts.append(svg.group(system, svg.marker(system, _LEFT + 16, top - 4, 4.5)))
        parts.append(svg.text(_LEFT + 28, top, system, size=12, tone="ink", halo=True))
    title = f"Share of right entities by score, of the teacher and {student}; dashed: as it says"
    return Drawing(WIDTH, HEIGHT, "".join(parts), title)
