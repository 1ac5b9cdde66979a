"""Which columns of a file hold the words, the tags, and the numbers that say where sentences end.

The words are in the first column that does not count (see `counting.py`), the tags in the last. The
first line may name the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from distilgliner.corpus.formats.counting import CountingColumn, Row, find_counting, miscount
from distilgliner.corpus.formats.tags import is_tag
from distilgliner.errors import UserError

ANY_COLUMN = "any"
"""As `tag_column`: of several columns of tags, any may count."""
_WORD_NAMES = frozenset(("word", "words", "token", "tokens", "form", "text", "surface"))
_TAG_NAMES = frozenset(
    ("tag", "tags", "ner", "ner_tag", "ner_tags", "label", "labels", "entity", "bio", "iob", "iob2",
     "bioes", "ner_label", "ner-tag", "ne", "named_entity", "ner tag")
)  # fmt: skip
_SENTENCE_NAMES = frozenset(
    ("sentence #", "sentence", "sentence_id", "sent_id", "sentence_idx", "sent_idx", "sentence id",
     "sentence_number", "sentence number", "sentence_no", "sent")
)  # fmt: skip
_CHUNKS = frozenset(
    [
        "NP",
        "VP",
        "PP",
        "ADVP",
        "ADJP",
        "SBAR",
        "PRT",
        "CONJP",
        "INTJ",
        "LST",
        "UCP",
        "NC",
        "VC",
        "PC",
        "AC",
        "AVC",
    ]
)
"""What chunks are called, whose tags are written as those of entities are."""


@dataclass
class Layout:
    """Where word and tag are (`tag` from the end when negative), and the columns that count."""

    word: int = 0
    tag: int = -1
    counting: tuple[CountingColumn, ...] = ()

    def find_word(self, row: Row) -> str:
        """The word of a row. Raises `UserError` where there is none."""
        word = row.cells[self.word] if self.word < len(row.cells) - (self.tag < 0) else ""
        if not word:
            if self.counting:
                raise miscount(row, self.counting[0].index)
            raise UserError(
                f"{row.place}: a word and its tag are needed, in two or more columns, but the line "
                f"is {' '.join(row.cells)!r}; for plain text pass --format text."
            )
        return word

    def find_tag(self, row: Row) -> str:
        """The tag of a row. Raises `UserError` where there is none."""
        if not -len(row.cells) <= self.tag < len(row.cells):
            raise UserError(
                f"{row.place}: the line has only {len(row.cells)} columns, and no tag in column "
                f"{self.tag + 1}; add it."
            )
        return row.cells[self.tag]

    def split(self, block: list[Row]) -> Iterator[list[Row]]:
        """The sentences of what stands between blank lines; checks that what counts goes on so."""
        starts = {0}
        for column in self.counting:
            starts |= column.find_starts(block)
        ordered = sorted(starts)
        for start, end in zip(ordered, [*ordered[1:], len(block)], strict=True):
            yield block[start:end]


def parse_header(cells: Sequence[str]) -> list[str] | None:
    """The lower-case names of the columns, where a line names them; None for any other line."""
    names = [cell.lstrip("#").strip().casefold() for cell in cells]
    is_header = any(name in _WORD_NAMES for name in names) and not any(map(is_tag, cells))
    return names if is_header and len(names) > 1 else None


def choose_layout(
    blocks: Sequence[Sequence[Row]], header: list[str] | None, tag_column: str | None, title: str
) -> Layout:
    """The layout of a file, told from its first sentences; the plain one when there are none.

    `tag_column` is a name in the header or a number from 1 (or from the end, as -1).
    Raises `UserError` when several columns hold tags and none is named.
    """
    if not blocks:
        return Layout()
    width = min(len(row.cells) for row in blocks[0])
    if header is None:
        counting = tuple(find_counting(blocks, width))
        word = len(counting)
    else:
        if len(header) == width + 1 and not header[0]:  # "# word tag"
            header = header[1:]
        word = next(index for index, name in enumerate(header) if name in _WORD_NAMES)
        named = (index for index, name in enumerate(header) if name in _SENTENCE_NAMES)
        counting = tuple(CountingColumn(index, "sentences") for index in named)
    if tag_column == ANY_COLUMN:
        return Layout(word, _find_any_tags(blocks, word, width, title), counting)
    if tag_column is not None:
        return Layout(word, _parse_tag_column(tag_column, header, width, title), counting)
    tags = _find_tag_columns(blocks, word, width)
    if len(tags) > 1:
        names = [repr(header[tag]) if header else str(tag + 1) for tag in tags]
        raise UserError(
            f"{title}: the columns {', '.join(names[:-1])} and {names[-1]} hold tags, and only one "
            f"can count; say which, for example with --tag-column {tags[0] + 1}."
        )
    if header is None:
        return Layout(word, -1, counting)
    own = [index for index, name in enumerate(header) if name in _TAG_NAMES and index < width]
    if not tags and not own:
        raise _no_tags(title)
    return Layout(word, (tags or own)[0], counting)


def _find_any_tags(blocks: Sequence[Sequence[Row]], word: int, width: int, title: str) -> int:
    tags = _find_tag_columns(blocks, word, width)
    if not tags:
        raise _no_tags(title)
    return tags[-1]


def _no_tags(title: str) -> UserError:
    return UserError(
        f"{title} has no column of tags, so that its lines are no words; write texts as a text "
        'a line into a .txt file, or as {"text": …} into a .jsonl file.'
    )


def _parse_tag_column(option: str, header: list[str] | None, width: int, title: str) -> int:
    if header is not None and option.casefold() in header:
        return header.index(option.casefold())
    number = int(option) if re.fullmatch(r"-?\d{1,4}", option) else 0
    if number == 0 or not -width <= number <= width:
        names = f", or one of {', '.join(filter(None, header))}" if header else ""
        raise UserError(
            f"{title}: --tag-column {option!r} must be the number of a column, from 1 to {width}"
            f"{names}."
        )
    return number - 1 if number > 0 else number


def _find_tag_columns(blocks: Sequence[Sequence[Row]], word: int, width: int) -> list[int]:
    """The columns after the word in which every cell is a tag; those of chunks only at the end."""
    found = []
    for index in range(word + 1, width):
        cells = [row.cells[index] for block in blocks for row in block if index < len(row.cells)]
        labels = {cell[2:] for cell in cells if cell != "O"}
        is_chunks = bool(labels) and labels <= _CHUNKS
        if all(map(is_tag, cells)) and (index == width - 1 or not is_chunks):
            found.append(index)
    return found
