"""Numbers that callers hand over."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from distilgliner import DistilGLiNER
from distilgliner.corpus.arguments import (
    check_count,
    check_threads,
    check_threshold,
    group_by_threshold,
)
from distilgliner.errors import UserError


def test_counts() -> None:
    assert check_count(3, "batch_size") == check_count(np.int64(3), "batch_size") == 3
    assert check_count(0, "threads", least=0) == 0
    for bad in (0, -1, True, 2.0, "4", None, np.float32(2), [1]):
        with pytest.raises(UserError, match=r"batch_size=.* is not a whole number of at least 1"):
            check_count(bad, "batch_size")


def test_threads() -> None:
    assert check_threads(1024) == 1024
    assert check_threads(0, least=0) == 0
    for bad in (1025, 10**9, 10**30):
        with pytest.raises(UserError, match=r"threads=\d+ is more than 1,024; take"):
            check_threads(bad)
    with pytest.raises(UserError, match="is more than 1,024"):
        DistilGLiNER.from_pretrained("general").set_threads(10**9)


def test_thresholds() -> None:
    assert check_threshold(0.5) == check_threshold(np.float32(0.5)) == 0.5
    assert check_threshold(Fraction(1, 2)) == 0.5
    for bad in (0, 1, -0.1, True, float("nan"), "0.5", None, [0.5], np.array(0.5)):
        with pytest.raises(UserError, match=r"is not between 0 and 1; 0\.5 is usual"):
            check_threshold(bad)


def test_a_threshold_for_each_text() -> None:
    assert group_by_threshold(0.4, 3) == [(0.4, range(3))]
    assert group_by_threshold([0.4, 0.2, 0.4], 3) == [(0.4, [0, 2]), (0.2, [1])]
    assert group_by_threshold(np.array([0.25]), 1) == [(0.25, [0])]
    assert group_by_threshold([], 0) == []
    bad: Any
    for bad in ([0.5], {"person": 0.5, "city": 0.5}, ["a", "b"], [0.5, None]):
        with pytest.raises(UserError, match="threshold"):
            group_by_threshold(bad, 2)
