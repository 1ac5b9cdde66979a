"""Word vectors: subword vectors, affix hashes and shape, side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from distilgliner.student.config import StudentConfig
from distilgliner.student.features import FIRST_SUBWORD_ROW


class WordEmbedder(nn.Module):
    """Features of U distinct words → vectors (U, D), D = subword_dim + affix_dim + shape_dim."""

    def __init__(self, config: StudentConfig, subword_count: int) -> None:
        super().__init__()
        rows = FIRST_SUBWORD_ROW + subword_count
        self.subword_embedding = nn.Embedding(rows, config.subword_dim, padding_idx=0)
        self.affix_embedding = nn.Embedding(config.affix_buckets, config.affix_dim, padding_idx=0)
        self.shape_embedding = nn.Embedding(config.shape_buckets, config.shape_dim)
        for table, scale in (
            (self.subword_embedding, 1.0),
            (self.affix_embedding, 0.5),
            (self.shape_embedding, 0.5),
        ):
            nn.init.normal_(table.weight, std=scale / table.embedding_dim**0.5)
            if table.padding_idx is not None:
                with torch.no_grad():
                    table.weight[table.padding_idx].zero_()
        self.dim = config.subword_dim + config.affix_dim + config.shape_dim

    def forward(self, subwords: Tensor, affixes: Tensor, shapes: Tensor) -> Tensor:
        """subwords (U, P), affixes (U, A), shapes (U,) → (U, D). Index 0 is padding."""
        return torch.cat(
            (
                mean_bag(self.subword_embedding.weight, subwords),
                mean_bag(self.affix_embedding.weight, affixes),
                self.shape_embedding(shapes),
            ),
            dim=-1,
        )


def mean_bag(table: Tensor, indices: Tensor) -> Tensor:
    """The mean over rows of a table (V, D), whose row 0 is 0: indices (U, P) → (U, D).

    Index 0 is padding, which does not count and learns nothing.
    """
    count = (indices != 0).sum(dim=1, keepdim=True).clamp(min=1)
    return nn.functional.embedding(indices, table, padding_idx=0).sum(dim=1) / count
