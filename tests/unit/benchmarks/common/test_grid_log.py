"""Measured runs: those of this machine's folders come first, committed ones fill in."""

from pathlib import Path

import pytest
from benchmarks.common.grid import build_recipe, compute_run_fingerprint, read_corpus
from benchmarks.common.grid_log import RunLog, describe_measuring, summarize


def _run(test_f1: float, cpu: str = "A") -> dict[str, object]:
    return {
        "name": "soft",
        "seed": 0,
        "dev_f1": 0.5,
        "test_f1": test_f1,
        "parameters": 10,
        "seconds": 4.0,
        "cpu": cpu,
    }


def test_a_run_of_this_machine_comes_before_a_committed_one(tmp_path: Path) -> None:
    log = RunLog(tmp_path, {"a": _run(0.1), "b": _run(0.2)})
    log.add("a", _run(0.3))

    found = log.find_all(["a", "b", "c"])

    assert {name: run["test_f1"] for name, run in found.items()} == {"a": 0.3, "b": 0.2}
    assert RunLog(tmp_path, {}).find("a") == _run(0.3)
    assert RunLog(tmp_path, {}).find("b") is None


def test_the_spread_of_several_runs_is_their_standard_deviation() -> None:
    one, two = summarize([_run(0.2)]), summarize([_run(0.2), _run(0.4)])

    assert (one["seeds"], one["test_f1"], one["test_f1_spread"]) == (1, 0.2, None)
    assert two["test_f1"] == pytest.approx(0.3)
    assert two["test_f1_spread"] == pytest.approx(0.02**0.5)


def test_every_cpu_is_named_once() -> None:
    result = {"date": "2026-01-02", "machine": {"cpu": "C", "cores": 2}}

    assert describe_measuring(result, [_run(0.1, "B"), _run(0.2, "A"), _run(0.3, "B")]) == (
        "Measured until 2026-01-02, A and B, 2 cores"
    )


def test_another_row_seed_or_initial_student_is_another_run(tmp_path: Path) -> None:
    config = read_corpus("crossner_ai", tmp_path)
    changes = {"student": "bilstm-crf", "targets": "soft"}
    row = {"name": "soft"}
    first, second = (build_recipe(changes, config, seed) for seed in (0, 1))

    fingerprints = [
        compute_run_fingerprint(row, first),
        compute_run_fingerprint(row, second),
        compute_run_fingerprint({"name": "hard"}, first),
        compute_run_fingerprint(row, first, "general"),
    ]

    assert len(set(fingerprints)) == len(fingerprints)
    assert compute_run_fingerprint(row, first, "general") == fingerprints[-1]
