"""GLiNER's flat decoding: the best spans that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument, compute_probability
from distilgliner.corpus.document import Document, Entity
from distilgliner.corpus.flat import choose_flat


def decode_flat(
    document: AnnotatedDocument, labels: Sequence[str], threshold: float = 0.5
) -> tuple[Entity, ...]:
    """The entities of an annotated document, exactly as GLiNER's `greedy_search` finds them.

    They are chosen, see `choose_flat`, among the spans whose probability exceeds `threshold`
    (strictly). Of equally probable spans the first in `document.spans` wins. `labels` is the label
    set that `label_index` counts in. `threshold` must not be below the floor of the annotation,
    where spans are missing.
    """
    spans, words = document.spans, document.words
    probability = compute_probability(spans.logit)
    candidates = np.flatnonzero(probability > threshold)
    start, end = spans.word_start[candidates], spans.word_end[candidates]
    chosen = candidates[choose_flat(start, end, probability[candidates])]
    return tuple(
        sorted(
            Entity(
                char_start=words[spans.word_start[index]][0],
                char_end=words[spans.word_end[index] - 1][1],
                label=labels[int(spans.label_index[index])],
                score=float(probability[index]),
            )
            for index in chosen.tolist()
        )
    )


def label_by_teacher(
    documents: Iterable[AnnotatedDocument], labels: Sequence[str], threshold: float = 0.5
) -> list[Document]:
    """The documents with the teacher's decisions as their entities; see `decode_flat`."""
    return [
        Document(document.text, decode_flat(document, labels, threshold)) for document in documents
    ]
