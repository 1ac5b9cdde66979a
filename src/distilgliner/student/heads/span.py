"""The span head: every span of up to K words is scored on its own, for each label (closed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.head import Head, Kind
from distilgliner.student.heads.limits import NO_SPAN

_FIRST_LOGIT = -4.0
"""Of every span at first: few are entities, and a loss that starts from one half learns only that.
"""


class SpanHead(Head):
    """GLiNER's scores of spans, as a sum of parts that each cost no more than a tagger.

    score(i, j, c) = start_c(i) + end_c(j) + the mean of inside_c over i … j + width_c(j − i), a
    logit. Zaratiana et al. 2023 (GLiNER), section 2.1, there a network over the states of i and j.
    """

    kind: ClassVar[Kind] = "spans"

    def __init__(
        self, config: StudentConfig, state_dim: int, label_count: int, label_dim: int
    ) -> None:
        super().__init__()
        self.output = nn.Linear(state_dim, 3 * label_count)
        self.width = nn.Parameter(torch.full((config.max_width, label_count), _FIRST_LOGIT))

    @property
    def max_width(self) -> int:
        """K, the words of the longest span."""
        return len(self.width)

    def forward(self, states: Tensor, label_vectors: Tensor) -> Tensor:
        """States (B, L, 2H) → logits (B, L, K · C) of the spans that begin at each word.

        Column k · C + c is label c over k + 1 words; the label vectors are not used.
        """
        start, end, inside = self.output(states).chunk(3, dim=-1)  # (B, L, C) each
        ends = _look_ahead(end, self.max_width)
        means = _look_ahead(inside, self.max_width).cumsum(dim=2)
        means = means / torch.arange(1, self.max_width + 1, device=states.device).unsqueeze(-1)
        return (start.unsqueeze(2) + ends + means + self.width).flatten(2)

    def finish(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The same scores; spans that would reach beyond their text have `NO_SPAN`."""
        first = torch.arange(scores.shape[1], device=scores.device)
        last = first[:, None] + torch.arange(self.max_width, device=scores.device)  # (L, K)
        beyond = last >= lengths[:, None, None]
        split = scores.unflatten(2, (self.max_width, -1))
        return split.masked_fill(beyond.unsqueeze(-1), NO_SPAN).flatten(2)

    @torch.no_grad()
    def shift_outside(self, amount: float) -> None:
        """Take off every span's logit: positive finds fewer entities, negative more."""
        self.width.sub_(amount)

    @torch.no_grad()
    def shift_labels(self, amounts: Sequence[float]) -> None:
        """Add to the logits of all spans of each of the C labels: positive finds more of it."""
        self.width.add_(self.width.new_tensor(amounts))

    @torch.no_grad()
    def divide_logits(self, temperature: float) -> None:
        """Divide all logits by T: what is found at 0.5 stays, T > 1 moves scores towards 0.5."""
        for weight in (self.output.weight, self.output.bias, self.width):
            weight.div_(temperature)


def _look_ahead(values: Tensor, count: int) -> Tensor:
    """Values (B, L, C) → (B, L, K, C): of each word and the K − 1 behind it, 0 beyond the end."""
    padded = nn.functional.pad(values, (0, 0, 0, count - 1))
    return padded.unfold(1, count, 1).transpose(2, 3)
