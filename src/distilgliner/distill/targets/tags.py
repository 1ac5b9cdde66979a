"""Tags of one document, one for each word: of human labels, or of the teacher's decisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.corpus.align import align_spans
from distilgliner.corpus.document import Entity
from distilgliner.distill.config import TargetConfig
from distilgliner.student.tags import encode_tags


def compute_entity_tags(
    entities: Sequence[Entity],
    words: Sequence[tuple[int, int]],
    labels: Sequence[str],
    *,
    roles: bool,
) -> np.ndarray:
    """Tags (L,) int64 of labelled text: gold from human labels, hard from a teacher's decisions."""
    index = {label: position for position, label in enumerate(labels)}
    spans, _ = align_spans(
        ((entity.char_start, entity.char_end, index[entity.label]) for entity in entities), words
    )
    return encode_tags(spans, len(words), roles=roles)


def compute_hard_tags(
    document: AnnotatedDocument, labels: Sequence[str], config: TargetConfig, *, roles: bool
) -> np.ndarray:
    """The teacher's greedy flat decisions at its threshold as tags (L,)."""
    entities = decode_flat(document, labels, threshold=config.teacher_threshold)
    return compute_entity_tags(entities, document.words, labels, roles=roles)
