"""Word splitting, the same as GLiNER's default (`words_splitter_type: whitespace`)."""

from __future__ import annotations

import re

WORD_SPLITTER = "whitespace"
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")


def split_words(text: str) -> list[tuple[int, int]]:
    """Split `text` into words.

    Runs of word characters, joined by single hyphens or underscores, are one word; every other
    character that is not white space is a word of its own. This is what GLiNER's
    `WhitespaceTokenSplitter` does, so that teacher and student speak about the same words.

    Returns the words in order as `(char_start, char_end)`, the end exclusive.
    """
    return [match.span() for match in _WORD.finditer(text)]
