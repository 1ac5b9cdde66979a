"""JSON: a document a line (`.jsonl`), or one array of documents (`.json`, GLiNER's training data).

Blank lines are skipped. The shapes of a document are those of `records.parse_record`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.records import parse_record, parse_text
from distilgliner.corpus.reading import Gold
from distilgliner.corpus.source import read_lines
from distilgliner.errors import UserError


def read_jsonl(stream: Iterable[bytes], title: str, gold: Gold | None = None) -> Iterator[Document]:
    """The documents of a JSONL stream; raises `UserError` naming `title` and the line."""
    for record, where in _records(stream, title):
        yield parse_record(record, where, gold)


def read_jsonl_texts(stream: Iterable[bytes], title: str) -> Iterator[Document]:
    """The same without entities: gold is not checked, and a text may be empty."""
    for record, where in _records(stream, title):
        yield Document(
            parse_text(record, where), record=record if isinstance(record, dict) else None
        )


def read_json(stream: Iterable[bytes], title: str, gold: Gold | None = None) -> Iterator[Document]:
    """The documents of one JSON array (held in memory); errors name the record, counted from 1."""
    for record, where in _array(stream, title):
        yield parse_record(record, where, gold)


def read_json_texts(stream: Iterable[bytes], title: str) -> Iterator[Document]:
    """The same without entities: gold is not checked, and a text may be empty."""
    for record, where in _array(stream, title):
        yield Document(
            parse_text(record, where), record=record if isinstance(record, dict) else None
        )


def _records(stream: Iterable[bytes], title: str) -> Iterator[tuple[Any, str]]:
    for number, line in read_lines(stream, title):
        if line.strip():
            where = f"{title}, line {number}"
            record = _loads(line, where)
            if isinstance(record, list) and not (record and isinstance(record[0], str)):
                raise UserError(
                    f"{where}: this is no JSON object but an array; name a file of one array "
                    ".json, or pass --format json."
                )
            yield record, where


def _array(stream: Iterable[bytes], title: str) -> Iterator[tuple[Any, str]]:
    text = "".join(f"{line}\n" for _, line in read_lines(stream, title))
    if not text.strip():
        return
    records = _loads(text, title)
    if isinstance(records, dict) and isinstance(records.get("annotations"), list):
        # NER Annotator (tecoholic): texts with entities, and null for what was not labelled yet
        told = [record for record in records["annotations"] if record is not None]
        if "classes" in records and all(isinstance(record, list) for record in told):
            records = told
    if not isinstance(records, list):
        raise UserError(
            f"{title}: a .json file must hold one array of documents; "
            "for an object a line, name it .jsonl or pass --format jsonl."
        )
    for number, record in enumerate(records, 1):
        yield record, f"{title}, record {number}"


def _loads(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}"
        raise UserError(f"{where}: broken JSON at {at} ({error.msg}); correct it.") from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 10,000 brackets
        raise UserError(f"{where}: JSON that cannot be read ({error}); correct it.") from None
