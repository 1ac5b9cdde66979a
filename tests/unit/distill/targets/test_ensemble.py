"""Several teachers of one text: by hand, and as one teacher that was asked for everything."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, build_span_scores
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.partial import PartialDocument
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import compute_soft_targets
from distilgliner.distill.targets.ensemble import (
    TeacherAnnotation,
    complete_annotation,
    compute_mean_targets,
    compute_teacher_targets,
    find_labels,
    label_by_teachers,
    merge_annotations,
)
from distilgliner.distill.targets.forms import compute_tag_form

WORDS = [(0, 3), (4, 7), (8, 12)]
TEXT = "Ada saw Rome"
Row = tuple[int, int, int, float]
"""Start, end, label and logit of a span."""
NEUTRAL = TargetConfig(span_floor=0, span_temperature=1, teacher_bias=0, word_temperature=1)


def each_of(
    annotations: list[TeacherAnnotation], label_count: int, *, roles: bool
) -> list[np.ndarray]:
    """The marginals of each teacher."""
    compute = partial(compute_tag_form, roles=roles)
    return [part["soft"] for part in compute_teacher_targets(annotations, label_count, compute)]


def mean_of(annotations: list[TeacherAnnotation], label_count: int, *, roles: bool) -> np.ndarray:
    """The mean of the marginals."""
    compute = partial(compute_tag_form, roles=roles)
    return compute_mean_targets(annotations, label_count, compute)["soft"]


def build_scores(rows: list[Row]) -> SpanScores:
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 4)
    return build_span_scores(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def annotate_with(rows: list[Row]) -> AnnotatedDocument:
    return AnnotatedDocument("ada", TEXT, WORDS, build_scores(rows))


def annotation(
    rows: list[Row], labels: set[int], weight: float = 1.0, target: TargetConfig = NEUTRAL
) -> TeacherAnnotation:
    return TeacherAnnotation(annotate_with(rows), frozenset(labels), weight, target)


def list_rows(document: AnnotatedDocument) -> list[tuple[int, int, int]]:
    spans = document.spans
    columns = (spans.word_start, spans.word_end, spans.label_index)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def test_the_mean_probability_by_hand() -> None:
    one = annotation([(0, 1, 0, 2.0), (2, 3, 1, 1.0)], {0, 1}, weight=3.0)
    other = annotation([(0, 1, 0, -1.0), (0, 2, 0, 0.5)], {0, 1}, weight=1.0)
    merged = merge_annotations([one, other])
    assert list_rows(merged) == [(0, 1, 0), (0, 2, 0), (2, 3, 1)]
    expected = [
        (3 * probability(2.0) + probability(-1.0)) / 4,
        probability(0.5) / 4,  # the first teacher does not have it above the floor: 0
        3 * probability(1.0) / 4,
    ]
    assert 1 / (1 + np.exp(-merged.spans.logit)) == pytest.approx(np.array(expected), rel=1e-6)


def test_a_label_counts_only_those_who_were_asked() -> None:
    one = annotation([(0, 1, 0, 2.0)], {0}, weight=5.0)
    other = annotation([(2, 3, 1, 1.0)], {1})
    merged = merge_annotations([one, other])
    assert list_rows(merged) == [(0, 1, 0), (2, 3, 1)]
    assert merged.spans.logit == pytest.approx(np.array([2.0, 1.0]), rel=1e-6)


def test_sure_teachers_stay_sure_and_in_order() -> None:
    rows: list[Row] = [(0, 1, 0, 30.0), (1, 2, 0, 35.0), (2, 3, 0, 60000.0)]
    merged = merge_annotations([annotation(rows, {0}), annotation(rows, {0})])
    assert merged.spans.logit[:2] == pytest.approx([30, 35], rel=1e-6)
    assert merged.spans.logit[2] == 500


def test_one_teacher_is_what_it_says() -> None:
    alone = annotation([(0, 1, 0, 2.0)], {0}, target=TargetConfig(span_temperature=0.5))
    assert merge_annotations([alone]) is alone.document
    assert complete_annotation([alone], 0) is alone.document
    mean = mean_of([alone], 1, roles=True)
    single = compute_soft_targets(alone.document, 1, alone.target, roles=True)
    assert np.array_equal(mean, single)


def test_completed_by_those_who_were_asked() -> None:
    one = annotation([(0, 1, 0, 2.0)], {0, 1})
    other = annotation([(0, 1, 1, 3.0), (0, 2, 2, 1.0)], {1, 2})
    completed = complete_annotation([one, other], 0)
    assert list_rows(completed) == [(0, 1, 0), (0, 2, 2)]  # of 1 it has said that there is none
    assert completed.spans.logit == pytest.approx(np.array([2.0, 1.0]))
    completed = complete_annotation([one, other], 1)
    assert list_rows(completed) == [(0, 1, 0), (0, 1, 1), (0, 2, 2)]
    assert completed.spans.logit == pytest.approx(np.array([2.0, 3.0, 1.0]))


def test_the_mean_of_distributions_by_hand() -> None:
    one = annotation([(0, 1, 0, np.log(3))], {0}, weight=3.0)  # p = 3/4
    other = annotation([], {0}, weight=1.0)
    soft = mean_of([one, other], 1, roles=False)
    assert soft == pytest.approx(np.array([[1 - 9 / 16, 9 / 16], [1, 0], [1, 0]]))
    assert soft.dtype == np.float32


def test_each_teacher_has_its_own_temperature_and_bias() -> None:
    one = annotation([(0, 1, 0, 2.0)], {0}, target=TargetConfig(span_temperature=0.5))
    other = annotation([(0, 1, 0, 2.0)], {0}, target=TargetConfig(teacher_bias=1.0))
    soft = mean_of([one, other], 1, roles=False)
    assert soft[0, 1] == pytest.approx((probability(4.0) + probability(1.0)) / 2)
    lent = annotation(
        [], {1}
    )  # a third teacher takes the mean of the scaled ones for what it lacks
    targets = each_of([one, other, lent], 2, roles=False)
    assert targets[2][0, 1] == pytest.approx((probability(4.0) + probability(1.0)) / 2)


SPANS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 3), st.floats(-4, 6)),
    max_size=12,
    unique_by=lambda row: row[:3],
).map(lambda rows: [(a, min(3, a + n), c, z) for a, n, c, z in rows])


@settings(deadline=None)
@given(SPANS, st.sets(st.integers(0, 3), min_size=1, max_size=3), st.booleans())
def test_two_halves_of_a_label_set_are_one_teacher(
    rows: list[Row], first: set[int], roles: bool
) -> None:
    rows = list({row[:3]: row for row in rows}.values())
    second = set(range(4)) - first
    halves = [
        annotation([row for row in rows if row[2] in labels], labels) for labels in (first, second)
    ]
    whole = compute_soft_targets(annotate_with(rows), 4, NEUTRAL, roles=roles)
    for targets in each_of(halves, 4, roles=roles):
        assert targets == pytest.approx(whole, abs=1e-6)
    assert find_labels(halves, 4) is None
    assert mean_of(halves, 4, roles=roles) == pytest.approx(whole, abs=1e-6)


@settings(deadline=None)
@given(st.lists(SPANS, min_size=2, max_size=2), st.floats(0.1, 10))
def test_the_mean_lies_between_and_twice_the_same_is_the_same(
    both: list[list[Row]], weight: float
) -> None:
    annotations = [
        annotation(list({row[:3]: row for row in rows}.values()), {0, 1, 2, 3}, share)
        for rows, share in zip(both, (1.0, weight), strict=True)
    ]
    one, other = each_of(annotations, 4, roles=True)
    mean = mean_of(annotations, 4, roles=True)
    assert mean == pytest.approx((one + weight * other) / (1 + weight), abs=1e-6)
    assert mean.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    doubled = mean_of([annotations[0], replace(annotations[0], weight=weight)], 4, roles=True)
    assert doubled == pytest.approx(one, abs=1e-6)


def test_decisions_need_agreement_of_those_who_were_asked() -> None:
    # Two of the three know persons: 0.95 and 0 give 0.48. Rome has 0.95 and 0.27.
    one = annotate_with([(0, 1, 0, 3.0), (2, 3, 1, 3.0)])
    other = annotate_with([(2, 3, 1, -1.0)])
    third = annotate_with([(1, 2, 2, 1.0)])
    labels = ("person", "city", "animal", "date")
    teachers = [
        StoredTeacher(name, name, known, NEUTRAL)
        for name, known in (("a", labels[:2]), ("b", labels[:2]), ("c", labels[2:3]))
    ]
    document = TransferDocument((one, other, third), (0, 1, 2))
    (found,) = label_by_teachers([document], teachers, labels, 0.5)
    entities = (Entity(4, 7, "animal"), Entity(8, 12, "city"))
    assert found == PartialDocument(TEXT, entities, ("animal", "city", "person"))
    (found,) = label_by_teachers([document], teachers, labels[:3], 0.5)
    assert found == Document(TEXT, entities)
    doubting = [replace(t, target=TargetConfig(teacher_bias=1.5)) for t in teachers]
    assert label_by_teachers([document], doubting, labels[:3], 0.5) == [found]
    assert label_by_teachers([document], doubting, labels[:3], 0.5, biased=True) == [
        Document(TEXT, ())
    ]
