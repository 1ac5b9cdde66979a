"""Losses over spans and labels that are scored on their own by a sigmoid, as GLiNER does.

Shapes: logits and targets (N,), one for each pair of span and label that counts.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SMALLEST_PROBABILITY = 1e-6
"""What stands for 0, and less than 1 by as much for 1, where a target's logit is taken.

Float32 still tells 1 − 1e-6 from 1.
"""


def span_binary_kl(logits: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
    """Mean of KL(target ‖ student) of two outcomes, both at `temperature`, scaled by its square.

    Targets are the teacher's probabilities at temperature 1; at T they are sigmoid(logit / T).
    Hinton, Vinyals & Dean 2015, section 2, for independent labels.
    """
    if not logits.numel():
        return logits.sum() * 0
    wanted = targets
    if temperature != 1:
        wanted = torch.sigmoid(torch.logit(targets, eps=SMALLEST_PROBABILITY) / temperature)
    cross = F.binary_cross_entropy_with_logits(logits / temperature, wanted, reduction="none")
    entropy = -torch.xlogy(wanted, wanted) - torch.xlogy(1 - wanted, 1 - wanted)
    return (cross - entropy).mean() * temperature**2


def span_binary_cross_entropy(
    logits: Tensor, targets: Tensor, negative_weight: float = 1.0
) -> Tensor:
    """Weighted mean of the cross entropy with targets of 0 and 1.

    negative_weight: what a target of 0 weighs against one of 1; nearly all spans are negatives.
    """
    weights = torch.where(targets > 0, 1.0, negative_weight).to(logits.dtype)
    if not (weights > 0).any():
        return logits.sum() * 0
    losses = F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), reduction="none")
    return (losses * weights).sum() / weights.sum()
