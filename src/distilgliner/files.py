"""Files that are whole or not there: written under another name first, then renamed."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distilgliner.errors import UserError

_PARTIAL = re.compile(r"\..+\.\d+(-\w+)?\.tmp")


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Where to write what becomes the file `path` when the block ends well, whole and on disk.

    The folder is made if need be. No two writers get the same name, whatever machine they are on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut can leave the new name with no content
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never a part of it.

    Text is UTF-8. The folder is made if need be; the file gets the usual permissions.
    """
    with replace_atomically(path) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def is_partial(path: Path) -> bool:
    """Whether a file is what a killed `replace_atomically` left behind."""
    return _PARTIAL.fullmatch(path.name) is not None


def write_json(path: Path, content: Any, *, indent: int | None = 1) -> None:
    """Write JSON atomically. Raises `ValueError` for NaN and infinities, which JSON has not."""
    write_atomically(path, json.dumps(content, indent=indent, allow_nan=False) + "\n")


def read_json(path: Path, remedy: str, *, keys: Sequence[str] | None = None) -> Any:
    """Read JSON; raises `UserError` with what is wrong and the remedy when it is damaged.

    keys: what must be there at least, in an object; None allows anything.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as JSON ({reason}); {remedy}.") from None
    if keys is not None and not isinstance(content, dict):
        raise UserError(f"{path} is not a JSON object; {remedy}.")
    for key in keys or ():
        if key not in content:
            raise UserError(f"{path} lacks {key!r}; {remedy}.")
    return content
