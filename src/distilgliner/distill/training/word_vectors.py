"""Word vectors that begin where the teacher's hidden states put them, before anything is trained.

A word's vector is the mean of its subwords' vectors, which come from a table that knows no context.
What the teacher makes of the word where it stands is in its hidden states: their mean over the
word's occurrences tells "a town" from "a person", also of a name whose subwords say nothing.
(Words averaged in context: Bommasani et al. 2020, "Interpreting pretrained contextualized
representations via reductions to static embeddings".) A ridge regression from these means to the
vectors that there are finds the part of them that the student's own space can hold, and the
subwords are moved until the words' vectors are there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from distilgliner.corpus.words import cut_words
from distilgliner.distill.sources.transfer import TransferDocument
from distilgliner.student.embedder import mean_bag
from distilgliner.student.folder import Student

MOST_WEIGHT = 50
"""A word counts as often as it occurs, but no more than so often."""
RIDGE = 1e-3
"""Of the regression, for each occurrence, where states have a mean square of 1."""
STEPS = 150
STEP_SIZE = 0.05
"""Of Adam, in standard deviations of the table."""


def move_word_vectors(
    student: Student, documents: Sequence[TransferDocument], share: float
) -> None:
    """Move the subword vectors of a student, in place, by a share of the way (0 to 1).

    documents: annotated text; what has no hidden states is passed over. Subwords that do not occur
    in it stay as they are. The last layer of the states counts.
    """
    if share == 0:
        return
    words, states, counts = average_states(documents)
    if not words:
        return
    table = student.model.embedder.subword_embedding.weight
    subwords = torch.from_numpy(student.featurizer.compute_features(words).subwords)
    with torch.no_grad():
        current = mean_bag(table, subwords)
    weights = np.minimum(counts, MOST_WEIGHT).astype(np.float64)
    predicted = regress(states, current.double().numpy(), weights)
    target = current + share * (torch.from_numpy(predicted).float() - current)
    moved = _fit_table(table.detach(), subwords, target, torch.from_numpy(weights).float())
    with torch.no_grad():
        table.copy_(moved)


def average_states(
    documents: Sequence[TransferDocument],
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Distinct words in alphabetical order, the means of their states (U, D) and counts (U,).

    The states are brought to a mean square of 1.
    """
    stated = [document for document in documents if document.states is not None]
    words = sorted({word for document in stated for word in _list_words(document)})
    if not words:
        return [], np.zeros((0, 0)), np.zeros(0)
    index = {word: row for row, word in enumerate(words)}
    sums = np.zeros((len(words), _last_states(stated[0]).shape[1]))
    counts = np.zeros(len(words))
    for document in stated:
        rows = [index[word] for word in _list_words(document)]
        np.add.at(sums, rows, _last_states(document))
        np.add.at(counts, rows, 1)
    means = sums / counts[:, None]
    return words, means / np.sqrt((means**2).mean()), counts


def _list_words(document: TransferDocument) -> list[str]:
    return cut_words(document.text, document.words)


def _last_states(document: TransferDocument) -> np.ndarray:
    """Those of the last layer (L, D)."""
    assert document.states is not None
    last: np.ndarray = document.states[-1].astype(np.float64)
    return last


def regress(states: np.ndarray, vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What a weighted ridge regression predicts of vectors (U, d) from states (U, D)."""
    inputs = np.concatenate((states, np.ones((len(states), 1))), axis=1)
    weighted = inputs * weights[:, None]
    penalty = RIDGE * weights.sum() * np.eye(inputs.shape[1])
    solution: np.ndarray = np.linalg.solve(inputs.T @ weighted + penalty, weighted.T @ vectors)
    return inputs @ solution


def _fit_table(
    table: torch.Tensor, subwords: torch.Tensor, target: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """The table (V, d) moved until the means over `subwords` (U, P) are near `target` (U, d)."""
    moved = table.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([moved], lr=STEP_SIZE * float(table.std()))
    scale = weights.sqrt()[:, None]
    for _ in range(STEPS):
        loss = ((mean_bag(moved, subwords) - target) ** 2 * scale).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return moved.detach()
