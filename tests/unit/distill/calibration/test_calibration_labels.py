"""A threshold for each label: only for labels with many entities, and half of what was found."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.calibration.labels import (
    MIN_ENTITIES,
    choose_label_thresholds,
    compute_log_odds,
)
from distilgliner.distill.calibration.threshold import THRESHOLDS, choose_threshold
from distilgliner.metrics.spans import compute_span_quality, entity_spans, prediction_spans
from distilgliner.student.folder import Student
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(40)]


KINDS = {
    "tagger": ({}, [-1.5, 0.0], -2),
    "tagger without roles": ({"roles": False}, [0.5, 0.0], -2),
    "span": ({"max_width": 3}, [-0.5, 0.5], -1),
}
"""Options, and what to add to the scores of both labels and of O."""


def build_student(folder: Path, kind: str = "tagger") -> Student:
    """A random student that finds about as many entities of both labels."""
    options, amounts, outside = KINDS[kind]
    student = build_tiny_student(folder, kind.split()[0], **options)
    head = student.model.head
    head.shift_labels(amounts)
    head.shift_outside(outside)
    head.divide_logits(0.3)  # surer, so that the shifts of a test do not lose a whole label
    return student


def label_by(student: Student, amounts: list[float]) -> list[Document]:
    """The documents with what the student finds when its labels are shifted by `amounts`."""
    head = student.model.head
    head.shift_labels(amounts)
    found = DistilGLiNER(student).batch_predict_entities(TEXTS)
    head.shift_labels([-amount for amount in amounts])
    return [
        Document(text, tuple(Entity(i["start"], i["end"], i["label"]) for i in items))
        for text, items in zip(TEXTS, found, strict=True)
    ]


def count(documents: list[Document], label: str) -> int:
    return sum(e.label == label for document in documents for e in document.entities or ())


def test_finds_the_label_that_is_found_too_often(tmp_path: Path) -> None:
    student = build_student(tmp_path)
    dev = label_by(student, [-0.8, 0.0])
    assert min(count(dev, label) for label in LABELS) >= MIN_ENTITIES
    chosen = choose_label_thresholds(student, dev)
    assert chosen.get(LABELS[1], 0.5) <= 0.5  # the other label has what this one loses
    assert compute_log_odds(chosen[LABELS[0]]) == pytest.approx(0.8 / 2, abs=0.15)
    assert choose_label_thresholds(student, label_by(student, [0.0, 0.0])) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_the_choice_is_that_of_the_predictions(tmp_path: Path, kind: str) -> None:
    student = build_student(tmp_path, kind)
    dev = label_by(student, [0.5, -0.5])
    assert min(count(dev, label) for label in LABELS) >= MIN_ENTITIES
    head = student.model.head
    gold = [entity_spans(document.entities or ()) for document in dev]
    for index, label in enumerate(LABELS):
        curve = []
        for threshold in THRESHOLDS:
            shift = compute_log_odds(threshold)
            head.shift_labels([-shift if index == place else 0.0 for place in range(2)])
            found = DistilGLiNER(student).batch_predict_entities(TEXTS)
            head.shift_labels([shift if index == place else 0.0 for place in range(2)])
            spans = [prediction_spans(items) for items in found]
            curve.append(compute_span_quality(gold, spans).micro.f1)
        best = choose_threshold(curve).threshold
        half = 1 / (1 + math.exp(-compute_log_odds(best) / 2))
        wanted = half if best != 0.5 else None
        assert choose_label_thresholds(student, dev).get(label) == pytest.approx(wanted)


def test_a_rare_label_keeps_the_threshold_of_all(tmp_path: Path) -> None:
    student = build_student(tmp_path)
    dev = label_by(student, [-0.8, 0.0])
    rare: list[Document] = []
    for document in dev:
        if count(rare, LABELS[0]) + count([document], LABELS[0]) < MIN_ENTITIES:
            rare.append(document)
    assert 0 < count(rare, LABELS[0]) < MIN_ENTITIES
    assert LABELS[0] not in choose_label_thresholds(student, rare)
    assert choose_label_thresholds(student, [Document("", ())]) == {}


def test_log_odds() -> None:
    assert compute_log_odds(0.5) == 0
    assert compute_log_odds(0.8) == pytest.approx(math.log(4))
