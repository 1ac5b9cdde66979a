"""What each arm learns from."""

from __future__ import annotations

import numpy as np
import pytest

from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TargetConfig, Targets
from distilgliner.distill.examples import Example, build_examples
from distilgliner.distill.targets import (
    compute_entity_tags,
    compute_hard_tags,
    compute_soft_targets,
)
from distilgliner.distill.terms import TermsConfig, resolve_terms
from tiny_store import LABELS, annotate

ADA = Document("Ada saw Rome", (Entity(0, 3, "person"), Entity(8, 12, "city")))
BOB = Document("Bob sleeps", (Entity(0, 3, "person"),))
EMPTY = Document("  ", ())
CORRECTED = Document("Ada saw Rome", (Entity(0, 3, "person"),))  # a human says: no city
PERSON, CITY = 4, 8  # Single of each label
NEUTRAL = {"span_floor": 0.01, "span_temperature": 1, "word_temperature": 1, "teacher_bias": 0}


def build(
    targets: Targets,
    annotated: list[Document],
    gold: list[Document],
    *,
    roles: bool = True,
) -> list[Example]:
    teacher = [annotate(document) for document in annotated]
    terms = resolve_terms(targets, TermsConfig())
    target = TargetConfig.model_validate(NEUTRAL)
    return build_examples(targets, teacher, gold, LABELS, target, terms, roles=roles)


def test_gold_learns_from_humans_only() -> None:
    examples = build("gold", [ADA], [CORRECTED, EMPTY, BOB])
    assert [example.words for example in examples] == [["Ada", "saw", "Rome"], ["Bob", "sleeps"]]
    assert [list(example.gold) for example in examples] == [[PERSON, 0, 0], [PERSON, 0]]
    assert [example.soft for example in examples] == [None, None]


def test_hard_learns_the_decisions() -> None:
    examples = build("hard", [ADA, EMPTY, BOB], [CORRECTED])
    assert [list(example.hard) for example in examples] == [[PERSON, 0, CITY], [PERSON, 0]]
    assert all(example.soft is None for example in examples)


def test_soft_learns_the_distribution() -> None:
    examples = build("soft", [ADA, EMPTY], [CORRECTED])
    assert [example.gold for example in examples] == [None]
    soft = examples[0].soft
    # Logits 4 and −1.5 on one place: p = e⁴ / (1 + e⁴ + e^−1.5).
    total = 1 + np.exp(4) + np.exp(-1.5)
    assert soft[0, [0, PERSON, CITY]] == pytest.approx(
        np.array([1, np.exp(4), np.exp(-1.5)]) / total
    )
    assert soft[1].tolist() == [1] + [0] * 8
    assert soft.sum(axis=1) == pytest.approx(np.ones(3))


def test_mixed_adds_gold_where_there_is_some() -> None:
    examples = build("mixed", [BOB, ADA, EMPTY], [CORRECTED, Document("Mary left", ()), EMPTY])
    assert [example.words[0] for example in examples] == ["Bob", "Ada", "Mary"]
    bob, ada, mary = examples
    assert bob.gold is None
    assert bob.soft is not None
    assert list(ada.gold) == [PERSON, 0, 0]
    assert np.array_equal(ada.soft, build("soft", [ADA], [])[0].soft)
    assert list(mary.gold) == [0, 0]
    assert mary.soft is None


def test_without_roles() -> None:
    examples = build("mixed", [ADA], [ADA], roles=False)
    assert list(examples[0].gold) == [1, 0, 2]
    assert examples[0].soft.shape == (3, 3)


def test_the_threshold_of_decisions() -> None:
    document = annotate(ADA)
    strict = TargetConfig(teacher_threshold=0.99)  # σ(4) is 0.982
    lax = TargetConfig(teacher_threshold=0.1)  # σ(−1.5) is 0.18, but the place is taken
    assert not compute_hard_tags(document, LABELS, strict, roles=True).any()
    assert list(compute_hard_tags(document, LABELS, lax, roles=True)) == [PERSON, 0, CITY]


def one_span(logit: float) -> AnnotatedDocument:
    table = [np.array([value]) for value in (0, 1, 0)]
    scores = build_span_scores(*table, np.array([logit]))
    return AnnotatedDocument("", "Ada", [(0, 3)], scores)


@pytest.mark.parametrize(
    ("changes", "logit", "expected"),
    [
        ({}, 2.0, 0.880797),  # σ(2)
        ({"span_temperature": 2}, 2.0, 0.731059),  # σ(2 / 2)
        ({"teacher_bias": 1.5}, 2.0, 0.622459),  # σ(2 − 1.5)
        ({"teacher_bias": 1, "span_temperature": 0.5}, 2.0, 0.880797),  # σ((2 − 1) / 0.5)
        ({"span_floor": 0.1}, -2.1, 0.109097),  # σ(−2.1) = 0.109 is above the floor
        ({"span_floor": 0.11}, -2.1, 0),
        ({"span_floor": 0}, -9.0, 0.000123),
        ({"word_temperature": 0.5}, 2.0, 0.982014),  # p² / (p² + q²) = σ(2 · 2)
    ],
)
def test_settings_of_soft_targets(changes: dict[str, float], logit: float, expected: float) -> None:
    config = TargetConfig.model_validate(NEUTRAL | changes)
    soft = compute_soft_targets(one_span(logit), 2, config, roles=True)
    assert soft[0, PERSON] == pytest.approx(expected, abs=1e-5)
    assert soft[0, 0] == pytest.approx(1 - expected, abs=1e-5)


def test_entities_that_words_cannot_hold_are_dropped() -> None:
    words = [(0, 3), (4, 8)]
    tags = compute_entity_tags(
        [Entity(3, 4, "city"), Entity(4, 6, "city")], words, LABELS, roles=True
    )
    assert list(tags) == [0, CITY]
