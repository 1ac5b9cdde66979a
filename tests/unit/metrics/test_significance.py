"""The paired bootstrap."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest

from distilgliner.metrics.significance import compute_significance


def simulate(rate: float, seed: int, documents: int = 300) -> np.ndarray:
    """Counts of a system that finds every gold entity with probability `rate`."""
    gold = np.random.default_rng(0).integers(0, 4, documents)
    correct = np.random.default_rng(seed).binomial(gold, rate)
    return np.stack([correct, gold, gold], axis=1)


def micro_f1(counts: np.ndarray) -> float:
    correct, predicted, gold = counts.sum(axis=0)
    return 2 * correct / (predicted + gold)


def test_a_clear_difference() -> None:
    found = compute_significance([simulate(0.8, 1)], [simulate(0.5, 2)])
    assert found.difference == pytest.approx(
        micro_f1(simulate(0.8, 1)) - micro_f1(simulate(0.5, 2))
    )
    assert 0 < found.low < found.difference < found.high
    assert found.p < 0.01


def test_two_equal_systems() -> None:
    found = compute_significance([simulate(0.7, 1)], [simulate(0.7, 1)])
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_systems_of_one_quality_do_not_differ_often() -> None:
    p_values = [
        compute_significance(
            [simulate(0.7, 2 * n)], [simulate(0.7, 2 * n + 1)], resamples=400, seed=n
        ).p
        for n in range(40)
    ]
    assert sum(p < 0.05 for p in p_values) <= 6
    assert min(p_values) > 0


def test_swapping_the_systems_changes_the_sign() -> None:
    a, b = [simulate(0.7, 1)], [simulate(0.65, 2)]
    forward, backward = compute_significance(a, b), compute_significance(b, a)
    assert forward.difference == pytest.approx(-backward.difference)
    assert forward.low == pytest.approx(-backward.high)
    assert forward.p == pytest.approx(backward.p)


def test_seeds_are_averaged_over_pairs() -> None:
    a, b = [simulate(0.7, n) for n in (1, 2, 3)], [simulate(0.6, n) for n in (4, 5)]
    expected = np.mean([micro_f1(x) - micro_f1(y) for x, y in product(a, b)])
    assert compute_significance(a, b).difference == pytest.approx(expected)


def test_the_same_as_a_plain_loop() -> None:
    a, b = simulate(0.7, 1, 50), simulate(0.6, 2, 50)
    generator = np.random.default_rng(5)
    drawn = [generator.multinomial(50, np.full(50, 1 / 50)) for _ in range(200)]
    rows = [np.repeat(np.arange(50), times) for times in drawn]
    differences = [micro_f1(a[row]) - micro_f1(b[row]) for row in rows]
    found = compute_significance([a], [b], resamples=200, seed=5)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(differences, (0.025, 0.975))))


def test_seeded() -> None:
    a, b = [simulate(0.7, 1)], [simulate(0.68, 2)]
    assert compute_significance(a, b, seed=3) == compute_significance(a, b, seed=3)
    assert compute_significance(a, b, seed=3) != compute_significance(a, b, seed=4)


def test_documents_without_entities() -> None:
    nothing = np.zeros((5, 3), int)
    assert compute_significance([nothing], [nothing]).p == 1


def test_quick_enough_for_a_large_corpus() -> None:
    large = [simulate(0.7, n, 5000) for n in (1, 2, 3)]
    started = time.perf_counter()
    compute_significance(large, large, resamples=200)
    assert time.perf_counter() - started < 5


def test_different_documents() -> None:
    with pytest.raises(ValueError, match="same documents"):
        compute_significance([simulate(0.7, 1, 10)], [simulate(0.7, 1, 11)])
    with pytest.raises(ValueError, match="one seed at least"):
        compute_significance([], [simulate(0.7, 1)])
    with pytest.raises(ValueError, match="same documents"):
        compute_significance([np.zeros((0, 3))], [np.zeros((0, 3))])


def test_dictionary() -> None:
    found = compute_significance([simulate(0.8, 1)], [simulate(0.5, 2)]).to_dict()
    assert set(found) == {"difference", "low", "high", "p"}
