"""spaCy's training data: a `DocBin` in a `.spacy` file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from distilgliner.corpus.document import Document, Entity, check_entities
from distilgliner.corpus.records import parse_label
from distilgliner.errors import UserError, missing_extra


def read_spacy(stream: BinaryIO, title: str) -> Iterator[Document]:
    """The documents of a DocBin (held in memory); docs without NER annotation are unlabelled.

    Raises `UserError` when spaCy is missing or the file is no DocBin.
    """
    packed = stream.read()
    if not packed:
        return
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        raise missing_extra("spacy", "spacy") from None
    try:
        docs = DocBin().from_bytes(packed).get_docs(spacy.blank("xx").vocab)
        first = next(docs, None)
    except Exception:  # zlib, msgpack and numpy faults, all for the same reason
        raise UserError(
            f"{title} is no spaCy DocBin; write it with DocBin(docs=docs).to_disk(path)."
        ) from None
    number = 0
    doc = first
    while doc is not None:
        number += 1
        where = f"{title}, document {number}"
        if not doc.text.strip():
            raise UserError(f"{where}: the text is empty; remove the document.")
        if not doc.has_annotation("ENT_IOB"):
            yield Document(doc.text)
        else:
            entities = [
                Entity(span.start_char, span.end_char, parse_label(span.label_, where))
                for span in doc.ents
            ]
            yield Document(doc.text, check_entities(entities, doc.text, where), place=where)
        doc = next(docs, None)
