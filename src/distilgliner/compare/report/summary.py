"""From single runs to one line per student and arm: means, spreads and ratios to the teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from distilgliner.compare.report.wording import join_words
from distilgliner.compare.results import ARMS, TEACHER, Arm, Cost, Results, Run


@dataclass(frozen=True)
class Spread:
    """The mean of a value over seeds, its sample standard deviation (None for one) and range."""

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """All runs of one student on one arm, ordered by seed."""

    student: str
    arm: Arm
    runs: tuple[Run, ...]

    def spread(self, value: Callable[[Run], float]) -> Spread:
        """The spread of `value` over this group's seeds."""
        return compute_spread([value(run) for run in self.runs])

    @property
    def f1(self) -> Spread:
        """Strict micro F1 on the test part."""
        return self.spread(lambda run: run.quality.micro.f1)


def compute_spread(values: Sequence[float]) -> Spread:
    """Mean, sample standard deviation, lowest and highest of at least one value."""
    sd = stdev(values) if len(values) > 1 else None
    return Spread(fmean(values), sd, min(values), max(values))


def group_runs(results: Results) -> list[Group]:
    """The runs by student (in order of first appearance) and arm (gold, hard, soft, mixed)."""
    groups = []
    for student in list_students(results):
        for arm in ARMS:
            runs = [run for run in results.runs if run.student == student and run.arm == arm]
            if runs:
                ordered = tuple(sorted(runs, key=lambda run: run.seed))
                groups.append(Group(student, arm, ordered))
    return groups


def list_students(results: Results) -> list[str]:
    """The names of the students, in order of first appearance."""
    return list(dict.fromkeys(run.student for run in results.runs))


def name_teachers(results: Results) -> str:
    """As "teacher bundled", or "teachers bundled and other"."""
    names = [results.teacher.name, *(other.name for other in results.more_teachers)]
    return f"{TEACHER}{'s' if len(names) > 1 else ''} {join_words(names)}"


def list_arms(results: Results) -> list[Arm]:
    """The arms that were run, in the fixed order."""
    present = {run.arm for run in results.runs}
    return [arm for arm in ARMS if arm in present]


def count_seeds(results: Results) -> int:
    """The most seeds that any student was trained with."""
    return max((len(group.runs) for group in group_runs(results)), default=0)


def find_best(groups: Sequence[Group]) -> Group | None:
    """The group with the highest mean F1 (the first of equals), None when there is none."""
    return max(groups, key=lambda group: group.f1.mean, default=None)


def compute_ratio(value: float, reference: float) -> float | None:
    """`value / reference`, None when the reference is zero."""
    return value / reference if reference > 0 else None


def list_threads(costs: Sequence[Cost]) -> list[str]:
    """The thread counts that any of the models was timed with, smallest first."""
    threads = {key for cost in costs for key in cost.words_per_second}
    return sorted(threads, key=lambda key: (int(key) if key.isdigit() else 10**9, key))


def order_labels(results: Results) -> list[str]:
    """All labels, the most frequent in the test part first."""
    support = {
        label: scores.support or 0 for label, scores in results.teacher.quality.per_label.items()
    }
    names = list(dict.fromkeys([*results.labels, *support]))
    return sorted(names, key=lambda name: -support.get(name, 0))
