"""Fitting the teacher's distribution to human labels, where there are some (targets mixed).

A teacher can be too sure or not sure enough, and find too much or too little in a kind of text.
Its temperature T and bias θ are those under which the human tags of the gold documents are most
likely; see `segmentation` for what they do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from distilgliner.annotate.spans import SpanScores
from distilgliner.annotate.store import AnnotatedDocument
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.targets import compute_soft_targets
from distilgliner.student.tags import BEGIN, SINGLE, tag_index

MAX_DOCUMENTS = 400
TEMPERATURES = (0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0)
BIASES = tuple(step / 4 for step in range(-12, 7))  # -3 … 1.5
LABEL_BIASES = tuple(step / 4 for step in range(-6, 7))  # -1.5 … 1.5
MIN_ENTITIES = 30
"""Of a label in the gold documents; with fewer it keeps the bias of all."""
LABEL_SHRINKAGE = 0.5
"""What is taken of the bias that fits a label best: on other text, half of it fits better."""
_LEAST_PROBABILITY = 1e-3
"""What a tag that the teacher rules out counts as, so that one such word does not decide."""


def calibrate_teacher(
    gold: Sequence[tuple[AnnotatedDocument, np.ndarray]],
    label_count: int,
    config: TargetConfig,
    *,
    roles: bool,
) -> TargetConfig:
    """`config` with the temperature and bias that fit documents with human tags (L,) best.

    The two are searched in turn over `TEMPERATURES` and `BIASES`, on at most `MAX_DOCUMENTS`
    documents, evenly taken. Without documents the configuration stays as it is.
    """
    step = max(1, -(-len(gold) // MAX_DOCUMENTS))
    chosen = gold[::step]
    if not chosen:
        return config
    known: dict[tuple[float, float], float] = {}

    def loss(temperature: float, bias: float) -> float:
        key = (temperature, bias)
        if key not in known:
            tried = config.model_copy(
                update={"span_temperature": temperature, "teacher_bias": bias}
            )
            known[key] = compute_tag_loss(chosen, label_count, tried, roles=roles)
        return known[key]

    temperature, bias = config.span_temperature, config.teacher_bias
    for _ in range(3):
        before = (temperature, bias)
        temperature = min((temperature, *TEMPERATURES), key=lambda t: loss(t, bias))
        bias = min((bias, *BIASES), key=lambda b: loss(temperature, b))
        if (temperature, bias) == before:
            break
    return config.model_copy(update={"span_temperature": temperature, "teacher_bias": bias})


def compute_tag_loss(
    gold: Sequence[tuple[AnnotatedDocument, np.ndarray]],
    label_count: int,
    config: TargetConfig,
    *,
    roles: bool,
) -> float:
    """Mean −log p(human tag) per word under the teacher's marginals."""
    total, count = 0.0, 0
    for document, tags in gold:
        targets = compute_soft_targets(document, label_count, config, roles=roles)
        likely = np.maximum(targets[np.arange(len(tags)), tags], _LEAST_PROBABILITY)
        total -= float(np.log(likely).sum())
        count += len(tags)
    return total / max(1, count)


def fit_label_biases(
    gold: Sequence[tuple[AnnotatedDocument, np.ndarray]],
    labels: Sequence[str],
    config: TargetConfig,
) -> dict[str, float]:
    """What to add to the bias of single labels, under which documents with BIOES tags fit better.

    Each label is searched over `LABEL_BIASES` while the others stay, so that their order has no
    say; 0 is left out. Labels need `MIN_ENTITIES` of them. It was measured and is not used: see
    docs/experiments.md.
    """
    found = {}
    for index, label in enumerate(labels):
        first = [tag_index(index, role, roles=True) for role in (BEGIN, SINGLE)]
        if sum(int(np.isin(tags, first).sum()) for _, tags in gold) < MIN_ENTITIES:
            continue

        def loss(bias: float, label: str = label) -> float:
            return compute_biased_loss(gold, labels, config, {label: bias})

        best = min((0.0, *LABEL_BIASES), key=loss)
        if best:
            found[label] = LABEL_SHRINKAGE * best
    return found


def compute_biased_loss(
    gold: Sequence[tuple[AnnotatedDocument, np.ndarray]],
    labels: Sequence[str],
    config: TargetConfig,
    label_biases: Mapping[str, float],
) -> float:
    """`compute_tag_loss` where labels have a bias of their own; the tags are those with roles."""
    biases = np.array([label_biases.get(label, 0.0) for label in labels])
    shifted = [(subtract_biases(doc, biases, config.span_floor), tags) for doc, tags in gold]
    unfloored = config.model_copy(update={"span_floor": 0.0})
    return compute_tag_loss(shifted, len(labels), unfloored, roles=True)


def subtract_biases(
    document: AnnotatedDocument, biases: np.ndarray, floor: float
) -> AnnotatedDocument:
    """The document's spans above `floor`, their logits less the bias (C,) of their label."""
    spans = document.spans
    kept = np.ones(len(spans.logit), dtype=bool)
    if floor > 0:
        kept = spans.logit > math.log(floor / (1 - floor))
    label = spans.label_index[kept]
    logit = (spans.logit[kept] - biases[label]).astype(spans.logit.dtype)
    shifted = SpanScores(spans.word_start[kept], spans.word_end[kept], label, logit)
    return replace(document, spans=shifted)
