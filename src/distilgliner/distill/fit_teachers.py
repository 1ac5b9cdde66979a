"""Teachers as the gold of their own texts fits them (targets mixed)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.corpus.document import Document
from distilgliner.distill.examples import group_gold
from distilgliner.distill.partial import find_known_labels
from distilgliner.distill.targets import compute_entity_tags
from distilgliner.distill.teacher_calibration import calibrate_teacher
from distilgliner.distill.transfer import StoredTeacher, TransferDocument


def fit_teachers(
    teachers: Sequence[StoredTeacher],
    transfer: Sequence[TransferDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    *,
    roles: bool,
) -> tuple[StoredTeacher, ...]:
    """The teachers with the temperature and bias under which the gold of their texts is likeliest.

    A teacher without gold among its texts stays as it is.
    """
    fitted = []
    for row, teacher in enumerate(teachers):
        annotated = [
            annotation
            for document in transfer
            for owner, annotation in zip(document.teachers, document.annotations, strict=True)
            if owner == row
        ]
        asked = None if set(teacher.labels) == set(labels) else teacher.labels
        pairs = pair_with_gold(annotated, gold, labels, roles=roles, asked=asked)
        target = calibrate_teacher(pairs, len(labels), teacher.target, roles=roles)
        fitted.append(replace(teacher, target=target))
    return tuple(fitted)


def pair_with_gold(
    annotated: Iterable[AnnotatedDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    *,
    roles: bool,
    asked: Sequence[str] | None = None,
) -> list[tuple[AnnotatedDocument, np.ndarray]]:
    """The annotated documents that have gold, each with its gold tags (L,).

    asked: the labels that the teacher was asked for; None is all. Only labels that teacher and
    people both know are kept on either side.
    """
    gold_of = group_gold(gold)
    pairs = []
    for document in annotated:
        if document.id not in gold_of or not document.words:
            continue
        human = gold_of[document.id][0]
        entities = human.entities or ()
        known = _intersect(asked, find_known_labels(human))
        if known is not None:
            entities = tuple(entity for entity in entities if entity.label in known)
            document = _restrict_spans(document, [label in known for label in labels])
        if known is None or known:
            tags = compute_entity_tags(entities, document.words, labels, roles=roles)
            pairs.append((document, tags))
    return pairs


def _intersect(one: Sequence[str] | None, other: Sequence[str] | None) -> set[str] | None:
    """The labels of both; None is all labels."""
    if one is None or other is None:
        given = one if other is None else other
        return None if given is None else set(given)
    return set(one) & set(other)


def _restrict_spans(document: AnnotatedDocument, is_known: Sequence[bool]) -> AnnotatedDocument:
    """The annotation with only the spans of some labels."""
    spans = document.spans
    kept = np.array(is_known, dtype=bool)[spans.label_index]
    columns = (spans.word_start, spans.word_end, spans.label_index, spans.logit)
    return replace(document, spans=SpanScores(*(column[kept] for column in columns)))
