"""What the report says of scores: a table, a figure, and nothing where they were not measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.compare.report.calibration_table import build_calibration_table
from distilgliner.compare.report.html import build_html
from distilgliner.compare.report.markdown import build_markdown
from distilgliner.compare.report.reliability import (
    LEAST_ENTITIES,
    build_reliability_figures,
    pool_bins,
)
from distilgliner.compare.results import Calibration, Results, read_results
from fake_results import build_results


def calibrate(ece: float | None, *bins: tuple[float, int, float, float]) -> dict[str, Any]:
    return {
        "ece": ece,
        "entities": sum(entities for _, entities, _, _ in bins),
        "floor": 0.1,
        "bins": [
            {"low": low, "high": low + 0.1, "entities": n, "score": score, "accuracy": accuracy}
            for low, n, score, accuracy in bins
        ],
    }


def build(teacher: dict[str, Any] | None, *runs: dict[str, Any] | None, **options: Any) -> Results:
    """Results of the arm soft with these calibrations, one for each seed."""
    results = build_results(arms=("soft",), seeds=len(runs), significance=[], **options)
    content = results.model_dump()
    content["teacher"]["quality"]["calibration"] = teacher
    for run, calibration in zip(content["runs"], runs, strict=True):
        run["quality"]["calibration"] = calibration
    return Results.model_validate(content)


def test_the_table_by_hand() -> None:
    one = calibrate(0.1, (0.1, 10, 0.2, 0.0), (0.8, 30, 0.9, 0.8))
    two = calibrate(0.2, (0.8, 20, 0.9, 0.7))
    table = build_calibration_table(build(two, one, two))
    assert table is not None
    assert table.columns == ("bilstm-tagger", "ECE", "Mean score", "Right", "Entities")
    assert [row.name for row in table.rows] == ["teacher", "soft"]
    assert [cell.text for cell in table.rows[0].cells] == ["20.0", "90.0", "70.0", "20"]
    # Means over the seeds: ECE 0.15; scores (0.2 · 10 + 0.9 · 30) / 40 = 0.725 and 0.9; right 0.6
    # and 0.7; 40 and 20 entities.
    assert [cell.text for cell in table.rows[1].cells] == ["15.0", "81.2", "65.0", "30"]
    assert table.rows[1].cells[0].aside == "± 7.1"
    assert "above 0.1" in table.notes[0]


def test_a_seed_without_entities_is_left_out() -> None:
    one = calibrate(0.1, (0.8, 30, 0.9, 0.8))
    table = build_calibration_table(build(None, one, calibrate(None), None))
    assert table is not None
    assert [cell.text for cell in table.rows[0].cells] == ["—"] * 4
    assert [cell.text for cell in table.rows[1].cells] == ["10.0", "90.0", "80.0", "30"]


def test_a_teacher_before_and_after_and_several_students() -> None:
    content = build_results(students=("one", "two"), arms=("gold", "soft")).model_dump()
    quality = content["teacher"]["quality"]
    content["finetuning"] = {"name": "t", "quality": quality, "seconds": 1.0, "updates": 1}
    table = build_calibration_table(Results.model_validate(content))
    assert table is not None
    names = ["teacher", "fine-tuned teacher", "one", "gold", "soft", "two", "gold", "soft"]
    assert [row.name for row in table.rows] == names
    assert table.columns[0] == "Trained on"


def test_seeds_are_pooled_and_thin_bins_left_out() -> None:
    calibrations = [
        Calibration.model_validate(calibrate(0.1, (0.8, 10, 0.9, 0.5), (0.2, 4, 0.3, 1.0))),
        Calibration.model_validate(calibrate(0.1, (0.8, 30, 0.8, 0.9), (0.5, 12, 0.6, 0.25))),
    ]
    assert LEAST_ENTITIES == 10
    assert pool_bins(calibrations) == [
        (pytest.approx(0.6), pytest.approx(0.25)),
        (pytest.approx(0.825), pytest.approx(0.8)),
    ]
    assert pool_bins([]) == []


def test_a_figure_for_each_student_with_every_system() -> None:
    figures = build_reliability_figures(build_results(students=("one", "a/b")))
    assert [figure.name for figure in figures] == ["reliability-one", "reliability-a-b"]
    body = figures[0].whole.body
    for system in ("teacher", "gold", "hard", "soft", "mixed"):
        assert f">{system}</text>" in body
    thin = calibrate(0.1, (0.8, 2, 0.9, 0.5))
    assert build_reliability_figures(build(thin, thin)) == []


def test_results_without_scores_have_neither(tmp_path: Path) -> None:
    content = json.loads(build_results().model_dump_json())
    for quality in (content["teacher"]["quality"], *(run["quality"] for run in content["runs"])):
        del quality["calibration"]  # as earlier versions wrote them
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    results = read_results(path)
    assert build_calibration_table(results) is None
    assert build_reliability_figures(results) == []
    assert "## Scores" not in build_markdown(results)
    assert "<h2>Scores</h2>" not in build_html(results)
    assert "## Scores" in build_markdown(build_results())
    assert "<h2>Scores</h2>" in build_html(build_results())
