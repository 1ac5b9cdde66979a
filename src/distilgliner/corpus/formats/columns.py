"""CoNLL-style columns: a word a line, its tag in the last column, a blank line after a sentence.

Columns are separated by tabs when the line has one, otherwise by spaces; those of CSV by commas.
Which columns hold the word and the tag, and where sentences end, is told by `layout.py`.
`-DOCSTART-` lines and comments are skipped; a line that starts with `#` is a comment unless it has
as many columns as the line before it (two at the start) and ends in a tag, so that the word `#` can
be written.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.counting import Row
from distilgliner.corpus.formats.layout import ANY_COLUMN, Layout, choose_layout, parse_header
from distilgliner.corpus.formats.tags import (
    LOOK_AHEAD,
    TaggedSentence,
    is_tag,
    parse_tag,
    read_tagged,
)
from distilgliner.corpus.reading import Gold
from distilgliner.corpus.source import read_lines
from distilgliner.errors import UserError

_SPACES = re.compile(r" +")


def read_columns(
    stream: Iterable[bytes],
    title: str,
    scheme: str | None = None,
    gold: Gold | None = None,
    *,
    has_commas: bool = False,
) -> Iterator[Document]:
    """The documents of a column file, a sentence a document, streaming.

    `scheme` is "iob1", "iob2" or "bioes"; None tells it from the tags (see `tags.read_tagged`).
    Raises `UserError` naming `title` and the line for a missing column or an impossible tag, and
    for two columns of tags when `gold` does not say which one counts.
    """
    yield from read_tagged(read_sentences(stream, title, gold, has_commas=has_commas), scheme, gold)


def read_column_texts(
    stream: Iterable[bytes], title: str, *, has_commas: bool = False
) -> Iterator[Document]:
    """Only the texts: of several columns of tags it does not matter which one counts.

    Raises `UserError` for a file without any, which is one of something else than words.
    """
    gold = Gold(tag_column=ANY_COLUMN)
    for sentence in read_sentences(stream, title, gold, has_commas=has_commas):
        yield from read_tagged([TaggedSentence(sentence.words, None, sentence.places)], None)


def read_sentences(
    stream: Iterable[bytes], title: str, gold: Gold | None = None, *, has_commas: bool = False
) -> Iterator[TaggedSentence]:
    """The words and tags of a column file; see `read_columns`."""
    rows = _rows(stream, title, _split_commas if has_commas else _split)
    first = next((row for row in rows if row is not None), None)
    if first is None:
        return
    header = parse_header(first.cells)
    if header is None:
        rows = chain([first], rows)
    blocks = _blocks(rows)
    # Two columns can only be a word and its tag.
    ahead: list[list[Row]] = []
    column = None if gold is None else gold.tag_column
    if header is not None or len(first.cells) > 2 or column not in (None, ANY_COLUMN):
        ahead = list(islice(blocks, LOOK_AHEAD))
    layout = choose_layout(ahead, header, column, title)
    for block in chain(ahead, blocks):
        for sentence in layout.split(block):
            yield _build_sentence(sentence, layout)


def _build_sentence(rows: list[Row], layout: Layout) -> TaggedSentence:
    words = [layout.find_word(row) for row in rows]
    tags = [parse_tag(layout.find_tag(row), row.place) for row in rows]
    return TaggedSentence(words, tags, [row.place for row in rows])


def _blocks(rows: Iterable[Row | None]) -> Iterator[list[Row]]:
    """The rows between blank lines."""
    block: list[Row] = []
    for row in rows:
        if row is not None:
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _rows(
    stream: Iterable[bytes], title: str, split: Callable[[str], list[str]]
) -> Iterator[Row | None]:
    """The rows of a file; None for a blank line."""
    width = 2
    is_first = True
    for number, line in read_lines(stream, title):
        place = f"{title}, line {number}"
        cells = split(line)
        if not any(cells) or cells[0] == "-DOCSTART-":
            yield None
            continue
        is_header = is_first and parse_header(cells) is not None
        is_row = is_header or (len(cells) == width and is_tag(cells[-1]))
        if line.startswith("#") and not is_row:
            continue
        is_first = False
        if len(cells) < 2 or (not cells[0] and len(cells) < 3):
            raise UserError(
                f"{place}: a word and its tag are needed, in two or more columns, "
                f"but the line is {line.strip()!r}; for {_suggest_format(line)}."
            )
        width = len(cells)
        yield Row(cells, place)


def _suggest_format(line: str) -> str:
    if is_tag(_split_commas(line)[-1]) and len(_split_commas(line)) > 1:
        return "columns between commas pass --format csv"
    return "plain text pass --format text"


def _split(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.rstrip().split("\t")]
    return _SPACES.split(line.strip())


def _split_commas(line: str) -> list[str]:
    delimiter = ";" if "," not in line and ";" in line else "\t" if "\t" in line else ","
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
