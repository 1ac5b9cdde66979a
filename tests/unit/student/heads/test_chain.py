"""Sums over the tag sequences of a text, against every sequence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chains import compute_by_hand
from distilgliner.student.heads.chain import compute_log_marginals, compute_log_partition

FORBIDDEN = -1e4


def draw_chain(
    seed: int, lengths: list[int], tag_count: int, spread: float = 3.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random scores (B, L, T), lengths and transitions, one of which is forbidden."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(lengths), max(lengths), tag_count)) * spread
    transitions = rng.normal(size=(tag_count + 1, tag_count + 1)) * spread
    if tag_count > 1:
        transitions[0, 1] = FORBIDDEN
    return torch.tensor(scores).float(), torch.tensor(lengths), torch.tensor(transitions).float()


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 4),
    st.floats(0.1, 8),
)
def test_sums_are_exact(seed: int, lengths: list[int], tag_count: int, spread: float) -> None:
    scores, counts, transitions = draw_chain(seed, lengths, tag_count, spread)
    totals = compute_log_partition(scores, counts, transitions)
    marginals = compute_log_marginals(scores, counts, transitions)
    assert totals.dtype == torch.float64
    assert (marginals.shape, marginals.dtype) == (scores.shape, torch.float32)
    for row, length in enumerate(lengths):
        wanted, likely = compute_by_hand(scores[row, :length].numpy(), transitions.numpy())
        assert totals[row].item() == pytest.approx(wanted, rel=1e-6, abs=1e-6)
        assert marginals[row, :length].exp().numpy() == pytest.approx(likely, abs=1e-6)


def test_a_worked_example() -> None:
    # Two words, tags a and b, as factors: word 1 (2, 1), word 2 (1, 3); a→b counts 2, b→b not at
    # all, a text may begin with either and end with b twice as readily.
    # aa 2·1 = 2, ab 2·2·3·2 = 24, ba 1·1 = 1, bb 0: together 27.
    scores = torch.tensor([[[2.0, 1], [1, 3]]]).log()
    transitions = torch.tensor([[1.0, 2, 1], [1, 0, 2], [1, 1, 1]]).log().clamp_min(FORBIDDEN)
    assert compute_log_partition(scores, torch.tensor([2]), transitions).exp().item() == (
        pytest.approx(27)
    )
    marginals = compute_log_marginals(scores, torch.tensor([2]), transitions).exp()
    assert 27 * marginals[0].numpy() == pytest.approx(np.array([[26, 1], [3, 24]]), rel=1e-5)


def test_the_slope_of_the_sum_is_the_marginals() -> None:
    scores, lengths, transitions = draw_chain(1, [4, 2], 3)
    scores.requires_grad_()
    compute_log_partition(scores, lengths, transitions).sum().backward()
    marginals = compute_log_marginals(scores.detach(), lengths, transitions).exp()
    assert scores.grad is not None
    assert torch.allclose(scores.grad[0], marginals[0], atol=1e-6)
    assert torch.allclose(scores.grad[1, :2], marginals[1, :2], atol=1e-6)
    assert not scores.grad[1, 2:].any()


def test_padding_and_other_texts_have_no_say() -> None:
    scores, lengths, transitions = draw_chain(2, [3, 5, 1], 4)
    together = compute_log_marginals(scores, lengths, transitions)
    padded = scores.clone()
    padded[0, 3:], padded[2, 1:] = 99.0, -99.0
    changed = compute_log_marginals(padded, lengths, transitions)
    for row, length in enumerate([3, 5, 1]):
        assert torch.equal(together[row, :length], changed[row, :length])
        alone = compute_log_marginals(
            scores[row : row + 1, :length], lengths[row : row + 1], transitions
        )
        assert torch.allclose(together[row, :length], alone[0], atol=1e-6)


def test_a_text_without_words() -> None:
    scores, _, transitions = draw_chain(3, [2, 2], 3)
    totals = compute_log_partition(scores, torch.tensor([0, 2]), transitions)
    assert totals[0].item() == 0
    assert compute_log_marginals(scores, torch.tensor([0, 2]), transitions).isfinite().all()


@pytest.mark.parametrize("size", [60.0, 240.0, 5000.0])
def test_scores_of_any_size_over_a_long_text(size: float) -> None:
    """Every word is certain of a tag that may not follow the one before: all paths cost a lot."""
    scores = torch.zeros(1, 600, 3)
    scores[0, ::2, 0] = size
    scores[0, 1::2, 1] = size
    transitions = torch.zeros(4, 4)
    transitions[0, 1] = FORBIDDEN
    lengths = torch.tensor([600])
    scores.requires_grad_()
    total = compute_log_partition(scores, lengths, transitions)
    total.sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    marginals = compute_log_marginals(scores.detach(), lengths, transitions)
    assert marginals.isfinite().all()
    assert marginals.exp().sum(dim=-1).numpy() == pytest.approx(np.ones((1, 600)), abs=1e-5)
