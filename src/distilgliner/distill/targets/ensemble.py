"""Several teachers of one text: their scores put together, whatever labels each was asked for.

GLiNER scores every label on its own, so that the spans of two label sets can stand side by side in
one distribution. A teacher that was not asked for a label is completed by those that were, and
then all of them say something of the same labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, build_span_scores
from distilgliner.corpus.document import Document
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.partial import PartialDocument
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import scale_spans
from distilgliner.distill.targets.forms import ComputeTargets
from distilgliner.distill.targets.soft_targets import SoftTargets, average_targets

_MOST = 500.0
"""What an infinite logit counts as."""


@dataclass(frozen=True)
class TeacherAnnotation:
    """What one teacher says of a text: its annotation, the labels it was asked for (indices), its
    weight, and how its scores become targets."""

    document: AnnotatedDocument
    labels: frozenset[int]
    weight: float
    target: TargetConfig


def list_annotations(
    document: TransferDocument, teachers: Sequence[StoredTeacher], labels: Sequence[str]
) -> list[TeacherAnnotation]:
    """What the teachers of a text say, in the order of `teachers`."""
    index = {label: position for position, label in enumerate(labels)}
    return [
        TeacherAnnotation(
            annotation,
            frozenset(index[label] for label in teachers[row].labels),
            teachers[row].weight,
            teachers[row].target,
        )
        for row, annotation in zip(document.teachers, document.annotations, strict=True)
    ]


def merge_annotations(annotations: Sequence[TeacherAnnotation]) -> AnnotatedDocument:
    """The annotation with the mean probability of every span and label, as logits.

    The mean goes over the teachers that were asked for the label, by their weights. One that does
    not have the span in its store has it below the floor, which counts as 0.
    """
    if len(annotations) == 1:
        return annotations[0].document
    return replace(annotations[0].document, spans=_merge_spans(annotations))


def complete_annotation(annotations: Sequence[TeacherAnnotation], row: int) -> AnnotatedDocument:
    """A teacher's annotation, with the merged spans of the labels that it was not asked for."""
    own = annotations[row]
    missing = frozenset[int]().union(*(one.labels for one in annotations)) - own.labels
    if not missing:
        return own.document
    others = _merge_spans([one for one in annotations if one.labels & missing])
    lent = np.isin(others.label_index, list(missing))
    spans = own.document.spans
    start, end, label, logit = (
        np.concatenate((getattr(spans, name), getattr(others, name)[lent]))
        for name in ("word_start", "word_end", "label_index", "logit")
    )
    order = np.lexsort((label, end, start))
    completed = SpanScores(start[order], end[order], label[order], logit[order])
    return replace(own.document, spans=completed)


def compute_teacher_targets(
    annotations: Sequence[TeacherAnnotation], label_count: int, compute: ComputeTargets
) -> list[SoftTargets]:
    """The distribution of each of several teachers, completed by the others."""
    scaled = [
        replace(one, document=replace(one.document, spans=scale_spans(one.document, one.target)))
        for one in annotations
    ]
    return [
        compute(complete_annotation(scaled, row), label_count, annotation.target)
        for row, annotation in enumerate(scaled)
    ]


def compute_mean_targets(
    annotations: Sequence[TeacherAnnotation], label_count: int, compute: ComputeTargets
) -> SoftTargets:
    """The mean of the distributions of several teachers, by their weights."""
    targets = compute_teacher_targets(annotations, label_count, compute)
    return average_targets(targets, [annotation.weight for annotation in annotations])


def label_by_teachers(
    documents: Iterable[TransferDocument],
    teachers: Sequence[StoredTeacher],
    labels: Sequence[str],
    threshold: float,
    *,
    biased: bool = False,
) -> list[Document]:
    """The documents with the decisions of their teachers (see `merge_annotations`) as entities.

    Partial ones where the teachers were not asked for all labels. biased: each teacher's scores
    less its bias θ, which gold may have been fitted with, so that it finds less or more.
    """
    labelled = []
    for document in documents:
        annotations = list_annotations(document, teachers, labels)
        if biased:
            annotations = [_subtract_bias(annotation) for annotation in annotations]
        entities = decode_flat(merge_annotations(annotations), labels, threshold)
        known = find_labels(annotations, len(labels))
        if known is None:
            labelled.append(Document(document.text, entities))
        else:
            names = tuple(sorted(labels[index] for index in known))
            labelled.append(PartialDocument(document.text, entities, names))
    return labelled


def _subtract_bias(annotation: TeacherAnnotation) -> TeacherAnnotation:
    spans = annotation.document.spans
    moved = replace(spans, logit=spans.logit - np.float32(annotation.target.teacher_bias))
    return replace(annotation, document=replace(annotation.document, spans=moved))


def find_labels(
    annotations: Sequence[TeacherAnnotation], label_count: int
) -> frozenset[int] | None:
    """The labels that some teacher was asked for; None when these are all."""
    known = frozenset[int]().union(*(annotation.labels for annotation in annotations))
    return None if len(known) == label_count else known


def _merge_spans(annotations: Sequence[TeacherAnnotation]) -> SpanScores:
    """See `merge_annotations`. Sorted as GLiNER's decoder visits spans: by start, end and label."""
    spans = [annotation.document.spans for annotation in annotations]
    places = np.concatenate(
        [np.stack((s.word_start, s.word_end, s.label_index), axis=1) for s in spans]
    )
    logits = np.concatenate([s.logit for s in spans]).astype(np.float64)
    weights = np.repeat([annotation.weight for annotation in annotations], [len(s) for s in spans])
    unique, rows = np.unique(places, axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    total = np.array(
        [
            sum(annotation.weight for annotation in annotations if label in annotation.labels)
            for label in unique[:, 2].tolist()
        ]
    )
    # Both of log p and log (1 − p) are taken of sums without cancellation.
    likely = np.bincount(rows, weights * np.exp(-np.logaddexp(0, -logits)), len(unique))
    unlikely = np.bincount(rows, weights * np.exp(-np.logaddexp(0, logits)), len(unique))
    silent = total - np.bincount(rows, weights, len(unique))
    with np.errstate(divide="ignore"):  # of a logit beyond ±745
        logit = np.log(likely) - np.log(unlikely + np.maximum(silent, 0))
    logit = np.clip(logit, -_MOST, _MOST)
    return build_span_scores(unique[:, 0], unique[:, 1], unique[:, 2], logit)
