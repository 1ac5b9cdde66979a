"""Measuring a student between epochs, on few documents and in little time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from distilgliner.corpus.document import Document
from distilgliner.corpus.words import cut_words
from distilgliner.distill.calibration.tag_scores import compute_tag_log_probabilities
from distilgliner.distill.calibration.threshold import choose_threshold, compute_threshold_curve
from distilgliner.distill.targets.tags import compute_entity_tags
from distilgliner.metrics.spans import compute_span_quality, entity_spans, prediction_spans
from distilgliner.metrics.words import compute_word_scores
from distilgliner.student.folder import Student
from distilgliner.student.predictor import DistilGLiNER

LOSS_BATCH = 64


def measure_student(
    student: Student, dev: Sequence[Document], watched: Mapping[str, Sequence[Document]]
) -> dict[str, Any]:
    """`dev_f1` (strict, micro) at its best `threshold`, and for each watched set its qualities at
    that threshold, and `<name>_loss`.

    Watched sets are reported and never used to choose anything.
    """
    calibration = choose_threshold(compute_threshold_curve(student, dev))
    measured: dict[str, Any] = {"dev_f1": calibration.f1, "threshold": calibration.threshold}
    for name, documents in watched.items():
        measured[name] = _compute_quality(student, documents, calibration.threshold)
        measured[f"{name}_loss"] = compute_gold_loss(student, documents)
    return measured


def _compute_quality(
    student: Student, documents: Sequence[Document], threshold: float
) -> dict[str, float]:
    texts = [document.text for document in documents]
    predictor = DistilGLiNER(student)
    predictions = predictor.batch_predict_entities(texts, threshold=threshold)
    gold = [entity_spans(document.entities or ()) for document in documents]
    predicted = [prediction_spans(entities) for entities in predictions]
    micro = compute_span_quality(gold, predicted).micro
    words = compute_word_scores(texts, gold, predicted, predictor.split_words)
    return {
        "precision": micro.precision,
        "recall": micro.recall,
        "f1": micro.f1,
        "word_accuracy": words.accuracy,
    }


def compute_gold_loss(student: Student, documents: Sequence[Document]) -> float:
    """Mean −log p(tag) per word against the documents' own entities."""
    predictor = DistilGLiNER(student)
    splitter = student.featurizer.word_splitter
    total, count = 0.0, 0
    for start in range(0, len(documents), LOSS_BATCH):
        batch = [
            document
            for document in documents[start : start + LOSS_BATCH]
            if document.words(splitter)
        ]
        if not batch:
            continue
        words = [document.words(splitter) for document in batch]
        surfaces = [
            cut_words(document.text, spans) for document, spans in zip(batch, words, strict=True)
        ]
        scores = predictor.compute_scores(surfaces)
        for row, (document, spans) in enumerate(zip(batch, words, strict=True)):
            tags = compute_entity_tags(
                document.entities or (), spans, student.labels, roles=student.config.roles
            )
            log_probs = compute_tag_log_probabilities(predictor, scores[row, : len(tags)])
            total -= float(log_probs[np.arange(len(tags)), tags].sum())
            count += len(tags)
    return total / max(1, count)
