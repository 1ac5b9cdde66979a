"""Training examples: the words of a document with the targets that an arm learns from."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.corpus.document import Document
from distilgliner.corpus.words import WORD_SPLITTER, cut_words
from distilgliner.distill.config import Targets, TermsConfig
from distilgliner.distill.sources.gold import group_gold
from distilgliner.distill.sources.partial import find_known_labels
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.ensemble import (
    TeacherAnnotation,
    complete_annotation,
    compute_mean_targets,
    compute_teacher_targets,
    find_labels,
    list_annotations,
    merge_annotations,
)
from distilgliner.distill.targets.forms import ComputeTargets, compute_tag_form
from distilgliner.distill.targets.soft_targets import SoftTargets, Sparse
from distilgliner.distill.targets.tags import compute_entity_tags, compute_hard_tags


@dataclass(frozen=True)
class TeacherTargets:
    """What one of several teachers says of the words of a document, and how often it is drawn."""

    weight: float
    hard: np.ndarray | None = None
    soft: np.ndarray | None = None
    transitions: Sparse | None = None
    spans: Sparse | None = None


@dataclass(frozen=True)
class Example:
    """One document, and what is said of its words; None where nothing is."""

    words: list[str]
    gold: np.ndarray | None = None
    """Tags (L,) of people."""
    hard: np.ndarray | None = None
    """Tags (L,) of the teacher's decisions."""
    soft: np.ndarray | None = None
    """The teacher's distribution (L, T)."""
    states: np.ndarray | None = None
    """The teacher's hidden states (layers, L, D) fp16."""
    gold_labels: np.ndarray | None = None
    """Labels (C,) bool that people have looked for; None: all. Of others `gold` says nothing."""
    teacher_labels: np.ndarray | None = None
    """The same of `hard` and `soft`."""
    by_teacher: tuple[TeacherTargets, ...] = ()
    """The targets of several teachers, one of which is drawn in each pass; the fields they fill are
    None until then."""
    id: str = ""
    """Of the document; decides with the seed and the pass who is drawn."""
    transitions: Sparse | None = None
    """How often the teacher expects tags to follow each other (T + 1, T + 1), for chains."""
    spans: Sparse | None = None
    """The teacher's probabilities of spans (L, K, C), for students that score spans: these have no
    `soft`."""


def draw_teacher(example: Example, seed: int, number: int) -> Example:
    """The example with what one of its teachers says, drawn by weight for pass `number`.

    The draw is a function of the seed, the document's id and the pass alone.
    """
    if not example.by_teacher:
        return example
    key = f"{seed} {number} {example.id}".encode()
    share = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") / 2**64
    bounds = list(accumulate(teacher.weight for teacher in example.by_teacher))
    row = min(bisect(bounds, share * bounds[-1]), len(bounds) - 1)
    drawn = example.by_teacher[row]
    return replace(
        example,
        hard=drawn.hard,
        soft=drawn.soft,
        transitions=drawn.transitions,
        spans=drawn.spans,
        by_teacher=(),
    )


def build_examples(
    targets: Targets,
    transfer: Iterable[TransferDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    teachers: Sequence[StoredTeacher],
    terms: TermsConfig,
    *,
    roles: bool,
    form: ComputeTargets | None = None,
    word_splitter: str = WORD_SPLITTER,
) -> list[Example]:
    """The training set of an arm; the teacher's part is what `terms` have a weight for.

    form: in which the head learns a distribution; None is that of a tagger.
    word_splitter: of the teachers, for gold that they have not annotated.

    gold: the gold documents. hard, soft: every annotated document. mixed: every annotated document
    with its distribution, and its gold tags where the same text has gold; gold documents that were
    not annotated come with tags only, as does gold of a text that has gold for more labels.
    Documents without a word are left out.
    """
    if targets == "gold":
        return _gold_examples(gold, labels, roles, word_splitter)
    form = form or partial(compute_tag_form, roles=roles)
    gold_of = group_gold(gold) if targets == "mixed" else {}
    examples: list[Example] = []
    alone: list[Document] = []
    for document in transfer:
        if not document.words:
            continue
        same_text = gold_of.pop(document.id, [])
        alone += same_text[1:]
        annotations = list_annotations(document, teachers, labels)
        example = _teacher_example(annotations, labels, terms, roles, form)
        if same_text:
            example = _add_gold(example, same_text[0], document.words, labels, roles)
        examples.append(replace(example, states=document.states, id=document.id))
    alone += [document for same_text in gold_of.values() for document in same_text]
    return examples + _gold_examples(alone, labels, roles, word_splitter)


def _teacher_example(
    annotations: Sequence[TeacherAnnotation],
    labels: Sequence[str],
    terms: TermsConfig,
    roles: bool,
    form: ComputeTargets,
) -> Example:
    """What the teachers of a text say: all together, or each of which one is drawn in a pass."""
    document, target = annotations[0].document, annotations[0].target
    words = cut_words(document.text, document.words)
    known = find_labels(annotations, len(labels))
    example = Example(words, teacher_labels=_build_mask(known, len(labels)))
    wants_hard, wants_soft = terms.hard.weight > 0, terms.soft.weight > 0

    def decide(annotation: AnnotatedDocument) -> np.ndarray | None:
        return compute_hard_tags(annotation, labels, target, roles=roles) if wants_hard else None

    nothing: SoftTargets = {}
    if target.teachers == "sample" and len(annotations) > 1:
        soft = [nothing] * len(annotations)
        if wants_soft:
            soft = compute_teacher_targets(annotations, len(labels), form)
        by_teacher = [
            TeacherTargets(
                annotation.weight, decide(complete_annotation(annotations, row)), **soft[row]
            )
            for row, annotation in enumerate(annotations)
        ]
        return replace(example, by_teacher=tuple(by_teacher))
    mean = nothing
    if wants_soft:
        mean = compute_mean_targets(annotations, len(labels), form)
    return replace(example, hard=decide(merge_annotations(annotations)), **mean)


def _gold_examples(
    gold: Sequence[Document], labels: Sequence[str], roles: bool, word_splitter: str
) -> list[Example]:
    return [
        _gold_example(document, labels, roles, word_splitter)
        for document in gold
        if document.text.strip()
    ]


def _gold_example(
    document: Document, labels: Sequence[str], roles: bool, word_splitter: str
) -> Example:
    spans = document.words(word_splitter)
    example = Example(cut_words(document.text, spans))
    return _add_gold(example, document, spans, labels, roles)


def _add_gold(
    example: Example,
    document: Document,
    words: Sequence[tuple[int, int]],
    labels: Sequence[str],
    roles: bool,
) -> Example:
    tags = compute_entity_tags(document.entities or (), words, labels, roles=roles)
    names = find_known_labels(document)
    known = None if names is None else [i for i, label in enumerate(labels) if label in names]
    return replace(example, gold=tags, gold_labels=_build_mask(known, len(labels)))


def _build_mask(known: Iterable[int] | None, label_count: int) -> np.ndarray | None:
    """Known labels as (C,) bool; None stays."""
    if known is None:
        return None
    mask = np.zeros(label_count, dtype=bool)
    mask[list(known)] = True
    return mask
