"""Texts → scores of their words, in batches of texts of like length, long texts in windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from distilgliner.corpus.words import Offsets, cut_words, split_words
from distilgliner.errors import UserError
from distilgliner.student.decoding.decode import ScoredSpan
from distilgliner.student.decoding.decoders import Decoder
from distilgliner.student.decoding.windows import Window, cut_windows

BATCH_WORDS = 1536
"""Words (with padding) scored at once, unless that are few texts; more do not fit the caches."""
FEW_TEXTS = 8
MOST_SCORES = 1024 * 1024
"""Words (with padding) times labels scored at once, unless that is a single text or window: what
memory grows with. Batches are smaller for it with more than some hundred labels."""
MOST_CHARACTERS = 10_000_000
"""Of one text, some 20 novels; each takes about 170 bytes of memory, and punctuation twice that."""


@dataclass(frozen=True)
class ScoredBatch:
    """Texts by their place in the input (`rows`), their words, and the words' scores (N, X)."""

    rows: list[int]
    words: list[Offsets]
    scores: np.ndarray
    decoder: Decoder

    def decode(
        self, roles: bool, threshold: float
    ) -> Iterator[tuple[int, Offsets, list[ScoredSpan]]]:
        """The place, the words and the entities of each text."""
        lengths = np.array([len(words) for words in self.words])
        decoded = self.decoder.decode(self.scores, lengths, roles=roles, threshold=threshold)
        return zip(self.rows, self.words, decoded, strict=True)


def iterate_scores(
    texts: Sequence[str],
    compute_scores: Callable[[list[list[str]]], np.ndarray],
    batch_size: int,
    decoder: Decoder,
    label_count: int = 1,
    split: Callable[[str], Offsets] = split_words,
) -> Iterator[ScoredBatch]:
    """The scores of texts as soon as all of a text's words have theirs; no word, no scores."""
    steps = iterate_steps(texts, compute_scores, batch_size, decoder, label_count, split)
    return (scored for scored in steps if scored is not None)


def iterate_steps(
    texts: Sequence[str],
    compute_scores: Callable[[list[list[str]]], np.ndarray],
    batch_size: int,
    decoder: Decoder,
    label_count: int = 1,
    split: Callable[[str], Offsets] = split_words,
) -> Iterator[ScoredBatch | None]:
    """The same, with None after each batch that finishes no text.

    compute_scores: documents given as words → scores (B, L, X), which the decoder can read.
    batch_size: windows at once, at most.
    label_count: how many labels are scored; of very many, fewer words at once.
    split: from a text to its words.
    Raises `UserError` for a text of more than `MOST_CHARACTERS`.
    """
    longest = max(map(len, texts), default=0)
    if longest > MOST_CHARACTERS:
        raise UserError(
            f"A text has {longest:,} characters, and {MOST_CHARACTERS:,} can be read as one; split "
            "it, for example at its lines."
        )
    words = [split(text) for text in texts]
    pieces = [(row, window) for row, w in enumerate(words) for window in cut_windows(len(w))]
    unfinished: dict[int, _Unfinished] = {}
    lengths = [window.last - window.first for _, window in pieces]
    for batch in plan_batches(lengths, batch_size, MOST_SCORES // max(1, label_count)):
        chosen = [pieces[index] for index in batch]
        batched = compute_scores([_get_words(texts[row], words[row], w) for row, w in chosen])
        found = {}
        for (row, window), scores in zip(chosen, batched, strict=True):
            part = scores[window.kept_first - window.first : window.kept_last - window.first]
            whole = _join(unfinished, row, window, part, len(words[row]))
            if whole is not None:
                found[row] = whole
        if not found:
            yield None
            continue
        rows, parts = list(found), list(found.values())
        joined = np.concatenate(parts) if len(parts) > 1 else parts[0]
        yield ScoredBatch(rows, [words[row] for row in rows], joined, decoder)


def plan_batches(
    lengths: Sequence[int], batch_size: int, most_words: int = MOST_SCORES
) -> list[list[int]]:
    """Rows grouped by length: `BATCH_WORDS` padded words or a few rows; empty rows are left out.

    most_words: padded words at most, unless that is a single row.
    """
    order = sorted((row for row, length in enumerate(lengths) if length), key=lengths.__getitem__)
    batches: list[list[int]] = []
    for row in order:
        size = len(batches[-1]) if batches else 0
        words = (size + 1) * lengths[row]
        many = words > most_words or (size >= FEW_TEXTS and words > BATCH_WORDS)
        if not batches or size >= max(1, batch_size) or many:
            batches.append([])
        batches[-1].append(row)
    return batches


def _get_words(text: str, words: Offsets, window: Window) -> list[str]:
    return cut_words(text, words[window.first : window.last])


@dataclass
class _Unfinished:
    """The scores of a long text, of which some words are still missing."""

    scores: np.ndarray
    missing: int


def _join(
    unfinished: dict[int, _Unfinished],
    row: int,
    window: Window,
    part: np.ndarray,
    word_count: int,
) -> np.ndarray | None:
    """All scores of a text when `part` is its last, else None."""
    if len(part) == word_count:
        return part
    known = unfinished.get(row)
    if known is None:
        shape = (word_count, *part.shape[1:])
        known = unfinished[row] = _Unfinished(np.empty(shape, part.dtype), word_count)
    known.scores[window.kept_first : window.kept_last] = part
    known.missing -= len(part)
    return None if known.missing else unfinished.pop(row).scores
