"""From the scores of tags to entities: exact constrained decoding, vectorised over a batch.

The best tag sequence that is a flat segmentation is found by a Viterbi search that knows the
structure of BIOES: a word boundary is either *free* (no entity open) or *inside* an entity of one
label, so a step costs O(C) and not O(T²).

The score of an entity is sigmoid(m), m the mean over its words of log p(tag) − log p(O): how much
the student prefers the entity to nothing, the counterpart of GLiNER's sigmoid. A threshold t adds
logit(t) to every O, so each entity found scores above t, and t = 0.5 is plain Viterbi.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from distilgliner.student.tags import BEGIN, END, INSIDE, ROLES, SINGLE

ScoredSpan = tuple[int, int, int, float]
"""`(word_start, word_end, label_index, score)`, the end exclusive."""


def decode_batch(
    log_probs: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float = 0.5
) -> list[list[ScoredSpan]]:
    """Decode tag scores (B, L, T), each word's up to a constant, for `lengths` (B,) in words.

    Raises `ValueError` when the threshold is not strictly between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must lie strictly between 0 and 1, got {threshold}")
    # Scores relative to O: O is worth logit(threshold), everything else its log-odds against O.
    odds = (log_probs[:, :, 1:] - log_probs[:, :, :1]).astype(np.float64)
    outside = math.log(threshold / (1 - threshold))
    if roles:
        paths = _search_segmentation(odds, lengths, outside)
    else:
        paths = _search_runs(odds, lengths, outside)
    return [
        [
            (start, end, label, _score(odds[row], start, end, label, roles))
            for start, end, label in path
        ]
        for row, path in enumerate(paths)
    ]


def _score(odds: np.ndarray, start: int, end: int, label: int, roles: bool) -> float:
    """sigmoid of the mean log-odds of the words of one entity, from (L, T − 1)."""
    if not roles:
        mean = float(odds[start:end, label].mean())
    elif end - start == 1:
        mean = float(odds[start, label * ROLES + SINGLE])
    else:
        total = odds[start, label * ROLES + BEGIN] + odds[end - 1, label * ROLES + END]
        total += odds[start + 1 : end - 1, label * ROLES + INSIDE].sum()
        mean = float(total) / (end - start)
    return 1 / (1 + math.exp(-mean)) if mean > -700 else 0.0


def _search_segmentation(
    odds: np.ndarray, lengths: np.ndarray, outside: float
) -> list[list[tuple[int, int, int]]]:
    """Viterbi over flat segmentations: (B, L, 4C) → the word spans of each document."""
    batch, length, width = odds.shape
    label_count = width // ROLES
    roles = odds.reshape(batch, length, label_count, ROLES)
    single = roles[:, :, :, SINGLE]
    best_single = single.argmax(axis=2)  # (B, L)
    single_gain = np.take_along_axis(single, best_single[:, :, None], axis=2)[:, :, 0]
    closed_gain = np.maximum(single_gain, outside)  # a word alone: O or the best single

    free = np.zeros(batch)
    inside = np.full((batch, label_count), -np.inf)
    ended_by = np.full((batch, length), -1)  # label whose End closes at this word, −1: word alone
    began_at = np.zeros((batch, length, label_count), dtype=bool)  # the open entity begins here
    for word in range(length):
        ending = inside + roles[:, word, :, END]
        best = ending.argmax(axis=1)
        ending_gain = np.take_along_axis(ending, best[:, None], axis=1)[:, 0]
        alone = free + closed_gain[:, word]
        began = free[:, None] + roles[:, word, :, BEGIN]
        stayed = inside + roles[:, word, :, INSIDE]
        began_at[:, word] = began >= stayed
        ended_by[:, word] = np.where(ending_gain > alone, best, -1)
        free = np.maximum(alone, ending_gain)
        inside = np.maximum(began, stayed)
    return [
        _trace(
            int(lengths[row]),
            ended_by[row],
            began_at[row],
            single_gain[row] > outside,
            best_single[row],
        )
        for row in range(batch)
    ]


def _trace(
    length: int,
    ended_by: np.ndarray,
    began_at: np.ndarray,
    is_single: np.ndarray,
    best_single: np.ndarray,
) -> list[tuple[int, int, int]]:
    """Follow the back pointers of one document from its last word to its first."""
    spans = []
    word = length - 1
    while word >= 0:
        label = int(ended_by[word])
        if label >= 0:
            start = word - 1
            while not began_at[start, label]:
                start -= 1
            spans.append((start, word + 1, label))
            word = start - 1
            continue
        if is_single[word]:
            spans.append((word, word + 1, int(best_single[word])))
        word -= 1
    spans.reverse()
    return spans


def _search_runs(
    odds: np.ndarray, lengths: np.ndarray, outside: float
) -> list[list[tuple[int, int, int]]]:
    """Best label of each word on its own; runs of one label are entities: (B, L, C) → spans."""
    best = odds.argmax(axis=2)
    best = np.where(np.take_along_axis(odds, best[:, :, None], axis=2)[:, :, 0] > outside, best, -1)
    documents = []
    for row, length in enumerate(lengths.tolist()):
        labels = best[row, :length]
        borders = np.flatnonzero(np.diff(labels)) + 1
        edges = [0, *borders.tolist(), length]
        documents.append(
            [
                (start, end, int(labels[start]))
                for start, end in pairwise(edges)
                if start < end and labels[start] >= 0
            ]
        )
    return documents
