"""Texts in another case: students should find names without their capitals too."""

from __future__ import annotations

import random
import re

from distilgliner.augment.config import CaseConfig
from distilgliner.corpus.words import is_extending

# Not the "t" of "don't", and nothing behind a mark, which belongs to the letter before it.
_FIRST_LETTER = re.compile(r"(?<![\w'’])\w")


def change_case(text: str, config: CaseConfig, generator: random.Random) -> str:
    """The text as it is, or in another case, each with its share of `config`.

    The cases are lower case, capitals, and a capital at the start of every word.
    """
    chance = generator.random()
    for share, change in (
        (config.lower, str.lower),
        (config.upper, str.upper),
        (config.title, capitalize_words),
    ):
        if chance < share:
            return change(text)
        chance -= share
    return text


def capitalize_words(text: str) -> str:
    """The text with a capital at the start of every word; all other letters stay."""

    def change(match: re.Match[str]) -> str:
        before = text[match.start() - 1 : match.start()]
        return match[0] if before and is_extending(before) else match[0].upper()

    return _FIRST_LETTER.sub(change, text)
