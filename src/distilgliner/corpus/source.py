"""Where documents come from: a path, standard input or a slice of either, as numbered lines."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from distilgliner.errors import UserError

STDIN = "-"
_SLICE = re.compile(r"\[(?P<start>-?\d*):(?P<stop>-?\d*)\]$")
_BOM = b"\xef\xbb\xbf"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """`name` is a path, "-" or an `hf:` id; `start:stop` the documents wanted of it (None: all)."""

    name: str
    start: int | None = None
    stop: int | None = None

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def title(self) -> str:
        """How messages call it."""
        return "standard input" if self.name == STDIN else self.name

    @property
    def suffixes(self) -> list[str]:
        """The lower-case extensions without a closing `.gz`."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        return suffixes[:-1] if suffixes[-1:] == [".gz"] else suffixes


def parse_source(source: str | Path) -> Source:
    """Split `dev.jsonl[10:20]` into the name and the slice; a file of that very name wins.

    Raises `UserError` for an empty name or a bracket that is no slice.
    """
    name = str(source)
    if not name or name.startswith("["):
        raise UserError(f"{name!r} names no input; give a file, a folder, '-' or hf:NAME:SPLIT.")
    match = _SLICE.search(name)
    if match is None or (name != STDIN and Path(name).exists()):
        return Source(name)
    start, stop = match["start"], match["stop"]
    if "-" in (start, stop):
        raise UserError(f"{name!r} does not end in a slice; write it as [10:20], [:20] or [-20:].")
    return Source(name[: match.start()], int(start) if start else None, int(stop) if stop else None)


def take_slice(items: Iterable[T], source: Source) -> Iterator[T]:
    """`items[start:stop]`, streaming: negative bounds hold back only as many items as they name."""
    start, stop = source.start or 0, source.stop
    if start >= 0 and (stop is None or stop >= 0):
        return islice(items, start, stop)
    if start >= 0 and stop is not None:
        return islice(_without_last(items, -stop), start, None)
    return _from_last(items, -start, stop)


def _without_last(items: Iterable[T], count: int) -> Iterator[T]:
    held: deque[T] = deque()
    for item in items:
        held.append(item)
        if len(held) > count:
            yield held.popleft()


def _from_last(items: Iterable[T], count: int, stop: int | None) -> Iterator[T]:
    held: deque[T] = deque(maxlen=count)
    total = 0
    for item in items:
        held.append(item)
        total += 1
    first = total - len(held)
    last = total if stop is None else stop + total if stop < 0 else stop
    yield from islice(held, max(last - first, 0))


@contextmanager
def open_bytes(source: Source) -> Iterator[BinaryIO]:
    """Open a file, a `.gz` file or standard input for reading bytes.

    Raises `UserError` when it cannot be opened, or when a read inside the block fails.
    """
    if source.name == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with source.path.open("rb") as raw:
            if source.path.suffix.lower() == ".gz":
                with gzip.open(raw) as unpacked:
                    yield unpacked  # type: ignore[misc]  # GzipFile reads like any BinaryIO
            else:
                yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UserError(
            f"{source.title} is not a complete gzip file; pack it again or fetch it again."
        ) from None
    except OSError as error:
        raise UserError(
            f"{source.title} cannot be read ({error.strerror or error}); check the path."
        ) from None


def read_lines(stream: Iterable[bytes], title: str) -> Iterator[tuple[int, str]]:
    """The lines as `(line number from 1, text without its end)`.

    Only \\n and \\r\\n end a line (a text may hold U+2028 and the like); a byte-order mark is
    dropped. Raises `UserError` for bytes that are not UTF-8.
    """
    for number, raw in enumerate(stream, 1):
        if number == 1:
            raw = raw.removeprefix(_BOM)
        yield number, decode_text(raw, f"{title}, line {number}").rstrip("\r\n")


def decode_text(raw: bytes, where: str) -> str:
    """Decode UTF-8; raises `UserError` naming `where` when the bytes are something else."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: byte {error.start + 1} is not UTF-8; convert the file, "
            "for example with: iconv -f latin1 -t utf-8."
        ) from None
