"""What a teacher said about a document: the scores of its likely spans."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_FP16_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True, slots=True)
class SpanScores:
    """The S spans of a document whose probability exceeds the floor.

    They stand in the order in which GLiNER's own decoder visits them: by start, end and (sorted)
    label for span models, by start, label and end for token models. So a stable sort by score
    breaks ties as GLiNER does.
    """

    word_start: np.ndarray
    """int32 (S,): the span's first word."""
    word_end: np.ndarray
    """int32 (S,): the word behind its last one (exclusive)."""
    label_index: np.ndarray
    """int32 (S,): its label, an index into the label set."""
    logit: np.ndarray
    """float32 (S,): its raw score; sigmoid gives the probability."""

    def __len__(self) -> int:
        return len(self.logit)


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A text, its words, the scores of its spans and, if wanted, the teacher's hidden states."""

    id: str
    text: str
    words: list[tuple[int, int]]
    """Character offsets `(char_start, char_end)` of the words, the end exclusive."""
    spans: SpanScores
    states: np.ndarray | None = None
    """float16 (N, L, D): of N layers, for L words, D hidden; zeros for words that the teacher does
    not see. None when they are not stored, or were not asked for."""


def build_span_scores(
    word_start: np.ndarray, word_end: np.ndarray, label_index: np.ndarray, logit: np.ndarray
) -> SpanScores:
    """Span scores from arrays (S,) of any number type, in GLiNER's order."""
    return SpanScores(
        word_start=word_start.astype(np.int32, copy=False),
        word_end=word_end.astype(np.int32, copy=False),
        label_index=label_index.astype(np.int32, copy=False),
        logit=logit.astype(np.float32, copy=False),
    )


def empty_span_scores() -> SpanScores:
    """The scores of a document in which no span exceeds the floor."""
    none = np.zeros(0, dtype=np.int32)
    return SpanScores(none, none, none, np.zeros(0, dtype=np.float32))


def compute_probability(logit: np.ndarray) -> np.ndarray:
    """Sigmoid in float32 (as GLiNER computes it), for any logit without overflow; same shape."""
    logit = logit.astype(np.float32, copy=False)
    small = np.exp(-np.abs(logit))
    return np.where(logit >= 0, np.float32(1), small) / (np.float32(1) + small)


def round_logits(logit: np.ndarray, lowest: float = -2.0) -> np.ndarray:
    """Logits (S,) as fp16, such that decoding the rounded ones finds the same entities.

    Rounding makes equals of spans that were not, and the wrong one of two overlapping spans could
    win. Of logits above `lowest` (probability 0.12, below every sensible threshold) those that
    would become equal are therefore kept apart, by one step of fp16 each.
    """
    rounded = np.clip(logit, -_FP16_MAX, _FP16_MAX).astype(np.float16)
    order = np.flatnonzero(logit > lowest)
    order = order[np.argsort(-logit[order], kind="stable")]
    for better, worse in pairwise(order.tolist()):
        if rounded[worse] >= rounded[better] and logit[worse] < logit[better]:
            rounded[worse] = np.nextafter(rounded[better], np.float16(-np.inf))
        elif logit[worse] == logit[better]:
            rounded[worse] = rounded[better]
    return rounded
