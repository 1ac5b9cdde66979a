"""Losses that know nothing of some labels: as if their tags did not exist."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.distill.objective.known_labels import (
    average_by_labels,
    list_tags,
    renumber_tags,
    select_tags,
)
from distilgliner.distill.objective.losses import cross_entropy

LABELS = torch.tensor([[True, False], [False, True], [True, True], [True, False]])
"""Of four documents, two labels each."""


def test_tags_of_known_labels() -> None:
    assert list_tags(torch.tensor([False, True]), 9).tolist() == [0, 5, 6, 7, 8]
    assert list_tags(torch.tensor([True, False, True]), 4).tolist() == [0, 1, 3]
    assert list_tags(torch.tensor([False, False]), 9).tolist() == [0]


def test_tags_are_renumbered_among_the_known() -> None:
    tags = list_tags(torch.tensor([False, True]), 9)
    assert renumber_tags(torch.tensor([[0, 5, 8, 3]]), tags).tolist() == [[0, 1, 4, 0]]
    values = torch.tensor([[7, 1]])
    assert renumber_tags(values, None) is values
    assert select_tags(torch.arange(9.0)[None, None], tags).tolist() == [[[0, 5, 6, 7, 8]]]


def compute(logits: torch.Tensor, gold: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return average_by_labels(
        lambda part, tags: cross_entropy(
            select_tags(logits, tags), renumber_tags(gold, tags), part
        ),
        mask,
        LABELS,
        9,
    )


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_same_as_logits_of_minus_infinity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = torch.tensor(rng.normal(size=(4, 3, 9)), requires_grad=True)
    mask = torch.tensor(rng.random((4, 3)) < 0.7)
    is_known = torch.cat((torch.ones(4, 1, dtype=torch.bool), LABELS.repeat_interleave(4, 1)), 1)
    allowed = is_known[:, None, :].expand(4, 3, 9)
    gold = torch.tensor(
        [[rng.choice(row.nonzero().squeeze(1).numpy()) for row in rows] for rows in allowed]
    )
    loss = compute(logits, gold, mask)
    loss.backward()
    gradient = logits.grad
    assert gradient is not None
    assert gradient[~allowed].abs().max() == 0
    other = logits.detach().masked_fill(~allowed, -1e9).requires_grad_()
    expected = cross_entropy(other, gold, mask)
    expected.backward()
    assert loss.item() == pytest.approx(expected.item())
    assert other.grad is not None
    torch.testing.assert_close(gradient, other.grad)


def test_without_a_mask_there_is_no_part() -> None:
    seen = []

    def note(part: torch.Tensor, tags: torch.Tensor | None) -> torch.Tensor:
        seen.append((part, tags))
        return part.sum() * 0.0

    mask = torch.ones(4, 2, dtype=torch.bool)
    assert average_by_labels(note, mask, None, 9).item() == 0
    assert average_by_labels(note, ~mask, LABELS, 9).item() == 0
    assert [tags for _, tags in seen] == [None, None]
    assert seen[0][0] is mask
