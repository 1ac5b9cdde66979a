"""Losses over the tags of the words of a batch.

Shapes: logits and targets (B, L, T), mask (B, L) bool. Targets are the teacher's probabilities at
temperature 1. A temperature is a number, or a tensor (B, L) with one for each word.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SMALLEST_PROBABILITY = 1e-8
"""What stands for a probability of 0 where its logarithm is taken, in both KL losses.

At temperature T it becomes 1e-8^(1/T) before the division by the sum: 0.01% at T = 2, 1% at T = 4.
"""

LOGIT_FLOOR = 1e-4
"""The probability down to which `logit_mse` copies the teacher.

The annotation keeps spans from about 1% on, so that smaller marginals only come from spans that
exclude each other: in a store of 3,000 tweets, 0.02% of those above 0 were below 1e-4.
"""


def cross_entropy(logits: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
    """Mean over the words of `mask` (B, L) of −log p(tag); logits (B, L, T), tags (B, L)."""
    return F.cross_entropy(logits[mask], tags[mask]) if mask.any() else logits.sum() * 0


def soft_cross_entropy(
    logits: Tensor, targets: Tensor, mask: Tensor, temperature: float | Tensor = 1.0
) -> Tensor:
    """Mean over words of KL(target ‖ student), both at `temperature`, scaled by its square.

    Differs from the cross entropy by the targets' entropy, a constant of the data. Hinton, Vinyals
    & Dean 2015, section 2.
    """
    if not mask.any():
        return logits.sum() * 0
    wanted = targets[mask]
    scale = _select_temperature(temperature, mask)
    if isinstance(scale, Tensor) or scale != 1:
        wanted = torch.softmax(compute_log_probabilities(wanted) / scale, dim=-1)
    predicted = F.log_softmax(logits[mask] / scale, dim=-1)
    if isinstance(scale, Tensor):
        return (F.kl_div(predicted, wanted, reduction="none") * scale**2).sum() / len(wanted)
    return F.kl_div(predicted, wanted, reduction="batchmean") * scale**2


def reverse_kl(
    logits: Tensor, targets: Tensor, mask: Tensor, temperature: float | Tensor = 1.0
) -> Tensor:
    """Mean over words of KL(student ‖ target), both at `temperature`, scaled by its square.

    It costs the student what it puts where the teacher has next to nothing, and little to leave out
    one of the teacher's alternatives. Where the teacher has exactly 0 it would be infinite: there
    `SMALLEST_PROBABILITY` is taken, so that the student's probability costs at most 18 nats. Gu,
    Dong, Wei & Huang 2023 (MiniLLM), section 2; the sum over tags is exact here, not sampled.
    """
    if not mask.any():
        return logits.sum() * 0
    scale = _select_temperature(temperature, mask)
    wanted = F.log_softmax(compute_log_probabilities(targets[mask]) / scale, dim=-1)
    predicted = F.log_softmax(logits[mask] / scale, dim=-1)
    divergence = (predicted.exp() * (predicted - wanted)).sum(dim=-1, keepdim=True)
    return (divergence * scale**2).mean()


def logit_mse(
    logits: Tensor, targets: Tensor, mask: Tensor, temperature: float | Tensor = 1.0
) -> Tensor:
    """Mean over words and tags of the squared gap between the student's logits and the teacher's
    log-probabilities, both centred per word and divided by `temperature`.

    Softmax is blind to a constant, so each word's mean is taken off both. The temperature does not
    change what is learned: it weighs a word by 1/T². Ba & Caruana 2014, section 2.2.

    Most targets are exactly 0: the teacher's spans there are below the floor of the annotation.
    Their log-probability is unknown, but known to be small. To leave them out would teach nothing
    on a word whose only tag is "outside" (nine of ten); to copy a stand-in would spend the
    student's capacity on it, and let it move the mean. So `LOGIT_FLOOR` is an upper bound for them:
    a gap counts only when the student is above, and they have no part in the means.
    """
    if not mask.any():
        return logits.sum() * 0
    wanted = targets[mask]
    known = wanted > LOGIT_FLOOR
    teacher = _centre(torch.log(wanted.clamp_min(LOGIT_FLOOR)), known)
    gap = _centre(logits[mask], known) - teacher
    gap = torch.where(known, gap, gap.clamp_min(0)) / _select_temperature(temperature, mask)
    return gap.square().mean()


def compute_log_probabilities(targets: Tensor) -> Tensor:
    """The teacher's log-probabilities (B, L, T), finite where its probability is 0."""
    return torch.log(targets.clamp_min(SMALLEST_PROBABILITY))


def _select_temperature(temperature: float | Tensor, mask: Tensor) -> float | Tensor:
    """The temperatures (N, 1) of the N words of a mask, or the number for all."""
    return temperature[mask].unsqueeze(-1) if isinstance(temperature, Tensor) else temperature


def _centre(values: Tensor, known: Tensor) -> Tensor:
    """Values (N, T) less the mean over the `known` ones of their row."""
    count = known.sum(dim=-1, keepdim=True).clamp_min(1)
    return values - (values * known).sum(dim=-1, keepdim=True) / count
