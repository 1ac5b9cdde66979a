"""By which losses the heads of each kind learn tags, and the teacher's distribution of them.

Losses are means over words. The form of the distribution is that of `targets/forms.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from distilgliner.distill.config import SoftTerm, TargetConfig
from distilgliner.distill.objective.known_labels import (
    average_by_labels,
    renumber_tags,
    select_tags,
)
from distilgliner.distill.objective.losses import (
    chain_cross_entropy,
    chain_soft_cross_entropy,
    compute_log_probabilities,
    cross_entropy,
    logit_mse,
    reverse_kl,
    soft_cross_entropy,
    span_binary_cross_entropy,
    span_binary_kl,
)
from distilgliner.distill.objective.schedules import compute_temperature
from distilgliner.errors import UserError
from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.head import Kind
from distilgliner.student.model import StudentOutput
from distilgliner.student.registry import load_part
from distilgliner.student.tags import decode_tags

if TYPE_CHECKING:
    from distilgliner.distill.batch import Batch

_SOFT_LOSSES: dict[str, Callable[..., Tensor]] = {
    "kl": soft_cross_entropy,
    "reverse_kl": reverse_kl,
    "mse": logit_mse,
}


class HeadLoss(Protocol):
    """How far a student is from its targets; its head decides what that means."""

    def check(self, soft: SoftTerm, target: TargetConfig) -> None:
        """Raise `UserError` for settings of the soft term that the head cannot follow."""
        ...

    def compute_decision_loss(
        self, output: StudentOutput, tags: Tensor, mask: Tensor, labels: Tensor | None
    ) -> Tensor:
        """The loss of tags (B, L) on the words of a mask (B, L), which are whole documents.

        labels (B, C): which labels are known of each document; None: all. Of others a document
        teaches nothing.
        """
        ...

    def compute_distribution_loss(
        self, output: StudentOutput, batch: Batch, mask: Tensor, soft: SoftTerm
    ) -> Tensor:
        """The loss of the batch's distribution on the words of a mask."""
        ...


class TagLoss:
    """Each word's tag on its own: cross entropy, and KL or its kin (tagger and tower)."""

    def __init__(self, *, roles: bool) -> None:
        self.roles = roles

    def check(self, soft: SoftTerm, target: TargetConfig) -> None:
        """Every setting is of use."""

    def compute_decision_loss(
        self, output: StudentOutput, tags: Tensor, mask: Tensor, labels: Tensor | None
    ) -> Tensor:
        """Mean of −log p(tag), among the tags of known labels."""
        return average_by_labels(
            lambda part, known: cross_entropy(
                select_tags(output.logits, known), renumber_tags(tags, known), part
            ),
            mask,
            labels,
            output.logits.shape[-1],
        )

    def compute_distribution_loss(
        self, output: StudentOutput, batch: Batch, mask: Tensor, soft: SoftTerm
    ) -> Tensor:
        """The loss that the term names, at its temperature."""

        def compute(part: Tensor, known: Tensor | None) -> Tensor:
            logits, targets = select_tags(output.logits, known), select_tags(batch.soft, known)
            temperature: float | Tensor = soft.temperature
            if part.any():
                temperature = compute_temperature(
                    soft.temperature_schedule,
                    logits,
                    compute_log_probabilities(targets),
                    part,
                    soft.temperature,
                )
            return _SOFT_LOSSES[soft.loss](logits, targets, part, temperature)

        return average_by_labels(compute, mask, batch.teacher_labels, output.logits.shape[-1])


class ChainLoss:
    """A text's tags as one sequence: its likelihood, and the teacher's posterior (CRF)."""

    def check(self, soft: SoftTerm, target: TargetConfig) -> None:
        """A teacher has one distribution of sequences, and it is met by its KL."""
        _check_kl(soft, "crf")
        if soft.temperature != 1:
            raise UserError(
                "A crf student learns a distribution of whole sequences, which soft.temperature "
                "cannot soften; leave it at 1, or set target.span_temperature."
            )
        if target.word_temperature != 1:
            raise UserError(
                "A crf student learns a distribution of whole sequences, which "
                "target.word_temperature cannot sharpen; leave it at 1, or set "
                "target.span_temperature."
            )

    def compute_decision_loss(
        self, output: StudentOutput, tags: Tensor, mask: Tensor, labels: Tensor | None
    ) -> Tensor:
        """−log p(sequence) of the texts per word, among the sequences of known labels."""
        return average_by_labels(
            lambda part, known: chain_cross_entropy(
                select_tags(output.logits, known),
                renumber_tags(tags, known),
                part,
                _select_transitions(output.transitions, known),
            ),
            mask,
            labels,
            output.logits.shape[-1],
        )

    def compute_distribution_loss(
        self, output: StudentOutput, batch: Batch, mask: Tensor, soft: SoftTerm
    ) -> Tensor:
        """The cross entropy of the teacher's distribution of sequences, per word."""

        def compute(part: Tensor, known: Tensor | None) -> Tensor:
            return chain_soft_cross_entropy(
                select_tags(output.logits, known),
                select_tags(batch.soft, known),
                _select_transitions(_count_transitions(batch, part), known),
                part,
                _select_transitions(output.transitions, known),
            )

        return average_by_labels(compute, mask, batch.teacher_labels, output.logits.shape[-1])


