"""The order in which examples are seen: a function of the seed alone, so that runs can resume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from distilgliner.distill.batch import Batch, SparseBatch
from distilgliner.distill.targets.soft_targets import Sparse
from distilgliner.distill.training.examples import Example, draw_teacher
from distilgliner.student.features import WordFeaturizer

POOL_BATCHES = 20
"""Batches are cut from pools of so many, sorted by length: little padding, still random."""


def plan_pass(
    lengths: Sequence[int], batch_documents: int, seed: int, number: int
) -> list[list[int]]:
    """The batches of one pass over the examples, as rows; each pass has its own order."""
    rng = np.random.default_rng((seed, number))
    order = rng.permutation(len(lengths))
    pool = batch_documents * POOL_BATCHES
    batches = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool].tolist(), key=lambda row: (lengths[row], row))
        batches += [rows[i : i + batch_documents] for i in range(0, len(rows), batch_documents)]
    return [batches[index] for index in rng.permutation(len(batches))]


def iterate_rows(
    lengths: Sequence[int], batch_documents: int, seed: int, first_update: int
) -> Iterator[list[int]]:
    """Batches without end, pass after pass, from update number `first_update` on."""
    per_pass = len(plan_pass(lengths, batch_documents, seed, 0))
    number, skipped = divmod(first_update, per_pass)
    while True:
        yield from plan_pass(lengths, batch_documents, seed, number)[skipped:]
        number, skipped = number + 1, 0


def iterate_examples(
    examples: Sequence[Example], batch_documents: int, seed: int, first_update: int
) -> Iterator[list[Example]]:
    """The examples of `iterate_rows`, each with what one of its teachers says in that pass."""
    lengths = [len(example.words) for example in examples]
    per_pass = len(plan_pass(lengths, batch_documents, seed, 0))
    rows = iterate_rows(lengths, batch_documents, seed, first_update)
    for update, chosen in enumerate(rows, first_update):
        number = update // per_pass
        yield [draw_teacher(examples[row], seed, number) for row in chosen]


def build_batch(examples: Sequence[Example], featurizer: WordFeaturizer, tag_count: int) -> Batch:
    """Pad examples to one batch; T = `tag_count`."""
    words = featurizer.build_batch([example.words for example in examples])
    shape = words.words.shape
    gold, gold_mask = _pad([example.gold for example in examples], shape, np.int64)
    hard, hard_mask = _pad([example.hard for example in examples], shape, np.int64)
    has_soft = any(example.soft is not None for example in examples)
    width = tag_count if has_soft else 0
    soft, soft_mask = _pad([example.soft for example in examples], (*shape, width), np.float32)
    states, states_mask = _pad_states([example.states for example in examples], shape)
    for row, example in enumerate(examples):
        if example.spans is not None:
            soft_mask[row, : len(example.words)] = True
    return Batch(
        words,
        gold,
        gold_mask,
        hard,
        hard_mask,
        soft,
        soft_mask,
        states,
        states_mask,
        transitions=_join([example.transitions for example in examples], axes=2),
        spans=_join([example.spans for example in examples], axes=3),
        gold_labels=_stack_labels([example.gold_labels for example in examples]),
        teacher_labels=_stack_labels([example.teacher_labels for example in examples]),
    )


def _stack_labels(rows: Sequence[np.ndarray | None]) -> Tensor | None:
    """The known labels of examples as (B, C) bool; None when each knows all."""
    first = next((row for row in rows if row is not None), None)
    if first is None:
        return None
    every = np.ones(len(first), dtype=bool)
    return torch.from_numpy(np.stack([every if row is None else row for row in rows]))


def _pad(
    rows: Sequence[np.ndarray | None], shape: tuple[int, ...], kind: type
) -> tuple[Tensor, Tensor]:
    """Arrays (L, …) of some of the examples as one (B, L, …), and which words have one."""
    values: np.ndarray = np.zeros(shape, dtype=kind)
    mask = np.zeros(shape[:2], dtype=bool)
    for index, row in enumerate(rows):
        if row is not None:
            values[index, : len(row)] = row
            mask[index, : len(row)] = True
    return torch.from_numpy(values), torch.from_numpy(mask)


def _pad_states(rows: Sequence[np.ndarray | None], shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """States (layers, L, D) of some of the examples as one (layers, B, L, D)."""
    first = next((row for row in rows if row is not None), np.zeros((0, 0, 0)))
    layers, _, dim = first.shape
    # fp16 in the store, and padded as fp16: a batch of them is large
    values: np.ndarray = np.zeros((layers, *shape, dim), dtype=np.float16)
    mask = np.zeros(shape, dtype=bool)
    for index, row in enumerate(rows):
        if row is not None:
            values[:, index, : row.shape[1]] = row
            mask[index, : row.shape[1]] = True
    return torch.from_numpy(values).float(), torch.from_numpy(mask)


def _join(rows: Sequence[Sparse | None], axes: int) -> SparseBatch:
    """The entries of some of the examples, each with the number of its example."""
    places, values = [np.zeros((0, 1 + axes), dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
    for index, row in enumerate(rows):
        if row is not None:
            places.append(np.insert(row.places.astype(np.int64), 0, index, axis=1))
            values.append(row.values)
    return SparseBatch(
        torch.from_numpy(np.concatenate(places)), torch.from_numpy(np.concatenate(values))
    )
