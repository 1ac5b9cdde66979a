"""GLiNER's flat decoding: the best spans that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument, compute_probability
from distilgliner.corpus.document import Document, Entity


def decode_flat(
    document: AnnotatedDocument, labels: Sequence[str], threshold: float = 0.5
) -> tuple[Entity, ...]:
    """The entities of an annotated document, exactly as GLiNER's `greedy_search` finds them.

    Spans whose probability exceeds `threshold` (strictly) are visited from the most probable to
    the least; one that shares a word with a span already taken is dropped. Of equally probable
    spans the first in `document.spans` wins. `labels` is the label set that `label_index` counts
    in. `threshold` must not be below the floor of the annotation, where spans are missing.

    Source: `gliner/decoding/decoder.py`, `BaseDecoder.greedy_search(flat_ner=True)`.
    """
    spans = document.spans
    probability = compute_probability(spans.logit)
    candidates = np.flatnonzero(probability > threshold)
    # Stable, as Python's `sorted` is in GLiNER.
    candidates = candidates[np.argsort(-probability[candidates], kind="stable")]
    words = document.words
    taken = bytearray(len(words))
    chosen = []
    for index in candidates.tolist():
        start, end = int(spans.word_start[index]), int(spans.word_end[index])
        if any(taken[start:end]):
            continue
        taken[start:end] = b"\x01" * (end - start)
        chosen.append(
            Entity(
                char_start=words[start][0],
                char_end=words[end - 1][1],
                label=labels[int(spans.label_index[index])],
                score=float(probability[index]),
            )
        )
    return tuple(sorted(chosen))


def label_by_teacher(
    documents: Iterable[AnnotatedDocument], labels: Sequence[str], threshold: float = 0.5
) -> list[Document]:
    """The documents with the teacher's decisions as their entities; see `decode_flat`."""
    return [
        Document(document.text, decode_flat(document, labels, threshold)) for document in documents
    ]
