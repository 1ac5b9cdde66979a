"""spaCy's training data: a `DocBin` in a `.spacy` file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.entities import check_entities
from distilgliner.corpus.formats.tokens import parse_label
from distilgliner.corpus.reading import Gold
from distilgliner.errors import UserError, missing_extra

_MISSING = 0
"""`Token.ent_iob` where nothing is known."""


def read_spacy(stream: BinaryIO, title: str, gold: Gold | None = None) -> Iterator[Document]:
    """The documents of a DocBin (held in memory); docs without NER annotation are unlabelled.

    So are those where it is missing for some tokens: there, nobody knows what is no entity. `gold`
    None is for texts only, which may be empty.

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
        yield Document(doc.text, place=where) if gold is None else _read_doc(doc, where, gold)
        doc = next(docs, None)


def _read_doc(doc: Any, where: str, gold: Gold) -> Document:
    if not doc.text.strip():
        raise UserError(f"{where}: the text is empty; remove the document.")
    known = [token.ent_iob != _MISSING for token in doc if not token.is_space]
    if not any(known):
        _check_span_groups(doc, where)
        return Document(doc.text, place=where)
    if not all(known):
        gold.findings.add_unlabelled("missing annotation of some tokens", where)
        return Document(doc.text, place=where)
    entities = [
        Entity(span.start_char, span.end_char, parse_label(span.label_, where)) for span in doc.ents
    ]
    checked = check_entities(entities, doc.text, where, gold.findings)
    return Document(doc.text, checked, place=where)


def _check_span_groups(doc: Any, where: str) -> None:
    """Raise `UserError` for entities that are not in `doc.ents`."""
    group = next((key for key, spans in doc.spans.items() if any(s.label_ for s in spans)), None)
    if group is not None:
        raise UserError(
            f"{where}: the labels are in doc.spans[{group!r}]; set them as entities with "
            "doc.set_ents(spans) where they do not overlap, and write the file again."
        )
