"""What callers hand over from Python as texts and documents: any iterable, checked item by item.

Nothing here imports pandas, numpy, datasets or pyarrow: their columns are iterables like any other.
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import replace
from numbers import Real
from typing import Any

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.entities import check_entities
from distilgliner.corpus.findings import Findings
from distilgliner.errors import UserError

_MISSING = ("NAType", "NaTType", "NullScalar")
"""What pandas and pyarrow have in place of a value."""


def list_texts(texts: Any, what: str = "texts") -> list[str]:
    """The texts as a list: of any iterable of strings, and of a string, which is one text.

    what: the name of the argument in messages. Columns count (a Series with any index, an array,
    `dataset["text"]`), tables do not. Raises `UserError` for anything else, naming the first row
    that is no string.
    """
    if isinstance(texts, str):
        return [texts]
    values = texts[:] if type(texts) is list else list(iterate_values(texts, what))
    if set(map(type, values)) - {str}:  # numpy's strings are Python's too
        for row, value in enumerate(values):
            if not isinstance(value, str):
                raise UserError(f"{name_row(what, row)} is {_explain_no_text(value)}.")
    return values


def check_text(text: Any) -> str:
    """One text. Raises `UserError` for anything but a string."""
    if isinstance(text, str):
        return text
    if isinstance(text, Iterable) and not isinstance(text, (bytes, bytearray, Mapping)):
        raise UserError(
            f"predict_entities takes one text, not a {type(text).__name__}; "
            "give several texts to batch_predict_entities."
        )
    raise UserError(f"The text is {_explain_no_text(text)}.")


def iterate_values(values: Any, what: str) -> Iterator[Any]:
    """The items of an iterable, unchecked.

    Raises `UserError` at once for what is no list of items: a table, a dict, bytes, a number.
    """
    columns = _find_columns(values)
    if columns is not None:
        column = "text" if "text" in columns or not columns else columns[0]
        kind = type(values).__name__
        name = "frame" if kind.endswith("Frame") else "table" if kind == "Table" else "dataset"
        raise UserError(
            f"{what}: a {kind} is a table; give one of its columns, as {name}[{_quote(column)}]"
            f" (it has: {', '.join(map(str, columns))})."
        )
    if isinstance(values, Mapping):
        raise UserError(f"{what}: a {type(values).__name__} has keys; give a list of its values.")
    if isinstance(values, (bytes, bytearray, memoryview)):
        raise UserError(f"{what}: bytes are no text; decode them first, as .decode('utf-8').")
    if hasattr(type(values), "to_pylist"):  # of pyarrow, whose own items are not Python's
        values = values.to_pylist()
    try:
        return iter(values)
    except TypeError:
        raise UserError(
            f"{what}: {_show(values)} is not a list; give a list, or any other iterable."
        ) from None


def name_row(what: str, row: int) -> str:
    """How messages name an item: as Python counts, and as people do."""
    return f"{what}[{row}] (row {row + 1})"


class CheckedDocuments:
    """Documents from a caller of the Python API, checked while they are gone through.

    A string is a document without labels. Entities come sorted, each once, inside their text, and
    do not overlap. Can be gone through as often as what it was made of.
    """

    def __init__(self, documents: Iterable[Document | str], source: str) -> None:
        """source: how messages call the documents. Raises `UserError` for what is no list."""
        if isinstance(documents, str):
            raise UserError(
                f"{source}: {_show(documents)} is one string; give a list of documents or texts, "
                "such as read_documents(file)."
            )
        if isinstance(documents, Document):
            raise UserError(f"{source}: a Document stands alone; give a list, as [document].")
        if not isinstance(documents, (list, tuple, Iterator)):
            iterate_values(documents, source or "documents")
        self._documents = documents
        self._source = source

    def __iter__(self) -> Iterator[Document]:
        """Raises `UserError` for an item that is no document, naming it."""
        place = f"{self._source}, document" if self._source else "document"
        findings = Findings()
        for number, item in enumerate(iterate_values(self._documents, self._source), 1):
            yield _check_document(item, f"{place} {number}", findings)
        findings.tell()

    def count(self) -> int | None:
        """How many there are; None for what does not know before its end."""
        return len(self._documents) if isinstance(self._documents, Sized) else None


def list_documents(documents: Iterable[Document | str], source: str) -> list[Document]:
    """All of `CheckedDocuments`."""
    return list(CheckedDocuments(documents, source))


def _check_document(item: Any, where: str, findings: Findings) -> Document:
    if isinstance(item, str):
        return Document(str(item))
    if not isinstance(item, Document):
        raise UserError(
            f"{where} is {_show(item)}, neither a Document nor a string; give Document(text) or "
            "Document(text, (Entity(start, end, label), …))."
        )
    where = item.place or where
    if not isinstance(item.text, str):
        raise UserError(f"{where}: the text is {_explain_no_text(item.text)}.")
    if item.entities is None:
        return item
    if not isinstance(item.entities, (tuple, list)):
        raise UserError(f"{where}: the entities are {_show(item.entities)}; give a tuple of them.")
    checked = check_entities(
        [_check_entity(entity, where) for entity in item.entities], item.text, where, findings
    )
    same = len(checked) == len(item.entities) and all(map(operator.is_, checked, item.entities))
    return item if same else replace(item, entities=checked)


def _check_entity(entity: Any, where: str) -> Entity:
    if not isinstance(entity, Entity):
        raise UserError(f"{where}: {_show(entity)} is no Entity; give Entity(start, end, label).")
    offsets: list[int] = []
    for value in (entity.char_start, entity.char_end):
        if isinstance(value, bool) or not hasattr(type(value), "__index__"):
            raise UserError(
                f"{where}: the offset {_show(value)} is no whole number; "
                "give characters from the start of the text."
            )
        offsets.append(int(value))
    if not isinstance(entity.label, str) or not entity.label.strip():
        raise UserError(f"{where}: the label {_show(entity.label)} is no name; give a string.")
    if type(entity.char_start) is int and type(entity.char_end) is int:
        return entity
    return Entity(offsets[0], offsets[1], entity.label, entity.score)


def _find_columns(values: Any) -> list[Any] | None:
    """The names of a table's columns; None for anything else.

    Looked up in the class: the attributes of a Series are also the labels of its index.
    """
    for name in ("column_names", "columns"):
        if hasattr(type(values), name) and not isinstance(values, Mapping):
            names = getattr(values, name)
            return [] if names is None else list(names)
    return None


def _explain_no_text(value: Any) -> str:
    if _is_missing(value):
        return f"{_show(value)}, not a string; leave it out, or give '' in its place"
    if isinstance(value, (bytes, bytearray)):
        return f"{_show(value)}, not a string; decode it first, as .decode('utf-8')"
    if isinstance(value, Mapping):
        return f"{_show(value)}, not a string; give its text, as row['text']"
    if isinstance(value, Document):
        return "a Document, not a string; give its text, as document.text"
    return f"{_show(value)}, not a string; give one string for each text"


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in _MISSING:
        return True
    return isinstance(value, Real) and value != value  # NaN equals nothing


def _show(value: Any) -> str:
    """A value for a message, on one line; its type where that does not show."""
    shown = " ".join(reprlib.repr(value).split())
    plain = value is None or isinstance(value, (str, bytes, int, float, list, tuple, dict))
    return shown if plain else f"{shown} ({type(value).__name__})"


def _quote(name: Any) -> str:
    return f'"{name}"' if isinstance(name, str) else repr(name)
