"""How much each setting mattered in a search: a hint, from few trials that were not drawn evenly.

For each setting by itself, the trials are put into groups by its value, and the share of the
variance of their ranks that lies between the groups is taken, less what chance alone puts there:
η²_H of the Kruskal–Wallis test (Kruskal and Wallis 1952; Tomczak and Tomczak 2014, "The need to
report effect size estimates revisited"). Groups see an optimum in the
middle, which a correlation does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distilgliner.tune.space import Choice, Dimension, Space, encode_value
from distilgliner.tune.study import Record

GROUPS = 3
"""Of a range, with about as many trials each."""
MIN_TRIALS = 8


def compute_importance(records: Sequence[Record], space: Space) -> dict[str, float | None]:
    """For each key a share from 0 to 1; None where too few trials, or only one group, tell nothing.

    A trial that was pruned ranks behind all that came to their end, and before those that ended
    earlier; one that failed is last. Repeated settings count once.
    """
    tried = [record for record in records if record.outcome.same_as is None]
    scores = _rank([_order(record) for record in tried])
    return {
        key: compute_effect(_group([record.settings[key] for record in tried], dimension), scores)
        if len(tried) >= MIN_TRIALS
        else None
        for key, dimension in space.items()
    }


def compute_effect(groups: Sequence[int], ranks: Sequence[float]) -> float | None:
    """η²_H = (H − k + 1) / (n − k), at least 0, of n ranks in k groups; None if that is undefined.

    H, corrected for ties, is (n − 1) · (sum of squares between the groups) / (total).
    """
    values, names = np.asarray(ranks, dtype=np.float64), np.asarray(groups)
    n, k = len(values), len(set(groups))
    total = float(((values - values.mean()) ** 2).sum()) if n else 0.0
    if k < 2 or n <= k or total == 0:
        return None
    between = sum(
        float((names == name).sum()) * float(values[names == name].mean() - values.mean()) ** 2
        for name in set(groups)
    )
    h = (n - 1) * between / total
    return min(1.0, max(0.0, (h - k + 1) / (n - k)))


def _order(record: Record) -> tuple[float, ...]:
    outcome = record.outcome
    f1 = -1.0 if outcome.dev_f1 is None else outcome.dev_f1
    if outcome.state == "complete":
        return (2.0, 0.0, f1)
    if outcome.state == "pruned":
        return (1.0, float(max(outcome.rungs, default=0)), f1)
    return (0.0, 0.0, 0.0)


def _rank(keys: Sequence[tuple[float, ...]]) -> list[float]:
    """Ranks from 1; equals share the mean of theirs."""
    ordered = sorted(keys)
    return [ordered.index(key) + (ordered.count(key) + 1) / 2 for key in keys]


def _group(values: Sequence[object], dimension: Dimension) -> list[int]:
    """The group of each value: its own of a choice, a third of a range; equals stay together."""
    if isinstance(dimension, Choice):
        names = sorted({str(encode_value(dimension, value)) for value in values})
        return [names.index(str(encode_value(dimension, value))) for value in values]
    numbers = np.asarray(values, dtype=np.float64)
    cuts = np.quantile(numbers, [step / GROUPS for step in range(1, GROUPS)])
    return [int(group) for group in np.searchsorted(cuts, numbers, side="left")]
