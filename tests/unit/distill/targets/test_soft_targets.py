"""The mean of what several teachers say, in every form."""

from __future__ import annotations

import numpy as np
import pytest

from distilgliner.distill.targets.soft_targets import SoftTargets, Sparse, average_targets


def build_sparse(entries: dict[tuple[int, ...], float], axes: int) -> Sparse:
    places = np.array(list(entries), dtype=np.int32).reshape(-1, axes)
    return Sparse(places, np.array(list(entries.values()), dtype=np.float32))


def test_the_mean_of_two_teachers() -> None:
    one: SoftTargets = {
        "soft": np.array([[1, 0], [0.5, 0.5]], dtype=np.float32),
        "transitions": build_sparse({(0, 0): 1.0, (1, 2): 0.5}, 2),
        "spans": build_sparse({(0, 1, 2): 0.8}, 3),
    }
    other: SoftTargets = {
        "soft": np.array([[0, 1], [0.5, 0.5]], dtype=np.float32),
        "transitions": build_sparse({(2, 1): 1.0, (1, 2): 1.0}, 2),
        "spans": build_sparse({}, 3),
    }
    mean = average_targets([one, other], [3.0, 1.0])
    assert mean["soft"].tolist() == [[0.75, 0.25], [0.5, 0.5]]
    assert mean["soft"].dtype == mean["spans"].values.dtype == np.float32
    # (0, 0): ¾, (1, 2): ¾ · ½ + ¼, (2, 1): ¼. What a teacher lacks counts as 0.
    assert mean["transitions"].places.tolist() == [[0, 0], [1, 2], [2, 1]]
    assert mean["transitions"].values.tolist() == [0.75, 0.625, 0.25]
    assert mean["spans"].places.tolist() == [[0, 1, 2]]
    assert mean["spans"].values == pytest.approx([0.6])
    assert mean["spans"].places.dtype == np.int32


def test_only_the_forms_that_there_are() -> None:
    spans = build_sparse({(0, 0, 0): 0.5, (0, 1, 0): 0.25}, 3)
    mean = average_targets([{"spans": spans}], [2.0])
    assert set(mean) == {"spans"}
    assert mean["spans"].places.tolist() == spans.places.tolist()
    assert mean["spans"].values.tolist() == [0.5, 0.25]
    assert set(average_targets([{"soft": np.ones((1, 1), dtype=np.float32)}], [1.0])) == {"soft"}
