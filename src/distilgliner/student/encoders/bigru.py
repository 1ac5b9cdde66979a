"""A bidirectional GRU over word vectors (Cho et al. 2014): three gates where an LSTM has four."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from distilgliner.student.config import StudentConfig


class BiGruEncoder(nn.Module):
    """Word vectors (B, L, D) of `lengths` (B,) → states (B, L, 2H)."""

    def __init__(self, config: StudentConfig, input_dim: int) -> None:
        super().__init__()
        self.gru = nn.GRU(
            input_dim,
            config.hidden_dim,
            num_layers=config.layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.output_dropout if config.layers > 1 else 0.0,
        )
        self.dim = 2 * config.hidden_dim

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, _ = self.gru(packed)
        padded, _ = pad_packed_sequence(states, batch_first=True, total_length=vectors.shape[1])
        return padded
