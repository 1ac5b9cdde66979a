"""Numbers that callers hand over from Python: checked before anything is done with them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from distilgliner.errors import UserError

MOST_THREADS = 1024
"""Of one process: more than one for each core gains nothing."""


def check_count(value: Any, name: str, *, least: int = 1) -> int:
    """A whole number, numpy's too. Raises `UserError` for another one, and below `least`."""
    if type(value) is int and value >= least:
        return value
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least:
        raise UserError(f"{name}={value!r} is not a whole number of at least {least}; correct it.")
    return count


def check_threads(value: Any, name: str = "threads", *, least: int = 1) -> int:
    """A number of threads: libraries end the process for one that the machine cannot make.

    Raises `UserError` for anything but a whole number, below `least` and above `MOST_THREADS`.
    """
    count = check_count(value, name, least=least)
    if count > MOST_THREADS:
        raise UserError(
            f"{name}={value!r} is more than {MOST_THREADS:,}; take as many as there are cores."
        )
    return count


def check_threshold(value: Any) -> float:
    """A score strictly between 0 and 1. Raises `UserError` for anything else."""
    if type(value) is float and 0 < value < 1:
        return value
    threshold = float(value) if isinstance(value, Real) and not isinstance(value, bool) else 0.0
    if not 0 < threshold < 1:
        raise UserError(f"The threshold {value!r} is not between 0 and 1; 0.5 is usual.")
    return threshold


def group_by_threshold(threshold: Any, count: int) -> list[tuple[float, Sequence[int]]]:
    """Thresholds, each with the rows of the texts that it is for: one for all, or one for each.

    Raises `UserError` for a threshold out of range, and for a list of another length than `count`.
    """
    if (
        isinstance(threshold, float)
        or not isinstance(threshold, Iterable)
        or isinstance(threshold, (str, bytes, Mapping))
    ):
        return [(check_threshold(threshold), range(count))]
    values = [check_threshold(value) for value in threshold]
    if len(values) != count:
        raise UserError(
            f"There are {len(values)} thresholds for {count} texts; give one for all, or one for "
            "each text."
        )
    groups: dict[float, list[int]] = {}
    for row, value in enumerate(values):
        groups.setdefault(value, []).append(row)
    return list(groups.items())
