"""What mattered: golden values worked by hand, and the H of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from fake_runs import build_record
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from distilgliner.tune.importance import MIN_TRIALS, compute_effect, compute_importance
from distilgliner.tune.space import Choice, Range
from distilgliner.tune.study import Record

SPACE = {"training.average_decay": Choice((0.0, 0.9)), "training.learning_rate": Range(0.0, 1.0)}


def test_golden_effects() -> None:
    # Between 13.5 of 17.5: H = 5 · 13.5 / 17.5 = 27/7, (H − 1) / 4 = 5/7.
    assert compute_effect([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6]) == pytest.approx(5 / 7)
    # Group means 3.0 and 4.0: between 1.5, H = 3/7, less than chance has.
    assert compute_effect([0, 1, 0, 1, 0, 1], [1, 2, 3, 4, 5, 6]) == 0
    # Ties that two groups explain wholly: H = n − 1 = 3, (3 − 1) / 2 = 1.
    assert compute_effect([0, 0, 1, 1], [1.5, 1.5, 3.5, 3.5]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("groups", "ranks"),
    [([], []), ([0, 0, 0], [1, 2, 3]), ([0, 1, 2], [1, 2, 3]), ([0, 0, 1], [2, 2, 2])],
)
def test_effects_that_nothing_can_be_said_about(groups: list[int], ranks: list[float]) -> None:
    assert compute_effect(groups, ranks) is None


def test_the_h_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")  # here, so that no case is timed with the import

    @settings(max_examples=30)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=5, max_size=30))
    def compare(rows: list[tuple[int, int]]) -> None:
        groups, values = [row[0] for row in rows], [row[1] for row in rows]
        names = sorted(set(groups))
        assume(len(names) > 1 and len(set(values)) > 1 and len(rows) > len(names))
        parts = [[v for g, v in rows if g == name] for name in names]
        h = stats.kruskal(*parts).statistic
        expected = max(0.0, (h - len(names) + 1) / (len(rows) - len(names)))
        assert compute_effect(groups, stats.rankdata(values)) == pytest.approx(expected)

    compare()


def build_records(f1: list[float], rates: list[float], decays: list[float]) -> list[Record]:
    return [
        build_record(
            number,
            value,
            {"training.average_decay": decay, "training.learning_rate": rate},
        )
        for number, (value, rate, decay) in enumerate(zip(f1, rates, decays, strict=True))
    ]


def test_an_optimum_in_the_middle_is_seen() -> None:
    rates = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    f1 = [0.1, 0.2, 0.3, 0.8, 0.9, 0.7, 0.35, 0.25, 0.15]
    records = build_records(f1, rates, [0.0, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0])
    assert abs(np.corrcoef(rates, f1)[0, 1]) < 0.1
    found = compute_importance(records, SPACE)
    # Ranks 1, 3, 5 | 8, 9, 7 | 6, 4, 2 with means 3, 8, 4: between 42 of 60, H = 8 · 0.7 = 5.6.
    assert found["training.learning_rate"] == pytest.approx((5.6 - 2) / 6)
    assert found["training.average_decay"] == 0


def test_trials_that_were_ended_rank_last() -> None:
    choices = [{"training.average_decay": d, "training.learning_rate": 0.5} for d in (0.0, 0.9)]
    records = [
        build_record(0, 0.2, choices[0]),
        build_record(1, 0.9, choices[1], state="pruned", rungs={1: 0.9}),
        build_record(2, 0.3, choices[0]),
        build_record(3, 0.8, choices[1], state="pruned", rungs={1: 0.5, 2: 0.8}),
        build_record(4, 0.4, choices[0]),
        build_record(5, None, choices[1], state="failed"),
        build_record(6, 0.1, choices[0]),
        build_record(7, 0.95, choices[1], state="failed", rungs={3: 0.95}),
        build_record(8, 0.1, choices[1], same_as=6),  # counts for nothing
    ]
    found = compute_importance(records, SPACE)
    # Ranks 6, 7, 8, 5 against 4, 3, 1.5, 1.5: means 6.5 and 2.5, between 32 of 41.5.
    assert found["training.average_decay"] == pytest.approx((7 * 32 / 41.5 - 1) / 6)
    assert found["training.learning_rate"] is None  # always the same


def test_few_trials_say_nothing() -> None:
    count = MIN_TRIALS - 1
    records = build_records(
        [number / 10 for number in range(count)], [0.1] * count, [0.0] * 4 + [0.9] * (count - 4)
    )
    assert compute_importance(records, SPACE) == dict.fromkeys(SPACE)
    assert compute_importance([], SPACE) == dict.fromkeys(SPACE)
