"""Scales, ticks and label placement of the hand-written figures."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.compare.report.curves import build_curve_panels, compute_line
from distilgliner.compare.report.figures import (
    build_curve_figures,
    build_label_figures,
    build_speed_figure,
    spread_labels,
)
from distilgliner.compare.report.summary import group_runs, order_labels
from distilgliner.compare.report.svg import Scale, compute_log_ticks, compute_ticks
from distilgliner.compare.report.wording import (
    format_bytes,
    format_count,
    format_difference,
    format_p,
    format_seconds,
    format_share,
    format_times,
)
from distilgliner.compare.results import Results
from fake_results import build_results


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4))
def test_ticks_enclose_the_values(low: float, extent: float) -> None:
    ticks = compute_ticks(low, low + extent)
    slack = 1e-6 * max(1.0, abs(low), extent)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + extent - slack
    assert 2 <= len(ticks) <= 12


def test_log_ticks_and_scale() -> None:
    assert compute_log_ticks(137, 19_000) == [100, 1000, 10_000, 100_000]
    scale = Scale(10, 1000, 0, 200, log=True)
    assert scale(100) == pytest.approx(100)


@given(st.lists(st.floats(0, 300), max_size=10).map(sorted))
def test_labels_are_spread_in_order(places: list[float]) -> None:
    moved = spread_labels(places, 15)
    assert len(moved) == len(places)
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(moved))


def test_lines_average_seeds_and_drop_lone_tails() -> None:
    content = build_results(arms=("soft",), seeds=3, significance=[]).model_dump()
    for run, length in zip(content["runs"], (4, 6, 9), strict=True):
        run["curve"] = run["curve"][:length]
    content["runs"][0]["curve"][1]["train_loss"] = float("inf")
    (group,) = group_runs(Results.model_validate(content))
    line = compute_line(group, "train", lambda point: point.train_loss, 1.0)
    assert [point[0] for point in line.points] == [1, 2, 3, 4, 5, 6]
    for _, mean, low, high in line.points:
        assert low <= mean <= high


def test_every_student_has_its_figures() -> None:
    results = build_results(students=("bilstm-tagger", "my student/2"))
    names = [figure.name for figure in build_curve_figures(results)]
    assert names == ["curves-bilstm-tagger", "curves-my-student-2"]
    assert len(build_curve_panels(results, "bilstm-tagger")) == 3
    assert len(build_label_figures(results)) == 2
    speed = build_speed_figure(results)
    assert speed is not None
    assert "my student/2 · mixed" in speed.whole.body
    assert build_speed_figure(build_results(costs={})) is None


def test_no_curves_no_figure() -> None:
    content = build_results().model_dump()
    for run in content["runs"]:
        run["curve"] = []
    assert build_curve_figures(Results.model_validate(content)) == []


def test_labels_are_ordered_by_support() -> None:
    results = build_results(labels=("rare", "common"))
    content = results.model_dump()
    content["teacher"]["quality"]["per_label"]["common"]["support"] = 10_000
    assert order_labels(Results.model_validate(content)) == ["common", "rare"]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (format_count(5_612_345), "5.6 M"),
        (format_count(999_600), "1.0 M"),
        (format_count(930), "930"),
        (format_bytes(9_800_000), "9.8 MB"),
        (format_bytes(999), "999 B"),
        (format_seconds(0.42), "0.42 s"),
        (format_seconds(252), "4 min 12 s"),
        (format_seconds(7380), "2 h 03 min"),
        (format_share(0.974), "97 %"),
        (format_share(0.997), "99.7 %"),
        (format_share(0.003), "0.3 %"),
        (format_times(137.4), "137×"),
        (format_times(4.26), "4.3×"),
        (format_difference(-0.0004), "0.0"),
        (format_difference(-0.004), "−0.4"),
        (format_p(0.0005), "< 0.001"),
        (format_p(0.31), "0.31"),
    ],
)
def test_numbers_read_well(written: str, wanted: str) -> None:
    assert written == wanted
