"""From documents to windows of words that the teacher's tokenizer and encoder can take whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distilgliner.annotate.windows import WindowLimits, compute_windows

_DOCUMENTS_PER_CALL = 256  # keeps the tokenizer's Python lists small


@dataclass(frozen=True, slots=True)
class EncodedDocument:
    """What the teacher gets to see of one document."""

    words: list[str]
    """The words that have subwords. GLiNER counts only those when it assigns vectors to words, so
    a word that the tokenizer drops (a lone variation selector, say) would shift all behind it."""
    positions: np.ndarray
    """int (V + 1,): the place in the document of each of the V words, and of its end."""
    subwords: np.ndarray
    """int (V,): how many subwords each word has."""
    windows: list[tuple[int, int]]
    """Over the V words."""
    shortened: int
    """How many words were too long for a window and were cut down to their beginning."""


def encode_documents(
    tokenizer: Any,
    word_lists: Sequence[Sequence[str]],
    sentence_ends: Sequence[Sequence[bool]],
    limits: WindowLimits,
) -> Iterator[EncodedDocument]:
    """Encode documents, given as words and (per word) whether a cut behind it is welcome."""
    for first in range(0, len(word_lists), _DOCUMENTS_PER_CALL):
        some = word_lists[first : first + _DOCUMENTS_PER_CALL]
        for offset, sizes in enumerate(count_subwords(tokenizer, some)):
            yield _encode(tokenizer, some[offset], sizes, sentence_ends[first + offset], limits)


def _encode(
    tokenizer: Any,
    words: Sequence[str],
    sizes: np.ndarray,
    sentence_ends: Sequence[bool],
    limits: WindowLimits,
) -> EncodedDocument:
    visible = np.flatnonzero(sizes)
    kept = [words[index] for index in visible.tolist()]
    sizes = sizes[visible]
    positions = np.append(visible, visible[-1] + 1 if len(visible) else 0)
    fits = limits.max_subwords is None or int(sizes.sum()) <= limits.max_subwords
    if len(kept) <= limits.max_words and fits:
        windows = [(0, len(kept))] if kept else []
        return EncodedDocument(kept, positions, sizes, windows, 0)
    shortened = 0
    if limits.max_word_subwords is not None:
        for index in np.flatnonzero(sizes > limits.max_word_subwords).tolist():
            kept[index] = _shorten(tokenizer, kept[index], limits.max_word_subwords)
            sizes[index] = limits.max_word_subwords
            shortened += 1
    ends = [bool(sentence_ends[index]) for index in visible.tolist()]
    windows = compute_windows(sizes, ends, limits)
    return EncodedDocument(kept, positions, sizes, windows, shortened)


def _shorten(tokenizer: Any, word: str, max_subwords: int) -> str:
    """The beginning of a word that has at most `max_subwords` subwords."""
    while (size := int(count_subwords(tokenizer, [[word]])[0][0])) > max_subwords and len(word) > 1:
        word = word[: max(1, min(len(word) - 1, len(word) * max_subwords // size))]
    return word


def count_subwords(tokenizer: Any, word_lists: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """How many subwords each word has: one int array (N,) per list of N words."""
    filled = [list(words) for words in word_lists if words]
    if not filled:
        return [np.zeros(0, dtype=np.int64) for _ in word_lists]
    encoded = tokenizer(
        filled,
        is_split_into_words=True,
        add_special_tokens=False,
        return_attention_mask=False,
        truncation=False,
        padding=False,
        verbose=False,
    )
    counts = (
        np.bincount(np.asarray(encoded.word_ids(row), dtype=np.int64), minlength=len(words))
        for row, words in enumerate(filled)
    )
    return [next(counts) if words else np.zeros(0, dtype=np.int64) for words in word_lists]


def compute_batches(
    windows: Sequence[tuple[int, list[str]]], *, batch_words: int, prompt_subwords: int
) -> Iterator[list[int]]:
    """Group windows of like length into batches; yields indices into `windows`.

    A window is its number of subwords and its words. They are taken in the canonical order of just
    these, so that the batches depend on the set of windows and not on its order. A batch holds at
    least one window, and otherwise up to `batch_words` words, where every subword counts as a word,
    and so do padding and each row's prompt.
    """
    batch: list[int] = []
    for index in sorted(range(len(windows)), key=windows.__getitem__):
        if batch and (len(batch) + 1) * (windows[index][0] + prompt_subwords) > batch_words:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
