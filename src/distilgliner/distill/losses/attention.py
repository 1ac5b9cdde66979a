"""Losses between attention maps, for students that are transformers.

Shapes: maps (B, H, L, L) of probabilities, from the word of the row to the word of the column; mask
(B, L) bool. Where student and teacher have different numbers of heads, each is averaged over its
own. A row is then made to sum to 1 over the words of its document: the teacher also attends to the
prompt and to special tokens, which the student does not have.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SMALLEST_ATTENTION = 1e-8
"""Keeps logarithms and quotients finite."""


def attention_mse(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean squared gap over heads, words and the words they attend to.

    Jiao et al. 2020 (TinyBERT), section 3.1, there before the softmax.
    """
    if not mask.any():
        return student.sum() * 0
    student_rows, teacher_rows = _select_rows(student, teacher, mask)
    columns = mask.sum(dim=1, keepdim=True).expand_as(mask)[mask]
    gap = (student_rows - teacher_rows).square().sum(dim=-1)
    return (gap / columns.unsqueeze(-1)).mean()


def attention_kl(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean over heads and words of KL(teacher ‖ student).

    Wang et al. 2020 (MiniLM), section 3.1.
    """
    if not mask.any():
        return student.sum() * 0
    student_rows, teacher_rows = _select_rows(student, teacher, mask)
    predicted = torch.log(student_rows.clamp_min(SMALLEST_ATTENTION))
    divergence = torch.xlogy(teacher_rows, teacher_rows) - teacher_rows * predicted
    return divergence.sum(dim=-1).mean()


def _select_rows(student: Tensor, teacher: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (N, H, L) of the N words of a mask, of both maps."""
    if student.shape[1] != teacher.shape[1]:
        student, teacher = student.mean(dim=1, keepdim=True), teacher.mean(dim=1, keepdim=True)
    return _normalize_rows(student, mask), _normalize_rows(teacher, mask)


def _normalize_rows(maps: Tensor, mask: Tensor) -> Tensor:
    rows = maps.masked_fill(~mask[:, None, None, :], 0).transpose(1, 2)[mask]
    return rows / rows.sum(dim=-1, keepdim=True).clamp_min(SMALLEST_ATTENTION)


def pool_attention(
    attention: np.ndarray, word_of_subword: np.ndarray, word_count: int | None = None
) -> np.ndarray:
    """A map (H, S, S) between subwords as one (H, L, L) float32 between words.

    word_of_subword (S,) is each subword's word, −1 for those of the prompt and special tokens,
    which are left out. word_count is L; None means up to the last word that has a subword. A word
    is attended to by the sum over its subwords, and attends by their mean, so that rows sum to what
    they summed to. A word without subwords has zeros: leave it out of the losses' mask. Clark et
    al. 2019, section 4.1.
    """
    if word_count is None:
        word_count = int(word_of_subword.max(initial=-1)) + 1
    belongs = (word_of_subword[:, None] == np.arange(word_count)).astype(np.float32)
    share = belongs / np.maximum(belongs.sum(axis=0), 1)
    pooled: np.ndarray = share.T @ attention.astype(np.float32) @ belongs
    return pooled
