"""Reading documents from anywhere: one entry point that picks the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from distilgliner.corpus.document import Document
from distilgliner.corpus.findings import Findings
from distilgliner.corpus.formats import columns, inline, jsonl, text
from distilgliner.corpus.formats.sniffing import check_text, sniff
from distilgliner.corpus.reading import Gold, build_gold
from distilgliner.corpus.source import STDIN, Source, open_bytes, parse_source, take_slice
from distilgliner.errors import UserError

FORMATS: dict[str, str] = {
    "jsonl": "a JSON object a line",
    "json": "one JSON array of objects (GLiNER's training data)",
    "conll": "a word and its tag a line, in IOB1, IOB2 or BIOES, told from the tags",
    "csv": "the same, with commas between the columns",
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
    ".csv": "csv",
    ".inline": "inline",
    ".txt": "text",
    ".text": "text",
    ".spacy": "spacy",
}
UNSURE_TEXT = "text?"
"""Text by its name only."""
_COMMAS = ("csv",)
_TAG_SCHEMES = {
    "conll": None,
    "csv": None,
    "iob1": "iob1",
    "iob2": "iob2",
    "bioes": "bioes",
}

_READERS: dict[str, Callable[[Any, str, Gold], Iterator[Document]]] = {
    "jsonl": jsonl.read_jsonl,
    "json": jsonl.read_json,
    "inline": inline.read_inline,
    "text": text.read_text_lines,
    "text-file": text.read_text_file,
}
# For prediction: entities are not looked at, and an empty text is a document all the same.
_LENIENT_READERS: dict[str, Callable[[Any, str], Iterator[Document]]] = {
    "inline": inline.read_inline,
    "jsonl": jsonl.read_jsonl_texts,
    "json": jsonl.read_json_texts,
    "text": text.read_every_text_line,
    "text-file": text.read_every_text_file,
}


def read_documents(
    source: str | Path,
    *,
    format: str | None = None,
    offsets: str = "characters",
    tag_column: str | int | None = None,
    findings: Findings | None = None,
) -> Iterator[Document]:
    """Read the documents of `source`, streaming.

    `source` is a file, optionally packed (`.gz`); a folder of `.txt` files, a file a document; "-"
    for standard input; or `hf:NAME[/CONFIG]:SPLIT`. It may end in a slice over documents, such as
    `dev.jsonl[:100]`. `format` is a key of `FORMATS`; None goes by the extension, and on standard
    input by its beginning: "{" begins JSONL, "[" an array of JSON, and everything else is text.
    `offsets` is what the start and end of entities count, see `offsets.OFFSETS`. `tag_column` is
    the column of tags that counts, where files have several: its number from 1, or its name.
    `findings` collects what is odd, such as white space at the borders of entities, or a text that
    is labelled twice; None warns of it (`errors.Notice`) when the last document has been read.

    Raises `UserError` at once for a source or format that does not exist, and on the way for bad
    content, naming the file and line; a source without any document is an error too.
    """
    wanted = parse_source(source)
    gold = build_gold(offsets, tag_column, findings)
    documents = _read(wanted, _choose_format(wanted, format), gold)
    return _watch(documents, gold.findings, tell=findings is None)


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
    documents = _read(wanted, _choose_format(wanted, format), None)
    return ((document.text, document.record) for document in documents)


def _watch(documents: Iterator[Document], findings: Findings, *, tell: bool) -> Iterator[Document]:
    for document in documents:
        findings.add_document(document)
        yield document
    if tell:
        findings.tell()


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
            f"name it .jsonl or the like, or pass --format with one of {', '.join(FORMATS)}."
        )
    found = _EXTENSIONS[extension]
    return UNSURE_TEXT if found == "text" else found


def _read(source: Source, format: str | None, gold: Gold | None) -> Iterator[Document]:
    """The documents of a slice; `gold` None is for texts only."""
    found = _not_empty(_dispatch(source, format, gold), source)
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


def _dispatch(source: Source, format: str | None, gold: Gold | None) -> Iterator[Document]:
    if format == "hf":
        from distilgliner.corpus.formats import huggingface

        if gold is None:
            yield from huggingface.read_huggingface_texts(source.name)
        else:
            yield from huggingface.read_huggingface(source.name, gold)
    elif format == "folder":
        yield from text.read_text_folder(source, keep_blank=gold is None)
    else:
        with open_bytes(source) as stream:
            yield from _read_stream(stream, source.title, format, gold)


def _read_stream(
    stream: BinaryIO, title: str, format: str | None, gold: Gold | None
) -> Iterator[Document]:
    lines: Iterable[bytes] = stream
    if format is None:
        format, lines = sniff(stream, title)
    elif format == UNSURE_TEXT:
        format, lines = check_text(stream, title)
    if format == "spacy":
        from distilgliner.corpus.formats.spacy_docbin import read_spacy

        yield from read_spacy(stream, title, gold)
    elif format in _TAG_SCHEMES and gold is None:
        yield from columns.read_column_texts(lines, title, has_commas=format in _COMMAS)
    elif format in _TAG_SCHEMES:
        scheme = _TAG_SCHEMES[format]
        yield from columns.read_columns(lines, title, scheme, gold, has_commas=format in _COMMAS)
    elif gold is None:
        yield from _LENIENT_READERS[format](lines, title)
    else:
        yield from _READERS[format](lines, title, gold)


def _not_empty(documents: Iterator[Document], source: Source) -> Iterator[Document]:
    first = next(documents, None)
    if first is None:
        raise UserError(f"{source.title} holds no document; give it at least one.")
    yield first
    yield from documents


def _bound(value: int | None) -> str:
    return "" if value is None else str(value)
