"""Files that are whole or not there: written under another name first, then renamed.

What a path leads to decides how it is written: links are followed, an existing file keeps its mode,
and a device, a FIFO or an open descriptor such as /dev/stdout is written to and never replaced.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from distilgliner.destinations import find_target, open_target, writes_through
from distilgliner.errors import UserError
from distilgliner.failures import name_failures
from distilgliner.parsing import parse_json, read_text
from distilgliner.partials import create_partial

_NOT_REPLACEABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}
"""Why a file cannot be renamed over another, or made in a folder, that can be written itself."""
_held: list[tuple[Path, tuple[int, int]]] = []
"""Folders of runs in this process, with device and inode."""


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Where to write what becomes the file `path` when the block ends well, whole and on disk.

    The folder is made if need be. No two writers get the same name, whatever machine they are on.
    What runs that were killed left of the same file is removed. A file in a folder that allows no
    new one, and anything that is no plain file, gets the content when the block has ended.
    Raises `UserError` for a full disk and the like.
    """
    with name_failures(path):
        if writes_through(path):
            with _partial_elsewhere(path) as partial:
                yield partial
                with partial.open("rb") as source, open_target(path) as target:
                    shutil.copyfileobj(source, target)
            return
        target_path = find_target(path)
        assert isinstance(target_path, Path)
        _make_parent(target_path.parent)
        with _partial_of(target_path) as partial:
            mode = partial.stat().st_mode
            yield partial
            if partial.stat().st_mode != mode:  # a library has put another file there
                partial.chmod(stat.S_IMODE(mode))
            with partial.open("rb+") as file:
                os.fsync(file.fileno())  # else a power cut can leave the new name with no content
            _put_in_place(partial, target_path)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never a part of it.

    Text is UTF-8. The folder is made if need be; a new file gets the usual permissions.
    """
    with replace_atomically(path) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def write_json(path: Path, content: Any, *, indent: int | None = 1) -> None:
    """Write JSON atomically. Raises `ValueError` for NaN and infinities, which JSON has not."""
    write_atomically(path, json.dumps(content, indent=indent, allow_nan=False) + "\n")


def read_json(path: Path, remedy: str, *, keys: Sequence[str] | None = None) -> Any:
    """Read JSON; raises `UserError` with what is wrong and the remedy when it is damaged.

    keys: what must be there at least, in an object; None allows anything.
    """
    try:
        content = parse_json(read_text(path))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as JSON ({reason}); {remedy}.") from None
    if keys is not None and not isinstance(content, dict):
        raise UserError(f"{path} is not a JSON object; {remedy}.")
    for key in keys or ():
        if key not in content:
            raise UserError(f"{path} lacks {key!r}; {remedy}.")
    return content


def give_usual_mode(paths: Sequence[Path]) -> None:
    """Give files that a library wrote for their owner alone the permissions of any new file."""
    for path in paths:
        with create_partial(path) as partial:
            mode = stat.S_IMODE(partial.stat().st_mode)
        path.chmod(mode)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """While the block runs, nothing is written into this folder after it was removed or replaced.

    Raises `UserError` when that happened, at the next write or at the end.
    """
    found = folder.stat()
    entry = (folder.absolute(), (found.st_dev, found.st_ino))
    _held.append(entry)
    try:
        yield
        _check_held(*entry)
    finally:
        _held.remove(entry)


def _check_held(folder: Path, identity: tuple[int, int]) -> None:
    try:
        found = folder.stat()
    except OSError:
        raise UserError(
            f"{folder} was removed during the run; run the same command again."
        ) from None
    if (found.st_dev, found.st_ino) != identity:
        raise UserError(
            f"{folder} was removed during the run and made again; remove it and run the same "
            "command again."
        )


def _make_parent(folder: Path) -> None:
    """Make the folder of a file, unless it belongs to a run whose folder has gone."""
    absolute = folder.absolute()
    for held, identity in tuple(_held):
        if absolute.is_relative_to(held):
            _check_held(held, identity)
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _partial_of(target: Path) -> Iterator[Path]:
    """A file to write beside the target, or elsewhere when the folder takes no new file."""
    old = target.stat() if target.is_file() else None
    with ExitStack() as stack:
        try:
            partial = stack.enter_context(create_partial(target, old))
        except OSError as error:
            error.filename = str(target)
            if old is None or error.errno not in _NOT_REPLACEABLE:
                raise
            partial = stack.enter_context(_partial_elsewhere(target))
        yield partial


@contextmanager
def _partial_elsewhere(target: Path) -> Iterator[Path]:
    """A file in a folder of its own that only its owner can read."""
    with tempfile.TemporaryDirectory(prefix="distilgliner-") as folder:
        partial = Path(folder) / "content"
        partial.touch()
        yield partial


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename, or copy into a file that can be written but not replaced, such as a mount point."""
    if partial.parent != target.parent:
        _copy_into(partial, target)
        return
    try:
        partial.replace(target)
    except OSError as error:
        error.filename = str(target)
        if error.errno not in _NOT_REPLACEABLE or not target.is_file():
            raise
        _copy_into(partial, target)


def _copy_into(source: Path, target: Path) -> None:
    """Overwrite a file. Its disk must have the room before anything of the old content goes."""
    size = source.stat().st_size
    with source.open("rb") as read, target.open("r+b") as written:
        before = os.fstat(written.fileno()).st_size
        if size > before and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(written.fileno(), before, size - before)
            except OSError as error:
                written.truncate(before)
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                    raise
        shutil.copyfileobj(read, written)
        written.truncate()
        written.flush()
        os.fsync(written.fileno())
