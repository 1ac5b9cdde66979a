"""The order of examples is a function of the seed, and resumes anywhere."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.distill.batches import POOL_BATCHES, build_batch, iterate_rows, plan_pass
from distilgliner.distill.examples import Example
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
