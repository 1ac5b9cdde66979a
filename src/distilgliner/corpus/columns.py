"""CoNLL-style columns: a word a line, its tag in the last column, a blank line after a sentence.

Columns are separated by tabs when the line has one, otherwise by spaces. `-DOCSTART-` lines and
comments are skipped; a line that starts with `#` is a comment unless it has as many columns as
the line before it (two at the start) and ends in a tag, so that the word `#` can be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from distilgliner.corpus.document import Document
from distilgliner.corpus.source import read_lines
from distilgliner.corpus.tags import Tag, TaggedSentence, is_tag, parse_tag, read_tagged
from distilgliner.errors import UserError

_SPACES = re.compile(r" +")


def read_columns(
    stream: Iterable[bytes], title: str, scheme: str | None = None
) -> Iterator[Document]:
    """The documents of a column file, a sentence a document, streaming.

    `scheme` is "iob1", "iob2" or "bioes"; None tells it from the tags (see `tags.read_tagged`).
    Raises `UserError` naming `title` and the line for a missing column or an impossible tag.
    """
    yield from read_tagged(_sentences(stream, title), scheme)


def _sentences(stream: Iterable[bytes], title: str) -> Iterator[TaggedSentence]:
    words: list[str] = []
    tags: list[Tag] = []
    places: list[str] = []
    width = 2
    for number, line in read_lines(stream, title):
        place = f"{title}, line {number}"
        columns = _split(line)
        if not any(columns):
            if words:
                yield TaggedSentence(words, tags, places)
                words, tags, places = [], [], []
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
        words.append(columns[0])
        tags.append(parse_tag(columns[-1], place))
        places.append(place)
    if words:
        yield TaggedSentence(words, tags, places)


def _split(line: str) -> list[str]:
    if "\t" in line:
        return [column.strip() for column in line.rstrip().split("\t")]
    return _SPACES.split(line.strip())
