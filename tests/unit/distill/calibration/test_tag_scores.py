"""Students of every head as distributions over tags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distilgliner.distill.calibration.tag_scores import compute_tag_log_probabilities
from distilgliner.student.heads.limits import NO_SPAN
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_tiny_student

WORDS = ["Ada", "met", "Bob"]


@pytest.mark.parametrize("head", ["tagger", "tower", "crf", "span"])
def test_rows_are_distributions(head: str, tmp_path: Path) -> None:
    predictor = DistilGLiNER(build_tiny_student(tmp_path, head))
    found = compute_tag_log_probabilities(predictor, predictor.compute_scores([WORDS])[0])
    assert (found.shape, found.dtype) == ((3, 9), np.float64)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert (np.exp(found).max(axis=1) < 0.999).all()


def test_logits_of_tags_are_normalised(tmp_path: Path) -> None:
    predictor = DistilGLiNER(build_tiny_student(tmp_path, "tagger"))
    scores = np.log([[1.0, 2, 1]]).astype(np.float32) + 5
    found = compute_tag_log_probabilities(predictor, scores)
    assert np.exp(found) == pytest.approx(np.array([[0.25, 0.5, 0.25]]))


def test_a_span_student_is_read_as_a_teacher_is(tmp_path: Path) -> None:
    predictor = DistilGLiNER(build_tiny_student(tmp_path, "span", max_width=2))
    scores = np.full((2, 2, 2), NO_SPAN, dtype=np.float32)
    # "a" and "ab" of label 0, "b" of label 1, odds 2, 3 and 1, as in test_segmentation: of the five
    # segmentations, worth 9 in all, those with "a" are worth 4. A span of 0.5% does not count.
    scores[0, 0, 0], scores[0, 1, 0], scores[1, 0, 1] = np.log([2, 3, 1])
    scores[1, 0, 0] = np.log(0.005 / 0.995)
    found = np.exp(compute_tag_log_probabilities(predictor, scores.reshape(2, 4))) * 9
    assert found[0] == pytest.approx([2, 3, 0, 0, 4, 0, 0, 0, 0], abs=1e-5)
    assert found[1] == pytest.approx([3, 0, 0, 3, 0, 0, 0, 0, 3], abs=1e-5)
