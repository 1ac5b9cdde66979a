"""Is one system better than another, or was it luck? A paired bootstrap over documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
_CELLS = 4_000_000  # resamples x documents drawn at once: 32 MB


@dataclass(frozen=True, slots=True)
class Significance:
    """`difference` is F1(a) - F1(b) in micro F1, `low`-`high` its 95 % interval, `p` two-sided."""

    difference: float
    low: float
    high: float
    p: float

    def to_dict(self) -> dict[str, float]:
        return {"difference": self.difference, "low": self.low, "high": self.high, "p": self.p}


def compute_significance(
    counts_a: Sequence[np.ndarray],
    counts_b: Sequence[np.ndarray],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Significance:
    """Paired bootstrap of the difference in micro F1 between systems a and b.

    `counts_a` has one array for each training seed of a, as `spans.compute_counts` gives them:
    (N documents, 3: correct, predicted, gold); `counts_b` likewise, over the same documents in the
    same order. The two may have different numbers of seeds. In each resample the same N documents
    are drawn with replacement for every system and seed, and the difference is averaged over all
    pairs of seeds. So the interval speaks of the choice of test documents for these trained
    models; the spread between seeds is to be reported beside it.

    p is twice the smaller tail of the resampled differences beyond zero, at most 1, with one
    added to count and resamples, so that it is never 0 (Davison & Hinkley 1997, section 4.2;
    for the use in NLP: Koehn 2004, W04-3250).

    Raises `ValueError` for arrays of different lengths, or none at all.
    """
    a, b = _stack(counts_a), _stack(counts_b)
    if a.shape[1] != b.shape[1] or not a.shape[1]:
        raise ValueError("both systems must be counted on the same documents, one at least")
    documents = a.shape[1]
    observed = float(_mean_f1(a.sum(axis=1)) - _mean_f1(b.sum(axis=1)))
    generator = np.random.default_rng(seed)
    differences = np.empty(resamples)
    step = max(1, _CELLS // documents)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        # How often each document is drawn: the same for a and b, which makes the test paired.
        drawn = generator.multinomial(documents, np.full(documents, 1 / documents), size=size)
        weights = drawn.astype(np.float64)
        differences[start : start + size] = _mean_f1(weights @ a) - _mean_f1(weights @ b)
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    low, high = np.quantile(differences, (0.025, 0.975))
    p = min(1.0, 2 * (int(tail) + 1) / (resamples + 1))
    return Significance(observed, float(low), float(high), p)


def _stack(counts: Sequence[np.ndarray]) -> np.ndarray:
    """(seeds, documents, 3) as float64; raises ValueError when the shapes differ."""
    if not counts:
        raise ValueError("each system needs the counts of one seed at least")
    return np.stack([np.asarray(array, dtype=np.float64).reshape(-1, 3) for array in counts])


def _mean_f1(sums: np.ndarray) -> np.ndarray:
    """Micro F1 of summed counts (seeds, …, 3), averaged over the seeds.

    The mean difference over all pairs of seeds is the difference of these means.
    """
    total = sums[..., 1] + sums[..., 2]
    f1 = np.divide(2 * sums[..., 0], total, out=np.zeros_like(total), where=total > 0)
    return f1.mean(axis=0)
