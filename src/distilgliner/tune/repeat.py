"""The best settings again, with seeds that the search has not seen: their mean decides.

The best of many trials is in part the luckiest one. Fresh seeds take the luck of the seed off it;
that of the dev documents, which are the same, they leave.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distilgliner.distill.config import DistillConfig
from distilgliner.tune.keys import apply_settings
from distilgliner.tune.study import Record
from distilgliner.tune.trial import TimeIsUpError, Train

if TYPE_CHECKING:
    from distilgliner.distill.objective.stages import Schedule
    from distilgliner.distill.training.checkpoint import Progress

ROUNDS = 2
"""Other seeds for each of the settings that are repeated."""
RESERVE = 1 / 3
"""The share of the time that the search leaves to them, at most."""


@dataclass(frozen=True)
class Repeat:
    """A trial's settings with another seed; dev F1 from 0 to 1."""

    trial: int
    seed: int
    dev_f1: float


def choose_candidates(records: Iterable[Record], count: int) -> list[Record]:
    """The best trials that came to their end, each setting once; of equals the earlier one."""
    whole = [
        record
        for record in records
        if record.outcome.state == "complete" and record.outcome.same_as is None
    ]
    return sorted(whole, key=lambda record: (-_f1(record), record.trial))[:count]


def compute_reserve(records: Iterable[Record], repeat: int, limit: float) -> float:
    """Seconds that the repeats are expected to take, `RESERVE` of the limit at most."""
    candidates = choose_candidates(records, repeat)
    return min(ROUNDS * _sum_seconds(candidates), RESERVE * limit)


def plan_repeats(candidates: Sequence[Record], seconds: float) -> tuple[list[Record], int]:
    """Which settings are repeated in the seconds that are left, and with how many seeds.

    Fewer seeds rather than fewer settings, and nothing where there is nothing to decide.
    """
    for count in range(len(candidates), 1, -1):
        expected = _sum_seconds(candidates[:count])
        rounds = ROUNDS if expected <= 0 else min(ROUNDS, int(seconds / expected))
        if rounds > 0:
            return list(candidates[:count]), rounds
    return [], 0


def run_repeats(
    candidates: Sequence[Record],
    rounds: int,
    base: DistillConfig,
    folder: Path,
    train: Train,
    is_late: Callable[[], bool],
    show: Callable[[str], None] = lambda note: None,
) -> list[Repeat]:
    """Run the settings with the seeds behind that of `base`, seed by seed.

    Seeds that the time does not allow for all of the settings count for none. Runs that are there
    already, or have begun, are taken or continued.
    """
    repeats: list[Repeat] = []

    def watch(progress: Progress, schedule: Schedule) -> None:
        show(f"epoch {progress.epoch} of {schedule.epochs}")
        if is_late() and progress.epoch < schedule.epochs:
            raise TimeIsUpError

    for seed in build_seeds(base.training.seed, rounds):
        found = []
        for record in candidates:
            config = apply_settings(base, {**record.settings, "training.seed": seed})
            place = repeat_folder(folder, record.trial, seed)
            try:
                result = train(config, place, watch)
            except TimeIsUpError:
                shutil.rmtree(place, ignore_errors=True)
                return repeats
            found.append(Repeat(record.trial, seed, result["dev_f1"]))
        repeats += found
    return repeats


def build_seeds(seed: int, rounds: int) -> list[int]:
    """The seeds of the repeats: those behind the one of the search."""
    return [(seed + number) % 2**32 for number in range(1, rounds + 1)]


def repeat_folder(folder: Path, trial: int, seed: int) -> Path:
    """Where a trial's settings are run with another seed."""
    return folder / f"trial-{trial:03d}-seed-{seed}"


def compute_means(repeats: Iterable[Repeat]) -> dict[int, float]:
    """Mean dev F1 over the other seeds, by trial; what the search itself saw is left out."""
    found: dict[int, list[float]] = defaultdict(list)
    for repeat in repeats:
        found[repeat.trial].append(repeat.dev_f1)
    return {trial: sum(values) / len(values) for trial, values in found.items()}


def choose_best(candidates: Sequence[Record], repeats: Iterable[Repeat]) -> Record:
    """The settings with the best mean, or the best of the search where nothing was repeated."""
    means = compute_means(repeats)
    if not means:
        return candidates[0]
    return max(
        (record for record in candidates if record.trial in means),
        key=lambda record: (means[record.trial], _f1(record), -record.trial),
    )


def _f1(record: Record) -> float:
    assert record.outcome.dev_f1 is not None
    return record.outcome.dev_f1


def _sum_seconds(records: Iterable[Record]) -> float:
    return sum(record.outcome.seconds for record in records)
