"""Writing a file that somebody named, line by line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from distilgliner.errors import UserError


@contextmanager
def open_atomically(path: str | Path) -> Iterator[TextIO]:
    """A text stream (UTF-8) that becomes the file `path` when the block ends without an error."""
    target = Path(path)
    if target.is_dir():
        raise UserError(f"{target} is a folder; give a file.")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(
            f"{target} cannot be written ({error.strerror or error}); choose another path."
        ) from None
    try:
        with stream:
            yield stream
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
