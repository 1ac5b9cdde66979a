"""The teacher's distribution of one document: a probability for each tag of each word."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.targets.segmentation import (
    compute_span_marginals,
    compute_transitions,
    compute_word_marginals,
    sharpen,
)
from distilgliner.distill.targets.soft_targets import Sparse

_LEAST_COUNT = 1e-6
"""Transitions expected less often are left out, to save memory."""


def compute_soft_targets(
    document: AnnotatedDocument, label_count: int, config: TargetConfig, *, roles: bool
) -> np.ndarray:
    """Tag marginals (L, T) float32 of the teacher's semi-Markov distribution."""
    scaled = replace(document, spans=scale_spans(document, config))
    return compute_scaled_targets(scaled, label_count, config, roles=roles)


def scale_spans(document: AnnotatedDocument, config: TargetConfig) -> SpanScores:
    """The spans above the floor, with the log-odds (z − θ) / T of the model as logits (float64)."""
    spans = document.spans
    if config.span_floor > 0:
        kept = spans.logit > math.log(config.span_floor / (1 - config.span_floor))
    else:
        kept = np.ones(len(spans.logit), dtype=bool)
    weight = (spans.logit[kept].astype(np.float64) - config.teacher_bias) / config.span_temperature
    return SpanScores(spans.word_start[kept], spans.word_end[kept], spans.label_index[kept], weight)


def compute_scaled_targets(
    document: AnnotatedDocument, label_count: int, config: TargetConfig, *, roles: bool
) -> np.ndarray:
    """Tag marginals (L, T) float32 of spans from `scale_spans`."""
    spans = document.spans
    word_count = len(document.words)
    marginals = compute_word_marginals(
        word_count,
        label_count,
        spans.word_start,
        spans.word_end,
        spans.label_index,
        compute_span_marginals(word_count, spans.word_start, spans.word_end, spans.logit),
        roles=roles,
    )
    return sharpen(marginals, config.word_temperature)


def compute_transition_targets(document: AnnotatedDocument, label_count: int) -> Sparse:
    """How often the distribution of spans from `scale_spans` expects tags before each other.

    (T + 1, T + 1), see `segmentation`.
    """
    spans = document.spans
    counts = compute_transitions(
        len(document.words),
        label_count,
        spans.word_start,
        spans.word_end,
        spans.label_index,
        spans.logit,
    )
    places = np.nonzero(counts > _LEAST_COUNT)
    return Sparse(np.stack(places, axis=1).astype(np.int32), counts[places].astype(np.float32))


def compute_span_targets(document: AnnotatedDocument, max_width: int) -> Sparse:
    """The probability of each span from `scale_spans` on its own: they do not exclude each other.

    (L, K, C) by first word, words − 1 and label. Spans below the floor count as 0, and those longer
    than the student's K words are left out.
    """
    spans = document.spans
    width = spans.word_end - spans.word_start
    places = np.stack((spans.word_start, width - 1, spans.label_index), axis=1).astype(np.int32)
    short = width <= max_width
    probability = np.exp(-np.logaddexp(0, -spans.logit[short]))
    return Sparse(places[short], probability.astype(np.float32))
