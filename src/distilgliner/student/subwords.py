"""The tokenizer that cuts a student's words: read from its folder, and never trusted with a text.

An expression in a `tokenizer.json` can try more ways to match a word than there is time for. One
that repeats a group of its own or refers back is not accepted; no tokenizer of a GLiNER checkpoint
has one. What is slow all the same is stopped by the library after ten million steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from distilgliner.errors import UserError
from distilgliner.student.folder_files import damaged

MAX_TOKENIZED = 256
"""Characters of a word that are cut into subwords: of a longer one (not a word of any language)
only the beginning, so that no word costs more. The browser does the same."""
# A set of characters, an escaped one, or what repeats a group or refers to it.
_PATTERN = re.compile(
    r"\\(?P<escaped>.)|\[(?:\\.|[^\\\]])*\]|\)(?P<repeated>[+*]|\{\d*,\d*\})", re.S
)


def build_tokenizer(content: bytes, path: Path) -> Tokenizer:
    """The tokenizer of a file's content. Raises `UserError` for none, or one that may never end."""
    try:
        tokenizer = Tokenizer.from_str(content.decode("utf-8"))
        patterns = list(_find_patterns(tokenizer))
    except Exception as error:  # tokenizers raises nothing more special
        raise damaged(path.parent, f"{path.name}: {error}") from None
    for pattern in patterns:
        if _can_explode(pattern):
            raise UserError(
                f"{path} has the expression {pattern[:60]!r}, which can take for ever to match; "
                "distil the student from a teacher with another tokenizer."
            )
    return tokenizer


def cut_words(tokenizer: Tokenizer, words: Sequence[str]) -> list[Any]:
    """The encoding of each word, of its first `MAX_TOKENIZED` characters.

    Raises `UserError` when the tokenizer fails.
    """
    # Half a character (a lone surrogate, from a broken \\u escape) is no text for a tokenizer.
    texts = [word[:MAX_TOKENIZED].encode("utf-8", "replace").decode("utf-8") for word in words]
    try:
        cut: list[Any] = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    except BaseException as error:  # a panic of the library is no `Exception`
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise UserError(
                f"The student's tokenizer.json fails on a word ({error}); distil the student from "
                "a teacher with another tokenizer."
            ) from None
        raise
    return cut


def _find_patterns(tokenizer: Tokenizer) -> Iterator[str]:
    """The expressions of a tokenizer's normalizer and pre-tokenizer, however nested."""
    parts = (tokenizer.normalizer, tokenizer.pre_tokenizer)
    # What they are pickled as: the whole file would take longer, for it has the vocabulary.
    waiting = [json.loads(part.__getstate__()) for part in parts if part is not None]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            pattern = part.get("Regex")
            if isinstance(pattern, str):
                yield pattern
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _can_explode(pattern: str) -> bool:
    """Whether an expression repeats a group without end, or refers to one."""
    return any(
        found["repeated"] or (found["escaped"] or "") in "123456789kg"
        for found in _PATTERN.finditer(pattern)
        if found["repeated"] or found["escaped"]
    )
