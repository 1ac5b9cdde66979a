"""Strict F1 of a teacher on labelled documents, as often as training asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from distilgliner.corpus.document import Document
from distilgliner.metrics.spans import (
    SpanQuality,
    compute_span_quality,
    entity_spans,
    prediction_spans,
)

if TYPE_CHECKING:
    from distilgliner.annotate.teacher import Teacher


def measure_teacher(
    teacher: Teacher, documents: Sequence[Document], labels: Sequence[str], threshold: float = 0.5
) -> SpanQuality:
    """Strict span scores at `threshold`, asked as the teacher's `prompts` say, in the order in
    which annotations have the labels; leaves the model in eval.
    """
    teacher.model.eval()
    texts = [document.text for document in documents]
    found = teacher.batch_predict_entities(texts, sorted(labels), threshold)
    gold = [entity_spans(document.entities or ()) for document in documents]
    return compute_span_quality(gold, [prediction_spans(items) for items in found])
