"""Texts in scripts without spaces, whose phrases a splitter takes for one word."""

from __future__ import annotations

import re
from collections.abc import Callable

from distilgliner.corpus.words import Offsets, split_words

_LEAST = 5
"""Characters in a row. Single words of Chinese and Japanese are seldom longer."""
# Thai, Lao, Burmese, Khmer, Kana, Han; without digits and punctuation.
_SCRIPTS = (
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\ua9e0-\ua9ff"
    r"\uaa60-\uaa7f\u1780-\u17d3\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    r"\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
_RUN = re.compile(rf"[{_SCRIPTS}]{{{_LEAST},}}")


def is_unspaced(text: str, split: Callable[[str], Offsets] = split_words) -> bool:
    """Whether a text has a word that is `_LEAST` or more characters of such a script in a row.

    split: from a text to its words.
    """
    if text.isascii() or _RUN.search(text) is None:
        return False
    return split is split_words or has_unspaced_word(text, split(text))


def has_unspaced_word(text: str, words: Offsets) -> bool:
    """The same of a text whose words are known."""
    if text.isascii() or _RUN.search(text) is None:
        return False
    return any(_RUN.search(text, start, end) for start, end in words)


class UnspacedCounter:
    """Counts such texts among others."""

    def __init__(self, split: Callable[[str], Offsets]) -> None:
        self.found = 0
        self.total = 0
        self._split = split

    def count(self, text: str) -> None:
        """Add one text."""
        self.total += 1
        self.found += is_unspaced(text, self._split)


def describe_unspaced(count: int, total: int) -> str:
    """One sentence that says how many texts have such words and what to do; "" for none."""
    if not count:
        return ""
    return (
        f"{count:,} of {total:,} texts have Chinese, Japanese, Thai, Lao, Khmer or Burmese without "
        "spaces, of which whole phrases count as one word, so that nothing inside them can be "
        "found or learned; for Chinese or Japanese use a teacher with "
        '"words_splitter_type": "jieba" or "janome" in its gliner_config.json, for the others put '
        "spaces between words"
    )
