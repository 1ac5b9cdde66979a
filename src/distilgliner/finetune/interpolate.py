"""Weights between those of the teacher as it came and those that it has learned.

Averages of both are often as good on what was learned, and lose less of what the teacher knew
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"); dev says how far to go.
See docs/explanation/decisions/0023-mixtures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

Weights = Mapping[str, torch.Tensor]
Mixture = dict[str, Any]
"""`share` of what was learned, `f1` (the mean over the dev sets), `dev` (F1 by dev set)."""
TOLERANCE = 0.002
"""Less F1 than this is no difference on dev."""


def copy_weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights as they are now."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def load_mixture(network: torch.nn.Module, start: Weights, learned: Weights, share: float) -> None:
    """Set the weights to start + share · (learned − start); what is no float is as learned.

    At share 0 they are the first ones, whatever was learned: it may be no number.
    """
    if share == 0:
        network.load_state_dict(start)
        return
    network.load_state_dict(
        {
            name: torch.lerp(start[name], tensor, share) if tensor.is_floating_point() else tensor
            for name, tensor in learned.items()
        }
    )


def measure_mixtures(
    network: torch.nn.Module,
    start: Weights,
    learned: Weights,
    shares: Sequence[float],
    measure: Callable[[], dict[str, float]],
) -> list[Mixture]:
    """What `measure` says (F1 by dev set) of each mixture."""
    mixtures = []
    for share in sorted(set(shares)):
        load_mixture(network, start, learned, share)
        f1 = measure()
        mixtures.append({"share": share, "f1": sum(f1.values()) / len(f1), "dev": f1})
    return mixtures


def choose_mixture(candidates: Sequence[Mixture]) -> Mixture:
    """The least share of what was learned that is, but for `TOLERANCE`, as good as the best."""
    best = max(candidate["f1"] for candidate in candidates)
    good = [each for each in candidates if each["f1"] >= best - TOLERANCE]
    return min(good, key=lambda each: float(each["share"]))
