"""Do scores mean what they say? Of the entities that score about 0.8, 80 % should be right.

The expected calibration error (ECE) is the mean distance between the two: predictions are put into
bins of equal width by their score, and each bin counts with its share of them. Naeini, Cooper &
Hauskrecht (2015), AAAI; Guo, Pleiss, Sun & Weinberger (2017), ICML, equation 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from distilgliner.corpus.document import Entity
from distilgliner.metrics.spans import Span

BINS = 10
SCORE_FLOOR = 0.1
"""The threshold that entities are predicted at where their scores are judged: below the usual
0.5, so that those count that a user would get with a lower threshold."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The `entities` with a score in (low, high]: their mean score, and the share that is right."""

    low: float
    high: float
    entities: int
    score: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """`ece` of so many `entities`, from 0 to 1; None when there is none.

    `floor` is the threshold that they were predicted at; `bins` has those with an entity, the
    lowest first.
    """

    ece: float | None
    entities: int
    floor: float
    bins: tuple[ReliabilityBin, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ece": self.ece,
            "entities": self.entities,
            "floor": self.floor,
            "bins": [asdict(part) for part in self.bins],
        }


def pair_scores(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Entity]]
) -> tuple[np.ndarray, np.ndarray]:
    """The score of every predicted entity (N,), and whether it is strictly right (N,) bool.

    One collection for each document; raises `ValueError` when the two have not as many.
    """
    scores, is_right = [], []
    for gold_spans, entities in zip(gold, predicted, strict=True):
        wanted = set(gold_spans)
        for entity in entities:
            scores.append(entity.score)
            is_right.append((entity.char_start, entity.char_end, entity.label) in wanted)
    return np.array(scores, dtype=np.float64), np.array(is_right, dtype=bool)


def compute_reliability(
    scores: np.ndarray, is_right: np.ndarray, *, floor: float = SCORE_FLOOR, bins: int = BINS
) -> Reliability:
    """ECE and reliability table of scores (N,) from 0 to 1, `is_right` (N,) saying what was.

    Raises `ValueError` when a score is not between 0 and 1.
    """
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("scores must lie between 0 and 1")
    # The bin of (low, high]; 0 itself goes into the first.
    place = np.digitize(scores, np.arange(1, bins) / bins, right=True)
    counts = np.bincount(place, minlength=bins)
    score_sums = np.bincount(place, scores, minlength=bins)
    right_sums = np.bincount(place, is_right.astype(np.float64), minlength=bins)
    total = len(scores)
    return Reliability(
        ece=float(np.abs(score_sums - right_sums).sum() / total) if total else None,
        entities=total,
        floor=floor,
        bins=tuple(
            ReliabilityBin(
                low=index / bins,
                high=(index + 1) / bins,
                entities=int(counts[index]),
                score=float(score_sums[index] / counts[index]),
                accuracy=float(right_sums[index] / counts[index]),
            )
            for index in np.flatnonzero(counts).tolist()
        ),
    )
