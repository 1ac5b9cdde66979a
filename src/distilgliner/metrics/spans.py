"""Strict span scores: an entity counts when its start, its end and its label are all right.

Equal to `seqeval` (strict mode, IOB2) and to `nervaluate` (strict) on the same predictions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distilgliner.corpus.document import Entity

Span = tuple[int, int, str]  # (char_start, char_end, label), the end exclusive


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 between 0 and 1; `support` is the number of gold entities.

    What has no denominator (no prediction, no gold entity) is 0, as in `seqeval`.
    """

    precision: float
    recall: float
    f1: float
    support: int = 0

    def to_dict(self) -> dict[str, float | int]:
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
        }


@dataclass(frozen=True, slots=True)
class SpanQuality:
    """`micro` over all entities, `macro` the plain mean over `per_label`, whose keys are sorted.

    `per_label` has every label that occurs in gold or in the predictions, no other.
    """

    micro: Scores
    macro: Scores
    per_label: dict[str, Scores]

    def to_dict(self) -> dict[str, Any]:
        macro = self.macro.to_dict()
        del macro["support"]
        return {
            "micro": self.micro.to_dict(),
            "macro": macro,
            "per_label": {label: scores.to_dict() for label, scores in self.per_label.items()},
        }


def entity_spans(entities: Iterable[Entity]) -> list[Span]:
    """Entities as tuples to compare."""
    return [(entity.char_start, entity.char_end, entity.label) for entity in entities]


def prediction_spans(predictions: Iterable[Mapping[str, Any]]) -> list[Span]:
    """What `batch_predict_entities` returns for one text, as tuples to compare."""
    return [(item["start"], item["end"], item["label"]) for item in predictions]


def compute_scores(correct: int, predicted: int, gold: int) -> Scores:
    """Scores from the numbers of correct, predicted and gold entities."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (predicted + gold) if correct else 0.0
    return Scores(precision, recall, f1, gold)


def compute_span_quality(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> SpanQuality:
    """Strict scores of `predicted` against `gold`: one collection of spans for each document.

    An entity that is named twice in a document counts once. Raises `ValueError` when the two have
    not the same number of documents.
    """
    correct: Counter[str] = Counter()
    predicted_counts: Counter[str] = Counter()
    gold_counts: Counter[str] = Counter()
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        wanted, found = set(gold_spans), set(predicted_spans)
        correct.update(label for _, _, label in wanted & found)
        predicted_counts.update(label for _, _, label in found)
        gold_counts.update(label for _, _, label in wanted)
    per_label = {
        label: compute_scores(correct[label], predicted_counts[label], gold_counts[label])
        for label in sorted(gold_counts.keys() | predicted_counts.keys())
    }
    micro = compute_scores(correct.total(), predicted_counts.total(), gold_counts.total())
    return SpanQuality(micro, _compute_macro(per_label), per_label)


def compute_counts(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> np.ndarray:
    """Correct, predicted and gold entities of each document: int64 (documents, 3)."""
    rows = []
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        wanted, found = set(gold_spans), set(predicted_spans)
        rows.append((len(wanted & found), len(found), len(wanted)))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _compute_macro(per_label: Mapping[str, Scores]) -> Scores:
    count = len(per_label) or 1
    return Scores(
        precision=sum(scores.precision for scores in per_label.values()) / count,
        recall=sum(scores.recall for scores in per_label.values()) / count,
        f1=sum(scores.f1 for scores in per_label.values()) / count,
        support=sum(scores.support for scores in per_label.values()),
    )
