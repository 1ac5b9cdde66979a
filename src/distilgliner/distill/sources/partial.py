"""Labelled text that people have annotated for some labels only: of others it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.findings import Findings
from distilgliner.corpus.labelled import read_labelled_documents, restrict_documents
from distilgliner.corpus.labels import check_labels, list_labels
from distilgliner.corpus.reading import Reading
from distilgliner.corpus.texts import list_documents

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True, slots=True)
class PartialDocument(Document):
    """A document in which people have looked for `labels` only.

    Where it has no entity, there may still be one of another label; a plain `Document` says that
    there is none of any label of the student.
    """

    labels: tuple[str, ...] = ()
    """Sorted."""


def mark_partial(
    documents: Iterable[Document], labels: Sequence[str], ignored: Sequence[str] = ()
) -> list[PartialDocument]:
    """Labelled documents as ones that were annotated for `labels` only.

    Raises `UserError` for a document without human labels, and for an entity whose label is neither
    in `labels` nor in `ignored` (it is left out then).
    """
    known = tuple(sorted(check_labels(labels)))
    checked = list_documents(documents, "labelled text")
    restricted = restrict_documents(
        checked, known, list_labels(ignored, "ignored"), "labelled text"
    )
    return [
        PartialDocument(document.text, document.entities, known, place=document.place)
        for document in restricted
    ]


def read_partly_labelled(
    sources: Sequence[str],
    labels: Sequence[str],
    labels_of: Mapping[str, Sequence[str]],
    ignored: Sequence[str] = (),
    **reading: Unpack[Reading],
) -> list[Document]:
    """As `read_labelled_documents`; those of a source in `labels_of` are partial ones.

    `reading` are options of `read_documents`.
    """
    documents: list[Document] = []
    findings = Findings()
    for source in sources:
        known = labels_of.get(source)
        if known is None:
            documents += read_labelled_documents(
                [source], labels, ignored, findings=findings, **reading
            )
        else:  # what another file says of other labels contradicts nothing
            read = read_labelled_documents([source], known, ignored, **reading)
            documents += mark_partial(read, known)
    findings.tell()
    return documents


def find_known_labels(document: Document) -> tuple[str, ...] | None:
    """The labels that a document was annotated for; None is all labels of the student."""
    return document.labels if isinstance(document, PartialDocument) else None


def select_known(document: Document, entities: Iterable[Entity]) -> list[Entity]:
    """Those of some entities of which the document says whether they are right."""
    known = find_known_labels(document)
    return [entity for entity in entities if known is None or entity.label in known]


def restrict_partial(
    documents: Sequence[Document], labels: Sequence[str], ignored: Sequence[str], source: str
) -> list[Document]:
    """As `restrict_documents`; partial documents stay so unless they know all of `labels`."""
    restricted: list[Document] = []
    for before, after in zip(
        documents, restrict_documents(documents, labels, ignored, source), strict=True
    ):
        known = find_known_labels(before)
        if known is not None and not set(labels) <= set(known):
            after = PartialDocument(after.text, after.entities, known, place=after.place)
        restricted.append(after)
    return restricted
