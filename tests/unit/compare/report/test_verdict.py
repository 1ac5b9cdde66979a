"""The report's first paragraph says what the numbers say, wins and losses alike."""

from __future__ import annotations

from typing import Any

import pytest

from distilgliner.compare.report.verdict import build_key_numbers, build_verdict
from distilgliner.compare.results import Results
from fake_results import build_cost, build_results


def with_f1(levels: dict[str, float], teacher: float = 0.715, **changes: Any) -> Results:
    """Results whose arms have exactly these F1s."""
    content = build_results(arms=list(levels), **changes).model_dump()
    content["teacher"]["quality"]["micro"]["f1"] = teacher
    for run in content["runs"]:
        run["quality"]["micro"]["f1"] = levels[run["arm"]]
    return Results.model_validate(content)


def row(a: str, b: str, difference: float, p: float, half: float = 0.011) -> dict[str, Any]:
    return {
        "student": "bilstm-tagger", "a": a, "b": b, "difference": difference,
        "low": difference - half, "high": difference + half, "p": p,
    }  # fmt: skip


def test_win_is_told_with_share_size_and_speed() -> None:
    costs = {
        "teacher": build_cost(50_000_000, 137.0),
        "bilstm-tagger": build_cost(5_600_000, 19180.0),
    }
    results = with_f1(
        {"gold": 0.656, "mixed": 0.697},
        costs=costs,
        significance=[row("mixed", "gold", 0.041, 0.0005)],
    )
    verdict = build_verdict(results)
    assert (
        "The best student, bilstm-tagger trained on mixed targets, reaches 69.7 F1 on human "
        "labels, 97 % of the teacher's 71.5, with 5.6 M parameters (11 % of the teacher's) and "
        "140× its words per second on one core." in verdict
    )
    assert "Mixed beat gold by 4.1 points (95 % interval 3.0 to 5.2, p < 0.001)." in verdict


def test_loss_and_open_question_are_told_plainly() -> None:
    significance = [row("soft", "hard", -0.004, 0.31), row("mixed", "gold", -0.03, 0.002)]
    verdict = build_verdict(
        with_f1(
            {"gold": 0.70, "hard": 0.66, "soft": 0.656, "mixed": 0.67}, significance=significance
        )
    )
    assert "trained on gold labels alone" in verdict
    assert "No distilled student reached it: distillation did not pay here." in verdict
    assert "Mixed lost to gold by 3.0 points (95 % interval 1.9 to 4.1)." in verdict
    assert "Soft did not beat hard (difference −0.4, p = 0.31)." in verdict


def test_small_p_with_an_interval_over_zero_is_no_win() -> None:
    significance = [row("mixed", "gold", 0.01, 0.04, half=0.012)]
    verdict = build_verdict(with_f1({"gold": 0.65, "mixed": 0.66}, significance=significance))
    assert "Mixed did not beat gold (difference +1.0, p = 0.040)." in verdict


def test_student_above_the_teacher() -> None:
    verdict = build_verdict(with_f1({"mixed": 0.73}, teacher=0.715))
    assert "reaches 73.0 F1 on human labels, more than the teacher's 71.5 (102 %)" in verdict


def test_slower_student_is_called_slower() -> None:
    costs = {"teacher": build_cost(1000, 100.0), "bilstm-tagger": build_cost(2000, 80.0)}
    verdict = build_verdict(build_results(costs=costs))
    assert "(200 % of the teacher's), but only 0.80× its words per second on one core." in verdict


def test_label_free_training_is_set_against_gold() -> None:
    verdict = build_verdict(with_f1({"gold": 0.656, "hard": 0.65, "soft": 0.667}))
    assert (
        "Without any human label in training it reaches 66.7 (soft); with the 6,335 labelled "
        "documents and no teacher, 65.6 (gold)." in verdict
    )


@pytest.mark.parametrize(("seeds", "told"), [(1, True), (3, False)])
def test_one_seed_is_admitted(seeds: int, told: bool) -> None:
    assert ("one seed only" in build_verdict(build_results(seeds=seeds))) is told


def test_other_students_are_named() -> None:
    results = build_results(students=("bilstm-tower", "bilstm-tagger"))
    verdict = build_verdict(results)
    assert verdict.startswith("The best student, bilstm-tagger trained on mixed targets")
    assert "The bilstm-tower reaches" in verdict


def test_nothing_to_tell() -> None:
    assert "No student was trained" in build_verdict(build_results(arms=(), significance=[]))
    assert build_key_numbers(build_results(arms=(), significance=[])) == []
    assert "the teacher finds nothing right (0.0 F1)" in build_verdict(with_f1({"soft": 0.1}, 0.0))


def test_key_numbers_without_costs_are_only_quality() -> None:
    assert [number.name for number in build_key_numbers(build_results(costs={}))] == ["F1"]
    names = [number.name for number in build_key_numbers(build_results())]
    assert names == ["F1", "the speed", "parameters", "on disk"]
