"""The temperature of a student: its scores say how often it is right.

All logits are divided by one T (Guo et al. 2017, section 4.2). T is the one under which the scores
of the entities that are found in labelled text are most likely, not the one of the words' tags:
scores are means over words (decision 1), so that the best T of tags is about 1 where that of
entities is 2. What is found at 0.5 stays the same, since 0 / T = 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.sources.partial import select_known
from distilgliner.metrics.calibration import SCORE_FLOOR, pair_scores
from distilgliner.metrics.spans import entity_spans
from distilgliner.student.folder import Student
from distilgliner.student.predictor import DistilGLiNER

MIN_ENTITIES = 30
"""With fewer, T is luck and stays 1."""
LEAST, MOST = 0.25, 20.0
_STEPS = 50
_MOST_ODDS = 30.0
"""Log-odds beyond this are those of a score that is 0 or 1 in double precision."""


def fit_temperature(student: Student, dev: Sequence[Document]) -> float:
    """The T of a student for labelled documents; see `solve_temperature`.

    Entities count that are found above `SCORE_FLOOR`, of labels that people have looked for.
    """
    found = DistilGLiNER(student).batch_predict_entities(
        [document.text for document in dev], threshold=SCORE_FLOOR
    )
    scores, is_right = pair_scores(
        [entity_spans(document.entities or ()) for document in dev],
        [
            select_known(
                document, (Entity(e["start"], e["end"], e["label"], e["score"]) for e in row)
            )
            for document, row in zip(dev, found, strict=True)
        ],
    )
    with np.errstate(divide="ignore"):
        log_odds = np.log(scores) - np.log1p(-scores)
    return solve_temperature(np.clip(log_odds, -_MOST_ODDS, _MOST_ODDS), is_right)


def solve_temperature(log_odds: np.ndarray, is_right: np.ndarray) -> float:
    """The T from `LEAST` to `MOST` with the least mean −log p of `is_right` (N,).

    p = sigmoid(log_odds / T) is the probability of being right. The loss is convex in 1 / T, so its
    slope is searched for 0 by bisection. Without `MIN_ENTITIES`, or where all are right or none
    is, T is 1.
    """
    if len(log_odds) < MIN_ENTITIES or is_right.all() or not is_right.any():
        return 1.0
    low, high = 1 / MOST, 1 / LEAST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        probability = 1 / (1 + np.exp(-middle * log_odds))
        if np.mean(log_odds * (probability - is_right)) < 0:
            low = middle
        else:
            high = middle
    return round(2 / (low + high), 4)
