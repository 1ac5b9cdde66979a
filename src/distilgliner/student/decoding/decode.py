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
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from distilgliner.student.decoding.regions import find_regions
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
    starts, ends = find_regions(best - log_probs[:, 0] - outside, lengths)
    if not len(starts):
        return found
    search = _search_segmentation if roles else _search_runs
    regions = search(log_probs, starts, ends - starts, outside)
    borders = np.concatenate(([0], np.cumsum(lengths)))
    documents = np.searchsorted(borders, starts, side="right") - 1
    first_words = starts - borders[documents]
    for document, first, region in zip(
        documents.tolist(), first_words.tolist(), regions, strict=True
    ):
        for start, end, label, mean in region:
            found[document].append((first + start, first + end, label, _squash(mean)))
    return found


_Region = list[tuple[int, int, int, float]]
"""The entities of a region by its own words: start, end, label, mean log-odds of the words."""


def _squash(mean: float) -> float:
    return 1 / (1 + math.exp(-mean)) if mean > -700 else 0.0


def _compute_odds(log_probs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Of some rows of the scores, what each tag but O has beyond O: float64 (M, T − 1)."""
    chosen = log_probs[rows].astype(np.float64)
    return np.asarray(chosen[:, 1:] - chosen[:, :1])


class _Steps:
    """The words of regions, all first words first, then all second ones, and so on.

    Within a step the longest region comes first, so that those that have ended drop out at the end.
    """

    def __init__(self, starts: np.ndarray, sizes: np.ndarray) -> None:
        by_size = np.argsort(-sizes, kind="stable")
        words = np.arange(int(sizes[by_size[0]]))
        active = np.searchsorted(-sizes[by_size], -words, side="left")
        offsets = np.concatenate(([0], np.cumsum(active)))
        ranks = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], active)
        self.rows = starts[by_size][ranks] + np.repeat(words, active)  # (M,) of the scores
        self.offsets: list[int] = offsets.tolist()  # where each step begins
        self.ranks = np.argsort(by_size, kind="stable").tolist()  # each region's place in a step
        self.sizes: list[int] = sizes.tolist()


def _search_segmentation(
    log_probs: np.ndarray, starts: np.ndarray, sizes: np.ndarray, outside: float
) -> list[_Region]:
    """Viterbi over the flat segmentations of regions, which take a step together."""
    steps = _Steps(starts, sizes)
    odds = _compute_odds(log_probs, steps.rows)
    by_role = np.ascontiguousarray(odds.reshape(len(odds), -1, ROLES).transpose(2, 0, 1))
    begins, insides, ends, singles = (by_role[role] for role in (BEGIN, INSIDE, END, SINGLE))
    single_gain = singles.max(axis=1)
    closed_gain = np.maximum(single_gain, outside)  # a word alone: O or the best single

    count = steps.offsets[1]
    free = np.zeros(count)
    inside = np.full((count, singles.shape[1]), -np.inf)
    is_ended = np.empty(len(odds), dtype=bool)  # an entity closes at this word
    ended_by = np.empty(len(odds), dtype=np.int64)  # its label
    began_at = np.empty(singles.shape, dtype=bool)  # the open entity begins here
    for first, last in pairwise(steps.offsets):
        free, inside = free[: last - first], inside[: last - first]
        ending = inside + ends[first:last]
        ending_gain = ending.max(axis=1)
        alone = free + closed_gain[first:last]
        began = free[:, None] + begins[first:last]
        stayed = inside + insides[first:last]
        np.greater_equal(began, stayed, out=began_at[first:last])
        np.greater(ending_gain, alone, out=is_ended[first:last])
        ending.argmax(axis=1, out=ended_by[first:last])
        free = np.maximum(alone, ending_gain)
        inside = np.maximum(began, stayed)
    pointers = _Pointers(
        odds,
        is_ended.tolist(),
        ended_by.tolist(),
        began_at,
        (single_gain > outside).tolist(),
        singles.argmax(axis=1).tolist(),
    )
    return [
        pointers.trace(steps.offsets[:size], rank)
        for size, rank in zip(steps.sizes, steps.ranks, strict=True)
    ]


class _Pointers(NamedTuple):
    """What the search has decided at each word, in the order of `_Steps`."""

    odds: np.ndarray
    is_ended: list[bool]
    ended_by: list[int]
    began_at: np.ndarray
    is_single: list[bool]
    best_single: list[int]

    def trace(self, offsets: Sequence[int], rank: int) -> _Region:
        """Follow the pointers of a region from its last word to its first."""
        spans = []
        word = len(offsets) - 1
        while word >= 0:
            row = offsets[word] + rank
            if self.is_ended[row]:
                label = self.ended_by[row]
                start = word - 1
                while not self.began_at[offsets[start] + rank, label]:
                    start -= 1
                rows = [offset + rank for offset in offsets[start : word + 1]]
                spans.append((start, word + 1, label, self._average(rows, label)))
                word = start
            elif self.is_single[row]:
                label = self.best_single[row]
                spans.append((word, word + 1, label, float(self.odds[row, label * ROLES + SINGLE])))
            word -= 1
        spans.reverse()
        return spans

    def _average(self, rows: Sequence[int], label: int) -> float:
        """The mean log-odds of an entity of two words or more."""
        column = label * ROLES
        total = self.odds[rows[0], column + BEGIN] + self.odds[rows[-1], column + END]
        for row in rows[1:-1]:
            total += self.odds[row, column + INSIDE]
        return float(total) / len(rows)


def _search_runs(
    log_probs: np.ndarray, starts: np.ndarray, sizes: np.ndarray, outside: float
) -> list[_Region]:
    """Best label of each word on its own; runs of one label are entities."""
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    odds = _compute_odds(log_probs, np.arange(int(ends[-1])) + np.repeat(starts - firsts, sizes))
    gains = odds.max(axis=1)
    best = np.where(gains > outside, odds.argmax(axis=1), -1)
    regions = []
    for start, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        labels = best[start:end]
        edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), end - start]
        regions.append(
            [
                (first, last, int(labels[first]), float(gains[start + first : start + last].mean()))
                for first, last in pairwise(edges)
                if labels[first] >= 0
            ]
        )
    return regions
