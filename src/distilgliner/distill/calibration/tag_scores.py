"""Every student as a distribution over the tags of each word, to compare one with another."""

from __future__ import annotations

import numpy as np
import torch

from distilgliner.distill.targets.segmentation import compute_span_marginals, compute_word_marginals
from distilgliner.student.decoding.decoders import SpanDecoder
from distilgliner.student.predictor import DistilGLiNER

SPAN_FLOOR = 0.01
"""Spans of a student that are less probable are left out, as a teacher's are."""
_SMALLEST_PROBABILITY = 1e-8
"""What stands for 0 where a logarithm is taken: all spans with the tag are below the floor."""


def compute_tag_log_probabilities(predictor: DistilGLiNER, scores: np.ndarray) -> np.ndarray:
    """Scores (L, X) of one document, for C labels → log p(tag) of its words (L, T) float64.

    Scores of tags are logits. Scores of spans become marginals of the same semi-Markov model that
    makes a teacher's distribution of its scores, see `segmentation`.
    """
    decoder = predictor.decoder
    if not isinstance(decoder, SpanDecoder):
        return torch.log_softmax(torch.from_numpy(scores).double(), dim=-1).numpy()
    spans = decoder.find_spans(scores, SPAN_FLOOR)
    word_count, label_count = len(scores), scores.shape[1] // decoder.max_width
    likely = compute_span_marginals(word_count, spans.first, spans.last, spans.logit)
    marginals = compute_word_marginals(
        word_count, label_count, spans.first, spans.last, spans.label, likely, roles=True
    )
    return np.log(np.maximum(marginals.astype(np.float64), _SMALLEST_PROBABILITY))
