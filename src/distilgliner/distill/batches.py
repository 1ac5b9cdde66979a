"""The order in which examples are seen: a function of the seed alone, so that runs can resume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from distilgliner.distill.examples import Example
from distilgliner.student.features import WordBatch, WordFeaturizer

POOL_BATCHES = 20
"""Batches are cut from pools of so many, sorted by length: little padding, still random."""


@dataclass(frozen=True)
class Batch:
    """B examples of at most L words. A mask says which words have the targets."""

    words: WordBatch
    tags: Tensor  # int64 (B, L)
    tags_mask: Tensor  # bool (B, L)
    soft: Tensor  # float32 (B, L, T)
    soft_mask: Tensor  # bool (B, L)


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


def build_batch(examples: Sequence[Example], featurizer: WordFeaturizer, tag_count: int) -> Batch:
    """Pad examples to one batch; T = `tag_count`."""
    words = featurizer.build_batch([example.words for example in examples])
    shape = words.words.shape
    tags = np.zeros(shape, dtype=np.int64)
    tags_mask = np.zeros(shape, dtype=bool)
    has_soft = any(example.soft is not None for example in examples)
    soft = np.zeros((*shape, tag_count) if has_soft else (*shape, 0), dtype=np.float32)
    soft_mask = np.zeros(shape, dtype=bool)
    for row, example in enumerate(examples):
        length = len(example.words)
        if example.tags is not None:
            tags[row, :length] = example.tags
            tags_mask[row, :length] = True
        if example.soft is not None:
            soft[row, :length] = example.soft
            soft_mask[row, :length] = True
    return Batch(
        words,
        torch.from_numpy(tags),
        torch.from_numpy(tags_mask),
        torch.from_numpy(soft),
        torch.from_numpy(soft_mask),
    )
