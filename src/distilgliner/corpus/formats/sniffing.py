"""What the beginning of a stream says of its format, where nobody has named one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from distilgliner.corpus.source import iterate_lines
from distilgliner.errors import UserError

_ARRAY = re.compile(rb"\[\s*(?:[{\"\]]|\[\s*\")")
"""How an array of JSON begins, and few texts do, though they may begin with a bracket."""
_OBJECT = re.compile(rb"\{\s*\"[^\"]*\"\s*:")
_TAG = re.compile(r"O|[BIESLU]-[^\W\d].*")
"""A tag for certain: a text may end in B-12."""
_BOM = b"\xef\xbb\xbf"
_MOST_ROWS = 50
"""Lines by which columns are told from text."""


def sniff(stream: Iterable[bytes], title: str) -> tuple[str, Iterable[bytes]]:
    """The format of standard input, and its lines, the ones looked at included.

    "{" begins JSONL, "[" an array of JSON, and everything else is text. Raises `UserError` for
    columns of words and tags.
    """
    lines = iter(iterate_lines(stream))
    seen: list[bytes] = []
    start = _read_start(lines, seen)
    format = "jsonl" if start.startswith(b"{") else "json" if _ARRAY.match(start) else "text"
    if format == "text":
        _refuse_columns(lines, seen, title)
    return format, chain(seen, lines)


def check_text(stream: Iterable[bytes], title: str) -> tuple[str, Iterable[bytes]]:
    """The same for a file that is text by its name.

    Raises `UserError` when it begins as JSON or as columns of words and tags do.
    """
    lines = iter(iterate_lines(stream))
    seen: list[bytes] = []
    start = _read_start(lines, seen)
    for format, is_found in (
        ("jsonl", bool(_OBJECT.match(start))),
        ("json", bool(_ARRAY.match(start)) and _OBJECT.search(start) is not None),
    ):
        if is_found:
            raise _misnamed(title, "JSON", format)
    _refuse_columns(lines, seen, title)
    return "text", chain(seen, lines)


def _read_start(lines: Iterator[bytes], seen: list[bytes]) -> bytes:
    """The first line that is not blank, with the next where it is a bracket only."""
    start = b""
    for line in lines:
        seen.append(line)
        start += line.removeprefix(_BOM).strip() if not start else line.strip()
        if start and start != b"[":
            break
    return start


def _refuse_columns(lines: Iterator[bytes], seen: list[bytes], title: str) -> None:
    """Raise `UserError` for lines of a word and a tag; looks no further than the first other."""
    tags: list[str] = []
    for line in chain(list(seen), _keep(lines, seen)):
        cells = line.removeprefix(_BOM).decode("utf-8", "replace").split()
        if not cells and (tags or len(seen) < _MOST_ROWS):
            continue
        is_row = len(cells) in range(2, 12) and _TAG.fullmatch(cells[-1]) is not None
        if not is_row or len(seen) > _MOST_ROWS:
            return
        tags.append(cells[-1])
        if len(tags) > 1 and any(tag != "O" for tag in tags):
            raise _misnamed(title, "columns of words and tags", "conll")


def _keep(lines: Iterator[bytes], seen: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        seen.append(line)
        yield line


def _misnamed(title: str, what: str, format: str) -> UserError:
    return UserError(
        f"{title} begins as {what}, not as text; pass --format {format}, or --format text where "
        "each line is a text."
    )
