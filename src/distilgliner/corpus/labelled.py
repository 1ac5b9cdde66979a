"""Labelled text: documents that must have human labels, of a known label set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from distilgliner.corpus.document import Document, restrict_labels
from distilgliner.corpus.findings import Findings
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.reading import Reading
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from typing_extensions import Unpack


def read_labelled_documents(
    sources: Sequence[str],
    labels: Sequence[str] | None,
    ignored: Sequence[str] = (),
    *,
    findings: Findings | None = None,
    **reading: Unpack[Reading],
) -> list[Document]:
    """The documents of several sources, one after the other, with the entities of `labels`.

    `labels` None means every label but the `ignored` ones. `reading` are options of
    `read_documents`. What is odd, in one source or between them, such as a text that is labelled
    twice, is collected in `findings`; None warns of it. Raises `UserError` that names the source
    and the document when that has no labels, or one that is neither in `labels` nor in `ignored`.
    """
    collected = Findings() if findings is None else findings
    documents = []
    for source in sources:
        read = read_documents(source, findings=collected, **reading)
        documents += restrict_documents(read, labels, ignored, source, collected)
    if findings is None:
        collected.tell()
    return documents


def restrict_documents(
    documents: Iterable[Document],
    labels: Sequence[str] | None,
    ignored: Sequence[str],
    source: str,
    findings: Findings | None = None,
) -> list[Document]:
    """Labelled documents with only the entities of `labels`; see `read_labelled_documents`.

    `findings` knows why a document has no labels.
    """
    restricted = []
    for number, document in enumerate(documents, 1):
        where = document.place or f"{source}, document {number}"
        if document.entities is None:
            reason = "" if findings is None else findings.find_reason(where)
            raise UserError(f"{where}, has no human labels{reason}; give labelled text.")
        known = labels
        if known is None:
            known = [e.label for e in document.entities if e.label not in ignored]
        restricted.append(restrict_labels(document, known, ignored, where))
    return restricted
