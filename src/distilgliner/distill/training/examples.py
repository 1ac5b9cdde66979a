"""Training examples: the words of a document with the targets that an arm learns from."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.corpus.document import Document
from distilgliner.distill.config import Targets
from distilgliner.distill.objective.head_losses import TagTeaching, Teaching
from distilgliner.distill.objective.terms import TermsConfig
from distilgliner.distill.sources.partial import find_known_labels
from distilgliner.distill.sources.transfer import StoredTeacher, TransferDocument
from distilgliner.distill.targets.distribution import compute_entity_tags, compute_hard_tags
from distilgliner.distill.targets.ensemble import (
    Voice,
    complete_voice,
    compute_mean_targets,
    compute_teacher_targets,
    find_labels,
    list_voices,
    merge_voices,
)
from distilgliner.distill.targets.soft_targets import SoftTargets, Sparse


@dataclass(frozen=True)
class Opinion:
    """What one of several teachers says of the words of a document."""

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
    taught_labels: np.ndarray | None = None
    """The same of `hard` and `soft`."""
    opinions: tuple[Opinion, ...] = ()
    """Of teachers of whom one is drawn in each pass: what they say is None until then."""
    id: str = ""
    """Of the document; decides with the seed and the pass who is drawn."""
    transitions: Sparse | None = None
    """How often the teacher expects tags to follow each other (T + 1, T + 1), for chains."""
    spans: Sparse | None = None
    """The teacher's probabilities of spans (L, K, C), for students that score spans: these have no
    `soft`."""


def draw_opinion(example: Example, seed: int, number: int) -> Example:
    """The example with what one of its teachers says, drawn by weight for pass `number`.

    The draw is a function of the seed, the document's id and the pass alone.
    """
    if not example.opinions:
        return example
    key = f"{seed} {number} {example.id}".encode()
    share = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") / 2**64
    bounds = list(accumulate(opinion.weight for opinion in example.opinions))
    row = min(bisect(bounds, share * bounds[-1]), len(bounds) - 1)
    drawn = example.opinions[row]
    return replace(
        example,
        hard=drawn.hard,
        soft=drawn.soft,
        transitions=drawn.transitions,
        spans=drawn.spans,
        opinions=(),
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
    teaching: Teaching | None = None,
) -> list[Example]:
    """The training set of an arm; the teacher's part is what `terms` have a weight for.

    teaching: in which form the head learns a distribution; None is that of a tagger.

    gold: the gold documents. hard, soft: every annotated document. mixed: every annotated document
    with its distribution, and its gold tags where the same text has gold; gold documents that were
    not annotated come with tags only, as does gold of a text that has gold for more labels.
    Documents without a word are left out.
    """
    if targets == "gold":
        return [_gold_example(document, labels, roles) for document in gold if document.words()]
    teaching = teaching or TagTeaching(roles=roles)
    gold_of = group_gold(gold) if targets == "mixed" else {}
    examples: list[Example] = []
    alone: list[Document] = []
    for document in transfer:
        if not document.words:
            continue
        same_text = gold_of.pop(document.id, [])
        alone += same_text[1:]
        voices = list_voices(document, teachers, labels)
        example = _teacher_example(voices, labels, terms, roles, teaching)
        if same_text:
            example = _add_gold(example, same_text[0], document.words, labels, roles)
        examples.append(replace(example, states=document.states, id=document.id))
    alone += [document for same_text in gold_of.values() for document in same_text]
    examples += [_gold_example(document, labels, roles) for document in alone if document.words()]
    return examples


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


def _teacher_example(
    voices: Sequence[Voice],
    labels: Sequence[str],
    terms: TermsConfig,
    roles: bool,
    teaching: Teaching,
) -> Example:
    """What the teachers of a text say: all together, or each as an opinion to be drawn."""
    document, target = voices[0].document, voices[0].target
    words = [document.text[start:end] for start, end in document.words]
    known = find_labels(voices, len(labels))
    example = Example(words, taught_labels=_build_mask(known, len(labels)))
    wants_hard, wants_soft = terms.hard.weight > 0, terms.soft.weight > 0

    def decide(annotation: AnnotatedDocument) -> np.ndarray | None:
        return compute_hard_tags(annotation, labels, target, roles=roles) if wants_hard else None

    nothing: SoftTargets = {}
    if target.teachers == "sample" and len(voices) > 1:
        soft = [nothing] * len(voices)
        if wants_soft:
            soft = compute_teacher_targets(voices, len(labels), teaching.compute_targets)
        opinions = [
            Opinion(voice.weight, decide(complete_voice(voices, row)), **soft[row])
            for row, voice in enumerate(voices)
        ]
        return replace(example, opinions=tuple(opinions))
    mean = nothing
    if wants_soft:
        mean = compute_mean_targets(voices, len(labels), teaching.compute_targets)
    return replace(example, hard=decide(merge_voices(voices)), **mean)


def _gold_example(document: Document, labels: Sequence[str], roles: bool) -> Example:
    spans = document.words()
    example = Example([document.text[start:end] for start, end in spans])
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
