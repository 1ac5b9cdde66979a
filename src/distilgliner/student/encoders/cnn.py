"""Dilated convolutions over word vectors (Strubell et al. 2017): all words at once, no recurrence.

A block has three convolutions over three words each, 1, 2 and 4 words apart, so that a word sees
seven to either side per block; `layers` blocks follow each other. Each convolution adds to what
came before (residual), behind a layer norm.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distilgliner.student.config import StudentConfig
from distilgliner.student.encoders.dilations import DILATIONS, KERNEL


class CnnEncoder(nn.Module):
    """Word vectors (B, L, D) of `lengths` (B,) → states (B, L, 2H)."""

    def __init__(self, config: StudentConfig, input_dim: int) -> None:
        super().__init__()
        self.dim = 2 * config.hidden_dim
        self.project = nn.Linear(input_dim, self.dim)
        count = config.layers * len(DILATIONS)
        self.norms = nn.ModuleList(nn.LayerNorm(self.dim) for _ in range(count))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(self.dim, self.dim, KERNEL, dilation=dilation, padding=dilation)
            for _ in range(config.layers)
            for dilation in DILATIONS
        )
        self.dropout = nn.Dropout(config.output_dropout)

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        # Padding must read as the zeros beyond a text's ends, whatever stands in it.
        mask = (torch.arange(vectors.shape[1]) < lengths[:, None]).unsqueeze(-1)  # (B, L, 1)
        states: Tensor = self.project(vectors)
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            inputs = (norm(states) * mask).transpose(1, 2)  # (B, 2H, L)
            states = states + self.dropout(F.relu(convolution(inputs)).transpose(1, 2))
        return states
