"""Losses between hidden states of student and teacher, aligned by words.

Shapes: states (B, L, D), mask (B, L) bool. `states_mse`, `states_cosine`, `states_pkd` and
`states_fsp` compare dimension by dimension, so the student's states must have been projected to the
teacher's D; `states_nst` and `states_mmd` compare words with words and take any two D.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def states_mse(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean squared gap over words and dimensions. Romero et al. 2015 (FitNets), section 2.2."""
    if not mask.any():
        return student.sum() * 0
    return F.mse_loss(student[mask], teacher[mask])


def states_cosine(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean over words of 1 − cosine. Sanh et al. 2019 (DistilBERT), section 2."""
    if not mask.any():
        return student.sum() * 0
    return (1 - F.cosine_similarity(student[mask], teacher[mask], dim=-1)).mean()


def states_pkd(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean over words of the squared distance of the states at length 1.

    Sun et al. 2019 (Patient Knowledge Distillation), section 3.2, there for the first token only.
    Its value is twice that of `states_cosine`: |a − b|² = 2 − 2 cos for vectors of length 1.
    """
    if not mask.any():
        return student.sum() * 0
    gap = F.normalize(student[mask], dim=-1) - F.normalize(teacher[mask], dim=-1)
    return gap.square().sum(dim=-1).mean()


def states_nst(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Squared maximum mean discrepancy between neurons, mean over documents.

    A neuron (a dimension) is one sample: its values on the words of the document, at length 1. With
    the kernel k(x, y) = (xᵀy)², the discrepancy is the squared Frobenius distance of the means of
    the matrices x xᵀ, which needs L × L numbers and not D × D. Huang & Wang 2017, section 4.
    """
    if not mask.any():
        return student.sum() * 0
    gap = _compute_word_gram(F.normalize(_select_documents(student, mask), dim=1))
    gap = gap - _compute_word_gram(F.normalize(_select_documents(teacher, mask), dim=1))
    return gap.square().sum(dim=(1, 2)).mean()


def states_mmd(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean squared gap between the Gram matrices of the words of a document, mean over documents.

    An entry is the scalar product of two words' states divided by D: which words are alike. The
    form that TextBrewer calls `mmd` (Yang et al. 2020); unlike `states_nst`, it keeps the scale of
    the states, and averages over the pairs of words.
    """
    if not mask.any():
        return student.sum() * 0
    gap = _compute_word_gram(_select_documents(student, mask))
    gap = gap - _compute_word_gram(_select_documents(teacher, mask))
    return (gap.square().sum(dim=(1, 2)) / _count_words(mask).square()).mean()


def states_fsp(
    student_lower: Tensor,
    student_upper: Tensor,
    teacher_lower: Tensor,
    teacher_upper: Tensor,
    mask: Tensor,
) -> Tensor:
    """Mean squared gap between the flows from one layer to another, mean over documents.

    A document's flow is the matrix (D1, D2) of the mean over words of lower × upper: how the layers
    between turn one into the other, in whatever order the words stand. Lower states are (B, L, D1),
    upper ones (B, L, D2). Yim et al. 2017, section 3.2; the mean over entries, not their sum, keeps
    the scale of `states_mse`.
    """
    if not mask.any():
        return student_lower.sum() * 0 + student_upper.sum() * 0
    gap = _compute_flow(student_lower, student_upper, mask)
    return (gap - _compute_flow(teacher_lower, teacher_upper, mask)).square().mean()


def _compute_flow(lower: Tensor, upper: Tensor, mask: Tensor) -> Tensor:
    """The mean over words of lowerᵀ × upper, (documents, D1, D2)."""
    products = _select_documents(lower, mask).transpose(1, 2) @ _select_documents(upper, mask)
    return products / _count_words(mask)[:, None, None]


def _compute_word_gram(states: Tensor) -> Tensor:
    """Scalar products of words, (documents, L, L), divided by D."""
    return states @ states.transpose(1, 2) / states.shape[-1]


def _select_documents(states: Tensor, mask: Tensor) -> Tensor:
    """The documents that have words, their padding set to 0."""
    return states.masked_fill(~mask.unsqueeze(-1), 0)[mask.any(dim=1)]


def _count_words(mask: Tensor) -> Tensor:
    """The number of words of the documents that have some."""
    counts = mask.sum(dim=1)
    return counts[counts > 0]
