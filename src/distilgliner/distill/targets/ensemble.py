"""Several teachers of one text: their scores put together, whatever labels each was asked for.

GLiNER scores every label on its own, so that the spans of two label sets can stand side by side in
one distribution. A teacher that was not asked for a label is completed by those that were, and
then all of them say something of the same labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from distilgliner.annotate.decode import decode_flat
from distilgliner.annotate.spans import AnnotatedDocument, SpanScores, build_span_scores
from distilgliner.corpus.document import Document
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.sources.partial import PartialDocument
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import scale_spans
from distilgliner.distill.targets.soft_targets import SoftTargets, average_targets

ComputeTargets = Callable[[AnnotatedDocument, int, TargetConfig], SoftTargets]
_MOST = 500.0
"""What an infinite logit counts as."""


@dataclass(frozen=True)
class Voice:
    """What one teacher says of a text: its annotation, the labels it was asked for (indices), its
    weight, and how its scores become targets."""

    document: AnnotatedDocument
    labels: frozenset[int]
    weight: float
    target: TargetConfig


def list_voices(
    document: TransferDocument, teachers: Sequence[StoredTeacher], labels: Sequence[str]
) -> list[Voice]:
    """What the teachers of a text say, in the order of `teachers`."""
    index = {label: position for position, label in enumerate(labels)}
    return [
        Voice(
            annotation,
            frozenset(index[label] for label in teachers[row].labels),
            teachers[row].weight,
            teachers[row].target,
        )
        for row, annotation in zip(document.teachers, document.annotations, strict=True)
    ]


def merge_voices(voices: Sequence[Voice]) -> AnnotatedDocument:
    """The annotation with the mean probability of every span and label, as logits.

    The mean goes over the teachers that were asked for the label, by their weights. One that does
    not have the span in its store has it below the floor, which counts as 0.
    """
    if len(voices) == 1:
        return voices[0].document
    return replace(voices[0].document, spans=_merge_spans(voices))


def complete_voice(voices: Sequence[Voice], row: int) -> AnnotatedDocument:
    """A teacher's annotation, with the merged spans of the labels that it was not asked for."""
    own = voices[row]
    missing = frozenset[int]().union(*(voice.labels for voice in voices)) - own.labels
    if not missing:
        return own.document
    others = _merge_spans([voice for voice in voices if voice.labels & missing])
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
    voices: Sequence[Voice], label_count: int, compute: ComputeTargets
) -> list[SoftTargets]:
    """The distribution of each of several teachers, completed by the others.

    compute: a document with spans from `scale_spans`, the number of labels and the teacher's
    configuration → targets in the form that a head learns from.
    """
    scaled = [
        replace(
            voice, document=replace(voice.document, spans=scale_spans(voice.document, voice.target))
        )
        for voice in voices
    ]
    return [
        compute(complete_voice(scaled, row), label_count, voice.target)
        for row, voice in enumerate(scaled)
    ]


def compute_mean_targets(
    voices: Sequence[Voice], label_count: int, compute: ComputeTargets
) -> SoftTargets:
    """The mean of the distributions of several teachers, by their weights."""
    targets = compute_teacher_targets(voices, label_count, compute)
    return average_targets(targets, [voice.weight for voice in voices])


def label_by_teachers(
    documents: Iterable[TransferDocument],
    teachers: Sequence[StoredTeacher],
    labels: Sequence[str],
    threshold: float,
    *,
    biased: bool = False,
) -> list[Document]:
    """The documents with the decisions of their teachers (see `merge_voices`) as entities.

    Partial ones where the teachers were not asked for all labels. biased: each teacher's scores
    less its bias θ, which gold may have been fitted with, so that it finds less or more.
    """
    labelled = []
    for document in documents:
        voices = list_voices(document, teachers, labels)
        if biased:
            voices = [_subtract_bias(voice) for voice in voices]
        entities = decode_flat(merge_voices(voices), labels, threshold)
        known = find_labels(voices, len(labels))
        if known is None:
            labelled.append(Document(document.text, entities))
        else:
            names = tuple(sorted(labels[index] for index in known))
            labelled.append(PartialDocument(document.text, entities, names))
    return labelled


def _subtract_bias(voice: Voice) -> Voice:
    spans = voice.document.spans
    moved = replace(spans, logit=spans.logit - np.float32(voice.target.teacher_bias))
    return replace(voice, document=replace(voice.document, spans=moved))


def find_labels(voices: Sequence[Voice], label_count: int) -> frozenset[int] | None:
    """The labels that some teacher was asked for; None when these are all."""
    known = frozenset[int]().union(*(voice.labels for voice in voices))
    return None if len(known) == label_count else known


def _merge_spans(voices: Sequence[Voice]) -> SpanScores:
    """See `merge_voices`. Sorted as GLiNER's decoder visits spans: by start, end and label."""
    spans = [voice.document.spans for voice in voices]
    places = np.concatenate(
        [np.stack((s.word_start, s.word_end, s.label_index), axis=1) for s in spans]
    )
    logits = np.concatenate([s.logit for s in spans]).astype(np.float64)
    weights = np.repeat([voice.weight for voice in voices], [len(s) for s in spans])
    unique, rows = np.unique(places, axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    total = np.array(
        [
            sum(voice.weight for voice in voices if label in voice.labels)
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
