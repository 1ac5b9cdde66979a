"""A small transformer over word vectors (Vaswani et al. 2017), with the norms first (Xiong 2020).

Positions are sinusoids added to the input, so that any length works; the predictor cuts long texts
into windows, which a recurrent encoder would not need.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distilgliner.student.config import StudentConfig
from distilgliner.student.encoders.positions import MAX_WORDS, compute_positions, count_heads


class TransformerEncoder(nn.Module):
    """Word vectors (B, L, D) of `lengths` (B,) → states (B, L, 2H)."""

    def __init__(self, config: StudentConfig, input_dim: int) -> None:
        super().__init__()
        self.dim = 2 * config.hidden_dim
        self.project = nn.Linear(input_dim, self.dim)
        self.layers = nn.ModuleList(
            TransformerLayer(self.dim, config.output_dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(self.dim)
        positions = torch.from_numpy(compute_positions(MAX_WORDS, self.dim))
        self.register_buffer("positions", positions, persistent=False)
        self.positions: Tensor
        self.attentions: list[Tensor] = []
        """The maps (B, heads, L, L) of the last call, layer by layer; with a gradient."""

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        length = vectors.shape[1]
        mask = torch.arange(length) < lengths[:, None]  # (B, L)
        states: Tensor = self.project(vectors) + self.positions[:length]
        self.attentions = []
        for layer in self.layers:
            states, attention = layer(states, mask)
            self.attentions.append(attention)
        normed: Tensor = self.norm(states)
        return normed


class TransformerLayer(nn.Module):
    """Self-attention and a feed-forward layer, each behind a norm and added to its input."""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.heads = count_heads(dim)
        self.attention_norm = nn.LayerNorm(dim)
        self.query_key_value = nn.Linear(dim, 3 * dim)
        self.attention_output = nn.Linear(dim, dim)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.widen = nn.Linear(dim, 2 * dim)
        self.narrow = nn.Linear(2 * dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """states (B, L, E), mask (B, L) → states (B, L, E) and attention (B, heads, L, L)."""
        batch, length, dim = states.shape
        mixed = self.query_key_value(self.attention_norm(states))
        mixed = mixed.view(batch, length, 3, self.heads, dim // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)  # (B, heads, L, E / heads) each
        scores = query @ key.transpose(-1, -2) / math.sqrt(dim // self.heads)
        scores = scores.masked_fill(~mask[:, None, None, :], -1e9)
        attention = torch.softmax(scores, dim=-1)
        context = (attention @ value).transpose(1, 2).reshape(batch, length, dim)
        states = states + self.dropout(self.attention_output(context))
        widened = F.relu(self.widen(self.feed_forward_norm(states)))
        return states + self.dropout(self.narrow(widened)), attention
