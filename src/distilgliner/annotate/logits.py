"""From the outputs of GLiNER's models to the scores of single spans."""

from __future__ import annotations

import math

import numpy as np
import torch

from distilgliner.errors import UserError


def compute_floor_logit(floor: float) -> float:
    """The logit of a probability; minus infinity for 0."""
    return math.log(floor / (1 - floor)) if floor > 0 else -math.inf


def compute_token_span_logits(logits: torch.Tensor, max_width: int) -> torch.Tensor:
    """Span logits of a token model: the least of the start, the end and all inside logits.

    GLiNER's `TokenDecoder` gives a span the minimum of these probabilities, and sigmoid is
    monotone. `logits` (B, L, C, 3) holds start, end and inside. Returns (B, L, C, K), for the spans
    that begin at each word and are 1 … K = `max_width` words long; minus infinity beyond the end.
    """
    start, end, inside = logits.unbind(dim=-1)
    length = logits.shape[1]
    spans = logits.new_full((*start.shape, max_width), -math.inf)
    least = torch.minimum(start, inside)  # of the start and the insides so far
    for width in range(min(max_width, length)):
        starts = length - width
        if width:
            least = torch.minimum(least[:, :starts], inside[:, width:])
        spans[:, :starts, :, width] = torch.minimum(least, end[:, width:])
    return spans


def select_spans(
    logits: torch.Tensor, lengths: list[int], floor_logit: float, *, is_token_model: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The spans of a batch above the floor, in the order in which GLiNER's decoder visits them.

    `logits` is (B, L, K, C) of a span model, or (B, L, C, K) of a token model (whose decoder visits
    labels before ends); `lengths` (B,) counts the words of each row.
    Returns int (H, 4), the columns row, word_start, word_end (exclusive) and label, sorted by row;
    and float32 (H,), their logits. Raises `UserError` when the teacher gives no number.
    """
    label_axis, width_axis = (2, 3) if is_token_model else (3, 2)
    device = logits.device
    starts = torch.arange(logits.shape[1], device=device)
    widths = torch.arange(logits.shape[width_axis], device=device)
    ends = starts[:, None] + widths  # (L, K), inclusive
    inside = ends < torch.tensor(lengths, device=device)[:, None, None]  # (B, L, K)
    inside = inside.unsqueeze(label_axis)
    if bool((logits.isnan() & inside).any()):
        raise UserError(
            "The teacher's scores are not numbers (NaN); its checkpoint is damaged, fetch it again."
        )
    hits = ((logits > floor_logit) & inside).nonzero()
    values = logits[tuple(hits.unbind(dim=1))].float().cpu().numpy()
    found = hits.cpu().numpy()
    start = found[:, 1]
    end = start + found[:, width_axis] + 1
    return np.stack([found[:, 0], start, end, found[:, label_axis]], axis=1), values
