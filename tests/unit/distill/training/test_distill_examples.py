"""What each arm learns from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from distilgliner.annotate.spans import AnnotatedDocument, build_span_scores
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TargetConfig, Targets, TermsConfig
from distilgliner.distill.objective.terms import resolve_terms
from distilgliner.distill.sources.partial import mark_partial
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import compute_soft_targets
from distilgliner.distill.targets.tags import compute_entity_tags, compute_hard_tags
from distilgliner.distill.training.examples import Example, build_examples, draw_teacher
from several_stores import annotate_for
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
    transfer = [TransferDocument((annotate(document),)) for document in annotated]
    return build_from(targets, transfer, [build_teacher("one", LABELS)], gold, roles=roles)


def build_from(
    targets: Targets,
    transfer: list[TransferDocument],
    teachers: list[StoredTeacher],
    gold: list[Document],
    *,
    labels: tuple[str, ...] = LABELS,
    roles: bool = True,
) -> list[Example]:
    terms = resolve_terms(targets, TermsConfig())
    return build_examples(targets, transfer, gold, labels, teachers, terms, roles=roles)


def build_teacher(
    name: str, labels: tuple[str, ...], weight: float = 1.0, **target: Any
) -> StoredTeacher:
    config = TargetConfig.model_validate(NEUTRAL | target)
    return StoredTeacher(name, name, labels, config, weight)


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


def both_teachers(document: Document, logit: float = 0.0) -> TransferDocument:
    """A sure teacher, and one that has another logit for the same entities."""
    return TransferDocument(
        (annotate_for(document, doubt=-9), annotate_for(document, logit=logit, doubt=-9)), (0, 1)
    )


def test_two_teachers_are_averaged() -> None:
    teachers = [build_teacher("one", LABELS, 3.0), build_teacher("other", LABELS, 1.0)]
    (example,) = build_from("soft", [both_teachers(ADA)], teachers, [])
    assert example.teacher_labels is None
    assert example.soft is not None
    sure = np.exp(4) / (1 + np.exp(4))
    assert example.soft[0, PERSON] == pytest.approx(0.75 * sure + 0.25 * 0.5, abs=1e-4)
    (example,) = build_from("hard", [both_teachers(ADA, -3.0)], teachers, [])
    assert list(example.hard) == [PERSON, 0, CITY]  # (3 · 0.98 + 0.05) / 4
    teachers = [build_teacher("one", LABELS, 1.0), build_teacher("other", LABELS, 1.1)]
    (example,) = build_from("hard", [both_teachers(ADA, -3.0)], teachers, [])
    assert list(example.hard) == [0, 0, 0]


def test_texts_of_one_teacher_are_learnt_from_that_one() -> None:
    teachers = [build_teacher("one", LABELS), build_teacher("other", LABELS)]
    alone = TransferDocument((annotate_for(BOB, logit=0.0, doubt=-9),), (1,))
    (example,) = build_from("soft", [alone], teachers, [])
    assert example.soft[0, PERSON] == pytest.approx(0.5, abs=1e-4)


def sample(weight: float = 1.0, targets: Targets = "soft") -> Example:
    teachers = [
        build_teacher("one", LABELS, teachers="sample"),
        build_teacher("other", LABELS, weight, teachers="sample"),
    ]
    alone = TransferDocument((annotate_for(BOB),), (1,))
    drawn, single = build_from(targets, [both_teachers(ADA, -3.0), alone], teachers, [])
    assert (len(drawn.by_teacher), len(single.by_teacher)) == (2, 0)
    assert draw_teacher(single, 0, 0) is single
    return drawn


def test_a_drawn_teacher_speaks_alone() -> None:
    example = sample()
    assert (example.soft, example.hard) == (None, None)
    seen = {round(float(draw_teacher(example, 0, n).soft[0, PERSON]), 2) for n in range(20)}
    assert seen == {0.98, 0.05}
    seen_tags = {tuple(draw_teacher(sample(targets="hard"), 0, n).hard) for n in range(20)}
    assert seen_tags == {(PERSON, 0, CITY), (0, 0, 0)}


def test_draws_follow_seed_pass_and_weight() -> None:
    example = sample(weight=3.0)
    draws = [float(draw_teacher(example, 0, n).soft[0, PERSON]) for n in range(1000)]
    assert draws == [float(draw_teacher(example, 0, n).soft[0, PERSON]) for n in range(1000)]
    assert Counter(draw > 0.5 for draw in draws)[False] == pytest.approx(750, abs=50)
    others = [float(draw_teacher(example, 1, n).soft[0, PERSON]) for n in range(1000)]
    assert Counter(a == b for a, b in zip(draws, others, strict=True))[False] > 300


def test_a_corpus_without_a_label_says_nothing_of_it() -> None:
    teachers = [build_teacher("one", ("person",)), build_teacher("other", ("city",))]
    people = TransferDocument((annotate_for(BOB, LABELS),), (0,))
    cities = TransferDocument((annotate_for(ADA, ("x", "city")),), (1,))
    both = TransferDocument((annotate_for(ADA, LABELS), annotate_for(ADA, ("x", "city"))), (0, 1))
    one, other, whole = build_from("soft", [people, cities, both], teachers, [])
    assert one.teacher_labels.tolist() == [True, False]
    assert other.teacher_labels.tolist() == [False, True]
    assert whole.teacher_labels is None
    assert other.soft[2, CITY] > 0.9
    assert one.soft[:, 5:].max() == 0


def test_partial_gold_is_masked_and_goes_to_the_text_once() -> None:
    person, city = [e for e in ADA.entities or () if e.label == "person"], ADA.entities[1:]
    partial = [
        *mark_partial([Document(ADA.text, tuple(person))], ["person"]),
        *mark_partial([Document(ADA.text, city), BOB], ["city"], ["person"]),
    ]
    teachers = [build_teacher("one", LABELS)]
    transfer = [TransferDocument((annotate(ADA),))]
    first, second, bob = build_from("mixed", transfer, teachers, partial)
    assert (first.soft is None, second.soft is None, bob.soft is None) == (False, True, True)
    assert list(first.gold) == [0, 0, CITY]  # of equally many labels the first in the alphabet
    assert first.gold_labels.tolist() == [False, True]
    assert list(second.gold) == [PERSON, 0, 0]
    assert second.gold_labels.tolist() == [True, False]
    assert list(bob.gold) == [0, 0]
    whole, *alone = build_from("mixed", transfer, teachers, [*partial, ADA])
    assert whole.gold_labels is None
    assert list(whole.gold) == [PERSON, 0, CITY]
    assert len(alone) == 3
