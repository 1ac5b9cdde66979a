"""Layers by number, and the states of subwords as states of words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilgliner.errors import UserError

pytest.importorskip("torch", reason="needs the extra 'annotate'")

import torch

from distilgliner.annotate.states import (
    find_first_subword,
    pool_words,
    record_hidden_states,
    resolve_layers,
)


@pytest.mark.parametrize(
    ("wanted", "layers"),
    [([6], (6,)), ([-1], (6,)), ([6, 0, 3], (0, 3, 6)), ([-7, -2], (0, 5)), ([], ())],
)
def test_layers_by_number(wanted: list[int], layers: tuple[int, ...]) -> None:
    assert resolve_layers(wanted, 6) == layers


def test_layers_that_are_not_there() -> None:
    with pytest.raises(UserError, match=r"--states 7: the teacher's encoder has 6 layers; .* to 6"):
        resolve_layers([6, 7], 6)
    with pytest.raises(UserError, match=r"--states -8: .* down to -7"):
        resolve_layers([-8], 6)
    with pytest.raises(UserError, match=r"--states 6,-1 names a layer twice"):
        resolve_layers([6, -1], 6)


def test_pooling_by_hand() -> None:
    subwords = np.array([[[1.0, 0], [3, 4], [9, 9], [0, 3], [0, 0], [6, 0]]], dtype=np.float32)
    pooled = pool_words(subwords, np.array([2, 1, 3]))
    assert pooled.dtype == np.float16
    assert pooled.tolist() == [[[2, 2], [9, 9], [2, 1]]]


def test_states_beyond_fp16_stay_finite() -> None:
    subwords = np.array([[[1e6, -1e6, 60000, 1]]], dtype=np.float32)
    assert pool_words(subwords, np.array([1])).tolist() == [[[65504, -65504, 60000, 1]]]


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    layers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_pooling_is_the_mean(sizes: list[int], layers: int, seed: int) -> None:
    subwords = np.random.default_rng(seed).normal(size=(layers, sum(sizes), 5)).astype(np.float32)
    pooled = pool_words(subwords, np.array(sizes))
    first = 0
    for word, size in enumerate(sizes):
        mean = subwords[:, first : first + size].mean(axis=1)
        assert pooled[:, word] == pytest.approx(mean, rel=1e-3, abs=1e-3)
        first += size


@pytest.mark.parametrize(
    ("marks", "marks_last"),
    [
        ([0, 0, 0, 1, 0, 2, 3, 0, 0, 0, 0], False),  # the first subword of each word
        ([0, 0, 0, 0, 1, 2, 0, 0, 3, 0, 0], True),  # the last
        ([0, 0, 0, 1, 1, 2, 3, 3, 3, 0, 0], False),  # all
    ],
)
def test_the_text_behind_the_prompt(marks: list[int], marks_last: bool) -> None:
    sizes = np.array([2, 1, 3])
    assert find_first_subword(np.array(marks), sizes, marks_last=marks_last) == 3
    for other in ([2, 2, 2], [2, 1, 3, 1]):
        with pytest.raises(UserError, match="cuts words differently"):
            find_first_subword(np.array(marks), np.array(other), marks_last=marks_last)


class _Encoder(torch.nn.Module):
    def forward(self, values: torch.Tensor, output_hidden_states: bool = False) -> object:
        states = (values, values + 1) if output_hidden_states else None
        return type("Output", (), {"hidden_states": states})()


def test_hooks_are_there_for_the_block_only() -> None:
    encoder = _Encoder()
    values = torch.zeros(1, 2, 3)
    with record_hidden_states(encoder) as passes:
        encoder(values)
        encoder(values=values)
    assert [len(states or ()) for states in passes] == [2, 2]
    encoder(values)
    assert len(passes) == 2
    with pytest.raises(KeyboardInterrupt), record_hidden_states(encoder):
        raise KeyboardInterrupt
    assert not encoder._forward_hooks
    assert not encoder._forward_pre_hooks
