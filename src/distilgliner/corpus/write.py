"""Writing a file that somebody named, line by line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from distilgliner.destinations import NamedFile, open_target, writes_through
from distilgliner.errors import UserError
from distilgliner.failures import describe_failure
from distilgliner.files import replace_atomically


@contextmanager
def open_atomically(path: str | Path) -> Iterator[TextIO]:
    """A text stream (UTF-8) that becomes the file `path` when the block ends without an error.

    What is no plain file, such as a FIFO or /dev/stdout, gets each line as it is written. Raises
    `UserError` when the path cannot be written, and `BrokenPipeError` when a FIFO's reader left.
    """
    target = Path(path)
    if target.is_dir():
        raise UserError(f"{target} is a folder; give a file.")
    is_open = False
    try:
        with _open_binary(target) as (binary, line_buffering):
            is_open = True
            with io.TextIOWrapper(
                binary, encoding="utf-8", newline="\n", line_buffering=line_buffering
            ) as stream:
                yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        if is_open and error.filename != str(target):
            raise  # of something else that went wrong in the block
        raise describe_failure(error, target) from None


@contextmanager
def _open_binary(target: Path) -> Iterator[tuple[BinaryIO, bool]]:
    """What to write to, and whether somebody may be waiting for each line."""
    if writes_through(target):
        with open_target(target) as binary:
            yield binary, True
        return
    with (
        replace_atomically(target) as partial,
        io.BufferedWriter(NamedFile(str(partial), str(target))) as binary,
    ):
        yield binary, False
