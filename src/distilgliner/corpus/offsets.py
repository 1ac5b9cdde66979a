"""The units that tools count characters in, and telling a wrong one from what entities say.

An entity that carries its text ("text", "surface", "word", …) is compared with its offsets; where
they disagree, the other ways to count are tried, so that the message can name the cause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from distilgliner.errors import UserError

Offsets = Literal["characters", "utf16", "utf8", "inclusive"]
OFFSETS: tuple[Offsets, ...] = get_args(Offsets)
_NAMES: dict[Offsets, str] = {
    "characters": "count characters, the end exclusive",
    "utf16": "count UTF-16 code units, as JavaScript and Java do",
    "utf8": "count UTF-8 bytes",
    "inclusive": "name the last character of an entity, not the one after it",
}
_MOST_SHIFT = 200


@dataclass(frozen=True, slots=True)
class RawSpan:
    """An entity with the offsets as they were written, and the text that it says it has."""

    start: int
    end: int
    label: str
    score: float = 1.0
    surface: str | None = None


def check_offsets(offsets: str) -> Offsets:
    """The name of a unit. Raises `UserError` for any other."""
    for known in OFFSETS:
        if offsets == known:
            return known
    raise UserError(f"--offsets {offsets!r} is unknown; choose one of {', '.join(OFFSETS)}.")


def convert_spans(
    spans: Sequence[RawSpan], text: str, offsets: Offsets, where: str
) -> list[tuple[int, int]]:
    """Where each span is in `text`, in characters, the end exclusive.

    Raises `UserError` for an offset inside a character, and for a span that does not have the text
    that it says it has, with the likely cause. Spans outside the text are returned as they are.
    """
    move = _build_move(text, offsets)
    moved = [_move(span, move, offsets) for span in spans]
    for span, found in zip(spans, moved, strict=True):
        if found is None:
            raise UserError(
                f"{where}: an offset of the entity {span.start}–{span.end} ({span.label!r}) is "
                f"inside a character; the offsets do not {_NAMES[offsets]}, so pass another "
                f"--offsets than {offsets}."
            )
        if not _agrees(span, text, found, is_strict=False):
            raise UserError(_describe_mismatch(spans, span, found, text, offsets, where))
    return [found for found in moved if found is not None]


def guess_offsets(spans: Sequence[RawSpan], text: str, offsets: Offsets) -> Offsets | None:
    """Another unit in which all spans lie in the text and have the texts that they say they have.

    None when no other unit fits, and when no span says what its text is and all fit as they are.
    """
    for is_strict in (True, False):
        for other in OFFSETS:
            move = _build_move(text, other)
            if other != offsets and _fits(spans, text, move, other, is_strict=is_strict):
                return other
    return None


Move = Callable[[int], int | None]


def _build_move(text: str, offsets: Offsets) -> Move:
    """From an offset in the unit to one in characters; None for one inside a character."""
    if offsets in ("characters", "inclusive") or text.isascii():
        return lambda offset: offset
    sizes = (
        (1 + (ord(character) > 0xFFFF) for character in text)
        if offsets == "utf16"
        else (len(character.encode("utf-8", "surrogatepass")) for character in text)
    )
    places = {0: 0}
    total = 0
    for number, size in enumerate(sizes, 1):
        total += size
        places[total] = number

    def move(offset: int) -> int | None:
        if 0 <= offset <= total:
            return places.get(offset)
        return offset if offset < 0 else len(text) + offset - total  # outside stays outside

    return move


def _move(span: RawSpan, move: Move, offsets: Offsets) -> tuple[int, int] | None:
    start, end = move(span.start), move(span.end)
    if start is None or end is None:
        return None
    return start, end + (offsets == "inclusive")


def _agrees(span: RawSpan, text: str, found: tuple[int, int], *, is_strict: bool) -> bool:
    """Strictly, white space counts too, if only as one space."""
    start, end = found
    if span.surface is None or not 0 <= start < end <= len(text):
        return True  # one outside the text has a message of its own
    if is_strict:
        return _collapse(text[start:end]) == _collapse(span.surface)
    return _normalize(text[start:end]) == _normalize(span.surface)


def _fits(
    spans: Sequence[RawSpan], text: str, move: Move, offsets: Offsets, *, is_strict: bool = True
) -> bool:
    """Whether all spans are in the text, and those that say what their text is have it."""
    for span in spans:
        found = _move(span, move, offsets)
        if found is None or not 0 <= found[0] < found[1] <= len(text):
            return False
        if not _agrees(span, text, found, is_strict=is_strict):
            return False
    return any(span.surface is not None for span in spans)


def _collapse(surface: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", surface).casefold())


def _normalize(surface: str) -> str:
    """Composed, without white space and case: tools collapse, trim and lower-case."""
    return "".join(unicodedata.normalize("NFC", surface).casefold().split())


def _describe_mismatch(
    spans: Sequence[RawSpan],
    span: RawSpan,
    found: tuple[int, int],
    text: str,
    offsets: Offsets,
    where: str,
) -> str:
    surface = text[found[0] : found[1]]
    return (
        f"{where}: the entity {span.start}–{span.end} ({span.label!r}) should be "
        f"{_shorten(span.surface or '')!r}, but its offsets mark {_shorten(surface)!r}; "
        f"{_find_cause(spans, span, text, offsets)}."
    )


def _find_cause(spans: Sequence[RawSpan], span: RawSpan, text: str, offsets: Offsets) -> str:
    """Why offsets and texts disagree, and what to do, found out by trying; first for all spans."""
    for tried in (spans, [span]):
        if _fits(tried, text, _count_line_ends(text, 1), offsets):
            return (
                "the offsets count each line end as two characters (CRLF), but the text has one; "
                "write the text as it was when it was labelled, with \\r\\n"
            )
        if _fits(tried, text, _count_line_ends(text, -1), offsets):
            return (
                "the offsets count each line end as one character, but the text has two (CRLF); "
                "write the text as it was when it was labelled, with \\n"
            )
        other = guess_offsets(tried, text, offsets)
        if other == "characters":
            return f"the offsets {_NAMES[other]}, so leave out --offsets {offsets}"
        if other is not None:
            return f"the offsets {_NAMES[other]}, so pass --offsets {other}"
        shift = _find_shift(tried, text, offsets)
        if shift is not None:
            return _describe_shift(shift)
    if _normalize(span.surface or "") not in _normalize(text):
        return "the text does not hold it at all; give the text that was labelled"
    return "correct the offsets or the text of the entity"


def _describe_shift(shift: int) -> str:
    change = f"add {shift} to each" if shift > 0 else f"take {-shift} from each"
    return (
        f"the offsets are too {'small' if shift > 0 else 'large'} by {abs(shift)}; {change}, or "
        "write the text with the beginning that it had when it was labelled"
    )


def _count_line_ends(text: str, sign: int) -> Move:
    """For offsets that count one character more (or, with -1, less) for each line end before."""
    places: dict[int, int] = {}
    extra = 0
    for number, character in enumerate(text):
        ends = character == "\n"
        if ends and sign < 0 and text[number - 1 : number] == "\r":
            extra += 1
        places.setdefault(number + sign * extra, number)
        if ends and sign > 0:
            extra += 1
    places.setdefault(len(text) + sign * extra, len(text))
    return places.get


def _find_shift(spans: Sequence[RawSpan], text: str, offsets: Offsets) -> int | None:
    """What to add to every offset of a unit in characters, the least there is; None for nothing."""
    base = _build_move(text, offsets)
    for size in range(1, _MOST_SHIFT + 1):
        for shift in (size, -size):

            def move(offset: int, shift: int = shift) -> int | None:
                place = base(offset)
                return None if place is None else place + shift

            if _fits(spans, text, move, offsets):
                return shift
    return None


def _shorten(surface: str) -> str:
    return surface if len(surface) <= 60 else f"{surface[:59]}…"
