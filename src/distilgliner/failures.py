"""What the machine refuses (a full disk, a limit, a permission), as the sentence that users see."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distilgliner.errors import UserError
from distilgliner.partials import is_partial

_AGAIN = "and run the same command again"
_DISK = {
    "ENOSPC": ("the disk is full", f"free some space {_AGAIN}"),
    "EDQUOT": ("your disk quota is used up", f"free some space {_AGAIN}"),
    "EFBIG": (
        "it would be larger than files may be here",
        f"raise the limit with 'ulimit -f unlimited' {_AGAIN}",
    ),
    "EROFS": ("the file system is read-only", "choose another path"),
    "EIO": ("the device reports an input/output error", f"check the device {_AGAIN}"),
}
_OTHER = {
    "EACCES": ("permission denied", "change its permissions or choose another path"),
    "EPERM": ("permission denied", "change its permissions or choose another path"),
    "EMFILE": ("too many files are open", f"raise the limit with 'ulimit -n 4096' {_AGAIN}"),
    "EBADF": ("it is closed", "redirect it to a file, or to /dev/null"),
    "ENOMEM": ("the memory is used up", f"close other programs {_AGAIN}"),
}
# Libraries that are not written in Python have errors of their own.
_MESSAGES = (
    (r"No space left on device|database or disk is full|\b(os error|errno) 28\b", "ENOSPC"),
    (r"PytorchStreamWriter failed writing|inline_container\.cc.*unexpected pos", "ENOSPC"),
    (r"Disk quota exceeded", "EDQUOT"),
    (r"File too large|\b(os error|errno) 27\b", "EFBIG"),
    (r"Read-only file system|readonly database", "EROFS"),
    (r"disk I/O error|Input/output error", "EIO"),
)


def explain_failure(error: BaseException, where: str | Path) -> UserError | None:
    """The sentence for an error that a disk caused while `where` was written, else None.

    Whoever noticed it first: Python, torch, safetensors, pyarrow, SQLite or the tokenizers.
    """
    if isinstance(error, UserError):
        return None
    for each in _list_causes(error):
        name = _find_disk_error(each)
        if name is not None:
            return _build_error(str(getattr(each, "filename", None) or where), *_DISK[name])
    return None


def describe_failure(error: OSError, where: str | Path | None = None) -> UserError:
    """The sentence for an error of the system; `where` is used unless the error names a file."""
    place = str(error.filename or where or "A file")
    told = explain_failure(error, place)
    if told is not None:
        return told
    name = errno.errorcode.get(error.errno or 0, "")
    what, remedy = _OTHER.get(name, (error.strerror or str(error), "choose another path"))
    return _build_error(place, what, remedy)


@contextmanager
def name_failures(where: str | Path) -> Iterator[None]:
    """What a disk refuses inside the block is a `UserError` that names `where`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        told = explain_failure(error, where)
        if told is None:
            raise
        raise told from None


def _build_error(place: str, what: str, remedy: str) -> UserError:
    parts = [part for part in Path(place).parts if not is_partial(Path(part))]
    place = str(Path(*parts)) if len(parts) < len(Path(place).parts) else place
    return UserError(f"{place} cannot be written ({what}); {remedy}.")


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it was raised from or after."""
    seen: set[int] = set()
    known: BaseException | None = error
    while known is not None and id(known) not in seen:
        seen.add(id(known))
        yield known
        known = known.__cause__ or known.__context__


def _find_disk_error(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno is not None:
        name = errno.errorcode.get(error.errno)
        return name if name in _DISK else None
    if isinstance(error, UserError):
        return None
    text = str(error)
    return next((name for pattern, name in _MESSAGES if re.search(pattern, text, re.S)), None)
