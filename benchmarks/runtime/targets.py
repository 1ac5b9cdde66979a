"""Ratios between models that were measured in the same rounds, and whether targets are met."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from benchmarks.runtime.models import SMALL, SPACY, TEACHER

Costs = Mapping[int, Mapping[str, Any]]
"""Number of the round → what `run_cost` returned for a model."""
Value = Callable[[Mapping[str, Any]], float]
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Target:
    """A number that a student should reach: `bound` "least" is a lower limit, "most" an upper.

    `value` and `met` are None when something was not measured.
    """

    name: str
    value: float | None
    limit: float
    bound: Literal["least", "most"]
    met: bool | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def read_speed(cost: Mapping[str, Any]) -> float:
    """Words per second on one thread."""
    return float(cost["words_per_second"]["1"])


def read_latency(cost: Mapping[str, Any]) -> float:
    """Median milliseconds of one sentence."""
    return float(cost["latency_ms"]["p50"])


def read_load(cost: Mapping[str, Any]) -> float:
    """Seconds of loading without imports."""
    return float(cost["load_seconds"] - cost["import_seconds"])


def compute_ratio(above: Costs, below: Costs, value: Value) -> float | None:
    """The median over rounds of both models' ratio in that round; None without a common round."""
    common = above.keys() & below.keys()
    ratios = [value(above[round_]) / value(below[round_]) for round_ in common]
    return statistics.median(ratios) if ratios else None


def compute_ratios(rounds: Mapping[str, Costs], student: str) -> dict[str, dict[str, float]]:
    """How many times faster a student is than every other model: words/s and time per sentence."""
    found: dict[str, dict[str, float]] = {}
    for name, costs in rounds.items():
        speed = compute_ratio(rounds[student], costs, read_speed)
        latency = compute_ratio(costs, rounds[student], read_latency)
        if name != student and speed is not None and latency is not None:
            found[name] = {"words_per_second": speed, "latency": latency}
    return found


def check_targets(
    student: str,
    rounds: Mapping[str, Costs],
    f1: Mapping[str, float],
    disk_bytes: int,
    scaling: Mapping[str, Any] | None,
) -> list[Target]:
    """All targets of one exported student; `scaling` is what `measure_scaling` returns."""
    own = rounds[student]

    def faster(other: str) -> float | None:
        return compute_ratio(own, rounds.get(other, {}), read_speed)

    def sooner(other: str) -> float | None:
        return compute_ratio(rounds.get(other, {}), own, read_latency)

    def median(value: Value) -> float | None:
        return statistics.median(map(value, own.values())) if own else None

    gain = f1[student] - f1[SPACY] if student in f1 and SPACY in f1 else None
    memory = median(lambda cost: cost["peak_memory_bytes"] / MEGABYTE)
    load = median(lambda cost: 1000 * read_load(cost))
    network = (scaling or {}).get("network", {}).get("bulk")
    return [
        _at_least("words/s, times GLiNER small in torch", faster(SMALL), 500),
        _at_least("words/s, times the bundled teacher", faster(TEACHER), 100),
        _at_least("words/s, times spaCy's CNN", faster(SPACY), 4),
        _at_least("F1 above spaCy's CNN, points", None if gain is None else 100 * gain, 0),
        _at_least("latency, times shorter than GLiNER small's", sooner(SMALL), 150),
        _at_least("latency, times shorter than spaCy's", sooner(SPACY), 2),
        _at_most("folder, MB", disk_bytes / MEGABYTE, 5),
        _at_most("loading after imports, ms", load, 150),
        _at_most("peak memory, MB", memory, 150),
        _at_most("end to end, times the bare graph", network, 2),
        _at_most("time per word, longest call over shortest", _compute_growth(scaling), 1.2),
    ]


def _compute_growth(scaling: Mapping[str, Any] | None) -> float | None:
    """Time per word of the longest call over that of the shortest; 1 is linear."""
    times = (scaling or {}).get("seconds_per_word", {})
    ordered = [times[words] for words in sorted(times, key=int)]
    return ordered[-1] / ordered[0] if len(ordered) > 1 else None


def _at_least(name: str, value: float | None, limit: float) -> Target:
    return Target(name, value, limit, "least", None if value is None else value >= limit)


def _at_most(name: str, value: float | None, limit: float) -> Target:
    return Target(name, value, limit, "most", None if value is None else value <= limit)
