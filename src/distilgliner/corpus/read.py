"""Reading documents from anywhere: one entry point that picks the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from distilgliner.corpus import columns, inline, jsonl, text
from distilgliner.corpus.document import Document
from distilgliner.corpus.source import STDIN, Source, open_bytes, parse_source, take_slice
from distilgliner.errors import UserError

FORMATS: dict[str, str] = {
    "jsonl": "a JSON object a line",
    "json": "one JSON array of objects (GLiNER's training data)",
    "conll": "a word and its tag a line, in IOB1, IOB2 or BIOES, told from the tags",
    "iob1": "the same, in IOB1",
    "iob2": "the same, in IOB2",
    "bioes": "the same, in BIOES, IOBES or BILOU",
    "inline": "a text a line, entities as [Ada Lovelace|person]",
    "text": "a text a line",
    "text-file": "the whole file is one text",
    "spacy": "a spaCy DocBin",
}
_EXTENSIONS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".conll": "conll",
    ".conll03": "conll",
    ".iob": "conll",
    ".iob1": "iob1",
    ".iob2": "iob2",
    ".bio": "conll",
    ".bioes": "bioes",
    ".iobes": "bioes",
    ".bilou": "bioes",
    ".tsv": "conll",
    ".inline": "inline",
    ".txt": "text",
    ".text": "text",
    ".spacy": "spacy",
}
_TAG_SCHEMES = {"conll": None, "iob1": "iob1", "iob2": "iob2", "bioes": "bioes"}

_Reader = Callable[[Any, str], Iterator[Document]]
_READERS: dict[str, _Reader] = {
    "jsonl": jsonl.read_jsonl,
    "json": jsonl.read_json,
    "inline": inline.read_inline,
    "text": text.read_text_lines,
    "text-file": text.read_text_file,
}
# For prediction: entities are not looked at, and an empty text is a document all the same.
_LENIENT_READERS: dict[str, _Reader] = {
    **_READERS,
    "jsonl": jsonl.read_jsonl_texts,
    "json": jsonl.read_json_texts,
    "text": text.read_every_text_line,
    "text-file": text.read_every_text_file,
}


def read_documents(source: str | Path, *, format: str | None = None) -> Iterator[Document]:
    """Read the documents of `source`, streaming.

    `source` is a file, optionally packed (`.gz`); a folder of `.txt` files, a file a document; "-"
    for standard input; or `hf:NAME[/CONFIG]:SPLIT`. It may end in a slice over documents, such as
    `dev.jsonl[:100]`. `format` is a key of `FORMATS`; None goes by the extension, and on standard
    input by the first character: "{" begins JSONL, everything else is text.

    Raises `UserError` at once for a source or format that does not exist, and on the way for bad
    content, naming the file and line; a source without any document is an error too.
    """
    wanted = parse_source(source)
    return _read(wanted, _choose_format(wanted, format), lenient=False)


def read_texts(source: str | Path, *, format: str | None = None) -> Iterator[str]:
    """Read only the texts of `source`, for prediction: one for every input, in order.

    Like `read_documents`, but empty texts, blank lines of plain text and blank files of a folder
    are kept, and the entities of JSON records are not looked at. (Blank lines between JSON records
    are no input.)
    """
    return (text for text, _ in read_inputs(source, format=format))


def read_inputs(
    source: str | Path, *, format: str | None = None
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """As `read_texts`, each with the JSON object that it was read from; None in other formats."""
    wanted = parse_source(source)
    documents = _read(wanted, _choose_format(wanted, format), lenient=True)
    return ((document.text, document.record) for document in documents)


def _choose_format(source: Source, format: str | None) -> str | None:
    """The key of `FORMATS`, "hf" or "folder"; None: to be seen from the first character."""
    if format is not None and format not in FORMATS:
        raise UserError(f"The format {format!r} is unknown; use one of {', '.join(FORMATS)}.")
    if source.name.startswith("hf:"):
        return "hf"
    if source.name == STDIN:
        return format
    if not source.path.exists():
        raise UserError(f"{source.title} does not exist; check the path.")
    if source.path.is_dir():
        if format not in (None, "text", "text-file"):
            raise UserError(f"{source.title} is a folder, not a file in the format {format!r}.")
        return "folder"
    if format is not None:
        return format
    extension = source.suffixes[-1] if source.suffixes else ""
    if extension not in _EXTENSIONS:
        raise UserError(
            f"The format of {source.title} cannot be told from its name; "
            f"pass --format with one of {', '.join(FORMATS)}."
        )
    return _EXTENSIONS[extension]


def _read(source: Source, format: str | None, *, lenient: bool) -> Iterator[Document]:
    found = _not_empty(_dispatch(source, format, lenient), source)
    if source.start is None and source.stop is None:
        yield from found
        return
    some = False
    for document in take_slice(found, source):
        some = True
        yield document
    if not some:
        raise UserError(
            f"The slice [{_bound(source.start)}:{_bound(source.stop)}] of {source.title} "
            "selects no document; widen it."
        )


def _dispatch(source: Source, format: str | None, lenient: bool) -> Iterator[Document]:
    if format == "hf":
        from distilgliner.corpus import huggingface

        read = huggingface.read_huggingface_texts if lenient else huggingface.read_huggingface
        yield from read(source.name)
    elif format == "folder":
        yield from text.read_text_folder(source, keep_blank=lenient)
    else:
        with open_bytes(source) as stream:
            yield from _read_stream(stream, source.title, format, lenient)


def _read_stream(
    stream: BinaryIO, title: str, format: str | None, lenient: bool
) -> Iterator[Document]:
    lines: Iterable[bytes] = stream
    if format is None:
        format, lines = _sniff(stream)
    if format == "spacy":
        from distilgliner.corpus.spacy_docbin import read_spacy

        yield from read_spacy(stream, title)
    elif format in _TAG_SCHEMES:
        yield from columns.read_columns(lines, title, _TAG_SCHEMES[format])
    else:
        readers = _LENIENT_READERS if lenient else _READERS
        yield from readers[format](lines, title)


def _sniff(stream: Iterable[bytes]) -> tuple[str, Iterable[bytes]]:
    """The format of standard input, and its lines, the ones looked at included."""
    lines = iter(stream)
    seen: list[bytes] = []
    for line in lines:
        seen.append(line)
        start = line.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start:
            return "jsonl" if start.startswith(b"{") else "text", chain(seen, lines)
    return "text", seen


def _not_empty(documents: Iterator[Document], source: Source) -> Iterator[Document]:
    first = next(documents, None)
    if first is None:
        raise UserError(f"{source.title} holds no document; give it at least one.")
    yield first
    yield from documents


def _bound(value: int | None) -> str:
    return "" if value is None else str(value)
