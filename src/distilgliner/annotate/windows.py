"""Long documents: cut into overlapping windows that fit the teacher, scores merged again.

GLiNER drops the words behind `max_len`, and its tokenizer the subwords behind the encoder's last
position, both without a word. So no window is ever longer than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SENTENCE_ENDS = frozenset(".!?…。！？")


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """How large a window may be."""

    max_words: int
    """Words per window: the teacher's `max_len`."""
    max_subwords: int | None
    """Subwords per window, the prompt's already taken off; None when only words count."""
    max_width: int
    """Words of the longest span: every span up to this width is inside some window."""
    overlap_words: int
    """Words that neighbours share, where their subwords leave room for it; >= `max_width`."""

    @property
    def max_word_subwords(self) -> int | None:
        """Subwords that one word of a cut document may have, so that windows can always move on."""
        return None if self.max_subwords is None else self.max_subwords // (self.max_width + 1)


def find_sentence_ends(text: str, words: Sequence[tuple[int, int]]) -> list[bool]:
    """For each word, whether a cut behind it is welcome: at `.`, `!`, `?` or before a new line."""
    ends = []
    for index, (start, end) in enumerate(words):
        following = words[index + 1][0] if index + 1 < len(words) else len(text)
        ends.append(text[start:end] in _SENTENCE_ENDS or "\n" in text[end:following])
    return ends


def compute_windows(
    subwords: Sequence[int] | np.ndarray, sentence_ends: Sequence[bool], limits: WindowLimits
) -> list[tuple[int, int]]:
    """Cut N words into windows `(word_start, word_end)`, in order, the end exclusive.

    `subwords` (N,) counts each word's subwords; more than `limits.max_word_subwords` count as that
    many (whoever encodes the window shortens such words). Windows end at a sentence end
    (`sentence_ends`, (N,)) when one lies in their last quarter. They cover all words, and every
    span of up to `max_width` words lies inside at least one of them.
    """
    count = len(subwords)
    if count == 0:
        return []
    sizes = np.asarray(subwords, dtype=np.int64)
    if limits.max_word_subwords is not None:
        sizes = np.minimum(sizes, max(limits.max_word_subwords, 1))
    total = np.concatenate([[0], np.cumsum(sizes)])  # subwords before each word
    max_words = max(limits.max_words, 1)
    needed = min(limits.max_width, max_words - 1)  # the overlap that no cut may do without
    windows: list[tuple[int, int]] = []
    start = covered = 0
    while covered < count:
        end = min(start + max_words, count)
        if limits.max_subwords is not None:
            fitting = int(np.searchsorted(total, total[start] + limits.max_subwords, "right")) - 1
            end = min(end, max(fitting, start + 1))
        if end < count:
            # A first window that is cut earlier than this could not hand over its widest spans.
            end = _last_sentence_end(sentence_ends, start, end, at_least=start + needed + 1)
        end = max(end, covered + 1)
        windows.append((start, end))
        covered = end
        start = _next_start(total, end, needed, limits)
    return windows


def _last_sentence_end(ends: Sequence[bool], start: int, end: int, *, at_least: int) -> int:
    earliest = max(start + (3 * (end - start) + 3) // 4, at_least)
    return next((cut for cut in range(end, earliest - 1, -1) if ends[cut - 1]), end)


def _next_start(total: np.ndarray, end: int, needed: int, limits: WindowLimits) -> int:
    """The first word of the window behind `end`: the overlap, less of it where words are long."""
    following = end - min(max(limits.overlap_words, needed), max(limits.max_words, 1) - 1)
    if limits.max_subwords is not None:
        # The overlap takes at most half of the window, or nothing new would fit behind it.
        room = int(np.searchsorted(total, total[end] - limits.max_subwords // 2, "left"))
        following = min(max(following, room), end - needed)
    return max(following, 0)


def compute_owners(
    word_start: np.ndarray, word_end: np.ndarray, windows: Sequence[tuple[int, int]], count: int
) -> np.ndarray:
    """For each of S spans the window whose score counts: where it lies deepest.

    Deepest means farthest from the window's nearer cut border (the document's own borders, word 0
    and word `count`, are no cuts); the first window wins ties. -1 when no window holds the span.
    Returns int (S,).
    """
    best = np.full(len(word_start), -1, dtype=np.int64)
    owner = np.full(len(word_start), -1, dtype=np.int64)
    for index, (start, end) in enumerate(windows):
        left = word_start - start if start > 0 else np.full(len(word_start), count)
        right = end - word_end if end < count else np.full(len(word_start), count)
        depth = np.minimum(left, right)
        better = (word_start >= start) & (word_end <= end) & (depth > best)
        best[better] = depth[better]
        owner[better] = index
    return owner


def select_owned(
    word_start: np.ndarray,
    word_end: np.ndarray,
    index: int,
    windows: Sequence[tuple[int, int]],
    count: int,
) -> np.ndarray:
    """Which of the spans scored in window `index` are its own, by `compute_owners`; bool (S,)."""
    start, end = windows[index]
    first, last = index, index + 1
    while first > 0 and windows[first - 1][1] > start:
        first -= 1
    while last < len(windows) and windows[last][0] < end:
        last += 1
    owners = compute_owners(word_start, word_end, windows[first:last], count)
    return np.asarray(owners == index - first)
