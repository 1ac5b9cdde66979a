"""Writing documents as JSONL with character offsets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from distilgliner.corpus.document import Document
from distilgliner.errors import UserError


def document_record(document: Document) -> dict[str, Any]:
    """The JSON object of a document; without "entities" when it is unlabelled."""
    record: dict[str, Any] = {"text": document.text}
    if document.entities is not None:
        record["entities"] = [
            {"start": entity.char_start, "end": entity.char_end, "label": entity.label}
            for entity in document.entities
        ]
    return record


def write_documents(documents: Iterable[Document], path: str | Path) -> int:
    """Write the documents to `path` as JSONL; returns how many.

    The file appears only when it is complete. Raises `UserError` when it cannot be written.
    """
    count = 0
    with open_atomically(path) as stream:
        for document in documents:
            stream.write(json.dumps(document_record(document), ensure_ascii=False) + "\n")
            count += 1
    return count


@contextmanager
def open_atomically(path: str | Path) -> Iterator[TextIO]:
    """A text stream (UTF-8) that becomes the file `path` when the block ends without an error."""
    target = Path(path)
    if target.is_dir():
        raise UserError(f"{target} is a folder; give a file.")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(
            f"{target} cannot be written ({error.strerror or error}); choose another path."
        ) from None
    try:
        with stream:
            yield stream
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
