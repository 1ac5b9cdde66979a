"""Splitting a corpus so that no text stands on two sides."""

from __future__ import annotations

import hashlib
import math
import random
import unicodedata
from collections.abc import Iterable, Sequence

from distilgliner.corpus.document import Document
from distilgliner.corpus.texts import list_documents
from distilgliner.errors import UserError


def text_key(text: str) -> str:
    """What makes two texts "the same" for a split: normal form C, case folded, even white space."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def split_documents(
    documents: Iterable[Document], fractions: Sequence[float], seed: int = 0
) -> list[list[Document]]:
    """Split `documents` at random into `len(fractions)` parts; the input order is kept within each.

    Equal texts (see `text_key`) always fall into the same part. The parts depend on the texts and
    the seed alone, not on the order of the documents or the hash seed of the process. `fractions`
    are positive and sum to 1; the sizes are met up to one group of equal texts.

    Raises `UserError` for other fractions or for too few different texts to fill every part.
    """
    if not fractions or any(not fraction > 0 for fraction in fractions):
        raise UserError(f"Split fractions must be positive, not {list(fractions)}.")
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise UserError(f"Split fractions must sum to 1, not {sum(fractions):g}; correct them.")
    kept = list_documents(documents, "")
    groups: dict[str, list[int]] = {}
    for index, document in enumerate(kept):
        groups.setdefault(text_key(document.text), []).append(index)
    if len(groups) < len(fractions):
        raise UserError(
            f"{len(groups)} different texts cannot fill {len(fractions)} parts; give more text."
        )
    # Sorted by a hash first, so that the order of the input has no say.
    keys = sorted(groups, key=_digest)
    random.Random(seed).shuffle(keys)
    # Every part gets one group of equal texts, then always the part that lacks most.
    parts = [list(groups[key]) for key in keys[: len(fractions)]]
    for key in keys[len(fractions) :]:
        lack = [
            fraction * len(kept) - len(part)
            for fraction, part in zip(fractions, parts, strict=True)
        ]
        parts[lack.index(max(lack))].extend(groups[key])
    return [[kept[index] for index in sorted(part)] for part in parts]


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass")).digest()
