"""Annotated texts that have gold: what the teacher and people have both looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument, SpanScores
from distilgliner.corpus.document import Document, Entity
from distilgliner.distill.sources.gold import group_gold
from distilgliner.distill.sources.partial import find_known_labels
from distilgliner.distill.targets.tags import compute_entity_tags


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
    found = find_gold(annotated, gold, labels, asked)
    return [add_tags(document, entities, labels, roles=roles) for document, entities in found]


def add_tags(
    document: AnnotatedDocument, entities: Sequence[Entity], labels: Sequence[str], *, roles: bool
) -> tuple[AnnotatedDocument, np.ndarray]:
    return document, compute_entity_tags(entities, document.words, labels, roles=roles)


def find_gold(
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
