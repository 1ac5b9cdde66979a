"""Weights between two states of a network."""

from __future__ import annotations

import pytest
import torch

from distilgliner.finetune.interpolate import (
    choose_mixture,
    copy_weights,
    load_mixture,
    measure_mixtures,
)


def build_network(value: float, count: int) -> torch.nn.BatchNorm1d:
    network = torch.nn.BatchNorm1d(3)
    with torch.no_grad():
        network.weight.fill_(value)
        network.running_mean.fill_(10 * value)
        network.num_batches_tracked.fill_(count)
    return network


START, LEARNED = copy_weights(build_network(1.0, 2)), copy_weights(build_network(3.0, 8))


@pytest.mark.parametrize(("share", "weight"), [(0.25, 1.5), (0.5, 2.0), (1.0, 3.0)])
def test_a_mixture_lies_between(share: float, weight: float) -> None:
    network = build_network(7.0, 5)

    load_mixture(network, START, LEARNED, share)

    assert network.weight.tolist() == [weight] * 3
    assert network.running_mean.tolist() == [10 * weight] * 3
    assert network.num_batches_tracked.item() == 8  # no float


def test_nothing_of_what_was_learnt_gives_the_first_weights_back() -> None:
    network = build_network(7.0, 5)
    learned = {name: torch.full_like(tensor, torch.nan) if tensor.is_floating_point() else tensor
              for name, tensor in LEARNED.items()}  # fmt: skip

    load_mixture(network, START, learned, 0.0)

    assert network.weight.tolist() == [1.0] * 3
    assert network.num_batches_tracked.item() == 2


def test_weights_that_did_not_move_stay_to_the_last_bit() -> None:
    start = {"weight": torch.rand(1000, generator=torch.Generator().manual_seed(0))}
    network = torch.nn.Module()
    network.weight = torch.nn.Parameter(torch.zeros(1000))

    load_mixture(network, start, start, 0.3)

    assert torch.equal(network.weight, start["weight"])


def test_each_share_is_measured_once_in_order() -> None:
    network = build_network(7.0, 5)

    def measure() -> dict[str, float]:
        weight = network.weight[0].item()
        return {"one": weight, "other": weight + 1}

    assert measure_mixtures(network, START, LEARNED, (0.5, 0.25, 0.5), measure) == [
        {"share": 0.25, "f1": 2.0, "dev": {"one": 1.5, "other": 2.5}},
        {"share": 0.5, "f1": 2.5, "dev": {"one": 2.0, "other": 3.0}},
    ]


def test_a_copy_does_not_move_with_the_network() -> None:
    network = build_network(1.0, 0)
    copy = copy_weights(network)
    with torch.no_grad():
        network.weight.fill_(5.0)
    assert copy["weight"].tolist() == [1.0] * 3


@pytest.mark.parametrize(
    ("f1", "share"),
    [
        ([0.5, 0.6, 0.7, 0.8], 1.0),
        ([0.5, 0.6, 0.799, 0.8], 0.5),  # no difference on dev, and less is lost elsewhere
        ([0.5, 0.6, 0.797, 0.8], 1.0),
        ([0.5, 0.8, 0.7, 0.6], 0.25),
        ([0.8, 0.7, 0.8, 0.801], 0.0),
    ],
)
def test_the_least_share_that_is_as_good_is_chosen(f1: list[float], share: float) -> None:
    shares = (0.0, 0.25, 0.5, 1.0)
    candidates = [{"share": s, "f1": value} for s, value in zip(shares, f1, strict=True)]

    assert choose_mixture(candidates[::-1])["share"] == share
