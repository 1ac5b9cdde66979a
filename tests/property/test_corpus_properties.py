"""Whatever is written in a format is read back, and splits keep equal texts together."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner.corpus.document import Document, Entity, strip_span
from distilgliner.corpus.formats.columns import read_columns
from distilgliner.corpus.formats.inline import parse_inline
from distilgliner.corpus.formats.jsonl import read_jsonl
from distilgliner.corpus.split import split_documents, text_key
from distilgliner.errors import UserError
from inline_markup import format_inline

# Any characters that UTF-8 can hold, markup among them.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab []|\\#é\u2028"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    min_size=1,
    max_size=30,
).filter(lambda text: text.strip())
WORDS = st.lists(st.text("abcÄ#-[", min_size=1, max_size=4), min_size=1, max_size=8)
LABELS = st.sampled_from(["person", "place", "creative-work"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    entities = []
    position = 0
    while position < len(text):
        end = position + draw(st.integers(1, 5))
        first, last = strip_span(text, position, min(end, len(text)))
        if draw(st.booleans()) and first < last:
            entities.append(Entity(first, last, draw(LABELS)))
        position = end
    return Document(text, tuple(entities))


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    words = draw(WORDS)
    spans = []
    position = 0
    while position < len(words):
        end = position + draw(st.integers(1, 3))
        if draw(st.booleans()) and end <= len(words):
            spans.append((position, end, draw(LABELS)))
        position = end
    return words, spans


def to_tags(length: int, spans: list[tuple[int, int, str]], scheme: str) -> list[str]:
    tags = ["O"] * length
    before = (-1, "")
    for start, end, label in spans:
        size = end - start
        if scheme == "bioes":
            prefixes = ["S"] if size == 1 else ["B", *"I" * (size - 2), "E"]
        elif scheme == "iob2" or before == (start, label):
            prefixes = ["B", *"I" * (size - 1)]
        else:
            prefixes = ["I"] * size
        tags[start:end] = [f"{prefix}-{label}" for prefix in prefixes]
        before = (end, label)
    return tags


def to_record(document: Document) -> dict[str, Any]:
    entities = [
        {"start": entity.char_start, "end": entity.char_end, "label": entity.label}
        for entity in document.entities or ()
    ]
    return {"text": document.text, "entities": entities}


@settings(max_examples=100, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=4))
def test_jsonl_round_trip(given_documents: list[Document]) -> None:
    lines = [
        (json.dumps(to_record(document), ensure_ascii=False) + "\n").encode()
        for document in given_documents
    ]
    assert list(read_jsonl(lines, "a.jsonl")) == given_documents


@settings(max_examples=100, deadline=None)
@given(documents())
def test_inline_round_trip(document: Document) -> None:
    assert parse_inline(format_inline(document), "x") == document


@settings(max_examples=150, deadline=None)
@given(
    st.lists(tagged(), min_size=1, max_size=4),
    st.sampled_from(["iob1", "iob2", "bioes"]),
    st.booleans(),
)
def test_columns_round_trip_with_the_scheme_told_from_the_tags(
    sentences: list[tuple[list[str], list[tuple[int, int, str]]]], scheme: str, named: bool
) -> None:
    lines, expected = [], []
    for words, spans in sentences:
        tags = to_tags(len(words), spans, scheme)
        lines += [f"{w}\t{t}\n".encode() for w, t in zip(words, tags, strict=True)] + [b"\n"]
        starts = [sum(len(word) + 1 for word in words[:index]) for index in range(len(words))]
        expected.append(
            Document(
                " ".join(words),
                tuple(Entity(starts[a], starts[b - 1] + len(words[b - 1]), x) for a, b, x in spans),
            )
        )
    assert list(read_columns(lines, "a.conll", scheme if named else None)) == expected


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_documents_or_a_user_error(content: bytes) -> None:
    for read in (read_jsonl, read_columns):
        with suppress(UserError):
            found = list(read(content.splitlines(keepends=True), "a"))
            assert all(isinstance(document, Document) for document in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "A", " a", "b", "B b", "b  b", "c", "d"]), min_size=8),
    st.integers(0, 5),
)
def test_no_text_on_two_sides(texts: list[str], seed: int) -> None:
    if len({text_key(text) for text in texts}) < 3:
        return
    parts = split_documents([Document(text) for text in texts], [0.5, 0.3, 0.2], seed)
    keys = [{text_key(document.text) for document in part} for part in parts]
    assert all(keys)
    assert sum(map(len, keys)) == len(set().union(*keys))
    assert sorted(d.text for part in parts for d in part) == sorted(texts)
