"""Rounds that are kept as they are measured, ratios within them, and the picture."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from benchmarks.runtime import rounds as rounds_module
from benchmarks.runtime.figure import Point, find_best, place_labels
from benchmarks.runtime.models import SMALL, SPACY, TEACHER, Candidate
from benchmarks.runtime.plan import take_words
from benchmarks.runtime.rounds import RoundLog, find_reason, run_rounds
from benchmarks.runtime.targets import check_targets, compute_ratio, read_speed

from distilgliner.errors import UserError


def build_cost(speed: float, latency: float = 1.0) -> dict[str, Any]:
    return {
        "words_per_second": {"1": speed, "2": 2 * speed},
        "latency_ms": {"p50": latency, "p95": 2 * latency},
        "load_seconds": 0.5,
        "import_seconds": 0.4,
        "peak_memory_bytes": 100_000_000,
    }


def build_candidates(folder: Path, *names: str) -> list[Candidate]:
    for name in names:
        (folder / name).mkdir()
        (folder / name / "weights").write_text(name)
    return [Candidate(name, "student", folder / name) for name in names]


def test_rounds_alternate_and_a_killed_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def run_cost(models: dict[str, Any], *_: Any, **options: Any) -> dict[str, Any]:
        (name,) = models
        order.append(name)
        if len(order) == 3:
            raise KeyboardInterrupt
        assert options == {"rounds": 1, "threads": (1,), "budget_seconds": 2.0}
        return {name: build_cost(len(order))}

    monkeypatch.setattr(rounds_module, "run_cost", run_cost)
    monkeypatch.setattr(rounds_module, "compute_key", lambda model: model.name)
    candidates = build_candidates(tmp_path, "a", "b")
    options: dict[str, Any] = {"rounds": 2, "threads": (1,), "budget_seconds": 2.0}
    log = RoundLog(tmp_path / "rounds.jsonl", {"words": 7})
    with pytest.raises(KeyboardInterrupt):
        run_rounds(candidates, ["text"], ["x"], log, **options)
    with log.path.open("a") as file:
        file.write('{"round": 1, "na')  # killed while it wrote
    again = RoundLog(log.path, {"words": 7})
    run_rounds(candidates, ["text"], ["x"], again, **options)
    assert order == ["a", "b", "b", "b", "a"]
    rounds, failures = again.read({"a": "a", "b": "b"})
    assert {name: sorted(costs) for name, costs in rounds.items()} == {"a": [0, 1], "b": [0, 1]}
    assert not failures
    with pytest.raises(UserError, match="begun with other settings"):
        RoundLog(log.path, {"words": 8})


def test_a_model_that_changed_is_measured_anew(tmp_path: Path) -> None:
    log = RoundLog(tmp_path / "rounds.jsonl", {})
    log.append(0, "a", "old", build_cost(1))
    log.append(0, "b", "key", build_cost(2))
    assert log.read({"a": "new", "b": "key"})[0] == {"a": {}, "b": {0: build_cost(2)}}


def test_what_cannot_be_measured_is_kept_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def run_cost(models: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        tries.append(models)
        raise RuntimeError("measuring a failed:\nTraceback\n  File x\nValueError: cannot pack\n\n")

    monkeypatch.setattr(rounds_module, "run_cost", run_cost)
    candidates = build_candidates(tmp_path, "a")
    log = RoundLog(tmp_path / "rounds.jsonl", {})
    run_rounds(candidates, [], [], log, rounds=3, threads=(1,), budget_seconds=1)
    assert len(tries) == 1
    key = rounds_module.compute_key(tmp_path / "a")
    assert log.read({"a": key}) == ({"a": {}}, {"a": "ValueError: cannot pack"})
    assert find_reason("") == "no reason given"


def test_ratios_are_of_the_same_round() -> None:
    # The machine was half as fast in round 1, and the second model misses round 2.
    fast = {0: build_cost(1000), 1: build_cost(500), 2: build_cost(9)}
    slow = {0: build_cost(10), 1: build_cost(5)}
    assert compute_ratio(fast, slow, read_speed) == 100
    assert compute_ratio(fast, {}, read_speed) is None


def test_targets_met_missed_and_not_measured() -> None:
    rounds = {
        "s": {0: build_cost(600_000, 0.5)},
        SMALL: {0: build_cost(1000, 100)},
        TEACHER: {0: build_cost(10_000)},
        SPACY: {0: build_cost(100_000, 2)},
    }
    scaling = {
        "network": {"bulk": 1.5, "sentence": 3.0},
        "seconds_per_word": {"1000": 1e-5, "10000": 2e-5},
    }
    f1 = {"s": 0.8, SPACY: 0.75}
    found = {each.name: each for each in check_targets("s", rounds, f1, 6_000_000, scaling)}
    assert {name: target.met for name, target in found.items()} == {
        "words/s, times GLiNER small in torch": True,
        "words/s, times the bundled teacher": False,
        "words/s, times spaCy's CNN": True,
        "F1 above spaCy's CNN, points": True,
        "latency, times shorter than GLiNER small's": True,
        "latency, times shorter than spaCy's": True,
        "folder, MB": False,
        "loading after imports, ms": True,
        "peak memory, MB": True,
        "end to end, times the bare graph": True,
        "time per word, longest call over shortest": False,
    }
    assert found["loading after imports, ms"].value == pytest.approx(100)
    assert found["time per word, longest call over shortest"].value == pytest.approx(2)
    alone = check_targets("s", {"s": rounds["s"]}, {}, 1, None)
    assert [target.met for target in alone] == [None] * 6 + [True] * 3 + [None] * 2


def test_the_best_points_are_beaten_by_none() -> None:
    points = [
        Point("slow", "teacher", 10, 80),
        Point("slower and worse", "teacher", 5, 70),
        Point("fast", "student", 100, 75),
        Point("fast and bad", "student", 90, 60),
        Point("speed only", "gliner", 1000, None),
    ]
    assert [point.name for point in find_best(points)] == ["slow", "fast"]


def test_labels_do_not_cover_each_other() -> None:
    places = [(100.0, 200.0), (110.0, 200.0), (120.0, 203.0), (700.0, 200.0)]
    levels = place_labels(places)
    near = sorted(levels[:3])
    assert all(second - first >= 13 for first, second in pairwise(near))
    assert levels[3] == 200


def test_words_are_taken_again_when_there_are_too_few() -> None:
    assert take_words(["a b", "c"], 2) == ["a b"]
    assert take_words(["a b", "c"], 6) == ["a b", "c", "a b", "c"]
    with pytest.raises(ValueError, match="without words"):
        take_words(["", " "], 1)
