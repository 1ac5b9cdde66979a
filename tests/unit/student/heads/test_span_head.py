"""The span head: what a span's logit is made of, and what it does not depend on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distilgliner.student.folder import Student
from distilgliner.student.heads.limits import NO_SPAN
from distilgliner.student.heads.span import SpanHead
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(12)]


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path, "span", max_width=3)


def find_head(student: Student) -> SpanHead:
    head = student.model.head
    assert isinstance(head, SpanHead)
    return head


def test_a_logit_is_the_sum_of_its_parts(student: Student) -> None:
    head = find_head(student)
    states = torch.randn(2, 5, student.model.state_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = head(states, torch.empty(0)).unflatten(2, (3, 2))
        start, end, inside = head.output(states).chunk(3, dim=-1)
        for first, last, label in ((0, 0, 1), (1, 3, 0), (3, 4, 1)):
            wanted = start[1, first, label] + end[1, last, label]
            wanted += inside[1, first : last + 1, label].mean() + head.width[last - first, label]
            assert logits[1, first, last - first, label].item() == pytest.approx(
                wanted.item(), abs=1e-5
            )


def test_no_span_reaches_beyond_its_text(student: Student) -> None:
    scores = DistilGLiNER(student).compute_scores([["Ada", "met", "Bob", "."], ["Ada", "met"]])
    assert scores.shape == (2, 4, 6)
    beyond = scores.reshape(2, 4, 3, 2) == NO_SPAN
    # Of each word, which widths 1, 2, 3 do not fit: the same for both labels.
    assert beyond[0, :, :, 0].tolist() == [
        [False, False, False], [False, False, False], [False, False, True], [False, True, True],
    ]  # fmt: skip
    assert beyond[1, :2, :, 1].tolist() == [[False, False, True], [False, True, True]]


def test_calibration(student: Student) -> None:
    predictor, head = DistilGLiNER(student), find_head(student)
    words = [["Ada", "met", "Bob"]]
    before = predictor.compute_scores(words).reshape(1, 3, 3, 2)
    wanted = predictor.batch_predict_entities(TEXTS, threshold=0.3)
    assert any(wanted)
    amount = float(np.log(0.3 / 0.7))
    head.shift_outside(amount)  # 0.3 becomes 0.5
    head.divide_logits(2.0)
    found = predictor.batch_predict_entities(TEXTS, threshold=0.5)
    assert [[(e["start"], e["end"], e["label"]) for e in row] for row in found] == [
        [(e["start"], e["end"], e["label"]) for e in row] for row in wanted
    ]
    head.shift_labels([0.0, 5.0])
    after = predictor.compute_scores(words).reshape(1, 3, 3, 2)
    is_span = before != NO_SPAN
    expected = (before - amount) / 2 + [0, 5]
    np.testing.assert_allclose(after[is_span], expected[is_span], rtol=1e-4, atol=1e-4)
    assert (after[~is_span] == NO_SPAN).all()


def test_a_new_student_finds_next_to_nothing(tmp_path: Path) -> None:
    head = SpanHead(build_tiny_student(tmp_path, "span").config, 4, 2, 8)
    with torch.inference_mode():
        logits = head(torch.zeros(1, 2, 4), torch.empty(0))
    assert logits.shape == (1, 2, 12 * 2)
    assert torch.sigmoid(logits).max() < 0.1
