"""What a path leads to: a file behind its links, a device or FIFO, or an open descriptor."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from pathlib import Path
from typing import Any

_MAX_LINKS = 40


def find_target(path: Path) -> Path | int:
    """The file or device behind a path's links, or the descriptor of this process that it names.

    /dev/stdout and /dev/fd/N name descriptors: what lies behind those must not be replaced, nor
    opened a second time, which would begin at its start. Raises `OSError` for links in a circle.
    """
    own = re.compile(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd")
    for _ in range(_MAX_LINKS):
        folder = Path(os.path.realpath(path.parent))
        if path.name.isdecimal() and own.fullmatch(folder.as_posix()):
            return int(path.name)
        path = folder / path.name
        if not path.is_symlink():
            return path
        path = folder / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def writes_through(path: Path) -> bool:
    """Whether a path leads to what is written to and never replaced: all but files and folders."""
    target = find_target(path)
    if isinstance(target, int):
        return True
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


class NamedFile(io.FileIO):
    """A file whose errors name the path that users gave."""

    def __init__(self, file: str | int, title: str, *, closefd: bool = True) -> None:
        try:
            super().__init__(file, "w", closefd=closefd)
        except OSError as error:
            raise OSError(error.errno, error.strerror, title) from None
        self._title = title

    def write(self, content: Any, /) -> int:
        """As of any file, but an error has the file's name."""
        try:
            return super().write(content)
        except OSError as error:
            error.filename = self._title
            raise


def open_target(path: Path) -> io.BufferedWriter:
    """Open for writing what `writes_through`, as it is. Raises `OSError` naming the path."""
    target = find_target(path)
    try:
        descriptor = os.dup(target) if isinstance(target, int) else os.open(target, os.O_WRONLY)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    return io.BufferedWriter(NamedFile(descriptor, str(path)))
