"""Whether labelled documents can choose anything: between epochs, thresholds, weights."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

from distilgliner.corpus.document import Document, Entity
from distilgliner.errors import Notice, UserError

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts without spaces: what their words are, a model's own splitter says."""


def check_can_choose(documents: Sequence[Document], source: str) -> None:
    """Raise `UserError` for documents in which no model can find an entity; none pass.

    That is so where there is no entity, and where none begins and ends at the border of a word.
    `source` is what the message calls the documents.
    """
    if not documents:
        return
    first: Document | None = None
    for document in documents:
        if not document.entities:
            continue
        first = first or document
        borders = {border for word in document.words() for border in word}
        if any(_can_be_found(document, entity, borders) for entity in document.entities):
            return
    if first is None:
        raise UserError(
            f"{source} holds no entity, so that nothing can be chosen by it; give other documents."
        )
    entity = (first.entities or ())[0]
    shown = first.text[entity.char_start : entity.char_end]
    raise UserError(
        f"{first.place or source}: {shown!r} and all other entities of {source} begin or end "
        "inside a word, so that no model can find one and nothing can be chosen there; correct "
        "their offsets."
    )


def warn_if_nothing_found(f1: float, documents: Sequence[Document], source: str) -> None:
    """Warn that something was chosen where all candidates were equal, because none found any."""
    count = sum(len(document.entities or ()) for document in documents)
    if f1 <= 0 < count:
        warnings.warn(
            f"none of the {count:,} entities of {source} was found, whatever was tried, so that "
            "what was chosen there is arbitrary; look at its labels, and give more text or epochs",
            Notice,
            stacklevel=2,
        )


def _can_be_found(document: Document, entity: Entity, borders: set[int]) -> bool:
    surface = document.text[entity.char_start : entity.char_end]
    return {entity.char_start, entity.char_end} <= borders or bool(_UNSPACED.search(surface))
