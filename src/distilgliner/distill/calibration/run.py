"""Everything that the development documents settle after training, moved into the head's weights.

So 0.5 is every student's threshold, its scores are probabilities as far as one temperature makes
them, and no runtime has to know of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from distilgliner.corpus.document import Document
from distilgliner.distill.calibration.labels import choose_label_thresholds, compute_log_odds
from distilgliner.distill.calibration.temperature import fit_temperature
from distilgliner.distill.calibration.threshold import (
    LITTLE_DEV,
    THRESHOLDS,
    TOLD_DEV,
    calibrate_outside,
    compute_threshold_curve,
    count_dev_entities,
)
from distilgliner.distill.config import CalibrationConfig
from distilgliner.errors import UserError
from distilgliner.student.config import StudentConfig
from distilgliner.student.folder import Student
from distilgliner.student.heads.head import Head
from distilgliner.student.registry import load_part

_LITTLE_DEV_T = (0.5, 2.0)
"""The bounds of a temperature that fewer than `LITTLE_DEV` entities chose."""


def describe_little_dev(result: Mapping[str, Any]) -> str:
    """A sentence about a calibration by few entities, from a run's result; "" by many, or none."""
    entities = result.get("dev_entities")
    fitted = result.get("threshold", 0.5) != 0.5 or result.get("temperature", 1.0) != 1.0
    if entities is None or entities >= TOLD_DEV or not fitted:
        return ""
    return (
        f"only {entities:,} entities in dev chose the threshold ({result['threshold']:g}, which is "
        f"the student's 0.5) and the temperature ({result['temperature']:g}); give more labelled "
        "text with --dev for scores to rely on"
    )


@dataclass(frozen=True)
class StudentCalibration:
    """What was fitted, in this order, and the dev F1 (strict, micro) at 0.5 afterwards.

    `threshold` became 0.5; `label_thresholds` are those that labels would have had beside it;
    all logits were divided by `temperature`.
    """

    threshold: float
    f1: float
    label_thresholds: dict[str, float] = field(default_factory=dict)
    temperature: float = 1.0


def check_calibration(config: CalibrationConfig, student: StudentConfig) -> None:
    """Raise `UserError` for thresholds per label of a closed head that cannot shift its labels.

    All closed heads of ours can; one of another package may not.
    """
    if not config.label_thresholds or student.is_open:
        return
    head: type[Head] = load_part("heads", student.head)
    if head.shift_labels is Head.shift_labels:
        raise UserError(
            f"The head {student.head!r} has no shift_labels, which calibration.label_thresholds "
            "needs; leave that false."
        )


def calibrate_student(
    student: Student, dev: Sequence[Document], config: CalibrationConfig | None = None
) -> StudentCalibration:
    """Fit the threshold, then what `config` asks for, to labelled documents, in place.

    Thresholds per label need a closed student; an open one goes without. None is the default
    configuration. Raises `UserError`, see `check_calibration`.
    """
    config = config or CalibrationConfig()
    check_calibration(config, student.config)
    outside = calibrate_outside(student, dev)
    f1, temperature = outside.f1, 1.0
    thresholds: dict[str, float] = {}
    head = student.model.head
    if config.label_thresholds and not student.config.is_open:
        thresholds = choose_label_thresholds(student, dev)
        head.shift_labels(
            [-compute_log_odds(thresholds.get(label, 0.5)) for label in student.labels]
        )
        f1 = compute_threshold_curve(student, dev)[THRESHOLDS.index(0.5)]
    if config.temperature:
        temperature = fit_temperature(student, dev)
        if count_dev_entities(dev) < LITTLE_DEV:
            temperature = min(max(temperature, _LITTLE_DEV_T[0]), _LITTLE_DEV_T[1])
        head.divide_logits(temperature)
    return StudentCalibration(outside.threshold, f1, thresholds, temperature)
