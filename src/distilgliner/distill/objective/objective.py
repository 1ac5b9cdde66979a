"""What a student is trained on: the weighted terms of one batch, and the projections they need."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn

from distilgliner.distill.batch import Batch
from distilgliner.distill.config import Term, TermsConfig
from distilgliner.distill.objective.head_losses import find_head_loss
from distilgliner.distill.objective.losses import (
    attention_kl,
    attention_mse,
    states_cosine,
    states_fsp,
    states_mmd,
    states_mse,
    states_nst,
    states_pkd,
)
from distilgliner.distill.objective.schedules import compute_weight
from distilgliner.errors import UserError
from distilgliner.student.model import StudentModel, StudentOutput

_STATES_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": states_mse,
    "cosine": states_cosine,
    "pkd": states_pkd,
    "nst": states_nst,
    "mmd": states_mmd,
}
_ATTENTION_LOSSES = {"mse": attention_mse, "kl": attention_kl}


class Objective(nn.Module):
    """The terms of a run, and the projections from the student's states to the teacher's.

    The projections are trained with the student and left behind when it is done.
    """

    def __init__(self, config: TermsConfig, model: StudentModel, teacher_dim: int) -> None:
        """teacher_dim: of the hidden states in the store; 0 when it has none."""
        super().__init__()
        self.config = config
        self._check(model, teacher_dim)
        self.head_loss = find_head_loss(model.config)
        self.upper: nn.Module = nn.Identity()
        self.lower: nn.Module = nn.Identity()
        if config.states_weight > 0:
            self.upper = nn.Linear(model.state_dim, teacher_dim)
            if config.states.loss == "fsp":
                self.lower = nn.Linear(model.embedder.dim, teacher_dim)

    def _check(self, model: StudentModel, teacher_dim: int) -> None:
        weights = {"states": self.config.states_weight, "attention": self.config.attention.weight}
        wanted = [name for name, weight in weights.items() if weight > 0]
        if wanted and not teacher_dim:
            raise UserError(
                f"The term {wanted[0]!r} needs the teacher's hidden states, which the annotations "
                "lack; annotate with --states -1."
            )
        if "attention" in wanted and model.config.encoder != "transformer":
            raise UserError(
                "The term 'attention' needs a student that attends; choose one of the encoder "
                "transformer."
            )

    def forward(
        self, output: StudentOutput, batch: Batch, terms: Collection[Term], progress: float
    ) -> Tensor:
        """The loss of a batch; progress (0 to 1) is that of the stage, whose terms are given."""
        loss = self._compute_tag_loss(output, batch, terms, progress)
        states, attention = self.config.states, self.config.attention
        if "states" in terms and self.config.states_weight > 0:
            weight = self.config.states_weight * compute_weight(states.schedule, progress)
            loss = loss + weight * self._compute_states_loss(output, batch)
        if "attention" in terms and attention.weight > 0:
            weight = attention.weight * compute_weight(attention.schedule, progress)
            loss = loss + weight * self._compute_attention_loss(output, batch)
        return loss

    def _compute_tag_loss(
        self, output: StudentOutput, batch: Batch, terms: Collection[Term], progress: float
    ) -> Tensor:
        """Mean over the words with a target: of gold its weight, of the teacher what is left to 1.

        Every word counts the same, whether people, the teacher or both have said what it is.
        """
        nothing = torch.zeros_like(batch.gold_mask)
        gold = batch.gold_mask if "gold" in terms else nothing
        taught = nothing
        if "soft" in terms and self.config.soft.weight > 0:
            taught = taught | batch.soft_mask
        if "hard" in terms and self.config.hard.weight > 0:
            taught = taught | batch.hard_mask
        total = (gold | taught).sum().clamp(min=1)
        loss = output.states.sum() * 0  # nothing yet, and no gradient that the head would decay by
        share = self.config.gold.weight * compute_weight(self.config.gold.schedule, progress)
        for mask, weight in ((gold & ~taught, 1.0), (gold & taught, share)):
            if weight > 0 and mask.any():
                part = self.head_loss.compute_decision_loss(
                    output, batch.gold, mask, batch.gold_labels
                )
                loss = loss + part * (weight * mask.sum() / total)
        for mask, weight in ((taught & ~gold, 1.0), (taught & gold, 1 - share)):
            if weight > 0 and mask.any():
                part = self._compute_teacher_loss(output, batch, terms, mask, progress)
                loss = loss + part * (weight * mask.sum() / total)
        return loss

    def _compute_teacher_loss(
        self,
        output: StudentOutput,
        batch: Batch,
        terms: Collection[Term],
        mask: Tensor,
        progress: float,
    ) -> Tensor:
        """The teacher's decisions and distribution on the words of a mask."""
        loss = output.logits.sum() * 0
        hard, soft = self.config.hard, self.config.soft
        if "hard" in terms and hard.weight > 0:
            part = self.head_loss.compute_decision_loss(
                output, batch.hard, mask & batch.hard_mask, batch.teacher_labels
            )
            loss = loss + part * hard.weight * compute_weight(hard.schedule, progress)
        if "soft" in terms and soft.weight > 0:
            chosen = mask & batch.soft_mask
            part = self.head_loss.compute_distribution_loss(output, batch, chosen, soft)
            loss = loss + part * soft.weight * compute_weight(soft.schedule, progress)
        return loss

    def _compute_states_loss(self, output: StudentOutput, batch: Batch) -> Tensor:
        mask, teacher = batch.states_mask, batch.states
        if not mask.any():
            return output.states.sum() * 0
        upper = self.upper(output.states)
        if self.config.states.loss == "fsp":
            return states_fsp(self.lower(output.vectors), upper, teacher[0], teacher[-1], mask)
        return _STATES_LOSSES[self.config.states.loss](upper, teacher[-1], mask)

    def _compute_attention_loss(self, output: StudentOutput, batch: Batch) -> Tensor:
        mask = batch.states_mask
        if not mask.any():
            return output.states.sum() * 0
        teacher = compute_relations(batch.states[-1], mask)
        return _ATTENTION_LOSSES[self.config.attention.loss](output.attentions[-1], teacher, mask)


def compute_relations(states: Tensor, mask: Tensor) -> Tensor:
    """How alike the words of a text are by their states (B, L, D): (B, 1, L, L), rows sum to 1.

    softmax(s sᵀ / √D), the relation of states to themselves that MiniLMv2 (Wang et al. 2021,
    section 3.1) builds of queries, keys and values. mask (B, L): the words.
    """
    scores = states @ states.transpose(1, 2) / states.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, :], -1e9)
    return torch.softmax(scores, dim=-1).unsqueeze(1)
