"""Documents and entities: the types that every stage shares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from distilgliner.corpus.labels import join_labels
from distilgliner.corpus.splitters import find_splitter
from distilgliner.corpus.words import WORD_SPLITTER, Offsets
from distilgliner.errors import UserError

_INVISIBLE = frozenset(
    "\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters without width that separate or order words, and are no part of any."""


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A labelled stretch of text: `text[char_start:char_end]`, the end exclusive."""

    char_start: int
    char_end: int
    label: str
    score: float = field(default=1.0, compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A text with, perhaps, its entities.

    `entities` is None when nobody has labelled the text (which is not the same as a text that was
    labelled and has no entity: that is the empty tuple). Entities are sorted and do not overlap.
    """

    text: str
    entities: tuple[Entity, ...] | None = None
    place: str = field(default="", compare=False, repr=False, kw_only=True)
    """Where it was read ("notes.jsonl, line 3"), for messages; says nothing of what it is."""
    record: dict[str, Any] | None = field(default=None, compare=False, repr=False, kw_only=True)
    """The JSON object it was read from, where that is wanted; see `read_inputs`."""

    @property
    def id(self) -> str:
        """A short hash of the text: equal texts are the same document wherever they stand."""
        return text_id(self.text)

    def words(self, word_splitter: str = WORD_SPLITTER) -> Offsets:
        """The words as `(char_start, char_end)`, by a splitter of `find_splitter`."""
        return find_splitter(word_splitter)(self.text)


def text_id(text: str) -> str:
    """16 hex digits that identify a text, independent of the process and its hash seed."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def is_blank(character: str) -> bool:
    """Whether a character shows nothing: white space, or without width, or a byte-order mark."""
    return character.isspace() or character in _INVISIBLE


def strip_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the blank characters (see `is_blank`) at its borders; may be empty."""
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return start, end


def restrict_labels(
    document: Document, labels: Sequence[str], ignored: Sequence[str], where: str
) -> Document:
    """The document with only the entities whose label is in `labels`; unlabelled ones unchanged.

    Raises `UserError` when an entity's label is neither in `labels` nor in `ignored`.
    """
    if document.entities is None:
        return document
    kept = []
    for entity in document.entities:
        if entity.label in labels:
            kept.append(entity)
        elif entity.label not in ignored:
            raise UserError(
                f"{where}: unknown label {entity.label!r} (known: {', '.join(labels)}); "
                f"add it to the labels or pass --ignore-labels {join_labels([entity.label])!r}."
            )
    return Document(document.text, tuple(kept), place=document.place)
