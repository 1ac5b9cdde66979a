"""What is kept of words between calls: a table with a row of numbers for each, for many threads.

Rows are only ever added, and a word is known only when its row is written. A full table is not
emptied: another one takes its place, and threads that still read the old one find in it what they
found before. So reading needs no lock; adding takes one, for microseconds.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

import numpy as np

KEPT_WORDS = 65_536
"""Words that are kept at most; with one more, all are forgotten and the table starts anew."""
KEPT_BYTES = 16_000_000
"""Of the words themselves, as Python keeps them; beyond, the table starts anew as well."""
KEPT_CHARACTERS = 64
"""Longer words are hardly ever met again: they are not kept."""
_FIRST_ROWS = 1024


class WordTable:
    """A row of `columns` int64 for each word; see above for what threads may do."""

    def __init__(self, columns: int) -> None:
        self.rows: dict[str, int] = {}
        self._values = np.zeros((_FIRST_ROWS, columns), dtype=np.int64)
        self._bytes = 0

    def take(self, words: Sequence[str]) -> np.ndarray:
        """The rows (U, columns) of words that are all known."""
        rows = np.fromiter(map(self.rows.__getitem__, words), dtype=np.int64, count=len(words))
        # Only now: a table that has grown meanwhile still holds all rows of the smaller one.
        found: np.ndarray = self._values[rows]
        return found

    def add(self, words: Sequence[str], values: np.ndarray) -> WordTable:
        """Keep new words, in this table or, where it is full, in another; returns that one."""
        with _lock:
            kept = [
                place
                for place, word in enumerate(words)
                if len(word) <= KEPT_CHARACTERS and word not in self.rows
            ][:KEPT_WORDS]
            names = [words[place] for place in kept]
            size = sum(map(sys.getsizeof, names))
            table = self if self._has_room(len(names), size) else WordTable(values.shape[1])
            table._append(names, values[kept], size)
            return table

    def _has_room(self, count: int, size: int) -> bool:
        return len(self.rows) + count <= KEPT_WORDS and self._bytes + size <= KEPT_BYTES

    def _append(self, words: Sequence[str], values: np.ndarray, size: int) -> None:
        first, last = len(self.rows), len(self.rows) + len(words)
        if last > len(self._values):
            rows = max(last, 2 * len(self._values))
            grown = np.zeros((rows, self._values.shape[1]), dtype=np.int64)
            grown[:first] = self._values[:first]
            self._values = grown
        self._values[first:last] = values
        self._bytes += size
        self.rows.update(zip(words, range(first, last), strict=True))


_lock = threading.Lock()


def _renew_lock() -> None:
    """In a forked process: whichever thread held the lock is not there to let go of it."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew_lock)
