"""Losses over the words of a batch: pure functions of logits and targets."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Mean over the words of `mask` (B, L) of −log p(tag); logits (B, L, T), tags (B, L)."""
    return F.cross_entropy(logits[mask], tags[mask]) if mask.any() else logits.sum() * 0


def soft_cross_entropy(
    logits: Tensor, targets: Tensor, mask: Tensor, temperature: float = 1.0
) -> Tensor:
    """Mean over words of KL(target ‖ student), both at `temperature`, scaled by its square.

    logits and targets (B, L, T), targets are probabilities at temperature 1. Differs from the cross
    entropy by the targets' entropy, a constant of the data. Hinton, Vinyals & Dean 2015, section 2.
    """
    if not mask.any():
        return logits.sum() * 0
    wanted = targets[mask]
    if temperature != 1:
        wanted = torch.softmax(torch.log(wanted.clamp_min(1e-8)) / temperature, dim=-1)
    predicted = F.log_softmax(logits[mask] / temperature, dim=-1)
    return F.kl_div(predicted, wanted, reduction="batchmean") * temperature**2
