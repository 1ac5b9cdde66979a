"""Plain text, unlabelled: a line a document, or a file a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from distilgliner.corpus.document import Document
from distilgliner.corpus.reading import Gold
from distilgliner.corpus.source import Source, open_bytes, read_lines
from distilgliner.errors import UserError


def read_text_lines(
    stream: Iterable[bytes], title: str, gold: Gold | None = None
) -> Iterator[Document]:
    """A document for every line that is not blank."""
    for number, line in read_lines(stream, title):
        if line.strip():
            yield Document(line, place=f"{title}, line {number}")


def read_every_text_line(stream: Iterable[bytes], title: str) -> Iterator[Document]:
    """A document for every line, blank ones too."""
    for _, line in read_lines(stream, title):
        yield Document(line)


def read_text_file(
    stream: Iterable[bytes], title: str, gold: Gold | None = None
) -> Iterator[Document]:
    """The whole file as one document (none when it is blank); any line end becomes \\n."""
    for document in read_every_text_file(stream, title):
        if document.text.strip():
            yield document


def read_every_text_file(stream: Iterable[bytes], title: str) -> Iterator[Document]:
    """The same, a blank file too."""
    yield Document("\n".join(line for _, line in read_lines(stream, title)), place=title)


def read_text_folder(source: Source, *, keep_blank: bool = False) -> Iterator[Document]:
    """A document for every `.txt` or `.txt.gz` file below the folder, sorted by path.

    Blank files are skipped unless `keep_blank`. Raises `UserError` when there is no such file.
    """
    read = read_every_text_file if keep_blank else read_text_file
    paths = sorted(
        path
        for pattern in ("*.txt", "*.txt.gz")
        for path in source.path.rglob(pattern)
        if path.is_file()
    )
    if not paths:
        raise UserError(
            f"The folder {source.title} holds no .txt file; name a file, or a folder of text files."
        )
    for path in paths:
        member = Source(str(path))
        with open_bytes(member) as stream:
            yield from read(stream, member.title)
