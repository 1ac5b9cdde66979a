"""What every head has: the step from states of words to the scores that a decoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import Tensor, nn

Kind = Literal["tags", "chain", "spans"]
"""What a head's first scores are about, which decides how it is taught: each word's tag on its own,
the tags of a whole text as one chain, or spans."""


class Head(nn.Module):
    """A subclass takes `(config, state_dim, label_count, label_dim)`.

    `state_dim` is the width of the encoder's states, `label_dim` that of the vectors of labels.
    """

    kind: ClassVar[Kind] = "tags"

    def finish(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """What `forward` gives (B, L, X), as training sees it → what the head's decoder reads.

        lengths (B,) are the words of each text; behind them anything may stand.
        """
        return scores

    def build_transitions(self) -> Tensor | None:
        """Of a chain, what tags are worth before each other (T + 1, T + 1); else None."""
        return None

    def shift_outside(self, amount: float) -> None:
        """Add to the scores of "no entity": positive finds fewer entities, negative more."""
        raise NotImplementedError

    def shift_labels(self, amounts: Sequence[float]) -> None:
        """Of a closed head: add to the scores of each of the C labels; positive finds more of it.

        Only `calibration.label_thresholds` needs it, which is refused for a closed head without.
        """
        raise NotImplementedError

    def divide_logits(self, temperature: float) -> None:
        """Divide scores by T: what is found at 0.5 stays, T > 1 moves scores towards 0.5."""
        raise NotImplementedError
