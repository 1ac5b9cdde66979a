"""The documents to annotate: read once, counted, and cut into what becomes shards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from distilgliner.corpus.document import Document
from distilgliner.corpus.unspaced import is_unspaced
from distilgliner.corpus.words import Offsets
from distilgliner.errors import UserError

SHARD_CHARACTERS = 1_000_000
"""A shard also ends here, so that one of long documents does not take hours to be safe."""


class Corpus:
    """The input, read once: counted, fingerprinted, and cut into chunks of different texts."""

    def __init__(
        self, documents: Iterable[Document], split: Callable[[str], Offsets] | None = None
    ) -> None:
        """`split`, from a text to its words, finds the texts that it cannot cut; None: no text."""
        self._documents = documents
        self._split = split
        self.unspaced = 0
        """Different texts in scripts without spaces, of which phrases become one word."""
        self._fingerprint = hashlib.blake2b(digest_size=16)
        self.read = 0
        self.duplicates = 0

    @property
    def fingerprint(self) -> str:
        return self._fingerprint.hexdigest()

    def chunks(self, shard_documents: int) -> Iterator[list[Document]]:
        """The documents of one shard after the other."""
        seen: set[int] = set()  # as numbers: about 60 bytes a document
        chunk: list[Document] = []
        characters = 0
        for document in self._documents:
            self.read += 1
            self._check(document)
            key = document.id
            self._fingerprint.update(bytes.fromhex(key))
            if int(key, 16) in seen:
                self.duplicates += 1
                continue
            seen.add(int(key, 16))
            chunk.append(document)
            self.unspaced += self._split is not None and is_unspaced(document.text, self._split)
            characters += len(document.text)
            if len(chunk) == shard_documents or characters >= SHARD_CHARACTERS:
                yield chunk
                chunk, characters = [], 0
        if chunk:
            yield chunk

    def _check(self, document: Document) -> None:
        try:
            document.text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"Document {self.read} of the input has half a character (a lone surrogate) at "
                f"position {error.start}; correct the broken \\u escape there."
            ) from None
