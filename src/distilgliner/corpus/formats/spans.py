"""Entities by character offsets, in the spellings of the tools that write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from distilgliner.corpus.offsets import RawSpan
from distilgliner.corpus.words import is_extending
from distilgliner.errors import UserError

START_KEYS = ("start", "start_offset", "start_char", "char_start", "begin", "startOffset")
END_KEYS = ("end", "end_offset", "end_char", "char_end", "stop", "endOffset")
LABEL_KEYS = ("label", "labels", "entity_group", "entity_type", "type", "category", "tag")
SURFACE_KEYS = ("text", "surface", "surface_form", "span_text", "mention")
LIKELY_SURFACE_KEYS = ("word", "span", "value", "name", "string", "phrase", "entity", "token")
"""Where the text of an entity may be too, if what is there stands in the text at all."""


def parse_spans(given: Any, key: str, text: str, where: str) -> list[RawSpan]:
    """The entities of a list of objects or of `[start, end, label]`, or of an object by labels.

    An object holds for each label a list of `[start, end]`, or of texts (GLiNER2): then it is every
    place in `text` where such a text stands as whole words.
    Raises `UserError` naming `where` for anything else.
    """
    if isinstance(given, dict) and given:
        return list(_parse_by_label(given, key, text, where))
    if not isinstance(given, list):
        raise UserError(f'{where}: "{key}" must be a list of objects, not {describe_type(given)}.')
    return [_parse_item(item, text, where) for item in given]


def looks_like_span(item: Any) -> bool:
    """Whether an item of a list can only be meant as an entity."""
    if isinstance(item, dict):
        names = item.keys()
        return any(key in names for key in START_KEYS) and any(key in names for key in LABEL_KEYS)
    return (
        isinstance(item, (list, tuple))
        and len(item) >= 3
        and is_offset(item[0])
        and is_offset(item[1])
        and isinstance(item[2], str)
    )


def is_offset(value: Any) -> bool:
    """Whether a value of JSON is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def describe_type(value: Any) -> str:
    """What messages call the type of a value of JSON."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")


def _parse_item(item: Any, text: str, where: str) -> RawSpan:
    if isinstance(item, (list, tuple)):
        if len(item) not in (3, 4) or not isinstance(item[2], str):
            raise UserError(f"{where}: the entity {item!r} must be [start, end, label].")
        start, end, label = item[:3]
        surface = item[3] if len(item) == 4 and isinstance(item[3], str) else None
        return RawSpan(*_check_offsets(start, end, item, where), label, surface=surface)
    if not isinstance(item, dict):
        raise _not_understood(item, where)
    found = [_find_key(item, keys) for keys in (START_KEYS, END_KEYS, LABEL_KEYS)]
    if None in found:
        raise _not_understood(item, where)
    start_key, end_key, label_key = (str(key) for key in found)
    return RawSpan(
        *_check_offsets(item[start_key], item[end_key], item, where),
        _parse_label(item[label_key], item, where),
        _parse_score(item, where),
        _find_surface(item, label_key, text),
    )


def _find_key(item: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    if item.get(keys[0]) is not None:
        return keys[0]
    return next((key for key in keys if item.get(key) is not None), None)


def _find_surface(item: dict[str, Any], label_key: str, text: str) -> str | None:
    if len(item) == 3:  # nothing but start, end and label
        return None
    for key in (*SURFACE_KEYS, *LIKELY_SURFACE_KEYS):
        value = item.get(key)
        if key == label_key or not isinstance(value, str) or not value.strip():
            continue
        if key in SURFACE_KEYS or value.strip() in text:
            return value
    return None


def _not_understood(item: Any, where: str) -> UserError:
    return UserError(
        f'{where}: the entity {item!r} must be an object with "start", "end" and "label".'
    )


def _check_offsets(start: Any, end: Any, item: Any, where: str) -> tuple[int, int]:
    if not (is_offset(start) and is_offset(end)):
        raise UserError(f'{where}: "start" and "end" of {item!r} must be whole numbers.')
    return start, end


def _parse_label(label: Any, item: Any, where: str) -> Any:
    """The one label of an item; what is no string is left for `records.parse_label` to refuse."""
    if not isinstance(label, list):
        return label
    if len(label) != 1:
        raise UserError(f"{where}: the entity {item!r} must have one label; keep one.")
    return label[0]


def _parse_score(item: dict[str, Any], where: str) -> float:
    score = item.get("score")
    if score is None:
        return 1.0
    try:
        if isinstance(score, (int, float)) and not isinstance(score, bool):
            return float(score)
    except OverflowError:  # a number of 400 digits
        pass
    raise UserError(f'{where}: "score" of {item!r} must be a number; correct it or leave it out.')


def _parse_by_label(given: dict[str, Any], key: str, text: str, where: str) -> Iterator[RawSpan]:
    surfaces: list[tuple[str, str]] = []
    for label, items in given.items():
        for item in items if isinstance(items, list) else [items]:
            pair = isinstance(item, list) and len(item) == 2 and all(map(is_offset, item))
            if pair:
                yield RawSpan(item[0], item[1], label)
            elif isinstance(item, str) and item.strip():
                surfaces.append((item.strip(), label))
            else:
                raise UserError(
                    f'{where}: {item!r} in "{key}" must be the text of an entity or [start, end].'
                )
    yield from _find_surfaces(surfaces, text, where)


def _find_surfaces(surfaces: list[tuple[str, str]], text: str, where: str) -> Iterator[RawSpan]:
    """Every place of each text as whole words; the longer one where one is inside another."""
    taken: list[tuple[int, int]] = []
    for surface, label in sorted(dict.fromkeys(surfaces), key=lambda item: -len(item[0])):
        normal = (unicodedata.normalize(form, surface) for form in ("NFC", "NFD"))
        forms = dict.fromkeys((surface, *normal))
        named = "|".join(r"\s+".join(map(re.escape, form.split())) for form in forms)
        pattern = re.compile(rf"(?<!\w)(?:{named})(?!\w)")
        places = [
            match.span()
            for match in pattern.finditer(text)
            if match.end() == len(text) or not is_extending(text[match.end()])
        ]
        if not places:
            raise UserError(
                f"{where}: the entity {surface!r} ({label!r}) is not in the text as whole words; "
                "write it as it stands there, or give its start and end."
            )
        for start, end in places:
            inside = any(
                first <= start and end <= last
                for first, last in taken
                if (first, last) != (start, end)
            )
            if not inside:
                taken.append((start, end))
                yield RawSpan(start, end, label, surface=surface)
