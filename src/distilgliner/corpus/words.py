"""Words: those of GLiNER's default splitter (`words_splitter_type: whitespace`), kept whole.

GLiNER's regular expression takes a combining mark for a word of its own, so that a decomposed
`José` (`e` and an acute accent, as PDFs and macOS write it), every Hindi vowel sign and every point
of vocalised Arabic cuts a word in two. Here marks belong to the letter before them:

- a word of ours (`split_words`) is what GLiNER makes of the text in normal form C, with its pieces
  joined wherever a border would stand before a mark. Canonically equal texts have the same words.
  Where the normal form has no mark left, which is so of Latin, Greek, Cyrillic, Han, Kana and
  Hangul, they are exactly GLiNER's;
- a student reads words in normal form C (`cut_words`), whatever the form of the text;
- a GLiNER teacher reads GLiNER's own words of that normal form (`cut_pieces`), as in its training;
  what it says of spans that begin or end inside a word of ours counts for the whole words.

Offsets are always those of the text as it was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

WORD_SPLITTER = "whitespace"
Offsets = list[tuple[int, int]]
"""Words as `(char_start, char_end)`, in order, the end exclusive."""

_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")
# Whatever may be an extending character, and some others; quick to look for. No mark is a letter,
# white space, Latin, punctuation (but U+2060), a currency, an arrow or a full-width form.
_SPECIAL = re.compile(
    r"[^\w\s\x00-\xac\xae-\u02ff\u200e-\u205f\u2061-\u20cf\u2100-\u2cee\u3000-\u3029\uff00-\uffef]"
)
_SOFT_HYPHEN, _ZERO_WIDTH_NON_JOINER, _ZERO_WIDTH_JOINER, _WORD_JOINER = (
    0xAD,
    0x200C,
    0x200D,
    0x2060,
)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_LAST_BLOCKS = range(0xE0100, 0xE01F0)  # variation selectors; no other mark is behind U+1F000
_UNSEEN = dict.fromkeys(
    [_SOFT_HYPHEN, _WORD_JOINER, *range(0xFE00, 0xFE10), *_LAST_BLOCKS],
)
"""Soft hyphens, word joiners and variation selectors: they change no word."""


def split_words(text: str) -> Offsets:
    """Split `text` into words, as `(char_start, char_end)`.

    Runs of word characters, joined by single hyphens or underscores, are one word; every other
    character that is not white space is a word of its own. Combining marks, joiners, soft hyphens,
    variation selectors and skin tones belong to the character before them, and what follows a
    zero-width joiner after a symbol (an emoji of several) to that symbol.
    """
    if text.isascii() or _SPECIAL.search(text) is None:
        return [match.span() for match in _WORD.finditer(text)]
    return [match.span() for match in _build_whole_word().finditer(text)]


def cut_words(text: str, words: Sequence[tuple[int, int]]) -> list[str]:
    """The words themselves as a student reads them: in normal form C, without unseen characters."""
    found = [text[start:end] for start, end in words]
    if text.isascii() or not found:
        return found
    part = text[words[0][0] : words[-1][1]]
    if _SPECIAL.search(part) is None and unicodedata.is_normalized("NFC", part):
        return found
    return [normalize_word(word) for word in found]


def normalize_word(word: str) -> str:
    """A word in normal form C, without soft hyphens and other unseen characters."""
    return unicodedata.normalize("NFC", word.translate(_UNSEEN) or word)


def cut_pieces(text: str, words: Sequence[tuple[int, int]]) -> list[list[str]]:
    """GLiNER's own words of the text in normal form C, one list for each word of `split_words`."""
    if text.isascii():
        return [[text[start:end]] for start, end in words]
    return [_WORD.findall(unicodedata.normalize("NFC", text[start:end])) for start, end in words]


def is_extending(character: str) -> bool:
    """Whether a character belongs to the one before it: no word begins with it."""
    code = ord(character)
    return (
        unicodedata.category(character)[0] == "M"
        or code in (_SOFT_HYPHEN, _ZERO_WIDTH_NON_JOINER, _ZERO_WIDTH_JOINER, _WORD_JOINER)
        or code in _SKIN_TONES
        or code in _TAGS
    )


@cache
def build_extending_class() -> str:
    """The inside of a character class of all extending characters, for regular expressions."""
    ranges: list[list[int]] = []
    for code in (_SOFT_HYPHEN, *range(0x300, 0x1F400), *_TAGS, *_LAST_BLOCKS):
        if is_extending(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


@cache
def _build_whole_word() -> re.Pattern[str]:
    """`_WORD` with the extending characters; built with the first text that may hold one."""
    extending = build_extending_class()
    letters = rf"\w[\w{extending}]*"
    symbol = rf"\S(?:\u200d[^\w\s{extending}]|[{extending}])*"
    return re.compile(rf"{letters}(?:[-_]{letters})*|{symbol}")
