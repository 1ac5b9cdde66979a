"""Entities that say what their text is, and offsets that count something else than characters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distilgliner.corpus.document import Entity
from distilgliner.corpus.offsets import OFFSETS, RawSpan, guess_offsets
from distilgliner.corpus.read import read_documents
from distilgliner.errors import UserError

TEXT = "🎂🎂 Zoë Quist grüßt Malmö"
GOLD = (Entity(3, 12, "person"), Entity(19, 24, "city"))


def count(text: str, unit: str) -> int:
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(text.encode()) if unit == "utf8" else len(text)


def build(unit: str, key: str | None = "text", text: str = TEXT, gold: Any = GOLD) -> str:
    entities = []
    for entity in gold:
        start, end = (count(text[:at], unit) for at in (entity.char_start, entity.char_end))
        item = {"start": start, "end": end - (unit == "inclusive"), "label": entity.label}
        if key is not None:
            item[key] = text[entity.char_start : entity.char_end]
        entities.append(item)
    return json.dumps({"text": text, "entities": entities})


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("unit", OFFSETS)
def test_every_unit_can_be_named(tmp_path: Path, unit: str) -> None:
    path = write(tmp_path, build(unit), build(unit, key=None))
    found = list(read_documents(path, offsets=unit))
    assert [document.entities for document in found] == [GOLD, GOLD]


@pytest.mark.parametrize("key", ["text", "surface", "word", "mention", "span", "value"])
@pytest.mark.parametrize("unit", ["utf16", "utf8", "inclusive"])
def test_another_unit_is_found_out(tmp_path: Path, unit: str, key: str) -> None:
    path = write(tmp_path, build("characters"), build(unit, key))
    with pytest.raises(UserError) as caught:
        list(read_documents(path))
    message = str(caught.value)
    assert message.startswith(f"{path}, line 2: the entity ")
    assert message.endswith(f"so pass --offsets {unit}.")
    assert "'Zoë Quist'" in message or "'Malmö'" in message


def test_characters_read_as_utf16_name_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path, build("characters"))
    with pytest.raises(UserError, match=r"inside a character|leave out --offsets utf16"):
        list(read_documents(path, offsets="utf16"))


@pytest.mark.parametrize("unit", ["utf16", "utf8"])
def test_offsets_beyond_the_text_name_the_unit(tmp_path: Path, unit: str) -> None:
    last = (Entity(19, 24, "city"),)
    with pytest.raises(UserError, match=f"is not inside the text of 24 .*; pass --offsets {unit}"):
        list(read_documents(write(tmp_path, build(unit, gold=last))))


LINES = "Name: Ida\nTown: Malmö\nBoss: Zoë Quist\n"


def shifted(text: str, entities: list[tuple[int, int, str]]) -> str:
    items = [
        {"start": start, "end": end, "text": surface, "label": "x"}
        for start, end, surface in entities
    ]
    return json.dumps({"text": text, "entities": items})


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (
            shifted(LINES, [(6, 9, "Ida"), (17, 22, "Malmö"), (30, 39, "Zoë Quist")]),
            r"\(CRLF\), but",
        ),
        (
            shifted(LINES.replace("\n", "\r\n"), [(6, 9, "Ida"), (16, 21, "Malmö")]),
            r"as one character, but the text has two \(CRLF\)",
        ),
        (shifted(LINES, [(7, 10, "Ida"), (17, 22, "Malmö")]), "too large by 1; take 1 from each"),
        (shifted(LINES, [(3, 6, "Ida"), (13, 18, "Malmö")]), "too small by 3; add 3 to each"),
        (shifted(LINES, [(6, 9, "Eva")]), "the text does not hold it at all"),
        (shifted(LINES, [(6, 9, "Ida"), (1, 3, "Malmö")]), "correct the offsets|too small"),
    ],
)
def test_other_causes(tmp_path: Path, record: str, cause: str) -> None:
    with pytest.raises(UserError, match=cause):
        list(read_documents(write(tmp_path, record)))


@pytest.mark.parametrize("surface", ["Zoë  Quist", " Zoë Quist\n", "Zoe\u0308 Quist", "zoë quist"])
def test_white_space_case_and_normal_form_do_not_matter(tmp_path: Path, surface: str) -> None:
    path = write(tmp_path, shifted("Zoë Quist", [(0, 9, surface)]))
    (document,) = read_documents(path)
    assert document.entities == (Entity(0, 9, "x"),)


def test_what_is_not_in_the_text_is_no_surface_of_a_vague_key(tmp_path: Path) -> None:
    entity = {"start": 0, "end": 3, "label": "x", "value": "Q42", "name": "Ida M."}
    record = json.dumps({"text": "Ida and Eva", "entities": [entity]})
    (document,) = read_documents(write(tmp_path, record))
    assert document.entities == (Entity(0, 3, "x"),)


def test_an_unknown_unit() -> None:
    with pytest.raises(
        UserError, match="--offsets 'bytes' is unknown; choose one of characters, utf16"
    ):
        read_documents("-", offsets="bytes")


def test_without_any_surface_nothing_is_guessed() -> None:
    assert guess_offsets([RawSpan(0, 2, "x")], "🎂🎂 Zoë", "characters") is None
