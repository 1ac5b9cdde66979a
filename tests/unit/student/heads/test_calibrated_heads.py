"""Shifts and a temperature that are moved into a head's weights are exact."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from distilgliner.student.folder import Student
from distilgliner.student.heads.tagger import TaggerHead
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import LABELS, build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(25)]
WORDS = [["Ada", "met", "Grace", "Hopper", "in", "New", "York", "."]]
HEADS = {
    "tagger": {},
    "tagger without roles": {"roles": False},
    "tower": {},
    "tower without roles": {"roles": False},
}


def build(folder: Path, name: str) -> Student:
    return build_tiny_student(folder, name.split()[0], **HEADS[name])


@pytest.mark.parametrize("name", HEADS)
def test_dividing_divides_all_logits(tmp_path: Path, name: str) -> None:
    student = build(tmp_path, name)
    predictor = DistilGLiNER(student)
    before = predictor.compute_scores(WORDS)
    places = [(item["start"], item["end"]) for item in predictor.predict_entities(TEXTS[0])]
    student.model.head.divide_logits(2.5)
    after = predictor.compute_scores(WORDS)
    assert after * 2.5 == pytest.approx(before, rel=1e-5, abs=1e-5)
    found = predictor.predict_entities(TEXTS[0])
    assert [(item["start"], item["end"]) for item in found] == places


@pytest.mark.parametrize("name", ["tagger", "tagger without roles"])
def test_shifting_labels_shifts_all_their_tags(tmp_path: Path, name: str) -> None:
    student = build(tmp_path, name)
    head = student.model.head
    assert isinstance(head, TaggerHead)
    predictor = DistilGLiNER(student)
    before = predictor.compute_scores(WORDS)
    head.shift_labels([0.75, -1.5])
    width = (before.shape[2] - 1) // len(LABELS)
    wanted = np.concatenate(([0.0], np.full(width, 0.75), np.full(width, -1.5)))
    assert predictor.compute_scores(WORDS) - before == pytest.approx(
        np.broadcast_to(wanted, before.shape), abs=1e-5
    )


def test_the_same_shift_of_all_labels_is_one_of_the_outside(tmp_path: Path) -> None:
    student = build(tmp_path, "tagger")
    head = student.model.head
    assert isinstance(head, TaggerHead)
    predictor = DistilGLiNER(student)
    wanted = predictor.batch_predict_entities(TEXTS, threshold=0.3)
    shift = -math.log(0.3 / 0.7)
    head.shift_labels([shift, shift])
    found = predictor.batch_predict_entities(TEXTS)

    def list_places(rows: list[list[dict[str, object]]]) -> list[list[tuple[object, ...]]]:
        return [[(item["start"], item["end"], item["label"]) for item in row] for row in rows]

    assert list_places(found) == list_places(wanted)
