"""Losses over tag sequences, against every sequence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chains import enumerate_sequences
from distilgliner.distill.objective.losses import chain_cross_entropy, chain_soft_cross_entropy

TAGS = 3


def draw(seed: int, lengths: list[int]) -> tuple[Tensor, Tensor, Tensor, np.random.Generator]:
    """Scores (B, L, T), transitions and the mask of all words, as leaves."""
    rng = np.random.default_rng(seed)
    scores = torch.tensor(rng.normal(size=(len(lengths), max(lengths), TAGS)) * 2).float()
    transitions = torch.tensor(rng.normal(size=(TAGS + 1, TAGS + 1)) * 2).float()
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return scores.requires_grad_(), transitions.requires_grad_(), mask, rng


def list_log_probabilities(
    scores: Tensor, transitions: Tensor, length: int
) -> dict[tuple[int, ...], float]:
    """log p of every sequence of a text."""
    found = dict(
        enumerate_sequences(
            scores.detach().double().numpy()[:length], transitions.detach().double().numpy()
        )
    )
    total = np.logaddexp.reduce(list(found.values()))
    return {tags: score - total for tags, score in found.items()}


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_likelihood_is_exact(seed: int, lengths: list[int]) -> None:
    scores, transitions, mask, rng = draw(seed, lengths)
    tags = torch.tensor(rng.integers(0, TAGS, size=mask.shape))
    loss = chain_cross_entropy(scores, tags, mask, transitions)
    wanted = -sum(
        list_log_probabilities(scores[row], transitions, length)[tuple(tags[row, :length].tolist())]
        for row, length in enumerate(lengths)
    )
    assert loss.item() == pytest.approx(wanted / sum(lengths), rel=1e-5, abs=1e-6)


def draw_teacher(
    rng: np.random.Generator, lengths: list[int]
) -> tuple[list[dict[tuple[int, ...], float]], Tensor, Tensor]:
    """A random distribution of sequences for each text, its marginals and its transitions."""
    targets = np.zeros((len(lengths), max(lengths), TAGS))
    counts = np.zeros((len(lengths), TAGS + 1, TAGS + 1))
    teachers = []
    for row, length in enumerate(lengths):
        sequences = list(itertools.product(range(TAGS), repeat=length))
        likely = rng.dirichlet(np.full(len(sequences), 0.3))
        teachers.append(dict(zip(sequences, likely.tolist(), strict=True)))
        for tags, probability in teachers[-1].items():
            targets[row, np.arange(length), list(tags)] += probability
            path = np.array([TAGS, *tags, TAGS])
            np.add.at(counts[row], (path[:-1], path[1:]), probability)
    return teachers, torch.tensor(targets).float(), torch.tensor(counts).float()


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_cross_entropy_of_a_distribution_is_exact(seed: int, lengths: list[int]) -> None:
    scores, transitions, mask, rng = draw(seed, lengths)
    teachers, targets, counts = draw_teacher(rng, lengths)
    loss = chain_soft_cross_entropy(scores, targets, counts.sum(dim=0), mask, transitions)
    wanted = 0.0
    for row, (teacher, length) in enumerate(zip(teachers, lengths, strict=True)):
        student = list_log_probabilities(scores[row], transitions, length)
        wanted -= sum(probability * student[tags] for tags, probability in teacher.items())
    assert loss.item() == pytest.approx(wanted / sum(lengths), rel=1e-4, abs=1e-5)


def test_certain_targets_are_tags() -> None:
    scores, transitions, mask, rng = draw(5, [4, 2, 3])
    tags = torch.tensor(rng.integers(0, TAGS, size=mask.shape))
    targets = torch.nn.functional.one_hot(tags, TAGS).float()
    counts = torch.zeros(TAGS + 1, TAGS + 1)
    for row, length in enumerate([4, 2, 3]):
        for pair in itertools.pairwise([TAGS, *tags[row, :length].tolist(), TAGS]):
            counts[pair] += 1
    gradients = []
    for loss in (
        chain_cross_entropy(scores, tags, mask, transitions),
        chain_soft_cross_entropy(scores, targets, counts, mask, transitions),
    ):
        gradients.append(torch.autograd.grad(loss, (scores, transitions)))
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
        assert one.abs().sum() > 0


def test_the_best_student_is_the_teacher() -> None:
    """Where the teacher is itself a chain, its own weights have no slope."""
    scores, transitions, mask, _ = draw(7, [3, 4])
    marginals, counts = torch.zeros(2, 4, TAGS), torch.zeros(TAGS + 1, TAGS + 1)
    for row, length in enumerate([3, 4]):
        for tags, value in list_log_probabilities(scores[row], transitions, length).items():
            marginals[row, torch.arange(length), list(tags)] += float(np.exp(value))
            for pair in itertools.pairwise([TAGS, *tags, TAGS]):
                counts[pair] += float(np.exp(value))
    loss = chain_soft_cross_entropy(scores, marginals, counts, mask, transitions)
    slopes = torch.autograd.grad(loss, (scores, transitions))
    assert all(slope.abs().max() < 1e-5 for slope in slopes)


def test_only_the_texts_of_the_mask_count() -> None:
    scores, transitions, mask, rng = draw(9, [4, 2, 3])
    tags = torch.tensor(rng.integers(0, TAGS, size=mask.shape))
    some = mask.clone()
    some[1] = False
    loss = chain_cross_entropy(scores, tags, some, transitions)
    rows = torch.tensor([0, 2])
    alone = chain_cross_entropy(scores[rows], tags[rows], mask[rows], transitions)
    assert loss.item() == pytest.approx(alone.item(), rel=1e-6)
    (slope,) = torch.autograd.grad(loss, scores)
    assert not slope[1].any()
    assert not slope[2, 3:].any()


def test_an_empty_mask() -> None:
    scores, transitions, mask, _ = draw(11, [2])
    none = torch.zeros_like(mask)
    tags = torch.zeros_like(mask, dtype=torch.int64)
    for loss in (
        chain_cross_entropy(scores, tags, none, transitions),
        chain_soft_cross_entropy(
            scores, torch.zeros_like(scores), transitions * 0, none, transitions
        ),
    ):
        assert loss.item() == 0
        loss.backward()
