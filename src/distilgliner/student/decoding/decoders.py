"""From what a student computes of each word to entities: one decoder for each form of scores.

Scores have a row for each word (N, X). What the X columns are is between a head and its decoder;
between the two lie only windows, batches and the choice of labels, which see rows and columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from distilgliner.corpus.flat import choose_flat
from distilgliner.student.config import StudentConfig
from distilgliner.student.decoding.decode import ScoredSpan, decode_words
from distilgliner.student.registry import HEADS, load_part
from distilgliner.student.tags import ROLES, count_tags

Form = Literal["tags", "spans"]


class Decoder(Protocol):
    """Reads the scores of a head; built from the student's configuration alone."""

    form: ClassVar[Form]

    def __init__(self, config: StudentConfig) -> None: ...

    def find_columns(self, labels: Sequence[int], label_count: int) -> list[int]:
        """The columns that are left when only some of a closed student's labels are wanted."""
        ...

    def decode(
        self, scores: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float
    ) -> list[list[ScoredSpan]]:
        """The entities above a threshold, per document, in order.

        scores: (N, X), the words of all documents one after the other; lengths (B,) of them.
        """
        ...


def build_decoder(config: StudentConfig) -> Decoder:
    """The decoder of a student's head. Raises `UserError` when it cannot be imported."""
    decoder: Decoder = load_part("decoders", config.head)(config)
    return decoder


def count_columns(config: StudentConfig, label_count: int) -> int | None:
    """How many columns X the scores of C labels have; None for another package's head."""
    if config.head not in HEADS:
        return None
    if config.head == "span":
        return config.max_width * label_count
    return count_tags(label_count, roles=config.roles)


class TagDecoder:
    """Scores of tags (N, T), see `student/tags.py`, of which only differences count."""

    form: ClassVar[Form] = "tags"

    def __init__(self, config: StudentConfig) -> None:
        self.width = ROLES if config.roles else 1

    def find_columns(self, labels: Sequence[int], label_count: int) -> list[int]:
        """O, and the tags of the labels."""
        width = self.width
        return [0] + [1 + label * width + role for label in labels for role in range(width)]

    def decode(
        self, scores: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float
    ) -> list[list[ScoredSpan]]:
        """See `decode_words`."""
        return decode_words(scores, lengths, roles=roles, threshold=threshold)


class FoundSpans(NamedTuple):
    """S spans by their first row, the row behind their last, their label and logit: (S,) each."""

    first: np.ndarray
    last: np.ndarray
    label: np.ndarray
    logit: np.ndarray


class SpanDecoder:
    """Logits (N, K · C) of the spans that begin at each word: K widths, and in each C labels."""

    form: ClassVar[Form] = "spans"

    def __init__(self, config: StudentConfig) -> None:
        self.max_width = config.max_width

    def find_columns(self, labels: Sequence[int], label_count: int) -> list[int]:
        """The labels' columns of each width."""
        return [width * label_count + label for width in range(self.max_width) for label in labels]

    def decode(
        self, scores: np.ndarray, lengths: np.ndarray, *, roles: bool, threshold: float
    ) -> list[list[ScoredSpan]]:
        """The best spans that do not overlap, as GLiNER chooses them; spans have no roles."""
        spans = self.find_spans(scores, threshold)
        chosen = sorted(choose_flat(spans.first, spans.last, spans.logit))  # in order of the words
        first, last, label, logit = (values[chosen] for values in spans)
        borders = np.concatenate(([0], np.cumsum(lengths)))
        documents = np.searchsorted(borders, first, side="right") - 1
        before = borders[documents]
        probability = 1 / (1 + np.exp(-logit))
        columns = (documents, first - before, last - before, label, probability)
        found: list[list[ScoredSpan]] = [[] for _ in lengths]
        for document, *span in zip(*(column.tolist() for column in columns), strict=True):
            found[document].append((span[0], span[1], span[2], span[3]))
        return found

    def find_spans(self, scores: np.ndarray, threshold: float) -> FoundSpans:
        """The spans more probable than a threshold, in the order of start, end and label.

        Raises `ValueError` when the threshold is not strictly between 0 and 1.
        """
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie strictly between 0 and 1, got {threshold}")
        least = math.log(threshold / (1 - threshold))
        split = scores.reshape(len(scores), self.max_width, -1)
        first, width, label = np.nonzero(split > np.float64(least))
        return FoundSpans(first, first + width + 1, label, split[first, width, label].astype(float))
