"""The CRF head: a linear chain over the tags of a label set that is built in (closed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.chain import compute_log_marginals
from distilgliner.student.heads.head import Kind
from distilgliner.student.heads.tagger import TaggerHead
from distilgliner.student.tags import find_allowed

FORBIDDEN = -1e4
"""What a transition counts that BIOES forbids: e to this power is 0."""
_FIRST_TRANSITIONS = 0.1


class CrfHead(TaggerHead):
    """A tagger's scores, and what each tag is worth before each other. Lafferty et al. 2001.

    Training sees the scores of the chain. What a decoder reads are the logarithms of each word's
    posterior marginals, so that scores and thresholds of entities mean what they mean for a tagger
    (decision 14 in docs/explanation/decisions). They are no longer linear in the weights: what
    calibration adds to them or divides them by is kept with the weights, and applied last.
    """

    kind: ClassVar[Kind] = "chain"
    allowed: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(
        self, config: StudentConfig, state_dim: int, label_count: int, label_dim: int
    ) -> None:
        super().__init__(config, state_dim, label_count, label_dim)
        allowed = torch.from_numpy(find_allowed(label_count))
        self.register_buffer("allowed", allowed, persistent=False)
        first = torch.empty(allowed.shape).uniform_(-_FIRST_TRANSITIONS, _FIRST_TRANSITIONS)
        self.transitions = nn.Parameter(first)
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("shift", torch.zeros(len(allowed) - 1))

    def build_transitions(self) -> Tensor:
        """From tag to tag (T + 1, T + 1), the last row and column being the border of a text."""
        return torch.where(self.allowed, self.transitions, FORBIDDEN)

    def finish(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The log-marginals (B, L, T) of the chain's scores (B, L, T), as calibrated."""
        marginals = compute_log_marginals(scores, lengths, self.build_transitions())
        return marginals * self.scale + self.shift

    @torch.no_grad()
    def shift_outside(self, amount: float) -> None:
        """Add to the log-marginal of O: positive finds fewer entities, negative more."""
        self.shift[0] += amount

    @torch.no_grad()
    def shift_labels(self, amounts: Sequence[float]) -> None:
        """Add to the log-marginals of all tags of each of the C labels."""
        shifts = self.shift.new_tensor(amounts)
        self.shift[1:] += shifts.repeat_interleave((len(self.shift) - 1) // len(shifts))

    @torch.no_grad()
    def divide_logits(self, temperature: float) -> None:
        """Divide log-marginals by T, see `TaggerHead`."""
        self.scale.div_(temperature)
        self.shift.div_(temperature)
