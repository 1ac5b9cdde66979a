"""Documents annotated for some labels only: the softmax of a word has no tag of the others.

What is left out gets no gradient, so that a text without an answer for a label neither teaches that
the label is there nor that it is not.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def average_by_labels(
    compute: Callable[[Tensor, Tensor | None], Tensor],
    mask: Tensor,
    labels: Tensor | None,
    tag_count: int,
) -> Tensor:
    """The mean of a loss over the words of `mask` (B, L), each with the tags that it may have.

    compute: (mask, tags) → the mean loss over the words of a mask, with the tags (K,) or, for None,
    all tags. labels (B, C): which labels are known of each document; None: all.
    """
    if labels is None or not mask.any():
        return compute(mask, None)
    total = mask.sum()
    loss = torch.zeros(())
    for known in torch.unique(labels, dim=0):
        part = mask & (labels == known).all(dim=1)[:, None]
        if part.any():
            loss = loss + compute(part, list_tags(known, tag_count)) * (part.sum() / total)
    return loss


def list_tags(known: Tensor, tag_count: int) -> Tensor:
    """The tags (K,) of O and of the known ones of C labels, ascending."""
    roles = (tag_count - 1) // len(known)
    outside = torch.ones(1, dtype=torch.bool)
    return torch.cat((outside, known.repeat_interleave(roles))).nonzero().squeeze(1)


def select_tags(values: Tensor, tags: Tensor | None) -> Tensor:
    """The columns of `tags` of values (B, L, T)."""
    return values if tags is None else values[..., tags]


def renumber_tags(values: Tensor, tags: Tensor | None) -> Tensor:
    """Tags (B, L) as their places in `tags`; what is not in `tags` becomes O."""
    if tags is None:
        return values
    places = torch.searchsorted(tags, values).clamp_max(len(tags) - 1)
    return torch.where(tags[places] == values, places, 0)
