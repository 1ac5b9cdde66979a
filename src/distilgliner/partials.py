"""Files that are being written: each has a name of its own, and a lock that ends with its writer.

The lock (`flock`) tells what a killed run has left behind from what another run is writing.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PARTIAL = re.compile(r"\..+\.\d+(-\w+)?\.tmp")
_LONGEST_NAME = 200
"""Bytes; file systems allow 255, and something is put around the name."""


def is_partial(path: Path) -> bool:
    """Whether a file is what a killed writer left behind, or is writing now."""
    return _PARTIAL.fullmatch(path.name) is not None


@contextmanager
def create_partial(target: Path, old: os.stat_result | None = None) -> Iterator[Path]:
    """An empty file to write what becomes `target`, beside it; it is gone when the block ends.

    old: the target's status when it is there, whose owner and mode the file gets; None gives it
    those of any new file. What killed writers of the same target left is removed first.
    """
    drop_partials(target)
    stem = _shorten(target.name)
    while True:
        partial = target.with_name(f".{stem}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        mode = 0o666 if old is None else 0o600  # never more open than the old one
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        if _lock(descriptor) is not False and partial.exists():
            break
        os.close(descriptor)  # taken for a dead one's before it was locked
    if old is not None:
        _copy_owner_and_mode(old, partial)
    if fcntl is None:
        os.close(descriptor)  # Windows renames no open file
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)
        if fcntl is not None:
            os.close(descriptor)


def drop_partials(target: Path) -> None:
    """Remove what killed writers of a file left behind, and nothing that is being written."""
    pattern = re.compile(rf"\.{re.escape(_shorten(target.name))}\.\d+(-\w+)?\.tmp")
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _drop_if_abandoned(Path(entry.path))


def _drop_if_abandoned(path: Path) -> None:
    if fcntl is None:
        return
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            if _lock(descriptor):
                path.unlink()
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Whether the lock could be had; None where the file system knows none."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _copy_owner_and_mode(old: os.stat_result, path: Path) -> None:
    new = path.stat()
    for owner, group in ((old.st_uid, -1), (-1, old.st_gid)):
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid) and hasattr(os, "chown"):
            with suppress(OSError):  # only root may give files away
                os.chown(path, owner, group)
    path.chmod(old.st_mode & 0o7777)


def _shorten(name: str) -> str:
    if len(os.fsencode(name)) <= _LONGEST_NAME:
        return name
    digest = blake2b(os.fsencode(name), digest_size=8).hexdigest()
    return f"{name[: _LONGEST_NAME // 4]}~{digest}"