class SpanLoss:
    """Every span on its own: binary cross entropy, and binary KL, summed per word (span)."""

    def __init__(self, max_width: int) -> None:
        self.max_width = max_width

    def check(self, soft: SoftTerm, target: TargetConfig) -> None:
        """Spans have a temperature, the same for all, and words have none."""
        _check_kl(soft, "span")
        if target.word_temperature != 1:
            raise UserError(
                "A span student learns the probabilities of spans, which target.word_temperature "
                "does not change; leave it at 1, or set target.span_temperature."
            )

    def compute_decision_loss(
        self, output: StudentOutput, tags: Tensor, mask: Tensor, labels: Tensor | None
    ) -> Tensor:
        """Binary cross entropy; entities longer than the student's K words are left out."""
        logits, counted = self._split(output, mask, labels)
        spans = decode_tags(tags.numpy())
        width = spans.last - spans.first
        short = width < self.max_width
        wanted = torch.zeros_like(logits)
        wanted[tuple(part[short] for part in (spans.document, spans.first, width, spans.label))] = 1
        loss = span_binary_cross_entropy(logits[counted], wanted[counted])
        return loss * counted.sum() / mask.sum().clamp(min=1)

    def compute_distribution_loss(
        self, output: StudentOutput, batch: Batch, mask: Tensor, soft: SoftTerm
    ) -> Tensor:
        """Binary KL from the teacher's probabilities."""
        logits, counted = self._split(output, mask, batch.teacher_labels)
        wanted = torch.zeros_like(logits)
        wanted[tuple(batch.spans.places.unbind(dim=1))] = batch.spans.values
        loss = span_binary_kl(logits[counted], wanted[counted], soft.temperature)
        return loss * counted.sum() / mask.sum().clamp(min=1)

    def _split(
        self, output: StudentOutput, mask: Tensor, labels: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Logits (B, L, K, C), and which of them count: of a text of the mask, and known."""
        logits = output.logits.unflatten(2, (self.max_width, -1))
        padded = torch.nn.functional.pad(mask, (0, self.max_width - 1))
        within = mask.unsqueeze(-1) & padded.unfold(1, self.max_width, 1)  # (B, L, K)
        known = torch.ones(1, 1, dtype=torch.bool) if labels is None else labels
        return logits, (within.unsqueeze(-1) & known[:, None, None]).expand_as(logits)


def find_head_loss(config: StudentConfig) -> HeadLoss:
    """The losses of a student of this architecture."""
    kind: Kind = load_part("heads", config.head).kind
    if kind == "chain":
        return ChainLoss()
    if kind == "spans":
        return SpanLoss(config.max_width)
    return TagLoss(roles=config.roles)


def _check_kl(soft: SoftTerm, head: str) -> None:
    if soft.loss != "kl" or soft.temperature_schedule != "constant":
        raise UserError(
            f"A {head} student can learn a distribution only by soft.loss kl with "
            "soft.temperature_schedule constant; set these."
        )


def _count_transitions(batch: Batch, mask: Tensor) -> Tensor:
    """How often the teacher expects each transition in the texts of a mask: (T + 1, T + 1)."""
    size = batch.soft.shape[-1] + 1
    document, before, after = batch.transitions.places.unbind(dim=1)
    values = batch.transitions.values * mask.any(dim=1)[document]
    return torch.zeros(size, size).index_put((before, after), values, accumulate=True)


def _select_transitions(transitions: Tensor | None, known: Tensor | None) -> Tensor:
    """The rows and columns of known tags, and of the border."""
    assert transitions is not None, "a head of the kind chain has transitions"
    if known is None:
        return transitions
    kept = torch.cat((known, torch.tensor([len(transitions) - 1])))
    return transitions[kept][:, kept]
