"""Calibrating the teachers on human labels, where there are some (targets mixed).

A teacher can be too sure or not sure enough, and find too much or too little in a kind of text.
Its temperature T and bias θ are those under which the human tags of the gold documents are most
likely; see `segmentation` for what they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import compute_soft_targets
from distilgliner.distill.targets.gold_pairs import add_tags, find_gold
from distilgliner.metrics.spans import compute_span_quality, entity_spans

MAX_DOCUMENTS = 400
TEMPERATURES = (0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0)
BIASES = tuple(step / 4 for step in range(-12, 7))  # -3 … 1.5
_LEAST_PROBABILITY = 1e-3
"""What a tag that the teacher rules out counts as, so that one such word does not decide."""


def calibrate_teachers(
    teachers: Sequence[StoredTeacher],
    transfer: Sequence[TransferDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    *,
    roles: bool,
) -> tuple[StoredTeacher, ...]:
    """The teachers with the temperature and bias under which the gold of their texts is likeliest.

    Each also gets the strict F1 of its decisions on that gold (`gold_f1`). A teacher without gold
    among its texts stays as it is.
    """
    calibrated = []
    for row, teacher in enumerate(teachers):
        annotated = [
            annotation
            for document in transfer
            for owner, annotation in zip(document.teachers, document.annotations, strict=True)
            if owner == row
        ]
        asked = None if set(teacher.labels) == set(labels) else teacher.labels
        known = list(find_gold(annotated, gold, labels, asked))
        pairs = [add_tags(*pair, labels, roles=roles) for pair in known]
        target = calibrate_teacher(pairs, len(labels), teacher.target, roles=roles)
        f1 = _measure_decisions(known, labels, teacher.target.teacher_threshold)
        calibrated.append(replace(teacher, target=target, gold_f1=f1))
    return tuple(calibrated)


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


def _measure_decisions(
    found: Sequence[tuple[AnnotatedDocument, Sequence[Entity]]],
    labels: Sequence[str],
    threshold: float,
) -> float | None:
    """Strict F1 of the teacher's decisions on gold; None where there is none."""
    if not any(entities for _, entities in found):
        return None
    wanted = [entity_spans(entities) for _, entities in found]
    said = [entity_spans(decode_flat(document, labels, threshold)) for document, _ in found]
    return compute_span_quality(wanted, said).micro.f1
