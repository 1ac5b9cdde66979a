"""CoNLL-style columns: a word a line, its tag in the last column, a blank line after a sentence.

Columns are separated by tabs when the line has one, otherwise by spaces. The word is in the first
column, or in the second of three or more when the first one numbers the words of each sentence
(1, 2, 3, as in CoNLL-U). `-DOCSTART-` lines and
comments are skipped; a line that starts with `#` is a comment unless it has as many columns as
the line before it (two at the start) and ends in a tag, so that the word `#` can be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from distilgliner.corpus.document import Document
from distilgliner.corpus.source import read_lines
from distilgliner.corpus.tags import Tag, TaggedSentence, is_tag, parse_tag, read_tagged
from distilgliner.errors import UserError

_SPACES = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class _Row:
    """A line: its first column, its second when that may be the word, its tag, and its place."""

    first: str
    second: str | None
    tag: Tag
    place: str


def read_columns(
    stream: Iterable[bytes], title: str, scheme: str | None = None
) -> Iterator[Document]:
    """The documents of a column file, a sentence a document, streaming.

    `scheme` is "iob1", "iob2" or "bioes"; None tells it from the tags (see `tags.read_tagged`).
    Raises `UserError` naming `title` and the line for a missing column or an impossible tag.
    """
    yield from read_tagged(_choose_words(_sentences(stream, title)), scheme)


def _choose_words(sentences: Iterator[list[_Row]]) -> Iterator[TaggedSentence]:
    """Take the words from the first or the second column, as the first sentences tell.

    One that is a lone word "1" does not tell, and waits for those behind it.
    """
    ahead = []
    numbered = False
    for rows in sentences:
        ahead.append(rows)
        numbered = _find_miscount(rows) is None
        if not numbered or len(rows) > 1:
            break
    for rows in chain(ahead, sentences):
        if numbered and (row := _find_miscount(rows)) is not None:
            raise UserError(
                f"{row.place}: the first column numbers the words of a sentence further up, but "
                f"here it is {row.first!r}; number all sentences from 1 on, or none."
            )
        words = [(row.second if numbered else row.first) or "" for row in rows]
        yield TaggedSentence(words, [row.tag for row in rows], [row.place for row in rows])


def _find_miscount(rows: Sequence[_Row]) -> _Row | None:
    """The first row without the number that it should have, or without a word behind it."""
    for number, row in enumerate(rows, 1):
        if row.first != str(number) or not row.second:
            return row
    return None


def _sentences(stream: Iterable[bytes], title: str) -> Iterator[list[_Row]]:
    rows: list[_Row] = []
    width = 2
    for number, line in read_lines(stream, title):
        place = f"{title}, line {number}"
        columns = _split(line)
        if not any(columns):
            if rows:
                yield rows
                rows = []
            continue
        if columns[0] == "-DOCSTART-":
            continue
        if line.startswith("#") and not (len(columns) == width and is_tag(columns[-1])):
            continue
        if len(columns) < 2 or not columns[0]:
            raise UserError(
                f"{place}: a word and its tag are needed, in two or more columns, "
                f"but the line is {line.strip()!r}; for plain text pass --format text."
            )
        width = len(columns)
        second = columns[1] if width > 2 else None
        rows.append(_Row(columns[0], second, parse_tag(columns[-1], place), place))
    if rows:
        yield rows


def _split(line: str) -> list[str]:
    if "\t" in line:
        return [column.strip() for column in line.rstrip().split("\t")]
    return _SPACES.split(line.strip())
