"""The whole calibration: what is found, what scores say, and what the weights hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.calibration.labels import compute_log_odds
from distilgliner.distill.calibration.run import (
    StudentCalibration,
    calibrate_student,
    describe_little_dev,
)
from distilgliner.distill.calibration.threshold import (
    LITTLE_DEV,
    THRESHOLDS,
    TOLD_DEV,
    calibrate_outside,
)
from distilgliner.distill.config import CalibrationConfig
from distilgliner.errors import UserError
from distilgliner.metrics.calibration import compute_reliability, pair_scores
from distilgliner.metrics.spans import entity_spans
from distilgliner.runtime.export import run_export
from distilgliner.student.folder import Student, read_student, write_student
from distilgliner.student.heads.head import Head
from distilgliner.student.heads.tagger import TaggerHead
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, build_documents, build_tiny_student

DEV = build_documents(60)
TEXTS = [document.text for document in DEV]
ONLY_THRESHOLD = CalibrationConfig(temperature=False)


def predict(student: Student, threshold: float = 0.5) -> list[list[dict[str, Any]]]:
    return DistilGLiNER(student).batch_predict_entities(TEXTS, threshold=threshold)


def places(found: list[list[dict[str, Any]]]) -> list[list[tuple[Any, ...]]]:
    return [[(item["start"], item["end"], item["label"]) for item in items] for items in found]


def label_at_random(student: Student) -> list[Document]:
    """What the student finds, kept less often than its scores say."""
    generator = np.random.default_rng(0)
    return [
        Document(
            text,
            tuple(
                Entity(item["start"], item["end"], item["label"])
                for item in items
                if generator.random() < 0.3 + 0.4 * item["score"]
            ),
        )
        for text, items in zip(TEXTS, predict(student), strict=True)
    ]


def compute_ece(student: Student, dev: list[Document]) -> float:
    found = [
        [Entity(i["start"], i["end"], i["label"], i["score"]) for i in items]
        for items in predict(student, 0.1)
    ]
    gold = [entity_spans(document.entities or ()) for document in dev]
    ece = compute_reliability(*pair_scores(gold, found)).ece
    assert ece is not None
    return ece


@pytest.mark.parametrize("head", ["tagger", "tower"])
def test_temperature_moves_scores_and_nothing_else(tmp_path: Path, head: str) -> None:
    student, other = (build_tiny_student(tmp_path, head) for _ in range(2))
    dev = label_at_random(student)
    plain = calibrate_student(student, dev, ONLY_THRESHOLD)
    assert plain == StudentCalibration(plain.threshold, plain.f1)
    found = calibrate_student(other, dev)
    assert (found.threshold, found.f1) == (plain.threshold, plain.f1)
    assert found.temperature > 1
    assert places(predict(other)) == places(predict(student))
    assert compute_ece(other, dev) < compute_ece(student, dev)
    before, after = (
        np.array([item["score"] for items in predict(each) for item in items])
        for each in (student, other)
    )
    assert np.log(after / (1 - after)) == pytest.approx(
        np.log(before / (1 - before)) / found.temperature, rel=1e-3, abs=1e-4
    )


def test_only_the_threshold_is_what_it_was(tmp_path: Path) -> None:
    student, other = (build_tiny_student(tmp_path) for _ in range(2))
    calibrate_student(student, DEV, ONLY_THRESHOLD)
    calibrate_outside(other, DEV)
    for one, two in zip(student.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(one, two)


def label_by_shifted(student: Student, amounts: list[float]) -> list[Document]:
    head = student.model.head
    head.shift_labels(amounts)
    found = predict(student)
    head.shift_labels([-amount for amount in amounts])
    return [
        Document(text, tuple(Entity(i["start"], i["end"], i["label"]) for i in items))
        for text, items in zip(TEXTS, found, strict=True)
    ]


def test_labels_first_then_the_temperature(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    dev = label_by_shifted(student, [1.5, -1.5])
    plain = calibrate_student(build_tiny_student(tmp_path), dev, ONLY_THRESHOLD)
    config = CalibrationConfig(temperature=False, label_thresholds=True)
    found = calibrate_student(student, dev, config)
    assert found.label_thresholds
    assert found.f1 > plain.f1
    # The F1 that is told is that of the student as it now is.
    assert calibrate_outside(student, dev).f1 == pytest.approx(found.f1, abs=0.05)
    both = calibrate_student(
        build_tiny_student(tmp_path), dev, CalibrationConfig(label_thresholds=True)
    )
    assert both.label_thresholds == found.label_thresholds
    assert both.f1 == found.f1


@pytest.mark.parametrize("head", ["tagger", "crf", "span"])
def test_a_threshold_of_a_label_changes_what_is_found(tmp_path: Path, head: str) -> None:
    student = build_tiny_student(tmp_path, head)
    wanted = build_tiny_student(tmp_path, head)
    dev = label_by_shifted(student, [1.5, -1.5])
    config = CalibrationConfig(temperature=False, label_thresholds=True)
    found = calibrate_student(student, dev, config)
    assert found.label_thresholds
    calibrate_student(wanted, dev, ONLY_THRESHOLD)
    assert places(predict(student)) != places(predict(wanted))
    wanted.model.head.shift_labels(
        [-compute_log_odds(found.label_thresholds.get(label, 0.5)) for label in LABELS]
    )
    assert places(predict(student)) == places(predict(wanted))
    write_student(student, tmp_path / "student")
    run_export(tmp_path / "student", tmp_path / "exported")
    exported = DistilGLiNER.from_pretrained(tmp_path / "exported").batch_predict_entities(TEXTS)
    assert places(exported) == places(predict(student))


def test_a_head_that_cannot_shift_its_labels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = build_tiny_student(tmp_path)
    monkeypatch.setattr(TaggerHead, "shift_labels", Head.shift_labels)
    calibrate_student(student, DEV)
    with pytest.raises(UserError, match="head 'tagger' has no shift_labels, which calibration"):
        calibrate_student(student, DEV, CalibrationConfig(label_thresholds=True))


def test_open_students_have_no_threshold_for_a_label(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path, "tower")
    found = calibrate_student(student, DEV, CalibrationConfig(label_thresholds=True))
    assert found.label_thresholds == {}


def test_the_folder_holds_the_calibrated_student(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    calibrate_student(student, DEV, CalibrationConfig(label_thresholds=True))
    write_student(student, tmp_path / "student")
    assert predict(read_student(tmp_path / "student")) == predict(student)


def test_the_configuration() -> None:
    assert CalibrationConfig().temperature
    assert not CalibrationConfig().label_thresholds
    with pytest.raises(ValidationError, match="extra"):
        CalibrationConfig.model_validate({"temperatures": True})


def test_few_entities_are_bounded_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = "distilgliner.distill.calibration"
    # The curve is best at 0.1, and so is the temperature at 3.5: luck, with as few entities.
    monkeypatch.setattr(
        f"{where}.threshold.compute_threshold_curve",
        lambda *_: [1 - threshold for threshold in THRESHOLDS],
    )
    monkeypatch.setattr(f"{where}.run.fit_temperature", lambda *_: 3.5)
    few = calibrate_student(build_tiny_student(tmp_path), DEV)
    assert (few.threshold, few.temperature) == (0.25, 2.0)
    told = describe_little_dev(
        {"dev_entities": 12, "threshold": few.threshold, "temperature": few.temperature}
    )
    assert told.startswith("only 12 entities in dev chose the threshold (0.25, ")
    assert "--dev" in told
    assert not describe_little_dev({"dev_entities": 12, "threshold": 0.5, "temperature": 1.0})

    many = [document for document in DEV if document.entities] * LITTLE_DEV
    found = calibrate_student(build_tiny_student(tmp_path), many)
    assert (found.threshold, found.temperature) == (0.1, 3.5)
    assert not describe_little_dev({"dev_entities": TOLD_DEV, "threshold": 0.1})
