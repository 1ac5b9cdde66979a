"""Human labels of texts, of which some were annotated several times for different labels."""

from __future__ import annotations

from collections.abc import Sequence

from distilgliner.corpus.document import Document
from distilgliner.distill.sources.partial import find_known_labels


def group_gold(gold: Sequence[Document]) -> dict[str, list[Document]]:
    """The gold of each text: one document for each label set, the one with most labels first.

    Of two documents with the same text and label set, the last one counts.
    """
    found: dict[str, dict[tuple[str, ...] | None, Document]] = {}
    for document in gold:
        found.setdefault(document.id, {})[find_known_labels(document)] = document
    return {
        key: [by_labels[known] for known in sorted(by_labels, key=_rank_labels)]
        for key, by_labels in found.items()
    }


def _rank_labels(known: tuple[str, ...] | None) -> tuple[bool, int, tuple[str, ...]]:
    return (known is not None, -len(known or ()), known or ())
