"""Gold of every tool is read as it is meant, or refused with the cause."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.findings import Findings
from distilgliner.corpus.formats.columns import read_columns
from distilgliner.corpus.formats.jsonl import read_jsonl
from distilgliner.corpus.offsets import OFFSETS, Offsets, check_offsets
from distilgliner.corpus.reading import Gold
from distilgliner.errors import UserError

BLANKS = st.text(
    st.sampled_from(" \t\r\n\x0b\x85\u00a0\u1680\u2003\u2028\u202f\u3000\u200b\u2060\ufeff"),
    max_size=4,
)
NAMES = st.lists(
    st.text(st.sampled_from("abÄßéж中🎂👩‍e\u0301"), min_size=1, max_size=5).filter(
        lambda name: name.strip("\u200d") == name
    ),
    min_size=1,
    max_size=3,
).map(" ".join)
WORD = st.text(st.sampled_from("abcdÄé0🎂"), min_size=1, max_size=4)


@st.composite
def padded(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]], list[Entity]]:
    """A text, its entities as somebody marked them, with blanks, and as they are."""
    text = draw(st.sampled_from(["", "a", "🎂 "]))
    given_spans = []
    entities = []
    for _ in range(draw(st.integers(1, 3))):
        before, name, after = draw(BLANKS), draw(NAMES), draw(BLANKS)
        start = len(text) + len(before)
        given_spans.append((len(text), start + len(name) + len(after)))
        entities.append(Entity(start, start + len(name), "x"))
        text += f"{before}{name}{after}{draw(st.sampled_from([',', ' ', ' 🎂 ']))}"
    return text, given_spans, entities


def count(text: str, at: int, unit: Offsets) -> int:
    if unit == "utf16":
        return len(text[:at].encode("utf-16-le")) // 2
    return len(text[:at].encode()) if unit == "utf8" else at


def write(text: str, spans: list[tuple[int, int]], unit: Offsets, *, surfaces: bool) -> bytes:
    entities = []
    for start, end in spans:
        item = {
            "start": count(text, start, unit),
            "end": count(text, end, unit) - (unit == "inclusive"),
            "label": "x",
        }
        entities.append({**item, "text": text[start:end]} if surfaces else item)
    return json.dumps({"text": text, "entities": entities}).encode()


@settings(max_examples=100, deadline=None)
@given(padded(), st.sampled_from(OFFSETS), st.booleans())
def test_blanks_are_left_out_whatever_the_unit(
    case: tuple[str, list[tuple[int, int]], list[Entity]], unit: Offsets, surfaces: bool
) -> None:
    text, spans, entities = case
    findings = Findings()
    line = write(text, spans, unit, surfaces=surfaces)
    assert list(read_jsonl([line], "a.jsonl", Gold(unit, None, findings))) == [
        Document(text, tuple(entities))
    ]
    is_padded = spans != [(entity.char_start, entity.char_end) for entity in entities]
    assert bool(findings.describe()) == is_padded


@settings(max_examples=150, deadline=None)
@given(padded(), st.sampled_from(OFFSETS), st.sampled_from(OFFSETS))
def test_a_wrong_unit_is_never_read(
    case: tuple[str, list[tuple[int, int]], list[Entity]], unit: Offsets, wrong: Offsets
) -> None:
    """The right entities, or a refusal whose remedy gives them."""
    text, _, entities = case
    spans = [(entity.char_start, entity.char_end) for entity in entities]
    wanted = [text[start:end] for start, end in spans]
    line = write(text, spans, unit, surfaces=True)
    found, error = _read(line, wrong)
    if error:
        assert error.startswith("a.jsonl, line 1: ")
        remedy = re.search(r"(pass|leave out) --offsets (\w+)\.$", error)
        if remedy is None:
            return
        unit_named = "characters" if remedy[1] == "leave out" else remedy[2]
        found, error = _read(line, unit_named)
    assert (error, found) == ("", wanted)


def _read(line: bytes, unit: str) -> tuple[list[str], str]:
    """The surfaces of the entities, or the message."""
    try:
        (document,) = read_jsonl([line], "a.jsonl", Gold(check_offsets(unit)))
    except UserError as error:
        return [], str(error)
    return [document.text[e.char_start : e.char_end] for e in document.entities or ()], ""


SENTENCES = st.lists(st.lists(WORD, min_size=1, max_size=5), min_size=1, max_size=6).filter(
    lambda sentences: any(len(words) > 1 for words in sentences)
)


def number(sentences: list[list[str]], kind: str, base: int) -> list[list[str]]:
    """A cell before each word."""
    cells: list[list[str]] = []
    line = base
    for index, words in enumerate(sentences):
        if kind == "index":
            cells.append([str(line + offset) for offset in range(len(words))])
            line += len(words)
        elif kind == "words":
            cells.append([str(base % 2 + offset) for offset in range(len(words))])
        elif kind == "sentences":
            cells.append([str(base + index)] * len(words))
        else:
            cells.append([f"Sentence: {index + 1}"] + [""] * (len(words) - 1))
    return cells


@settings(max_examples=100, deadline=None)
@given(
    SENTENCES,
    st.sampled_from(["index", "words", "sentences", "kaggle"]),
    st.integers(0, 30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_columns_that_count_are_never_the_words(
    sentences: list[list[str]], kind: str, base: int, end: str, more: bool
) -> None:
    lines = []
    for words, cells in zip(sentences, number(sentences, kind, base), strict=True):
        for word, cell in zip(words, cells, strict=True):
            lines.append("\t".join([cell, word, *(["_"] if more else []), "O"]))
        lines.append("")
    content = "".join(f"{line}{end}" for line in lines).encode()
    read = list(read_columns(content.splitlines(keepends=True) if end != "\r" else [content], "a"))
    assert [document.text for document in read] == [" ".join(words) for words in sentences]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=255), min_size=4, max_size=40))
@settings(max_examples=20, deadline=None)
def test_other_encodings_name_what_iconv_takes(encoding: str, text: str) -> None:
    raw = f"{text}\n{text}\n".encode(encoding)
    with pytest.raises(UserError) as caught:
        list(read_jsonl(raw.splitlines(keepends=True), "a.jsonl"))
    named = re.search(r"iconv -f (\S+) -t utf-8", str(caught.value))
    assert named is not None
    assert raw.decode(named[1]).startswith(text)
