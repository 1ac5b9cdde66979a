"""Targets of one document: gold and hard are a tag per word, soft a distribution per word."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.store import AnnotatedDocument
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Entity
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.segmentation import (
    compute_span_marginals,
    compute_word_marginals,
    sharpen,
)
from distilgliner.student.tags import encode_tags


def compute_entity_tags(
    entities: Sequence[Entity],
    words: Sequence[tuple[int, int]],
    labels: Sequence[str],
    *,
    roles: bool,
) -> np.ndarray:
    """Tags (L,) int64 of labelled text: gold from human labels, hard from a teacher's decisions."""
    index = {label: position for position, label in enumerate(labels)}
    spans, _ = align_spans(
        ((entity.char_start, entity.char_end, index[entity.label]) for entity in entities), words
    )
    return encode_tags(spans, len(words), roles=roles)


def compute_hard_tags(
    document: AnnotatedDocument, labels: Sequence[str], config: TargetConfig, *, roles: bool
) -> np.ndarray:
    """The teacher's greedy flat decisions at its threshold as tags (L,)."""
    entities = decode_flat(document, labels, threshold=config.teacher_threshold)
    return compute_entity_tags(entities, document.words, labels, roles=roles)


def compute_soft_targets(
    document: AnnotatedDocument, label_count: int, config: TargetConfig, *, roles: bool
) -> np.ndarray:
    """Tag marginals (L, T) float32 of the teacher's semi-Markov distribution."""
    spans = document.spans
    if config.span_floor > 0:
        kept = spans.logit > math.log(config.span_floor / (1 - config.span_floor))
    else:
        kept = np.ones(len(spans.logit), dtype=bool)
    start, end, label = spans.word_start[kept], spans.word_end[kept], spans.label_index[kept]
    weight = (spans.logit[kept].astype(np.float64) - config.teacher_bias) / config.span_temperature
    word_count = len(document.words)
    marginals = compute_word_marginals(
        word_count,
        label_count,
        start,
        end,
        label,
        compute_span_marginals(word_count, start, end, weight),
        roles=roles,
    )
    return sharpen(marginals, config.word_temperature)
