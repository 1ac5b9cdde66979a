"""Tokens and labels as files have them → words of a text, and checked names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distilgliner.corpus.document import strip_span
from distilgliner.corpus.labels import normalize_label
from distilgliner.errors import UserError


def strip_token(token: str) -> str:
    """A word without white space at its borders; one of nothing but that stays as it is."""
    start, end = strip_span(token, 0, len(token))
    return token[start:end] if start < end else token


def join_tokens(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join words by one space; returns the text and each word's `(char_start, char_end)`.

    White space at the borders of a word is left out.
    """
    words = [strip_token(token) for token in tokens]
    offsets = []
    start = 0
    for word in words:
        offsets.append((start, start + len(word)))
        start += len(word) + 1
    return " ".join(words), offsets


def parse_label(label: Any, where: str) -> str:
    """A label with its white space normalised; raises `UserError` when it is empty or no string."""
    name = normalize_label(label) if isinstance(label, str) else ""
    if not name:
        raise UserError(f"{where}: the label {label!r} must be a string that is not empty.")
    return name
