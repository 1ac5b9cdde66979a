"""One temperature, under which scores are most likely."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.calibration.temperature import (
    LEAST,
    MIN_ENTITIES,
    MOST,
    fit_temperature,
    solve_temperature,
)
from distilgliner.distill.sources.partial import mark_partial
from distilgliner.student.predictor import DistilGLiNER
from tiny_store import build_documents, build_tiny_student

TEXTS = [document.text for document in build_documents(40)]


def test_by_hand() -> None:
    # Half score σ(2), half σ(−2); three of four of the first are right, one of four of the others:
    # both say σ(2 / T) = 3/4, so 2 / T = ln 3.
    log_odds = np.repeat([2.0, -2.0], 40)
    is_right = np.concatenate([np.arange(40) < 30, np.arange(40) < 10])
    assert solve_temperature(log_odds, is_right) == pytest.approx(2 / math.log(3), abs=1e-4)


@given(
    st.lists(st.tuples(st.floats(-8, 8), st.booleans()), min_size=MIN_ENTITIES, max_size=60).filter(
        lambda rows: 0 < sum(right for _, right in rows) < len(rows)
    )
)
@settings(deadline=None)
def test_no_temperature_of_a_grid_is_better(rows: list[tuple[float, bool]]) -> None:
    log_odds, is_right = map(np.array, zip(*rows, strict=True))

    def loss(temperature: float) -> float:
        scaled = log_odds / temperature
        return float(np.mean(np.logaddexp(0, np.where(is_right, -scaled, scaled))))

    found = solve_temperature(log_odds, is_right)
    assert LEAST <= found <= MOST
    grid = 1 / np.linspace(1 / MOST, 1 / LEAST, 200)
    assert loss(found) <= min(map(loss, grid)) + 1e-6


def test_too_little_to_learn_from_changes_nothing() -> None:
    log_odds = np.linspace(-3, 3, MIN_ENTITIES)
    some = np.arange(MIN_ENTITIES) % 3 == 0
    assert solve_temperature(log_odds, some) != 1
    assert solve_temperature(log_odds[1:], some[1:]) == 1
    assert solve_temperature(log_odds, np.ones(MIN_ENTITIES, dtype=bool)) == 1
    assert solve_temperature(log_odds, np.zeros(MIN_ENTITIES, dtype=bool)) == 1
    assert solve_temperature(np.zeros(0), np.zeros(0, dtype=bool)) == 1


@pytest.mark.parametrize("head", ["tagger", "tower"])
def test_finds_what_the_labels_were_drawn_with(tmp_path: Path, head: str) -> None:
    """Entities are right as often as the student's scores say, and then its logits are doubled."""
    student = build_tiny_student(tmp_path, head)
    student.model.head.divide_logits(4)
    generator = np.random.default_rng(0)
    found = DistilGLiNER(student).batch_predict_entities(TEXTS * 10, threshold=0.1)
    dev = [
        Document(
            text,
            tuple(
                Entity(i["start"], i["end"], i["label"])
                for i in items
                if generator.random() < i["score"]
            ),
        )
        for text, items in zip(TEXTS * 10, found, strict=True)
    ]
    assert fit_temperature(student, dev) == pytest.approx(1, abs=0.25)
    student.model.head.divide_logits(0.5)
    assert fit_temperature(student, dev) == pytest.approx(2, abs=0.5)


def test_scores_of_one_and_documents_without_words_are_no_problem(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    student.model.head.divide_logits(1e-3)
    dev = [*build_documents(40), Document("", ())]
    found = DistilGLiNER(student).batch_predict_entities([d.text for d in dev])
    assert max(item["score"] for items in found for item in items) == 1
    assert fit_temperature(student, dev) == MOST


def test_labels_that_nobody_has_looked_for_do_not_count(tmp_path: Path) -> None:
    student = build_tiny_student(tmp_path)
    found = DistilGLiNER(student).batch_predict_entities(TEXTS)
    labels = [item["label"] for items in found for item in items]
    assert (labels.count("person") >= MIN_ENTITIES) != (labels.count("city") >= MIN_ENTITIES)
    rare = min(("person", "city"), key=labels.count)
    documents = [
        Document(
            text, tuple(Entity(i["start"], i["end"], rare) for i in items if i["label"] == rare)
        )
        for text, items in zip(TEXTS, found, strict=True)
    ]
    # With the other label's many entities taken for errors, the scores are far too sure.
    assert fit_temperature(student, documents) > 2
    # Where nobody looked for that label, too few are left to fit anything.
    assert fit_temperature(student, mark_partial(documents, [rare])) == 1
