"""Features of words, computed once per distinct word and cached (most words of a text repeat).

A word is described by its subwords (the teacher's tokenizer, so that the student can start from the
teacher's subword vectors), by hashed prefixes and suffixes, and by its shape, which brings back the
case that an uncased tokenizer drops.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from distilgliner.corpus.words import split_words
from distilgliner.student.config import StudentConfig

MAX_SUBWORDS = 8
"""Subwords kept per word; words cut into more are rare and known by their affixes."""
_UNKNOWN_ROW = 1
FIRST_SUBWORD_ROW = 2
AFFIX_LENGTHS = (1, 2, 3, 4)
_CACHE_LIMIT = 200_000


@dataclass(frozen=True)
class WordFeatures:
    """Features of U distinct words."""

    subwords: np.ndarray  # int64 (U, P): rows of the subword table, 0 is padding
    affixes: np.ndarray  # int64 (U, A): buckets, 0 is padding
    shapes: np.ndarray  # int64 (U,): buckets


@dataclass(frozen=True)
class WordBatch:
    """B documents of at most L words over U distinct words."""

    features: WordFeatures
    words: np.ndarray  # int64 (B, L): index of the distinct word, 0 where there is none
    lengths: np.ndarray  # int64 (B,)


class WordFeaturizer:
    """Turns words into features.

    The subword table has `FIRST_SUBWORD_ROW` rows (padding, unknown), then one for each of the
    tokenizer's first `subword_count` ids.
    """

    def __init__(self, tokenizer: Tokenizer, subword_count: int, config: StudentConfig) -> None:
        self.tokenizer = tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.subword_count = subword_count
        self.config = config
        self._cache: dict[str, tuple[list[int], list[int], int]] = {}

    def build_batch(self, documents: Sequence[Sequence[str]]) -> WordBatch:
        """Documents given as words → arrays; distinct words are numbered as they first occur."""
        numbers: dict[str, int] = {}
        lengths = np.array([len(words) for words in documents], dtype=np.int64)
        indices = np.zeros((len(documents), int(lengths.max(initial=1))), dtype=np.int64)
        for row, words in enumerate(documents):
            indices[row, : len(words)] = [numbers.setdefault(word, len(numbers)) for word in words]
        return WordBatch(self.compute_features(numbers or {"": 0}), indices, lengths)

    def compute_features(self, words: Iterable[str]) -> WordFeatures:
        """Features of distinct words, in their order."""
        words = list(words)
        self._fill_cache(words)
        rows = [self._cache[word] for word in words]
        if len(self._cache) > _CACHE_LIMIT:
            self._cache.clear()
        return WordFeatures(
            subwords=_pad([row[0] for row in rows]),
            affixes=_pad([row[1] for row in rows]),
            shapes=np.array([row[2] for row in rows], dtype=np.int64),
        )

    def _fill_cache(self, words: list[str]) -> None:
        fresh = [word for word in words if word not in self._cache]
        if not fresh:
            return
        # Half a character (a lone surrogate, from a broken \u escape) is no text for a tokenizer.
        texts = [word.encode("utf-8", "replace").decode("utf-8") for word in fresh]
        encodings = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        for word, encoding in zip(fresh, encodings, strict=True):
            ids = encoding.ids[:MAX_SUBWORDS]
            subwords = [
                index + FIRST_SUBWORD_ROW if index < self.subword_count else _UNKNOWN_ROW
                for index in ids
            ] or [_UNKNOWN_ROW]
            affixes = compute_affixes(word, self.config.affix_buckets)
            self._cache[word] = (subwords, affixes, compute_shape(word, self.config.shape_buckets))


def _pad(rows: list[list[int]]) -> np.ndarray:
    """Lists of positive numbers as one array, filled up with 0."""
    width = max(map(len, rows), default=1)
    return np.array([row + [0] * (width - len(row)) for row in rows], dtype=np.int64)


def compute_affixes(word: str, buckets: int) -> list[int]:
    """Hash buckets (1 … buckets − 1) of the lower-cased word, its prefixes and its suffixes."""
    lowered = word.lower()
    parts = [f"={lowered}"]
    for length in AFFIX_LENGTHS:
        if length < len(lowered):
            parts += [f"<{lowered[:length]}", f">{lowered[-length:]}"]
    return [1 + _hash(part) % (buckets - 1) if buckets > 1 else 0 for part in parts]


_SHAPE_RUNS = re.compile(r"(.)\1{2,}")


def describe_shape(word: str) -> str:
    """The shape of a word: X upper case, x lower case, d digit, others themselves; runs end at two.

    >>> describe_shape("McDonald"), describe_shape("F-16"), describe_shape("wnut")
    ('XxXxx', 'X-dd', 'xx')
    """
    letters = "".join(
        "d" if char.isdigit() else "X" if char.isupper() else "x" if char.isalpha() else char
        for char in word[:40]
    )
    return _SHAPE_RUNS.sub(r"\1\1", letters)


def compute_shape(word: str, buckets: int) -> int:
    """The hash bucket of a word's shape."""
    return _hash(describe_shape(word)) % buckets


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def build_label_words(labels: Iterable[str], featurizer: WordFeaturizer) -> list[WordFeatures]:
    """Features of the words of each label's name, the input of an open student's label tower."""
    return [
        featurizer.compute_features([name[start:end] for start, end in split_words(name)])
        for name in labels
    ]
