"""The order of examples is a function of the seed, and resumes anywhere."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.distill.targets.soft_targets import Sparse
from distilgliner.distill.training.batches import (
    POOL_BATCHES,
    build_batch,
    iterate_examples,
    iterate_rows,
    plan_pass,
)
from distilgliner.distill.training.examples import Example, TeacherTargets
from tiny_store import build_tiny_student

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=120)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 99), st.integers(0, 5))
def test_a_pass_has_every_row_once(
    lengths: list[int], batch_documents: int, seed: int, number: int
) -> None:
    batches = plan_pass(lengths, batch_documents, seed, number)
    assert sorted(chain.from_iterable(batches)) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_documents for batch in batches)
    assert batches == plan_pass(lengths, batch_documents, seed, number)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 99), st.integers(0, 60))
def test_the_sequence_goes_on_from_any_update(
    lengths: list[int], batch_documents: int, seed: int, first: int
) -> None:
    whole = list(islice(iterate_rows(lengths, batch_documents, seed, 0), first + 10))
    later = list(islice(iterate_rows(lengths, batch_documents, seed, first), 10))
    assert later == whole[first:]


def test_passes_and_seeds_differ() -> None:
    lengths = list(np.random.default_rng(0).integers(1, 30, size=100))
    plans = [plan_pass(lengths, 8, seed, number) for seed in (0, 1) for number in (0, 1)]
    assert all(plans[i] != plans[j] for i in range(4) for j in range(i))


def test_batches_hold_little_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, size=16 * POOL_BATCHES * 2).tolist()
    batches = plan_pass(lengths, 16, 0, 0)
    padded = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
    assert padded < 1.15 * sum(lengths)
    order = [lengths[batch[0]] for batch in batches]
    assert order != sorted(order)


def test_a_batch_pads_what_examples_have(tmp_path: Path) -> None:
    featurizer = build_tiny_student(tmp_path).featurizer
    soft = np.full((2, 5), 0.2, dtype=np.float32)
    examples = [
        Example(["Ada", "met", "Bob"], gold=np.array([4, 0, 4]), hard=np.array([1, 2, 3])),
        Example(["Ada", "."], soft=soft, states=np.ones((2, 2, 3), dtype=np.float16)),
        Example(["Ada"], gold=np.array([1]), soft=soft[:1]),
    ]
    batch = build_batch(examples, featurizer, 5)
    assert batch.words.lengths.tolist() == [3, 2, 1]
    assert batch.gold.tolist() == [[4, 0, 4], [0, 0, 0], [1, 0, 0]]
    yes, no = True, False
    assert batch.gold_mask.tolist() == [[yes, yes, yes], [no, no, no], [yes, no, no]]
    assert batch.soft_mask.tolist() == [[no, no, no], [yes, yes, no], [yes, no, no]]
    assert batch.soft.shape == (3, 3, 5)
    assert batch.soft.sum(dim=-1).tolist() == [[0, 0, 0], pytest.approx([1, 1, 0]), [1, 0, 0]]
    assert (batch.gold.dtype, batch.soft.dtype) == (torch.int64, torch.float32)
    assert batch.hard.tolist() == [[1, 2, 3], [0, 0, 0], [0, 0, 0]]
    assert batch.hard_mask.tolist() == [[yes, yes, yes], [no, no, no], [no, no, no]]
    assert (batch.states.shape, batch.states.dtype) == ((2, 3, 3, 3), torch.float32)
    assert batch.states.sum().item() == 2 * 2 * 3
    assert batch.states_mask.tolist() == [[no, no, no], [yes, yes, no], [no, no, no]]


def test_a_batch_without_distributions_takes_no_room_for_them(tmp_path: Path) -> None:
    featurizer = build_tiny_student(tmp_path).featurizer
    batch = build_batch([Example(["Ada"], gold=np.array([1]))], featurizer, 5)
    assert batch.soft.numel() == 0
    assert not batch.soft_mask.any()
    assert batch.states.shape == (0, 1, 1, 0)
    assert not batch.states_mask.any()


def build_sampled(count: int) -> list[Example]:
    """Examples of two teachers; the one says tag 1 everywhere, the other tag 2."""
    return [
        Example(
            ["x"] * (1 + row % 5),
            by_teacher=tuple(
                TeacherTargets(
                    1.0, np.full(1 + row % 5, tag), np.zeros((1 + row % 5, 3), np.float32)
                )
                for tag in (1, 2)
            ),
            id=f"document {row}",
        )
        for row in range(count)
    ]


def list_draws(
    batch_documents: int, first_update: int, updates: int, seed: int = 3
) -> list[list[tuple[str, int]]]:
    """Who speaks for whom, batch by batch."""
    batches = iterate_examples(build_sampled(24), batch_documents, seed, first_update)
    return [
        [(example.id, int(example.hard[0])) for example in batch]  # type: ignore[index]
        for batch in islice(batches, updates)
    ]


def test_who_is_drawn_depends_on_document_and_pass_alone() -> None:
    passes = {
        size: [
            dict(chain.from_iterable(list_draws(size, number * 24 // size, 24 // size)))
            for number in (0, 1)
        ]
        for size in (1, 4, 8)
    }
    assert passes[1] == passes[4] == passes[8]
    first, second = passes[1]
    assert len(first) == 24
    assert set(first.values()) == {1, 2}
    assert first != second
    assert dict(chain.from_iterable(list_draws(1, 0, 24, seed=4))) != first


@pytest.mark.parametrize("first", [1, 5, 6, 13])
def test_a_resumed_run_draws_the_same(first: int) -> None:
    assert list_draws(4, first, 10) == list_draws(4, 0, first + 10)[first:]


def test_known_labels_of_a_batch(tmp_path: Path) -> None:
    featurizer = build_tiny_student(tmp_path).featurizer
    tags = np.array([1])
    only_first, all_known = np.array([True, False]), None
    examples = [
        Example(["Ada"], gold=tags, gold_labels=only_first),
        Example(["Bob"], gold=tags, gold_labels=all_known),
    ]
    batch = build_batch(examples, featurizer, 9)
    assert batch.gold_labels is not None
    assert batch.gold_labels.tolist() == [[True, False], [True, True]]
    assert batch.teacher_labels is None


def test_a_batch_joins_the_entries_of_its_examples(tmp_path: Path) -> None:
    featurizer = build_tiny_student(tmp_path).featurizer
    one = Sparse(np.array([[0, 1], [9, 0]], dtype=np.int32), np.array([0.5, 2], dtype=np.float32))
    other = Sparse(np.array([[1, 0, 3]], dtype=np.int32), np.array([0.25], dtype=np.float32))
    none = Sparse(np.zeros((0, 3), dtype=np.int32), np.zeros(0, dtype=np.float32))
    examples = [
        Example(["Ada"]),
        Example(["Ada", "met"], transitions=one),
        Example(["Ada", "met", "Bob"], spans=other),
        Example(["Bob"], spans=none),
    ]
    batch = build_batch(examples, featurizer, 9)
    assert batch.transitions.places.tolist() == [[1, 0, 1], [1, 9, 0]]
    assert batch.transitions.values.tolist() == [0.5, 2]
    assert batch.spans.places.tolist() == [[2, 1, 0, 3]]
    assert batch.spans.places.dtype == torch.int64
    # Spans are a distribution too, and so is it to have none that is likely.
    assert batch.soft_mask.sum(dim=1).tolist() == [0, 0, 3, 1]
    assert batch.soft.numel() == 0
    empty = build_batch(examples[:1], featurizer, 9)
    assert empty.transitions.places.shape == (0, 3)
    assert empty.spans.places.shape == (0, 4)


def test_whoever_is_drawn_speaks_in_every_form() -> None:
    one = Sparse(np.array([[0, 1]], dtype=np.int32), np.array([0.5], dtype=np.float32))
    other = Sparse(np.array([[0, 1, 2]], dtype=np.int32), np.array([0.5], dtype=np.float32))
    example = Example(["x"], by_teacher=(TeacherTargets(1.0, transitions=one, spans=other),))
    ((drawn,),) = islice(iterate_examples([example], 1, 0, 0), 1)
    assert (drawn.transitions, drawn.spans, drawn.by_teacher) == (one, other, ())
