"""Teachers as the gold of their own texts fits them (targets mixed)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.sources.partial import find_known_labels
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import compute_entity_tags
from distilgliner.distill.targets.teacher_calibration import calibrate_teacher
from distilgliner.distill.training.examples import group_gold
from distilgliner.metrics.spans import compute_span_quality, entity_spans


def fit_teachers(
    teachers: Sequence[StoredTeacher],
    transfer: Sequence[TransferDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    *,
    roles: bool,
) -> tuple[StoredTeacher, ...]:
    """The teachers with the temperature and bias under which the gold of their texts is likeliest.

    Each also gets the strict F1 of its decisions on that gold (`gold_f1`). A teacher without gold
    among its texts stays as it is.
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
        known = list(_find_gold(annotated, gold, labels, asked))
        pairs = [_tag(*pair, labels, roles=roles) for pair in known]
        target = calibrate_teacher(pairs, len(labels), teacher.target, roles=roles)
        f1 = _measure(known, labels, teacher.target.teacher_threshold)
        fitted.append(replace(teacher, target=target, gold_f1=f1))
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
    found = _find_gold(annotated, gold, labels, asked)
    return [_tag(document, entities, labels, roles=roles) for document, entities in found]


def _tag(
    document: AnnotatedDocument, entities: Sequence[Entity], labels: Sequence[str], *, roles: bool
) -> tuple[AnnotatedDocument, np.ndarray]:
    return document, compute_entity_tags(entities, document.words, labels, roles=roles)


def _measure(
    found: Sequence[tuple[AnnotatedDocument, Sequence[Entity]]],
    labels: Sequence[str],
    threshold: float,
) -> float | None:
    """Strict F1 of the teacher's decisions on gold; None where there is none."""
    if not any(entities for _, entities in found):
        return None
    wanted = [entity_spans(entities) for _, entities in found]
    said = [entity_spans(decode_flat(document, labels, threshold)) for document, _ in found]
    return compute_span_quality(wanted, said).micro.f1


def _find_gold(
    annotated: Iterable[AnnotatedDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    asked: Sequence[str] | None,
) -> Iterator[tuple[AnnotatedDocument, Sequence[Entity]]]:
    """The annotated documents that have gold, each with its entities; see `pair_with_gold`."""
    gold_of = group_gold(gold)
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
            yield document, entities


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
