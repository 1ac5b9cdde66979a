"""Features of words, computed once per distinct word and kept (most words of a text repeat).

A word is described by its subwords (the teacher's tokenizer, so that the student can start from the
teacher's subword vectors), by hashed prefixes and suffixes, and by its shape, which brings back the
case that an uncased tokenizer drops.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from distilgliner.corpus.words import WORD_SPLITTER, split_words
from distilgliner.corpus.words import cut_words as cut_text
from distilgliner.student.config import StudentConfig
from distilgliner.student.subwords import cut_words
from distilgliner.student.word_table import WordTable

MAX_SUBWORDS = 8
"""Subwords kept per word; words cut into more are rare and known by their affixes."""
_UNKNOWN_ROW = 1
FIRST_SUBWORD_ROW = 2
AFFIX_LENGTHS = (1, 2, 3, 4)
_AFFIXES = 1 + 2 * len(AFFIX_LENGTHS)
_COLUMNS = MAX_SUBWORDS + _AFFIXES + 1
_KEPT_KINDS = 4096


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
    """Turns words into features; any number of threads may ask at once.

    The subword table has `FIRST_SUBWORD_ROW` rows (padding, unknown), then one for each of the
    tokenizer's first `subword_count` ids. `word_splitter` names what cuts texts into the words, see
    `corpus/splitters.py`.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        subword_count: int,
        config: StudentConfig,
        word_splitter: str = WORD_SPLITTER,
    ) -> None:
        self.tokenizer = tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.subword_count = subword_count
        self.config = config
        self.word_splitter = word_splitter
        self._table = WordTable(_COLUMNS)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copies: all but the words that it has met."""
        return {name: value for name, value in self.__dict__.items() if name != "_table"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _table=WordTable(_COLUMNS))

    def build_batch(self, documents: Sequence[Sequence[str]]) -> WordBatch:
        """Documents given as words → arrays; distinct words are numbered as they first occur."""
        lengths = np.array([len(words) for words in documents], dtype=np.int64)
        words = np.zeros((len(documents), int(lengths.max(initial=1))), dtype=np.int64)
        # Numbered as they occur and not as in the table, which tells of earlier batches: sums would
        # round otherwise, and a training that goes on would not end where one in a piece does.
        distinct = dict.fromkeys(chain.from_iterable(documents))
        if distinct:
            numbers = dict(zip(distinct, range(len(distinct)), strict=True))
            found = map(numbers.__getitem__, chain.from_iterable(documents))
            total = int(lengths.sum())
            words[np.arange(words.shape[1]) < lengths[:, None]] = np.fromiter(
                found, dtype=np.int64, count=total
            )
        return WordBatch(self.compute_features(distinct or [""]), words, lengths)

    def compute_features(self, words: Iterable[str]) -> WordFeatures:
        """Features of words, in their order."""
        found = self._find(list(words))
        return WordFeatures(
            subwords=_trim(found[:, :MAX_SUBWORDS]),
            affixes=_trim(found[:, MAX_SUBWORDS:-1]),
            shapes=np.ascontiguousarray(found[:, -1]),
        )

    def _find(self, words: list[str]) -> np.ndarray:
        """The features of each word (U, columns); those of new words are computed and kept."""
        table = self._table  # throughout: other threads may put another one in its place
        fresh = list(dict.fromkeys(filterfalse(table.rows.__contains__, words)))
        if not fresh:
            return table.take(words)
        computed = self._compute(fresh)
        self._table = self._table.add(fresh, computed)
        places = dict(zip(fresh, range(len(fresh)), strict=True))
        is_fresh = np.fromiter(map(places.__contains__, words), dtype=bool, count=len(words))
        found = np.empty((len(words), _COLUMNS), dtype=np.int64)
        found[is_fresh] = computed[[places[word] for word in words if word in places]]
        found[~is_fresh] = table.take([word for word in words if word not in places])
        return found

    def _compute(self, words: list[str]) -> np.ndarray:
        """The features of words (U, columns)."""
        encodings = cut_words(self.tokenizer, words)
        buckets, shapes = self.config.affix_buckets, self.config.shape_buckets
        block = []
        for word, encoding in zip(words, encodings, strict=True):
            subwords = [
                index + FIRST_SUBWORD_ROW if index < self.subword_count else _UNKNOWN_ROW
                for index in encoding.ids[:MAX_SUBWORDS]
            ] or [_UNKNOWN_ROW]
            affixes = compute_affixes(word, buckets)
            block.append(
                subwords
                + _PADDING[: MAX_SUBWORDS - len(subwords)]
                + affixes
                + _PADDING[: _AFFIXES - len(affixes)]
                + [compute_shape(word, shapes)]
            )
        return np.array(block, dtype=np.int64)


def _trim(rows: np.ndarray) -> np.ndarray:
    """Rows without the last columns that hold only padding; one column at least."""
    used = np.flatnonzero(rows.any(axis=0))
    return np.ascontiguousarray(rows[:, : int(used[-1]) + 1 if len(used) else 1])


def compute_affixes(word: str, buckets: int) -> list[int]:
    """Hash buckets (1 … buckets − 1) of the lower-cased word, its prefixes and its suffixes.

    What is hashed is "=word", and "<prefix" and ">suffix" for each of `AFFIX_LENGTHS`.
    """
    lowered = word.lower()
    data = _encode(lowered)
    hashes = [zlib.crc32(data, _WHOLE)]
    for length in AFFIX_LENGTHS:
        if length >= len(lowered):
            break
        if len(data) == len(lowered):  # ASCII: characters are bytes
            prefix, suffix = data[:length], data[-length:]
        else:
            prefix, suffix = _encode(lowered[:length]), _encode(lowered[-length:])
        hashes += [zlib.crc32(prefix, _PREFIX), zlib.crc32(suffix, _SUFFIX)]
    return [1 + value % (buckets - 1) if buckets > 1 else 0 for value in hashes]


def describe_shape(word: str) -> str:
    """The shape of a word: X upper case, x lower case, d digit, others themselves; runs end at two.

    >>> describe_shape("McDonald"), describe_shape("F-16"), describe_shape("wnut")
    ('XxXxx', 'X-dd', 'xx')
    """
    return _SHAPE_RUNS.sub(r"\1\1", word[:40].translate(_KINDS))


def compute_shape(word: str, buckets: int) -> int:
    """The hash bucket of a word's shape."""
    return zlib.crc32(_encode(describe_shape(word))) % buckets


class _Kinds(dict[int, str]):
    """What stands for a character in a shape; the first few thousand are looked up once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = "d" if char.isdigit() else "X" if char.isupper() else "x" if char.isalpha() else char
        if len(self) < _KEPT_KINDS:
            self[code] = kind
        return kind


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_KINDS = _Kinds()
_SHAPE_RUNS = re.compile(r"(.)\1{2,}")
_WHOLE, _PREFIX, _SUFFIX = (zlib.crc32(mark) for mark in (b"=", b"<", b">"))
_PADDING = [0] * (MAX_SUBWORDS + _AFFIXES)


def build_label_words(labels: Iterable[str], featurizer: WordFeaturizer) -> list[WordFeatures]:
    """Features of the words of each label's name, the input of an open student's label tower."""
    return [featurizer.compute_features(cut_text(name, split_words(name))) for name in labels]
