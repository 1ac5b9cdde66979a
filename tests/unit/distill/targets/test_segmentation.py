"""Semi-Markov marginals against the sum over every segmentation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from distilgliner.distill.targets.segmentation import (
    compute_span_marginals,
    compute_transitions,
    compute_word_marginals,
    sharpen,
)
from distilgliner.student.tags import encode_tags, find_allowed

LABELS = 3


class Case(NamedTuple):
    words: int
    start: np.ndarray
    end: np.ndarray
    label: np.ndarray
    weight: np.ndarray


@st.composite
def cases(draw: st.DrawFn, most: float = 8) -> Case:
    """Up to 9 different spans (several labels on one place among them) over up to 6 words."""
    words = draw(st.integers(1, 6))
    places = st.tuples(st.integers(0, words - 1), st.integers(1, words)).map(
        lambda place: (place[0], min(words, place[0] + place[1]))
    )
    spans = draw(st.lists(st.tuples(places, st.integers(0, LABELS - 1)), max_size=9, unique=True))
    weights = draw(st.lists(st.floats(-most, most), min_size=len(spans), max_size=len(spans)))
    table = np.array([(*place, label) for place, label in spans], dtype=np.int32).reshape(-1, 3)
    return Case(words, table[:, 0], table[:, 1], table[:, 2], np.array(weights))


def enumerate_sets(case: Case, first: int = 0, covered: int = 0) -> Iterator[list[int]]:
    """Every set of spans (as rows) of which no two share a word; `covered` is a bit mask."""
    if first == len(case.weight):
        yield []
        return
    yield from enumerate_sets(case, first + 1, covered)
    mask = sum(1 << word for word in range(case.start[first], case.end[first]))
    if not mask & covered:
        for rest in enumerate_sets(case, first + 1, covered | mask):
            yield [first, *rest]


def compute_by_hand(case: Case, *, roles: bool) -> tuple[np.ndarray, np.ndarray]:
    """Span marginals (S,) and tag marginals (L, T), by the definition."""
    spans = np.zeros(len(case.weight))
    tags = np.zeros((case.words, 1 + LABELS * (4 if roles else 1)))
    total = 0.0
    for rows in enumerate_sets(case):
        mass = math.exp(sum(case.weight[row] for row in rows))
        total += mass
        spans[rows] += mass
        chosen = [(int(case.start[r]), int(case.end[r]), int(case.label[r])) for r in rows]
        tags[np.arange(case.words), encode_tags(chosen, case.words, roles=roles)] += mass
    return spans / total, tags / total


def compute(
    case: Case, *, roles: bool = True, temperature: float = 1
) -> tuple[np.ndarray, np.ndarray]:
    spans = compute_span_marginals(case.words, case.start, case.end, case.weight / temperature)
    tags = compute_word_marginals(
        case.words, LABELS, case.start, case.end, case.label, spans, roles=roles
    )
    return spans, tags


@given(cases(), st.booleans())
def test_marginals_are_exact(case: Case, roles: bool) -> None:
    spans, tags = compute(case, roles=roles)
    expected_spans, expected_tags = compute_by_hand(case, roles=roles)
    assert spans == pytest.approx(expected_spans, abs=1e-9)
    assert tags == pytest.approx(expected_tags, abs=1e-6)
    assert tags.dtype == np.float32
    assert tags.sum(axis=1) == pytest.approx(np.ones(case.words), abs=1e-6)
    assert (tags >= 0).all()


def test_a_worked_example() -> None:
    # Two words; "a" (0–1) and "ab" (0–2) of label 0, "b" (1–2) of label 1, odds 2, 3 and 1.
    # Segmentations: none 1, a 2, b 1, a+b 2, ab 3: together 9.
    case = Case(2, np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([0, 0, 1]), np.log([2, 3, 1]))
    spans, tags = compute(case)
    assert spans == pytest.approx([4 / 9, 3 / 9, 3 / 9])
    # Tags: O, then B I E S of each label.
    assert tags[0] * 9 == pytest.approx([2, 3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0], abs=1e-5)
    assert tags[1] * 9 == pytest.approx([3, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0], abs=1e-5)
    folded = compute(case, roles=False)[1]
    assert folded * 9 == pytest.approx(np.array([[2, 7, 0, 0], [3, 3, 3, 0]]), abs=1e-5)


def test_labels_on_one_place_exclude_each_other() -> None:
    case = Case(1, np.array([0, 0]), np.array([1, 1]), np.array([0, 1]), np.log([1.0, 2.0]))
    assert compute(case)[0] == pytest.approx([1 / 4, 2 / 4])


@given(cases(most=4))
def test_without_temperature_the_best_segmentation_remains(case: Case) -> None:
    ranked = sorted(enumerate_sets(case), key=lambda rows: -sum(case.weight[rows]))
    best = ranked[0]
    if len(ranked) > 1:
        assume(sum(case.weight[best]) - sum(case.weight[ranked[1]]) > 0.05)
    spans, tags = compute(case, temperature=1e-3)
    chosen = [(int(case.start[r]), int(case.end[r]), int(case.label[r])) for r in best]
    expected = encode_tags(chosen, case.words, roles=True)
    assert np.flatnonzero(spans > 0.5).tolist() == best
    assert tags[np.arange(case.words), expected] == pytest.approx(np.ones(case.words), abs=1e-6)


def test_certain_spans_in_a_long_document_do_not_overflow() -> None:
    starts = np.arange(0, 5000, 2)
    weights = np.full(len(starts), 65504.0)
    spans = compute_span_marginals(5000, starts, starts + 1, weights)
    assert spans == pytest.approx(np.ones(len(starts)))
    assert compute_span_marginals(5000, starts, starts + 1, -weights) == pytest.approx(
        np.zeros(2500)
    )


def count_by_hand(case: Case) -> np.ndarray:
    """Expected transitions (T + 1, T + 1), by the definition."""
    border = 1 + LABELS * 4
    counts = np.zeros((border + 1, border + 1))
    total = 0.0
    for rows in enumerate_sets(case):
        mass = math.exp(sum(case.weight[row] for row in rows))
        total += mass
        chosen = [(int(case.start[r]), int(case.end[r]), int(case.label[r])) for r in rows]
        tags = encode_tags(chosen, case.words, roles=True)
        np.add.at(counts, (np.append(border, tags), np.append(tags, border)), mass)
    return counts / total


def compute_counts(case: Case) -> np.ndarray:
    return compute_transitions(case.words, LABELS, case.start, case.end, case.label, case.weight)


@given(cases())
def test_transitions_are_exact(case: Case) -> None:
    counts = compute_counts(case)
    assert counts == pytest.approx(count_by_hand(case), abs=1e-9)
    assert counts.sum() == pytest.approx(case.words + 1)
    assert not counts[~find_allowed(LABELS)].any()
    # Each word has one tag before it and one behind it: sums of rows and columns are the marginals.
    tags = compute(case)[1].sum(axis=0)
    assert counts.sum(axis=1)[:-1] == pytest.approx(tags, abs=1e-5)
    assert counts.sum(axis=0)[:-1] == pytest.approx(tags, abs=1e-5)


def test_transitions_of_a_worked_example() -> None:
    # "a" (odds 2) and "ab" (odds 3) of label 0, "b" (odds 1) of label 1, of segmentations that
    # are worth none 1, a 2, b 1, a+b 2, ab 3: together 9.
    case = Case(2, np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([0, 0, 1]), np.log([2, 3, 1]))
    counts = compute_counts(case) * 9
    begin, end, single, other, border = 1, 3, 4, 8, 13
    wanted = {
        (border, 0): 2, (border, single): 4, (border, begin): 3,
        (0, 0): 1, (0, other): 1, (single, 0): 2, (single, other): 2, (begin, end): 3,
        (0, border): 3, (other, border): 3, (end, border): 3,
    }  # fmt: skip
    assert {tuple(place): round(counts[tuple(place)], 9) for place in np.argwhere(counts)} == wanted


def test_long_and_certain_spans() -> None:
    # One entity of five words for certain: B I I I E.
    case = Case(6, np.array([1]), np.array([6]), np.array([2]), np.array([500.0]))
    counts = compute_counts(case)
    begin, inside, end, border = 9, 10, 11, 13
    wanted = {(border, 0): 1, (0, begin): 1, (begin, inside): 1, (inside, inside): 2,
              (inside, end): 1, (end, border): 1}  # fmt: skip
    likely = np.argwhere(counts > 1e-9)
    assert {tuple(place): round(counts[tuple(place)], 9) for place in likely} == wanted


def test_nothing_to_say() -> None:
    none = np.zeros(0, dtype=np.int32)
    assert compute_span_marginals(3, none, none, np.zeros(0)).shape == (0,)
    tags = compute_word_marginals(3, 2, none, none, none, np.zeros(0), roles=True)
    assert tags.tolist() == [[1] + [0] * 8] * 3
    assert compute_word_marginals(0, 2, none, none, none, np.zeros(0), roles=True).shape == (0, 9)


def test_sharpen() -> None:
    marginals = np.array([[0.5, 0.25, 0.25, 0], [1, 0, 0, 0]], dtype=np.float32)
    assert sharpen(marginals, 1) is marginals
    # T = 1/2 squares: 4/16, 1/16, 1/16 → 4/6, 1/6, 1/6.
    sharp = sharpen(marginals, 0.5)
    assert sharp == pytest.approx(np.array([[4 / 6, 1 / 6, 1 / 6, 0], [1, 0, 0, 0]]))
    # T = 2 takes roots: √½, ½, ½ → 1/(1 + √2), …
    soft = sharpen(marginals, 2)
    assert soft[0] == pytest.approx([0.414214, 0.292893, 0.292893, 0], abs=1e-6)
    assert soft[1].tolist() == [1, 0, 0, 0]
    assert sharp.dtype == soft.dtype == np.float32


@given(cases(), st.floats(0.05, 20))
def test_sharpening_keeps_distributions_and_their_order(case: Case, temperature: float) -> None:
    _, tags = compute(case)
    changed = sharpen(tags, temperature)
    assert changed.sum(axis=1) == pytest.approx(np.ones(case.words), abs=1e-5)
    top = changed[np.arange(case.words), tags.argmax(axis=1)]
    assert (top >= changed.max(axis=1) - 1e-6).all()
