"""A threshold for each label of a closed student, on top of the one for all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distilgliner.corpus.document import Document
from distilgliner.distill.calibration.threshold import THRESHOLDS, choose_threshold, count_entities
from distilgliner.metrics.spans import compute_scores
from distilgliner.student.decoding.scoring import ScoredBatch
from distilgliner.student.folder import Student
from distilgliner.student.predictor import DistilGLiNER

MIN_ENTITIES = 30
"""Of a label in the labelled documents; with fewer it keeps the threshold of all."""
SHRINKAGE = 0.5
"""What of a label's own shift (in log-odds) is taken: half, for few entities have chosen it."""


def choose_label_thresholds(student: Student, dev: Sequence[Document]) -> dict[str, float]:
    """The thresholds of those labels that should have another than 0.5.

    Each label's is chosen while the others stay at 0.5, so that the order of labels has no say: by
    the micro F1 of all labels, smoothed (`choose_threshold`), and then moved half the way back.
    """
    counts = Counter(entity.label for document in dev for entity in document.entities or ())
    texts = [document.text for document in dev]
    batches = list(DistilGLiNER(student).iterate_scores(texts, student.labels))
    chosen = {}
    for index, label in enumerate(student.labels):
        if counts[label] < MIN_ENTITIES:
            continue
        curve = []
        for threshold in THRESHOLDS:
            shifted = [_shift(student, batch, index, threshold) for batch in batches]
            found = [count_entities(student, batch, dev) for batch in shifted]
            correct, predicted = (sum(column) for column in zip(*found, strict=True))
            curve.append(compute_scores(correct, predicted, counts.total()).f1)
        best = choose_threshold(curve).threshold
        if best != 0.5:
            chosen[label] = 1 / (1 + math.exp(-SHRINKAGE * compute_log_odds(best)))
    return chosen


def compute_log_odds(threshold: float) -> float:
    """logit(t): what a threshold t adds to the logit of O, or takes off those of a label."""
    return math.log(threshold / (1 - threshold))


def _shift(student: Student, batch: ScoredBatch, index: int, threshold: float) -> ScoredBatch:
    """The batch as if one label had its own threshold, whatever the columns of its scores are."""
    find, count = batch.decoder.find_columns, len(student.labels)
    own = sorted(set(find([index], count)).difference(find([], count)))
    amounts = np.zeros(batch.scores.shape[1], dtype=batch.scores.dtype)
    amounts[own] = compute_log_odds(threshold)
    return replace(batch, scores=batch.scores - amounts)
