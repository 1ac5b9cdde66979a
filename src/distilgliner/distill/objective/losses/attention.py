"""Losses between attention maps, for students that are transformers.

Shapes: maps (B, H, L, L) of probabilities, from the word of the row to the word of the column; mask
(B, L) bool. Where student and teacher have different numbers of heads, each is averaged over its
own. A row is then made to sum to 1 over the words of its document: the teacher also attends to the
prompt and to special tokens, which the student does not have.
"""

from __future__ import annotations

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
