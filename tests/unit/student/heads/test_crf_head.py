"""The CRF head: its transitions, its posterior marginals, and what calibration does to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chains import compute_by_hand
from distilgliner.student.folder import Student
from distilgliner.student.heads.crf import FORBIDDEN, CrfHead
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_documents, build_tiny_student

WORDS = ["Ada", "met", "Bob"]
TEXTS = [document.text for document in build_documents(12)]


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return build_tiny_student(tmp_path, "crf")


def find_head(student: Student) -> CrfHead:
    head = student.model.head
    assert isinstance(head, CrfHead)
    return head


def test_only_what_bioes_allows_is_learnt(student: Student) -> None:
    transitions = find_head(student).build_transitions()
    assert transitions.shape == (10, 10)
    # O, then B I E S of two labels, then the border.
    free = {(a, b) for a in (0, 3, 4, 7, 8, 9) for b in (0, 1, 4, 5, 8, 9)} - {(9, 9)}
    inside = {(first + a, first + b) for first in (1, 5) for a in (0, 1) for b in (1, 2)}
    allowed = {tuple(place) for place in torch.nonzero(transitions > FORBIDDEN).tolist()}
    assert allowed == free | inside
    transitions.sum().backward()
    gradient = find_head(student).transitions.grad
    assert gradient is not None
    assert {tuple(place) for place in torch.nonzero(gradient).tolist()} == allowed


def test_scores_are_the_marginals_of_all_sequences(student: Student) -> None:
    batch = student.featurizer.build_batch([WORDS])
    with torch.inference_mode():
        output = student.model.compute(batch, [])
        found = student.model(batch, [])[0].numpy()
    assert output.transitions is not None
    scores = output.logits[0].numpy()
    _, wanted = compute_by_hand(scores, output.transitions.numpy().astype(np.float64))
    assert np.exp(found) == pytest.approx(wanted, abs=1e-5)
    assert np.exp(found)[0, [2, 3, 6, 7]] == pytest.approx(0)  # no text begins inside an entity


def test_a_chain_is_more_than_its_words(student: Student) -> None:
    """A word's scores alone would be the marginals if it were not for what is forbidden."""
    batch = student.featurizer.build_batch([WORDS])
    with torch.inference_mode():
        words = torch.softmax(student.model.compute(batch, []).logits, dim=-1)
        chain = student.model(batch, []).exp()
    assert (words - chain).abs().max() > 0.05


def test_calibration_moves_what_the_decoder_reads(student: Student) -> None:
    predictor, head = DistilGLiNER(student), find_head(student)
    before = predictor.compute_scores([WORDS])
    wanted = predictor.batch_predict_entities(TEXTS, threshold=0.3)
    assert any(wanted)
    head.shift_outside(float(np.log(0.3 / 0.7)))  # 0.3 becomes 0.5
    head.divide_logits(2.0)
    found = predictor.batch_predict_entities(TEXTS, threshold=0.5)
    assert [[(e["start"], e["end"], e["label"]) for e in row] for row in found] == [
        [(e["start"], e["end"], e["label"]) for e in row] for row in wanted
    ]
    head.shift_labels([0.0, 5.0])
    after = predictor.compute_scores([WORDS])
    expected = before.copy()
    expected[:, :, 0] += np.log(0.3 / 0.7)
    expected /= 2
    expected[:, :, 5:] += 5
    np.testing.assert_allclose(after, expected, rtol=1e-5)


def test_what_calibration_did_is_saved(student: Student, tmp_path: Path) -> None:
    find_head(student).shift_outside(1.5)
    find_head(student).divide_logits(3.0)
    student.write(tmp_path / "student")
    again = DistilGLiNER.from_pretrained(tmp_path / "student")
    np.testing.assert_array_equal(
        again.compute_scores([WORDS]), DistilGLiNER(student).compute_scores([WORDS])
    )
