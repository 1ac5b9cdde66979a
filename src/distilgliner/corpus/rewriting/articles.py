"""The English article before a name: "a" or "an"."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_REACH = 32
"""Characters before a name in which its article is looked for, so that long texts cost no more."""
_ARTICLE = re.compile(r"\b([Aa])n?(\s+)$")
_ARTICLE_AND_LETTER = re.compile(r"\b[Aa](n?)\s+([^\W\d_])")
_CAPITALS = re.compile(r"[A-Z]+(?![a-z])")
_VOWELS = frozenset("aeiou")
_VOWEL_LETTER_NAMES = frozenset("AEFHILMNORSX")  # "an R 500", "an HP", but "a UPS van"
_CONSONANT_SOUNDS = ("eu", "ewe", "once", "one", "uga", "ukr", "uni", "uru", "usa", "use", "utr")
_VOWEL_SOUNDS = ("heir", "honest", "honor", "honour", "hour", "xbox")
_VOWEL_NUMBERS = re.compile(r"8|1[18](?!\d)")  # eight…, eleven, eighteen


def correct_article(before: str, name: str) -> str:
    """`before`, with an "a" or "an" at its end made to fit `name`."""
    tail = before[-_REACH:]
    match = _ARTICLE.search(tail)
    if match is None or (match.start() == 0 and len(tail) < len(before)):
        return before
    article = match[1] + ("n" if starts_with_vowel_sound(name) else "")
    return before[: len(before) - len(match[0])] + article + match[2]


def starts_with_vowel_sound(name: str) -> bool:
    """Whether English says "an" before `name` (not empty)."""
    letters_and_marks = unicodedata.normalize("NFD", name)
    plain = "".join(c for c in letters_and_marks if not unicodedata.combining(c))
    capitals = _CAPITALS.match(plain)
    if capitals:
        letters = capitals.group()
        if letters.startswith("U"):
            return False  # "a UPS van"
        if len(letters) <= 2 or not _VOWELS & set(letters.casefold()):
            return letters[0] in _VOWEL_LETTER_NAMES  # spelt out
    plain = plain.casefold()
    if plain.startswith(_CONSONANT_SOUNDS):
        return False
    return (
        plain[0] in _VOWELS
        or plain.startswith(_VOWEL_SOUNDS)
        or _VOWEL_NUMBERS.match(plain) is not None
    )


class ArticleCounter:
    """Tells from texts whether their "a" and "an" are the English articles.

    In English "an" stands before vowels and "a" before consonants. The Portuguese and French "a"
    stands before both, and so does the German "an".
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[bool, bool]] = Counter()  # (is "an", before a vowel)

    def add(self, text: str) -> None:
        """Count the articles of one more text."""
        for match in _ARTICLE_AND_LETTER.finditer(text):
            self._counts[bool(match[1]), match[2].casefold() in _VOWELS] += 1

    @property
    def english(self) -> bool:
        """Whether most "a" and "an" stand where English has them; False without any."""
        counts = self._counts
        return counts[True, True] > counts[False, True] and (
            counts[False, False] > counts[True, False]
        )
