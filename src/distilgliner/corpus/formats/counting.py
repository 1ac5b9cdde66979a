"""Columns before the words that count: numbers of words, an index of lines, numbers of sentences.

"words": the words of each sentence are numbered from 0 or 1, and a new sentence begins there.
"sentences": the number of the sentence that a word is in, as 1, 1, 1, 2, 2, or "Sentence: 1" once
and blanks after it; a new sentence begins where it changes. "index": any other numbers.

What the first sentence of several words says holds for the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from distilgliner.corpus.formats.tags import is_tag
from distilgliner.errors import UserError

_NUMBER = re.compile(r"(?:(?:sentence|sent|s|document|doc|id|line)[\s:#_.-]*)?(\d{1,9})", re.I)
_NAMED_NUMBER = re.compile(r"(.*?)(\d{1,9})(\.0|[.):\]]?)", re.DOTALL)
"""A number with something before or after it: "1.", "[2]", "t3", "1-4", "5.0"."""
_TAG_SETS = (
    # Universal Dependencies, Penn Treebank, STTS
    "ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON PROPN PRT PUNCT SCONJ SYM VERB X "
    "CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP TO UH VB "
    "VBD VBG VBN VBP VBZ WDT WP WP$ WRB -LRB- -RRB- HYPH NFP ADD AFX "
    "ADJA ADJD APPR APPRART APPO APZR ART CARD FM ITJ KOUI KOUS KON KOKOM NE PDS PDAT PIS PIAT "
    "PIDAT PPER PPOSS PPOSAT PRELS PRELAT PRF PWS PWAT PWAV PAV PROAV PTKZU PTKNEG PTKVZ PTKANT "
    "PTKA TRUNC VVFIN VVIMP VVINF VVIZU VVPP VAFIN VAIMP VAINF VAPP VMFIN VMINF VMPP XY "
    "$, $. $( _ - . , : ; ( ) `` '' \" # $"
)
_PARTS_OF_SPEECH = frozenset(_TAG_SETS.split())
"""Beside words that are numbers, a column of these says that the numbers are the words."""
Kind = Literal["words", "sentences", "index"]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a line, and where it stands."""

    cells: list[str]
    place: str


@dataclass(frozen=True, slots=True)
class CountingColumn:
    """A column that is no word; `base` is the first number of each sentence of kind "words"."""

    index: int
    kind: Kind
    base: int = 0

    def find_starts(self, block: Sequence[Row]) -> set[int]:
        """Where sentences begin after the first row. Raises `UserError` where counting ends."""
        starts = set()
        before: int | None = None
        for position, row in enumerate(block):
            cell = _get_cell(row, self.index)
            number = parse_number(cell)
            if number is None and (cell or self.kind == "words"):
                raise miscount(row, self.index)
            if number is None:
                continue
            if self.kind == "words" and (before is None or number != before + 1):
                if number != self.base:
                    raise miscount(row, self.index)
                starts.add(position)
            if self.kind == "sentences" and before is not None and number != before:
                starts.add(position)
            before = number
        return starts


def _get_cell(row: Row, index: int) -> str:
    return row.cells[index] if index < len(row.cells) else ""


def miscount(row: Row, index: int) -> UserError:
    """The error for a row that does not count as those before it do."""
    cell = _get_cell(row, index)
    which = ("first", "second", "third")[index] if index < 3 else f"{index + 1}th"
    return UserError(
        f"{row.place}: the {which} column counts in the sentences before, but here it is {cell!r}; "
        "number all lines in the same way, or none."
    )


def parse_number(cell: str) -> int | None:
    """The number of a cell like "12" or "Sentence: 12"; None for any other."""
    match = _NUMBER.fullmatch(cell)
    return None if match is None else int(match[1])


def find_counting(blocks: Sequence[Sequence[Row]], width: int) -> list[CountingColumn]:
    """The columns at the beginning that count, while a word and a tag are left after them.

    `blocks` are the rows between the first blank lines, `width` the number of cells in a row.
    Raises `UserError` where names stand in the place of the words: "t1", "t2", or one on each line.
    """
    found: list[CountingColumn] = []
    while len(found) + 2 < width:
        column = _tell_column(blocks, len(found))
        if column is None:
            _refuse_names(blocks, len(found))
            break
        found.append(column)
    return found


def _refuse_names(blocks: Sequence[Sequence[Row]], index: int) -> None:
    """Raise `UserError` when a column names lines or files, and a word and a tag follow it."""
    block = next((block for block in blocks if len(block) > 1), None)
    if block is None or _holds_classes(blocks, index + 1):
        return
    cells = [_get_cell(row, index) for row in block]
    is_one = len(set(cells)) == 1 and len(cells) > 2
    if is_one or _counts_with_names(cells):
        raise UserError(
            f"{block[0].place}: the words seem to be in column {index + 2}, after names such as "
            f"{cells[0]!r} and {cells[1]!r}; leave column {index + 1} out, or give the columns "
            "names in a first line, with 'word' over the words and 'tag' over the tags."
        )


def _counts_with_names(cells: Sequence[str]) -> bool:
    """Whether numbers with the same text around them go up by one."""
    parts = [_NAMED_NUMBER.fullmatch(cell) for cell in cells]
    found = [(part[1], int(part[2]), part[3]) for part in parts if part is not None]
    return len(found) == len(cells) and all(
        (right[0], right[1] - left[1], right[2]) == (left[0], 1, left[2])
        for left, right in pairwise(found)
    )


def _holds_classes(blocks: Sequence[Sequence[Row]], index: int) -> bool:
    """Whether a column holds parts of speech or tags: then the words are before it."""
    cells = [_get_cell(row, index) for block in blocks for row in block]
    return _PARTS_OF_SPEECH.issuperset(cells) or all(map(is_tag, cells))


def _tell_column(blocks: Sequence[Sequence[Row]], index: int) -> CountingColumn | None:
    """How a column counts; None when it does not."""
    count = next((n for n, block in enumerate(blocks, 1) if len(block) > 1), len(blocks))
    ahead = [[_get_cell(row, index) for row in block] for block in blocks[:count]]
    cells = [cell for block in ahead for cell in block]
    numbers = [parse_number(cell) for cell in cells if cell]
    if not cells[0] or None in numbers:
        return None
    values = [number for number in numbers if number is not None]
    if "" in cells or not cells[0].isdigit():  # a word is never blank, nor "Sentence: 1"
        return CountingColumn(index, "sentences")
    if _holds_classes(blocks, index + 1):
        return None
    after = None
    if count < len(blocks):
        after = parse_number(_get_cell(blocks[count][0], index))
    return CountingColumn(*_tell_numbers(values, values[-len(ahead[-1]) :], after, index))


def _tell_numbers(
    values: Sequence[int], first: Sequence[int], after: int | None, index: int
) -> tuple[int, Kind, int]:
    """What numbers beside words are.

    `values` up to the end of the first sentence of several words, whose numbers are `first`;
    `after` is the number that begins the next.
    """
    base = first[0]
    steps = [right - left for left, right in pairwise(first)]
    restarts = base in (0, 1) and values[0] == base and after in (None, base)
    is_numbering = all(
        step == 1 or right == base for step, right in zip(steps, first[1:], strict=True)
    )
    if min(steps, default=1) >= 0 and 0 in steps:
        return index, "sentences", 0
    if restarts and is_numbering:
        return index, "words", base
    return index, "index", 0
