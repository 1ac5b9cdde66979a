"""What changes while a student is trained: weights of terms, temperatures, and the parts trained.

All are pure functions. `progress` is the share of a stage that is done, from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from distilgliner.distill.config import TemperatureSchedule, WeightSchedule

if TYPE_CHECKING:
    from torch import Tensor


def constant(progress: float) -> float:
    """1 from start to end."""
    return 1.0


def linear_decay(progress: float) -> float:
    """From 1 at the start to 0 at the end. Yang et al. 2020 (TextBrewer)."""
    return 1 - progress


def linear_growth(progress: float) -> float:
    """From 0 at the start to 1 at the end. Yang et al. 2020 (TextBrewer)."""
    return progress


_WEIGHTS: dict[WeightSchedule, Callable[[float], float]] = {
    "constant": constant,
    "linear_decay": linear_decay,
    "linear_growth": linear_growth,
}


def compute_weight(schedule: WeightSchedule, progress: float) -> float:
    """The factor of a term's weight. Raises `ValueError` when progress is not from 0 to 1."""
    _check_progress(progress)
    return _WEIGHTS[schedule](progress)


def compute_temperature(
    schedule: TemperatureSchedule,
    logits: Tensor,
    log_probabilities: Tensor,
    mask: Tensor,
    base: float,
    *,
    beta: float = 1.0,
    gamma: float = 2.0,
) -> float | Tensor:
    """The temperature of the words: `base`, or one for each word (B, L), without a gradient.

    logits (B, L, T) are the student's, log_probabilities (B, L, T) the teacher's (finite), mask
    (B, L) the words that count. beta and gamma are those of `flsw` and `cwsm`; their defaults are
    the values in TextBrewer's documentation.
    """
    if schedule == "flsw":
        return flsw(logits, log_probabilities, mask, base, beta, gamma)
    if schedule == "cwsm":
        return cwsm(logits, mask, base, beta)
    return base


def flsw(
    logits: Tensor,
    log_probabilities: Tensor,
    mask: Tensor,
    base: float,
    beta: float,
    gamma: float,
) -> Tensor:
    """Temperatures (B, L): the more student and teacher disagree on a word, the lower.

    T = base + β (mean ω − ω), ω = (1 − cos(student, teacher))^γ, the mean over the words of the
    batch. "Focal loss style weights" of Dynamic Temperature Distillation (Wen, Lai & Qian 2019), in
    the form of TextBrewer (Yang et al. 2020). Both vectors are centred first: a softmax is blind to
    a constant, but the cosine is not, and log-probabilities are all negative.
    """
    student, teacher = _centre(logits.detach()), _centre(log_probabilities.detach())
    lengths = student.norm(dim=-1) * teacher.norm(dim=-1)
    cosine = (student * teacher).sum(dim=-1) / lengths.clamp_min(1e-12)
    # Rounding may leave a cosine above 1, whose fractional power would be no number.
    return _spread((1 - cosine).clamp_min(0) ** gamma, mask, base, beta)


def cwsm(logits: Tensor, mask: Tensor, base: float, beta: float) -> Tensor:
    """Temperatures (B, L): the less sure the student is of a word, the lower.

    T = base + β (mean ω − ω), ω = 1 / max p, p the student's probabilities, the mean over the words
    of the batch. "Confidence weighted by student max" of Dynamic Temperature Distillation (Wen, Lai
    & Qian 2019), in the form of TextBrewer (Yang et al. 2020).
    """
    return _spread(1 / logits.detach().softmax(dim=-1).amax(dim=-1), mask, base, beta)


def _spread(weights: Tensor, mask: Tensor, base: float, beta: float) -> Tensor:
    """base + β (mean − weight) of the words of a mask, `base` elsewhere.

    The sources let it fall to 0 and below, where a softmax is undefined or upside down. It stops at
    1, where targets are the teacher's own, or at `base` when that is lower.
    """
    chosen = weights[mask]
    if not chosen.numel():
        return weights.new_full(weights.shape, base)
    temperature = base + (chosen.mean() - weights) * beta
    return temperature.clamp_min(min(1.0, base)).masked_fill(~mask, base)


def _centre(values: Tensor) -> Tensor:
    return values - values.mean(dim=-1, keepdim=True)


def compute_trainable(names_from_top: Sequence[str], progress: float) -> set[str]:
    """The parts that are trained at a point of a stage that thaws from the top.

    The top one is trained from the start, and one more from the end of each of n equal shares on,
    so that all n are trained in the last. Howard & Ruder 2018 (ULMFiT), section 3.3; for
    distillation Mukherjee & Awadallah 2020 (XtremeDistil). Raises `ValueError` when progress is not
    from 0 to 1.
    """
    _check_progress(progress)
    return set(names_from_top[: int(progress * len(names_from_top)) + 1])


def _check_progress(progress: float) -> None:
    if not 0 <= progress <= 1:
        raise ValueError(f"progress {progress} is not from 0 to 1")
