"""What is not answered, and how that is said: a status and one sentence, as JSON."""

from __future__ import annotations

import json

from fastapi.exceptions import HTTPException

_MAX_NAME = 60
"""Characters of a name that an error repeats."""


class Refusal(HTTPException):
    """A request that is not answered."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, sentence, headers)
        self.body = build_error(sentence)


def build_error(sentence: str) -> bytes:
    """The body of every error, in ASCII: half a character, which JSON can name, has no other."""
    return json.dumps({"error": sentence}).encode("ascii")


def shorten(name: str) -> str:
    """A name as an error repeats it: on one line, and of a long one the beginning."""
    shown = name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "…"
    return " ".join(shown.split())
