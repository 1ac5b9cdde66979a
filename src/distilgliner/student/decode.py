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

from distilgliner.student.islands import find_islands
from distilgliner.student.tags import BEGIN, END, INSIDE, ROLES, SINGLE

ScoredSpan = tuple[int, int, int, float]
"""`(word_start, word_end, label_index, score)`, the end exclusive."""


def decode_words(
    log_probs: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float = 0.5
) -> list[list[ScoredSpan]]:
    """Decode the tag scores (N, T) of the words of all documents, one document after the other.

    Raises `ValueError` when the threshold is not strictly between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must lie strictly between 0 and 1, got {threshold}")
    found: list[list[ScoredSpan]] = [[] for _ in lengths]
    if log_probs.shape[1] < 2:  # an open student that was asked for no label
        return found
    outside = math.log(threshold / (1 - threshold))
    best = log_probs[:, 1:].max(axis=1).astype(np.float64)
    starts, ends = find_islands(best - log_probs[:, 0] - outside, lengths)
    if not len(starts):
        return found
    # Scores relative to O: O is worth logit(threshold), everything else its log-odds against O.
    order, sizes = _flatten(starts, ends)
    odds = log_probs[order, 1:].astype(np.float64) - log_probs[order, :1]
    spans = (_search_segmentation if roles else _search_runs)(odds, sizes, outside)
    borders = np.concatenate(([0], np.cumsum(lengths)))
    documents = np.searchsorted(borders, starts, side="right") - 1
    first_words = starts - borders[documents]
    rows = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    for document, first, row, island in zip(
        documents.tolist(), first_words.tolist(), rows.tolist(), spans, strict=True
    ):
        for start, end, label in island:
            score = _score(odds[row + start : row + end], label, roles)
            found[document].append((first + start, first + end, label, score))
    return found


def _flatten(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The words of all islands one after the other, and how many each has."""
    sizes = ends - starts
    shifts = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    return np.arange(int(sizes.sum())) + shifts, sizes


def _score(odds: np.ndarray, label: int, roles: bool) -> float:
    """sigmoid of the mean log-odds (n, T − 1) of the n words of one entity."""
    count = len(odds)
    if not roles:
        mean = float(odds[:, label].sum()) / count
    elif count == 1:
        mean = float(odds[0, label * ROLES + SINGLE])
    else:
        total = float(odds[0, label * ROLES + BEGIN]) + float(odds[-1, label * ROLES + END])
        if count > 2:
            total += float(odds[1:-1, label * ROLES + INSIDE].sum())
        mean = total / count
    return 1 / (1 + math.exp(-mean)) if mean > -700 else 0.0


def _search_segmentation(
    odds: np.ndarray, sizes: np.ndarray, outside: float
) -> list[list[tuple[int, int, int]]]:
    """Viterbi over flat segmentations of islands: (M, 4C) of all their words → the spans of each.

    All islands take a step at a time, the longest first, so that those that have ended drop out at
    the end of the arrays.
    """
    roles = odds.reshape(len(odds), -1, ROLES)
    single = roles[:, :, SINGLE]
    best_single = single.argmax(axis=1)
    single_gain = np.take_along_axis(single, best_single[:, None], axis=1)[:, 0]
    closed_gain = np.maximum(single_gain, outside)  # a word alone: O or the best single

    by_size = np.argsort(-sizes, kind="stable")
    rows = (np.cumsum(sizes) - sizes)[by_size]
    sorted_sizes = sizes[by_size]
    free = np.zeros(len(sizes))
    inside = np.full((len(sizes), roles.shape[1]), -np.inf)
    ended_by = np.full(len(odds), -1)  # label whose End closes at this word, −1: word alone
    began_at = np.zeros((len(odds), roles.shape[1]), dtype=bool)  # the open entity begins here
    for word in range(int(sorted_sizes[0])):
        active = int(np.searchsorted(-sorted_sizes, -word, side="left"))
        free, inside, here = free[:active], inside[:active], rows[:active] + word
        ending = inside + roles[here, :, END]
        best = ending.argmax(axis=1)
        ending_gain = np.take_along_axis(ending, best[:, None], axis=1)[:, 0]
        alone = free + closed_gain[here]
        began = free[:, None] + roles[here, :, BEGIN]
        stayed = inside + roles[here, :, INSIDE]
        began_at[here] = began >= stayed
        ended_by[here] = np.where(ending_gain > alone, best, -1)
        free = np.maximum(alone, ending_gain)
        inside = np.maximum(began, stayed)
    pointers = (
        ended_by.tolist(),
        began_at,
        (single_gain > outside).tolist(),
        best_single.tolist(),
    )
    ends = np.cumsum(sizes)
    return [
        _trace(first, last, *pointers)
        for first, last in zip((ends - sizes).tolist(), ends.tolist(), strict=True)
    ]


def _trace(
    first: int,
    last: int,
    ended_by: list[int],
    began_at: np.ndarray,
    is_single: list[bool],
    best_single: list[int],
) -> list[tuple[int, int, int]]:
    """Follow the back pointers of the island of words `first` … `last` − 1 from its end."""
    spans = []
    word = last - 1
    while word >= first:
        label = ended_by[word]
        if label >= 0:
            start = word - 1
            while not began_at[start, label]:
                start -= 1
            spans.append((start - first, word + 1 - first, label))
            word = start - 1
            continue
        if is_single[word]:
            spans.append((word - first, word + 1 - first, best_single[word]))
        word -= 1
    spans.reverse()
    return spans


def _search_runs(
    odds: np.ndarray, sizes: np.ndarray, outside: float
) -> list[list[tuple[int, int, int]]]:
    """Best label of each word on its own; runs of one label are entities: (M, C) → spans."""
    best = odds.argmax(axis=1)
    best = np.where(np.take_along_axis(odds, best[:, None], axis=1)[:, 0] > outside, best, -1)
    islands = []
    for labels in np.split(best, np.cumsum(sizes)[:-1]):
        borders = np.flatnonzero(np.diff(labels)) + 1
        edges = [0, *borders.tolist(), len(labels)]
        islands.append(
            [
                (start, end, int(labels[start]))
                for start, end in pairwise(edges)
                if start < end and labels[start] >= 0
            ]
        )
    return islands
