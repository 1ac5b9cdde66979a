"""What is odd about labelled text though it can be read: counted, and said once."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilgliner.errors import Notice

if TYPE_CHECKING:
    from distilgliner.corpus.document import Document

_MANY = 40  # characters of a text that a notice quotes


@dataclass
class _Count:
    """How often something was met, and the first case in words."""

    number: int = 0
    first: str = ""

    def add(self, first: str) -> None:
        self.number += 1
        self.first = self.first or first


@dataclass
class Findings:
    """Counts what readers meet; `tell` says it. One for all the sources that are used as one."""

    _stripped: _Count = field(default_factory=_Count)
    _repeated: _Count = field(default_factory=_Count)
    _contradicting: _Count = field(default_factory=_Count)
    _unlabelled: dict[str, _Count] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _seen: dict[bytes, tuple[bytes, str]] = field(default_factory=dict)

    def add_stripped(self, surface: str, where: str) -> None:
        """An entity or a token had white space at a border."""
        self._stripped.add(f"{_quote(surface)} in {where}")

    def add_unlabelled(self, reason: str, where: str) -> None:
        """A record with labels does not count as labelled, because of a `reason`."""
        self._unlabelled.setdefault(reason, _Count()).add(where)
        self._reasons[where] = reason

    def find_reason(self, where: str) -> str:
        """Why a record does not count as labelled, in brackets; empty for one without labels."""
        return f" (because of {self._reasons[where]})" if where in self._reasons else ""

    def add_document(self, document: Document) -> None:
        """A labelled document was read; remembers 16 bytes of its text and 8 of its entities."""
        if document.entities is None:
            return
        spans = [(e.char_start, e.char_end, e.label) for e in document.entities]
        text, entities = _digest(document.text), _digest(repr(spans))[:8]
        if text not in self._seen:
            self._seen[text] = entities, document.place
            return
        known, place = self._seen[text]
        if known == entities:
            self._repeated.add(f"{document.place}, as {place}")
        else:
            self._contradicting.add(f"{document.place}, against {place}")

    def describe(self) -> list[str]:
        """A sentence for each kind of finding; none when all is well."""
        told = []
        if self._stripped.number:
            told.append(
                "white space at the borders of "
                f"{_count(self._stripped, 'entity or word', 'entities or words')} was left out, "
                f"first of {self._stripped.first}"
            )
        if self._contradicting.number:
            told.append(
                f"{_count(self._contradicting, 'text is', 'texts are')} labelled again with other "
                f"entities; keep one of the two, first {self._contradicting.first}"
            )
        if self._repeated.number:
            told.append(
                f"{_count(self._repeated, 'labelled text', 'labelled texts')} had been read "
                f"before, with the same entities, first {self._repeated.first}"
            )
        told += [
            f"{_count(count, 'record does', 'records do')} not count as labelled, because of "
            f"{reason}, first {count.first}"
            for reason, count in self._unlabelled.items()
        ]
        return told

    def tell(self) -> None:
        """Warn of each finding with a `Notice`."""
        for sentence in self.describe():
            warnings.warn(sentence, Notice, stacklevel=2)


def watch_documents(documents: Iterable[Document], findings: Findings) -> Iterable[Document]:
    """The documents, each of them shown to `findings`."""
    for document in documents:
        findings.add_document(document)
        yield document


def _count(count: _Count, one: str, many: str) -> str:
    return f"{count.number:,} {one if count.number == 1 else many}"


def _quote(text: str) -> str:
    return repr(text if len(text) <= _MANY else f"{text[: _MANY - 1]}…")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
