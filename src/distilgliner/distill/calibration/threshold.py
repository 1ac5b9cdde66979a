"""Setting how readily a student finds entities, on the documents that also chose its epoch.

A student of soft targets is as unsure as its teacher and itself together, and at threshold 0.5 it
misses entities; one of hard targets is too sure. So the dev documents choose the threshold, and it
is moved into the bias of O: to users, 0.5 is the best threshold of every student.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distilgliner.corpus.document import Document
from distilgliner.distill.sources.partial import find_known_labels
from distilgliner.metrics.spans import compute_scores, entity_spans
from distilgliner.student.decoding.scoring import ScoredBatch
from distilgliner.student.folder import Student
from distilgliner.student.predictor import DistilGLiNER

THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))


@dataclass(frozen=True)
class Calibration:
    """The threshold that was chosen, and the dev F1 (strict, micro) there."""

    threshold: float
    f1: float


LITTLE_DEV = 200
"""Entities in dev. With fewer, what is fitted to them is largely luck, and bounded."""
TOLD_DEV = 500
"""Entities in dev. With fewer, users are told what was fitted to them."""
_LITTLE_DEV_LEAST = 0.25
"""The least threshold that so few may choose; the greatest is 1 less this."""


def count_dev_entities(dev: Sequence[Document]) -> int:
    """The labelled entities of the documents that calibrate."""
    return sum(len(document.entities or ()) for document in dev)


def calibrate_outside(student: Student, dev: Sequence[Document]) -> Calibration:
    """Choose the threshold with the best dev F1 and make it the student's 0.5.

    With fewer than `LITTLE_DEV` entities it stays near 0.5.
    """
    least = _LITTLE_DEV_LEAST if count_dev_entities(dev) < LITTLE_DEV else 0.0
    calibration = choose_threshold(compute_threshold_curve(student, dev), least)
    threshold = calibration.threshold
    student.model.head.shift_outside(math.log(threshold / (1 - threshold)))
    return calibration


def choose_threshold(curve: Sequence[float], least: float = 0.0) -> Calibration:
    """The best of `THRESHOLDS` by the mean of its F1 and its neighbours', ends counted twice.

    So a lucky one does not win; of equals the one nearest to 0.5 is taken. least: those below it,
    and above 1 less it, are left out.
    """
    padded = np.array([curve[0], *curve, curve[-1]])
    smooth = np.round((padded[:-2] + padded[1:-1] + padded[2:]) / 3, 6)
    allowed = np.array([least <= threshold <= 1 - least for threshold in THRESHOLDS])
    best = np.flatnonzero(allowed & (smooth == smooth[allowed].max()))
    index = min(best.tolist(), key=lambda i: (abs(THRESHOLDS[i] - 0.5), i))
    return Calibration(THRESHOLDS[index], curve[index])


def compute_threshold_curve(student: Student, documents: Sequence[Document]) -> list[float]:
    """Strict micro F1 at each of `THRESHOLDS`; the documents are scored only once."""
    counts = np.zeros((len(THRESHOLDS), 2), dtype=np.int64)  # correct, predicted
    texts = [document.text for document in documents]
    for batch in DistilGLiNER(student).iterate_scores(texts, student.labels):
        for index, threshold in enumerate(THRESHOLDS):
            counts[index] += count_entities(student, batch, documents, threshold)
    gold_count = sum(len(document.entities or ()) for document in documents)
    return [
        compute_scores(correct, predicted, gold_count).f1 for correct, predicted in counts.tolist()
    ]


def count_entities(
    student: Student, batch: ScoredBatch, documents: Sequence[Document], threshold: float = 0.5
) -> tuple[int, int]:
    """How many entities of a batch of `documents` are found rightly, and how many in all.

    Labels that people have not looked for in a document do not count in it.
    """
    correct, predicted = 0, 0
    for row, words, spans in batch.decode(student.config.roles, threshold):
        known = find_known_labels(documents[row]) or student.labels
        found = {
            (words[start][0], words[end - 1][1], student.labels[label])
            for start, end, label, _ in spans
            if student.labels[label] in known
        }
        correct += len(found.intersection(entity_spans(documents[row].entities or ())))
        predicted += len(found)
    return correct, predicted
