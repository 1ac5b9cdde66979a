"""Word tags: O is 0; label c has the tags Begin, Inside, End, Single at 1 + 4c … 4 + 4c (BIOES).

Without roles, label c has the single tag 1 + c (IO), and neighbouring words of one label are one
entity: the reference study's scheme, which cannot separate adjacent entities.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from distilgliner.corpus.align import WordSpan

OUTSIDE = 0
BEGIN, INSIDE, END, SINGLE = range(4)
ROLES = 4


def count_tags(label_count: int, *, roles: bool) -> int:
    """The number of tags T for C labels: 1 + 4C with roles, 1 + C without."""
    return 1 + label_count * (ROLES if roles else 1)


def tag_index(label_index: int, role: int, *, roles: bool) -> int:
    """The tag of a label in a role (the role is ignored without roles)."""
    return 1 + label_index * ROLES + role if roles else 1 + label_index


def encode_tags(spans: Iterable[WordSpan], word_count: int, *, roles: bool) -> np.ndarray:
    """Tags (L,) int64 of non-overlapping spans over L words."""
    tags = np.zeros(word_count, dtype=np.int64)
    for start, end, label in spans:
        if end - start == 1:
            tags[start] = tag_index(label, SINGLE, roles=roles)
        else:
            tags[start] = tag_index(label, BEGIN, roles=roles)
            tags[start + 1 : end - 1] = tag_index(label, INSIDE, roles=roles)
            tags[end - 1] = tag_index(label, END, roles=roles)
    return tags


class TagSpans(NamedTuple):
    """S spans: their document, first and last word (inclusive) and label, (S,) each."""

    document: np.ndarray
    first: np.ndarray
    last: np.ndarray
    label: np.ndarray


def decode_tags(tags: np.ndarray) -> TagSpans:
    """The spans that `encode_tags` made the tags (B, L) of with roles; padding is O."""
    label, role = np.divmod(tags - 1, ROLES)
    document, first = np.nonzero((tags != OUTSIDE) & ((role == BEGIN) | (role == SINGLE)))
    # The spans of a document do not overlap, so they end in the order in which they begin.
    _, last = np.nonzero((tags != OUTSIDE) & ((role == END) | (role == SINGLE)))
    return TagSpans(document, first, last, label[document, first])


def find_allowed(label_count: int) -> np.ndarray:
    """Which tag (with roles) may stand before which: (T + 1, T + 1) bool, of tags and the border.

    The last row says with which tags a text may begin, the last column with which it may end.
    """
    tags = np.arange(count_tags(label_count, roles=True))
    label, role = np.divmod(tags - 1, ROLES)
    begins = (tags == OUTSIDE) | (role == BEGIN) | (role == SINGLE)
    ends = (tags == OUTSIDE) | (role == END) | (role == SINGLE)
    goes_on = (label[:, None] == label) & ~ends[:, None] & ~begins
    allowed = np.zeros((len(tags) + 1, len(tags) + 1), dtype=bool)
    allowed[:-1, :-1] = (ends[:, None] & begins) | goes_on
    allowed[-1, :-1] = begins
    allowed[:-1, -1] = ends
    return allowed
