"""Masking words outside entities, in a way that a teacher can read.

A mask token would be no word to either reader: GLiNER's splitter cuts "[MASK]" into three words, no
GLiNER was trained to look past them, and a student would learn features of "MASK". So a masked word
gives way to another word of the corpus, or to none.

Sources: word replacement in Jiao et al., "TinyBERT" (Findings of EMNLP 2020), Algorithm 1, where a
masked language model and word vectors propose the words; masking with a small probability in Tang
et al., "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks" (2019), section
3.3.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Mapping

from distilgliner.augment.counts import lower_first
from distilgliner.corpus.document import Document
from distilgliner.corpus.rewriting.replace import begins_sentence
from distilgliner.student.features import describe_shape

# White space before it, and behind it at most the punctuation that ends a clause: no part of
# "don't", "@name" or a web address, which would fall apart.
_FREE_WORD = re.compile(r"(?<!\S)\w+(?:[-_]\w+)*(?=[.,;:!?…)\]]*(?:\s|$))")
_WHITE_SPACE = re.compile(r"\s+")


class WordPool:
    """The free words of a corpus (see `find_free_words`), grouped by shape and frequency.

    The shape is that of the student's features (`student.features.describe_shape`). The frequency
    bands double: 1, 2–3, 4–7, … occurrences.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        groups: dict[tuple[str, int], list[str]] = {}
        for word in sorted(counts):
            groups.setdefault((describe_shape(word), counts[word].bit_length()), []).append(word)
        self._group_of = {word: group for group in groups.values() for word in group}

    def __contains__(self, word: str) -> bool:
        return word in self._group_of

    def draw_similar(self, word: str, generator: random.Random) -> str | None:
        """Another word of the same shape and frequency band, all alike; None when there is none."""
        group = self._group_of.get(word, [])
        if len(group) < 2:
            return None
        index = int(generator.random() * (len(group) - 1))
        return group[index + (index >= bisect_left(group, word))]


def find_free_words(document: Document) -> list[tuple[int, int]]:
    """The words that may be masked, as `(char_start, char_end)`: outside entities, apart in space.

    They are words of `split_words` with white space before them, and behind them white space or
    punctuation that ends a clause.
    """
    entities = iter(document.entities or ())
    entity = next(entities, None)
    free = []
    for match in _FREE_WORD.finditer(document.text):
        start, end = match.span()
        while entity is not None and entity.char_end <= start:
            entity = next(entities, None)
        if entity is None or end <= entity.char_start:
            free.append((start, end))
    return free


def replace_words(
    document: Document, pool: WordPool, fraction: float, generator: random.Random
) -> str:
    """The text with a `fraction` of its free words replaced by similar ones of the corpus.

    Each word is chosen with probability `fraction`; one without a similar word stays. Capitals at
    sentence starts stay.
    """
    text = document.text
    parts = []
    done = 0
    for start, end in find_free_words(document):
        if generator.random() >= fraction:
            continue
        word = text[start:end]
        initial = word[0].isupper() and begins_sentence(text, start)
        plain = lower_first(word) if initial and lower_first(word) in pool else word
        similar = pool.draw_similar(plain, generator)
        if similar is not None:
            parts += [text[done:start], similar[0].upper() + similar[1:] if initial else similar]
            done = end
    return "".join([*parts, text[done:]])


def delete_words(document: Document, fraction: float, generator: random.Random) -> str:
    """The text without a `fraction` of its free words, and without the space that they leave.

    Each word is chosen with probability `fraction`; those that begin a sentence stay.
    """
    text = document.text
    kept = ""
    done = 0
    for start, end in find_free_words(document):
        if generator.random() >= fraction or begins_sentence(text, start):
            continue
        kept += text[done:start]
        gap = _WHITE_SPACE.match(text, end)
        if gap and "\n" not in gap[0]:
            done = gap.end()
        else:  # it ends its line, or stands before a comma
            kept = kept.rstrip()
            done = end
    return kept + text[done:]
