"""A linear chain of tags: what a whole text's tag sequence is worth, summed over all sequences.

    p(y) ∝ exp( A(border, y₁) + Σᵢ s(i, yᵢ) + Σᵢ A(yᵢ, yᵢ₊₁) + A(y_L, border) )

Shapes: scores s (B, L, T), lengths (B,), transitions A (T + 1, T + 1), whose last row and column
are the border of a text. Lafferty, McCallum & Pereira 2001, section 3.

Sums run over scaled probabilities in double precision, a word of all texts at a time: a product
with a matrix and no logarithm. Words behind the end of a text stand in the border, which only leads
to itself, so that texts of unlike length need no mask.
"""

from __future__ import annotations

import torch
from torch import Tensor

from distilgliner.student.heads.limits import LEAST_SCORE, SMALLEST_PROBABILITY


def compute_log_partition(scores: Tensor, lengths: Tensor, transitions: Tensor) -> Tensor:
    """log Σ_y exp(score of y), (B,) in double precision; its gradient are the marginals."""
    weights, best = _compute_weights(scores, lengths)
    norms = _run(weights.unsqueeze(1), _compute_factors(transitions).unsqueeze(0))[1]
    return norms.log().sum(dim=(0, 1)) + best


def compute_log_marginals(scores: Tensor, lengths: Tensor, transitions: Tensor) -> Tensor:
    """log p(yᵢ = tag), (B, L, T) float32, by forward–backward; no gradient is meant to pass."""
    weights, _ = _compute_weights(scores, lengths)
    factors = _compute_factors(transitions)
    both = torch.stack((weights, weights.flip(0)), dim=1)
    reached, _ = _run(both, torch.stack((factors, factors.T)))
    joint = (reached[:, 0] * weights * reached[:, 1].flip(0))[:-1, :, :-1]
    total = joint.sum(dim=-1, keepdim=True).clamp_min(SMALLEST_PROBABILITY)
    return (joint / total).clamp_min(SMALLEST_PROBABILITY).log().transpose(0, 1).float()


def _compute_weights(scores: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """exp(score), each word's best being 1, (L + 1, B, T + 1), and the sum of the best (B,)."""
    words = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
    best = scores.detach().amax(dim=-1, keepdim=True).double()
    weights = (scores.double() - best).clamp_min(LEAST_SCORE).exp() * words.unsqueeze(-1)
    weights = torch.cat((weights, (~words).double().unsqueeze(-1)), dim=-1).transpose(0, 1)
    end = torch.zeros_like(weights[:1])
    end[:, :, -1] = 1
    return torch.cat((weights, end)), (best.squeeze(-1) * words).sum(dim=1)


def _compute_factors(transitions: Tensor) -> Tensor:
    """exp(transition), the border leading to itself: (T + 1, T + 1)."""
    corner = torch.zeros_like(transitions, dtype=torch.float64)
    corner[-1, -1] = 1
    return transitions.double().exp() * (1 - corner) + corner


def _run(weights: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
    """Walk from the border through weights (L + 1, D, B, T + 1) in D directions at once.

    factors: (D, T + 1, T + 1). Returns what reaches each word before its own weight, given that all
    weights so far sum to 1, and the sums with it (L + 1, D, B).
    """
    state = torch.zeros_like(weights[0])
    state[:, :, -1] = 1
    reached, norms = [], []
    for weight in weights:
        reached.append(torch.bmm(state, factors))
        state = reached[-1] * weight
        norms.append(state.sum(dim=-1, keepdim=True))
        state = state / norms[-1]
    return torch.stack(reached), torch.stack(norms).squeeze(-1)
