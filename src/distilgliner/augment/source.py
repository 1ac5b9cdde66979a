"""Where the documents to augment come from: annotations of a teacher, or labelled text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from distilgliner.annotate.decode import decode_flat
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.reading import Reading
from distilgliner.corpus.source import parse_source
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from distilgliner.annotate.store import AnnotationStore


class TeacherDocuments:
    """The documents of a store with the teacher's decisions as entities; read anew every time."""

    def __init__(self, store: AnnotationStore, threshold: float = 0.5) -> None:
        """Raises `UserError` for a threshold below the floor of the annotations."""
        floor = store.manifest.floor
        if threshold < floor:
            raise UserError(
                f"The threshold {threshold:g} is below the floor {floor:g} of the annotations in "
                f"{store.folder}; give {floor:g} at least, or annotate with a lower --floor."
            )
        self.store = store
        self.threshold = threshold

    def __len__(self) -> int:
        return len(self.store)

    def __iter__(self) -> Iterator[Document]:
        for document in self.store:
            yield Document(document.text, decode_flat(document, self.store.labels, self.threshold))


class InputDocuments:
    """The documents of a source of `read_documents`; read anew every time."""

    def __init__(self, source: str, **reading: Unpack[Reading]) -> None:
        self.source = source
        self.reading = reading

    def __iter__(self) -> Iterator[Document]:
        return read_documents(self.source, **self.reading)


def open_input(source: str, **reading: Unpack[Reading]) -> Iterable[Document]:
    """The documents of a source, to be gone through twice.

    They are streamed, but held in memory if they come only once, from standard input or a pipe.
    Raises `UserError` for a source or format that does
    not exist.
    """
    documents = read_documents(source, **reading)
    place = parse_source(source)
    if place.name.startswith("hf:") or place.path.is_file() or place.path.is_dir():
        return InputDocuments(source, **reading)
    return list(documents)
