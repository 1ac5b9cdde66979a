"""Choosing among spans that overlap, as GLiNER does."""

from __future__ import annotations

import numpy as np


def choose_flat(word_start: np.ndarray, word_end: np.ndarray, score: np.ndarray) -> list[int]:
    """Which of S spans remain, as their places in the arrays (S,), the best first.

    Spans are visited from the best score to the worst; one that shares a word with a span already
    taken is dropped. Of equals the first one wins. Ends are exclusive.

    Source: `gliner/decoding/decoder.py`, `BaseDecoder.greedy_search(flat_ner=True)`.
    """
    order = np.argsort(-score, kind="stable")  # stable, as Python's `sorted` is in GLiNER
    starts, ends = word_start[order].tolist(), word_end[order].tolist()
    taken = bytearray(max(ends, default=0))
    chosen = []
    for index, start, end in zip(order.tolist(), starts, ends, strict=True):
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            chosen.append(index)
    return chosen
