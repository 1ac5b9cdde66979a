"""Files that are whole or not there: written under another name first, then renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from distilgliner.errors import UserError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never a part of it.

    Text is UTF-8. The folder is made if need be; the file gets the usual permissions.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with partial.open("wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut can leave the new name with no content
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def is_partial(path: Path) -> bool:
    """Whether a file is what a killed `write_atomically` left behind."""
    return path.name.startswith(".") and path.name.endswith(".tmp")


def write_json(path: Path, content: Any, *, indent: int | None = 1) -> None:
    """Write JSON atomically."""
    write_atomically(path, json.dumps(content, indent=indent) + "\n")


def read_json(path: Path, remedy: str) -> Any:
    """Read JSON; raises `UserError` with what is wrong and the remedy when it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as JSON ({reason}); {remedy}.") from error
