"""The section of docs/explanation/results.md and the picture, from the numbers."""

from __future__ import annotations

from typing import Any

from benchmarks.runtime.figure import draw_speed
from benchmarks.runtime.table import build_runtime_section

COST: dict[str, Any] = {
    "words_per_second": {"1": 1234.5, "2": 2345.6},
    "latency_ms": {"p50": 0.5, "p95": 1.25},
    "load_seconds": 0.5,
    "import_seconds": 0.4,
    "peak_memory_bytes": 100_000_000,
}


def build_model(f1: float | None, **more: Any) -> dict[str, Any]:
    size = {"parameters": 5_000_000, "disk_bytes": 4_200_000}
    return {"kind": "student", "f1": f1, "failed": None, **size, **more}


def test_every_model_and_target_is_shown() -> None:
    target = {"name": "folder, MB", "value": 4.2, "limit": 5, "bound": "most", "met": True}
    found = {
        "date": "2026-11-24",
        "machine": {"cpu": "a processor", "cores": 2},
        "versions": {"torch": "2"},
        "settings": {"documents": 60, "words": 1200, "labels": ["a", "b"]},
        "corpus": "tweets",
        "rounds": 5,
        "notes": ["mind this"],
        "models": {
            "fast": build_model(0.75, cost=COST),
            "broken": build_model(None, failed="no such form"),
            "only scored": build_model(0.5),
        },
        "targets": {"fast": [target, {**target, "value": None, "met": None}]},
        "scaling": {
            "fast": {
                "network": {"bulk": 1.5, "known": 1.25, "sentence": None},
                "seconds_per_word": {"1000": 2e-5, "10000": 1e-5},
                "streams": [{"sentences": 1000, "peak_memory_bytes": 99_000_000}],
            }
        },
    }
    page = build_runtime_section(found)
    for row in (
        "| fast | 75.0 | 1,234 | 2,346 | 0.50 / 1.25 ms | 100 + 400 ms | 100 MB | 4.2 MB | 5.0 M |",
        "| broken | — | failed: no such form | | | | | | |",
        "| only scored | 50.0 |  | | | | | | |",
        "| folder, MB | 4.20 | ≤ 5 | met |",
        "| folder, MB | — | ≤ 5 | not measured |",
        "| fast | 20.00 µs | 10.00 µs | 1.50× | 1.25× | — | 1,000 sentences: 99 MB |",
        "- mind this",
    ):
        assert row in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert not any(line.count("|") != rows[0].count("|") for line in rows[:5])


def test_the_picture_shows_what_was_measured() -> None:
    slow = {**COST, "words_per_second": {"1": 12.5}}
    models = {
        "fast": build_model(0.75, cost=COST),
        "slow": {**build_model(None, cost=slow), "kind": "gliner"},
        "broken": build_model(None),
    }
    drawing = draw_speed(models, "tweets")
    assert ">fast<" in drawing.body
    assert ">slow (speed only)<" in drawing.body
    assert "broken" not in drawing.body
