"""Heads: states of words → scores of tags. `tagger` is closed, `tower` takes labels as input."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.head import Head
from distilgliner.student.tags import ROLES, count_tags


class TaggerHead(Head):
    """One linear layer to the tags of a label set that is built in (closed)."""

    def __init__(
        self, config: StudentConfig, state_dim: int, label_count: int, label_dim: int
    ) -> None:
        super().__init__()
        self.output = nn.Linear(state_dim, count_tags(label_count, roles=config.roles))

    def forward(self, states: Tensor, label_vectors: Tensor) -> Tensor:
        """States (B, L, 2H) → logits (B, L, T); the label vectors are not used."""
        return self.output(states)

    @torch.no_grad()
    def shift_outside(self, amount: float) -> None:
        """Add to the logit of O: positive finds fewer entities, negative more."""
        self.output.bias[0] += amount

    @torch.no_grad()
    def shift_labels(self, amounts: Sequence[float]) -> None:
        """Add to the logits of all tags of each of the C labels: positive finds more of it."""
        shifts = self.output.bias.new_tensor(amounts)
        self.output.bias[1:] += shifts.repeat_interleave((len(self.output.bias) - 1) // len(shifts))

    @torch.no_grad()
    def divide_logits(self, temperature: float) -> None:
        """Divide all logits by T: what is found at 0.5 stays, T > 1 moves scores towards 0.5."""
        self.output.weight.div_(temperature)
        self.output.bias.div_(temperature)


class TowerHead(Head):
    """The twin tower of the reference study: dot products of words and labels (open).

    Label vectors (C, D) pass through a fully connected layer into the space of the words. With
    roles, a word has one vector per role, so that begin, inside, end and single are told apart.
    "None" is a vector of its own, so the softmax is over the labels and "none".
    """

    def __init__(
        self, config: StudentConfig, state_dim: int, label_count: int, label_dim: int
    ) -> None:
        super().__init__()
        self.roles = ROLES if config.roles else 1
        self.scale = config.label_dim**-0.5
        self.label_dim = config.label_dim
        self.label_tower = nn.Sequential(
            nn.Linear(label_dim, config.label_dim),
            nn.Tanh(),
            nn.Linear(config.label_dim, config.label_dim),
        )
        self.word_tower = nn.Linear(state_dim, self.roles * config.label_dim)
        self.none = nn.Linear(state_dim, 1)

    def forward(self, states: Tensor, label_vectors: Tensor) -> Tensor:
        """States (B, L, 2H), label vectors (C, D) → logits (B, L, 1 + C · roles)."""
        labels = self.label_tower(label_vectors)  # (C, E)
        words = self.word_tower(states).unflatten(-1, (self.roles, self.label_dim))  # (B, L, R, E)
        scores = torch.einsum("blre,ce->blcr", words, labels) * self.scale
        return torch.cat((self.none(states), scores.flatten(2)), dim=-1)

    @torch.no_grad()
    def shift_outside(self, amount: float) -> None:
        """Add to the logit of "none": positive finds fewer entities, negative more."""
        self.none.bias[0] += amount

    @torch.no_grad()
    def divide_logits(self, temperature: float) -> None:
        """Divide all logits by T, see `TaggerHead`; words are divided, and labels stay."""
        for layer in (self.word_tower, self.none):
            layer.weight.div_(temperature)
            layer.bias.div_(temperature)
