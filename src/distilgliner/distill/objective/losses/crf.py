"""Losses over the tag sequences of whole texts, for students whose tags are a chain.

Shapes: scores (B, L, T), transitions (T + 1, T + 1) whose last row and column are the border of a
text (see `student/chain.py`), mask (B, L) bool, which has all words of a text or none. Losses are
sums over texts divided by the words of the mask, so that they weigh as the losses of tags do.
"""

from __future__ import annotations

import torch
from torch import Tensor

from distilgliner.student.heads.chain import compute_log_partition


def chain_cross_entropy(scores: Tensor, tags: Tensor, mask: Tensor, transitions: Tensor) -> Tensor:
    """Sum over texts of −log p(tags), per word; tags (B, L).

    Lafferty, McCallum & Pereira 2001, section 4.
    """
    if not mask.any():
        return scores.sum() * 0 + transitions.sum() * 0
    chosen, lengths = mask.any(dim=1), mask.sum(dim=1)
    emitted = scores.gather(2, tags.unsqueeze(-1)).squeeze(-1)[mask].double().sum()
    border = torch.full_like(tags[:, :1], len(transitions) - 1)
    known = torch.where(mask, tags, border)
    before, after = torch.cat((border, known), dim=1), torch.cat((known, border), dim=1)
    places = torch.arange(before.shape[1], device=tags.device)
    counted = (places <= lengths[:, None]) & chosen[:, None]
    moved = transitions[before[counted], after[counted]].double().sum()
    total = compute_log_partition(scores[chosen], lengths[chosen], transitions).sum()
    return ((total - emitted - moved) / mask.sum()).to(scores.dtype)


def chain_soft_cross_entropy(
    scores: Tensor, targets: Tensor, counts: Tensor, mask: Tensor, transitions: Tensor
) -> Tensor:
    """Sum over texts of the cross entropy of a teacher's distribution of sequences, per word.

    A chain's log-probability is linear in which tag each word has and which follows which, so of
    the teacher's distribution only the expectations of these are needed: its marginals, targets
    (B, L, T), and how often it expects each transition in the texts of the mask, counts (T + 1,
    T + 1). The sum over sequences is exact. It differs from the KL by the teacher's entropy, a
    constant of the data. Wang et al. 2021 (Structural Knowledge Distillation).
    """
    if not mask.any():
        return scores.sum() * 0 + transitions.sum() * 0
    chosen = mask.any(dim=1)
    emitted = (scores[mask].double() * targets[mask]).sum()
    moved = (transitions.double() * counts).sum()
    lengths = mask[chosen].sum(dim=1)
    total = compute_log_partition(scores[chosen], lengths, transitions).sum()
    return ((total - emitted - moved) / mask.sum()).to(scores.dtype)
