"""The sequence encoder: a bidirectional LSTM over word vectors."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from distilgliner.student.config import StudentConfig


class BiLstmEncoder(nn.Module):
    """Word vectors (B, L, D) of `lengths` (B,) → states (B, L, 2H).

    Sequences are packed, so that a document's states do not depend on the batch it is in.
    """

    def __init__(self, config: StudentConfig, input_dim: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
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
        states, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(states, batch_first=True, total_length=vectors.shape[1])
        return padded
