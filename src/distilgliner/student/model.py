"""The student: word vectors, an encoder and a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from distilgliner.student.config import StudentConfig
from distilgliner.student.embedder import WordEmbedder
from distilgliner.student.features import WordBatch, WordFeatures
from distilgliner.student.heads.head import Head
from distilgliner.student.registry import load_part


@dataclass(frozen=True)
class StudentOutput:
    """What a student computes of a batch; training looks at all of it."""

    logits: Tensor
    """What the head computes of each word, before its last step: (B, L, T) over tags, or, of a head
    of the kind "spans", (B, L, K · C) over the widths and labels of the spans that begin there."""
    vectors: Tensor
    """Of the words, before the encoder: (B, L, D)."""
    states: Tensor
    """Of the words, behind the encoder: (B, L, 2H)."""
    attentions: list[Tensor] = field(default_factory=list)
    """(B, heads, L, L) of each layer; empty for an encoder that does not attend."""
    transitions: Tensor | None = None
    """(T + 1, T + 1), of a chain: what tags are worth before each other."""


class StudentModel(nn.Module):
    """Documents as `WordBatch` → scores (B, L, X) for the decoder of the head, of C labels."""

    def __init__(self, config: StudentConfig, subword_count: int, label_count: int) -> None:
        super().__init__()
        self.config = config
        self.embedder = WordEmbedder(config, subword_count)
        self.input_dropout = nn.Dropout(config.input_dropout)
        encoder = load_part("encoders", config.encoder)(config, self.embedder.dim)
        self.encoder: nn.Module = encoder
        self.state_dim: int = encoder.dim
        self.output_dropout = nn.Dropout(config.output_dropout)
        self.head: Head = load_part("heads", config.head)(
            config, encoder.dim, label_count, self.embedder.dim
        )

    def forward(self, batch: WordBatch, label_words: Sequence[WordFeatures]) -> Tensor:
        """`label_words` holds the features of the words of each label's name, in label order."""
        logits = self.compute(batch, label_words).logits
        return self.head.finish(logits, torch.from_numpy(batch.lengths))

    def compute(self, batch: WordBatch, label_words: Sequence[WordFeatures]) -> StudentOutput:
        """What training looks at: the scores before the head's last step, and what they are of."""
        vectors = self._embed(batch.features)[torch.from_numpy(batch.words)]
        states = self.encoder(self.input_dropout(vectors), torch.from_numpy(batch.lengths))
        logits = self.head(self.output_dropout(states), self._embed_labels(label_words))
        attentions = getattr(self.encoder, "attentions", [])
        return StudentOutput(logits, vectors, states, attentions, self.head.build_transitions())

    def _embed(self, features: WordFeatures) -> Tensor:
        return self.embedder(
            torch.from_numpy(features.subwords),
            torch.from_numpy(features.affixes),
            torch.from_numpy(features.shapes),
        )

    def _embed_labels(self, label_words: Sequence[WordFeatures]) -> Tensor:
        """The mean vector of the words of each name: (C, D); empty for a closed head."""
        if not self.config.is_open:
            return torch.empty(0)
        return torch.stack([self._embed(features).mean(dim=0) for features in label_words])


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Parameters in all, in embedding tables, and elsewhere."""
    total = sum(parameter.numel() for parameter in model.parameters())
    embedding = sum(p.numel() for name, p in model.named_parameters() if "embedding" in name)
    return {"total": total, "embedding": embedding, "other": total - embedding}
