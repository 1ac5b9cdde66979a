"""Texts that are held out for dev: some, by their hashes, never one that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from distilgliner.corpus.document import Document, text_id
from distilgliner.corpus.split import text_key
from distilgliner.distill.sources.transfer import TransferDocument

HELD_OUT = 10
"""Without dev documents every tenth text (by its hash) is held out, if any."""

D = TypeVar("D", Document, TransferDocument)


def hold_out(documents: Sequence[D]) -> tuple[list[D], list[D]]:
    """Every tenth text in the order of their hashes, which are as good as random.

    Equal texts (see `text_key`) stay on one side.
    """
    keys = sorted({text_key(document.text) for document in documents})
    held = set(sorted(keys, key=text_id)[::HELD_OUT])
    sides: tuple[list[D], list[D]] = ([], [])
    for document in documents:
        sides[text_key(document.text) in held].append(document)
    return sides


def part_by_texts(documents: Sequence[D], known: Sequence[Document]) -> tuple[list[D], list[D]]:
    """The documents whose text is one of `known`, and the others."""
    keys = {text_key(document.text) for document in known}
    sides: tuple[list[D], list[D]] = ([], [])
    for document in documents:
        sides[text_key(document.text) not in keys].append(document)
    return sides
