"""Where documents come from: a path, standard input or a slice of either, as numbered lines."""

from __future__ import annotations

import codecs
import gzip
import re
import sys
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from distilgliner.errors import UserError

STDIN = "-"
_SLICE = re.compile(r"\[(?P<start>-?\d*):(?P<stop>-?\d*)\]$")
_BOM = b"\xef\xbb\xbf"
_MARKS_AS_TEXT = ("ÿþ".encode(), "þÿ".encode())
"""What the marks of UTF-16 become where a file was read as Latin-1."""
_LONGEST_LINE = 1 << 28
"""Bytes: far more than what can be read as one text, whatever it is escaped with."""
_START = 1024
"""Bytes of a line by which UTF-16 and UTF-32 are told."""

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
    if match is None or (name != STDIN and _is_there(name)):
        return Source(name)
    start, stop = match["start"], match["stop"]
    if "-" in (start, stop):
        raise UserError(f"{name!r} does not end in a slice; write it as [10:20], [:20] or [-20:].")
    return Source(name[: match.start()], _parse_bound(start), _parse_bound(stop))


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # a name that is too long, which may be all zeros of the slice
        return False


def _parse_bound(digits: str) -> int | None:
    """One end of a slice, as far from 0 as Python's own slices go; longer numbers mean the same."""
    if not digits:
        return None
    size = digits.lstrip("-0") or "0"
    value = sys.maxsize if len(size) > len(str(sys.maxsize)) else min(int(size), sys.maxsize)
    return -value if digits.startswith("-") else value


def check_not_input(output: str | Path, *sources: str | Path | None) -> None:
    """Raise `UserError` when a file that is to be written is one of the inputs."""
    path = Path(output)
    for source in sources:
        if source is None or not path.is_file():
            continue
        given = parse_source(source)
        if given.name != STDIN and given.path.is_file() and given.path.samefile(path):
            raise UserError(
                f"{output} is the input too, which would be lost; choose another file to write."
            )


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

    \\n, \\r\\n (or \\r\\r\\n, from a file that was converted twice) and a lone \\r end a line, and
    nothing else: a text may hold U+2028 and the like. A byte-order mark is dropped.
    Raises `UserError` for bytes that are not UTF-8, for UTF-16 and UTF-32, and for a line that
    does not end.
    """
    number = 0
    for raw in iterate_lines(stream):
        if len(raw) > _LONGEST_LINE:
            raise UserError(
                f"{title}, line {number + 1} has more than {_LONGEST_LINE // 10**6} MB, which is "
                "more than one text; split the file into lines."
            )
        if not number:
            raw = raw.removeprefix(_BOM)
        line = decode_text(raw, f"{title}, line {number + 1}")
        line = line[:-1].rstrip("\r") if line.endswith("\n") else line.removesuffix("\r")
        for part in line.split("\r"):
            number += 1
            yield number, part


def iterate_lines(stream: Iterable[bytes]) -> Iterable[bytes]:
    """The lines of a file, of which one without end is cut a byte after the longest."""
    readline = getattr(stream, "readline", None)
    return stream if readline is None else iter(partial(readline, _LONGEST_LINE + 1), b"")


def decode_text(raw: bytes, where: str) -> str:
    """Decode UTF-8; raises `UserError` naming `where` when the bytes are something else."""
    encoding = None
    if b"\0" in raw or raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = _find_wide_encoding(raw)
    if encoding is not None:
        raise UserError(
            f"{where}: the file is in {encoding.upper()}, not UTF-8; convert it, for example with: "
            f"iconv -f {encoding} -t utf-8."
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: byte {error.start + 1} is not UTF-8; convert the file, "
            f"for example with: iconv -f {_guess_narrow_encoding(raw)} -t utf-8."
        ) from None
    if "\0" in text:
        raise UserError(
            f"{where}: the file holds the character NUL, as UTF-16 that was converted as something "
            "else does; convert the original with: iconv -f utf-16 -t utf-8."
        )
    return text


def _find_wide_encoding(raw: bytes) -> str | None:
    """What iconv calls the encoding of a line of UTF-16 or UTF-32, by its mark or its zero bytes.

    The lines of a file in UTF-16 are cut in the middle of a line feed: after the first, those of
    little-endian files begin with its second half.
    """
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return encoding
    start = raw[:_START]
    if raw.startswith(_MARKS_AS_TEXT):
        return None
    if start.count(0) * 4 < len(start) or not start:
        return None
    if start.count(0) * 8 >= 5 * len(start):  # three of four bytes
        return "utf-32be" if start[0] == 0 else "utf-32le"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even and odd and min(even, odd) * 8 > max(even, odd):
        return None  # zeros on both sides, as of UTF-16 that was converted as Latin-1
    return "utf-16be" if even > odd else "utf-16le"


def _guess_narrow_encoding(raw: bytes) -> str:
    """Windows' code page where a byte is a letter or quote of it, and a control in Latin-1."""
    if any(0x80 <= byte < 0xA0 for byte in raw):
        try:
            raw.decode("cp1252")
        except UnicodeDecodeError:
            return "latin1"
        return "cp1252"
    return "latin1"
