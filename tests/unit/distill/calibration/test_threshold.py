"""The dev documents choose the threshold, which becomes the student's 0.5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.calibration.threshold import (
    THRESHOLDS,
    Calibration,
    calibrate_outside,
    choose_threshold,
    compute_threshold_curve,
)
from distilgliner.distill.sources.partial import mark_partial
from distilgliner.metrics.spans import compute_span_quality, entity_spans, prediction_spans
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(25)]
MIDDLE = THRESHOLDS.index(0.5)


def test_thresholds_stand_around_the_middle() -> None:
    assert THRESHOLDS[0] + THRESHOLDS[-1] == pytest.approx(1)
    assert list(THRESHOLDS) == sorted(THRESHOLDS)


def test_of_equals_the_one_nearest_to_the_middle_wins() -> None:
    count = len(THRESHOLDS)
    assert choose_threshold([0.0] * count) == Calibration(0.5, 0.0)
    low = [0.8] * (MIDDLE - 2) + [0.1] * (count - MIDDLE + 2)
    # The best by the mean with both neighbours: the last whose right neighbour is as good.
    assert choose_threshold(low).threshold == THRESHOLDS[MIDDLE - 4]
    assert choose_threshold(low[::-1]).threshold == THRESHOLDS[MIDDLE + 4]


def test_a_lucky_threshold_does_not_win() -> None:
    curve = [0.5] * len(THRESHOLDS)
    curve[1] = 0.6  # means of three: 0.5333
    curve[-3:] = [0.55, 0.57, 0.55]  # the middle one: 0.5567
    assert choose_threshold(curve) == Calibration(THRESHOLDS[-2], 0.57)


def places(found: list[list[dict[str, Any]]]) -> list[list[tuple[Any, ...]]]:
    return [[(item["start"], item["end"], item["label"]) for item in items] for items in found]


@pytest.mark.parametrize(("head", "roles"), [("tagger", True), ("tower", True), ("tower", False)])
@pytest.mark.parametrize("wanted", [0.25, 0.5, 0.7])
def test_the_best_threshold_becomes_one_half(
    tmp_path: Path, head: str, roles: bool, wanted: float
) -> None:
    student = build_tiny_student(tmp_path, head, roles=roles)
    predictor = DistilGLiNER(student)
    found = predictor.batch_predict_entities(TEXTS, threshold=wanted)
    # Documents labelled by the student itself at that threshold: there its F1 is 1.
    dev = [
        Document(text, tuple(Entity(i["start"], i["end"], i["label"]) for i in items))
        for text, items in zip(TEXTS, found, strict=True)
    ]
    assert places(found) != places(predictor.batch_predict_entities(TEXTS, threshold=0.95))
    calibration = calibrate_outside(student, dev)
    assert calibration.threshold == pytest.approx(wanted, abs=0.051)
    assert calibration.f1 > 0.9
    if calibration.threshold == wanted:
        assert calibration.f1 == 1
        assert places(predictor.batch_predict_entities(TEXTS)) == places(found)


def test_the_curve_is_that_of_the_predictions(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    dev = [*build_documents(12), Document("", ()), Document("Nothing .", ())]
    curve = compute_threshold_curve(student, dev)
    gold = [entity_spans(document.entities or ()) for document in dev]
    for threshold, f1 in zip(THRESHOLDS, curve, strict=True):
        found = DistilGLiNER(student).batch_predict_entities(
            [d.text for d in dev], threshold=threshold
        )
        spans = [prediction_spans(items) for items in found]
        assert f1 == pytest.approx(compute_span_quality(gold, spans).micro.f1)
    assert len(set(curve)) > 3


@pytest.mark.parametrize("head", ["tagger", "tower"])
def test_moving_the_bias_moves_the_threshold(tmp_path: Path, head: str) -> None:
    student = build_tiny_student(tmp_path, head)
    predictor = DistilGLiNER(student)
    before = {t: places(predictor.batch_predict_entities(TEXTS, threshold=t)) for t in (0.2, 0.5)}
    assert before[0.2] != before[0.5]
    student.model.head.shift_outside(-1.3862944)  # ln(0.2 / 0.8)
    assert places(predictor.batch_predict_entities(TEXTS)) == before[0.2]
    assert places(predictor.batch_predict_entities(TEXTS, threshold=0.8)) == before[0.5]


def test_labels_that_nobody_has_looked_for_do_not_count(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    found = DistilGLiNER(student).batch_predict_entities(TEXTS)
    assert {item["label"] for items in found for item in items} == set(student.labels)
    people = [
        Document(
            text,
            tuple(Entity(i["start"], i["end"], "person") for i in items if i["label"] == "person"),
        )
        for text, items in zip(TEXTS, found, strict=True)
    ]
    assert compute_threshold_curve(student, people)[MIDDLE] < 1
    partial = mark_partial(people, ["person"])
    assert compute_threshold_curve(student, partial)[MIDDLE] == 1
    with_plain = [*partial, Document(TEXTS[0], ())]
    assert compute_threshold_curve(student, with_plain)[MIDDLE] < 1
