"""Between the words that everyone speaks about and GLiNER's own words, which a teacher reads.

They differ only where a text in normal form C has combining marks or joiners left: GLiNER takes
each for a word, see `corpus/words.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distilgliner.annotate.spans import SpanScores, build_span_scores
from distilgliner.annotate.windows import find_sentence_ends
from distilgliner.corpus.words import Offsets


@dataclass(frozen=True, slots=True)
class SplitText:
    """The L words of a text and the pieces that a teacher reads in their place."""

    words: Offsets
    """Offsets of the text as given."""
    pieces: list[str]
    """GLiNER's own words, in normal form C."""
    sentence_ends: list[bool]
    """For each piece, whether a cut behind it is welcome."""
    counts: np.ndarray | None
    """int (L,): pieces of each word; None where each word is one."""

    def join_spans(self, scores: SpanScores, *, is_token_model: bool) -> SpanScores:
        """Spans of words from spans of pieces.

        A span that begins or ends inside a word is widened to the whole word, so that no entity
        ends inside one; of spans that become the same the best score counts.
        """
        if self.counts is None or not len(scores):
            return scores
        word_of = np.repeat(np.arange(len(self.counts)), self.counts)
        start, end = word_of[scores.word_start], word_of[scores.word_end - 1] + 1
        label, logit = scores.label_index, scores.logit
        best = np.lexsort((-logit, label, end, start))
        spans = np.stack((start, end, label), axis=1)[best]
        is_first = np.ones(len(best), dtype=bool)
        is_first[1:] = (spans[1:] != spans[:-1]).any(axis=1)
        kept = best[is_first]
        if is_token_model:  # the order in which GLiNER's decoder visits them
            kept = kept[np.lexsort((end[kept], label[kept], start[kept]))]
        return build_span_scores(start[kept], end[kept], label[kept], logit[kept])

    def join_states(self, states: np.ndarray) -> np.ndarray:
        """Hidden states of words (N, L, D) from those of pieces: the mean of those it has seen."""
        if self.counts is None or not len(self.counts):
            return states
        starts = np.cumsum(self.counts) - self.counts
        seen = states.any(axis=(0, 2)).astype(np.float32)
        total = np.add.reduceat(states.astype(np.float32), starts, axis=1)
        count = np.maximum(np.add.reduceat(seen, starts), 1)
        return (total / count[:, None]).astype(np.float16)

    def find_pieces(self, word_start: int, word_end: int) -> tuple[int, int]:
        """The pieces of a span of words, the end exclusive."""
        if self.counts is None:
            return word_start, word_end
        return int(self.counts[:word_start].sum()), int(self.counts[:word_end].sum())


def build_split_text(text: str, words: Offsets, pieces_of: Sequence[Sequence[str]]) -> SplitText:
    """A text from its words and the pieces of each, at least one."""
    ends = find_sentence_ends(text, words)
    if all(len(pieces) == 1 for pieces in pieces_of):
        return SplitText(words, [pieces[0] for pieces in pieces_of], ends, None)
    counts = np.array([len(pieces) for pieces in pieces_of], dtype=np.int64)
    piece_ends = [
        end and number == len(pieces)
        for end, pieces in zip(ends, pieces_of, strict=True)
        for number in range(1, len(pieces) + 1)
    ]
    return SplitText(words, [piece for pieces in pieces_of for piece in pieces], piece_ends, counts)
