"""Training examples: the words of a document with the targets that an arm learns from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distilgliner.annotate.store import AnnotatedDocument
from distilgliner.corpus.document import Document
from distilgliner.distill.config import TargetConfig, Targets
from distilgliner.distill.targets import (
    compute_entity_tags,
    compute_hard_tags,
    compute_soft_targets,
)
from distilgliner.distill.terms import TermsConfig


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


def build_examples(
    targets: Targets,
    annotated: Iterable[AnnotatedDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    config: TargetConfig,
    terms: TermsConfig,
    *,
    roles: bool,
) -> list[Example]:
    """The training set of an arm; the teacher's part is what `terms` have a weight for.

    gold: the gold documents. hard, soft: every annotated document. mixed: every annotated document
    with its distribution, and its gold tags where the same text has gold; gold documents that were
    not annotated come with tags only. Documents without a word are left out.
    """
    if targets == "gold":
        return [_gold_example(document, labels, roles) for document in gold if document.words()]
    gold_of = {document.id: document for document in gold} if targets == "mixed" else {}
    examples = []
    seen = set()
    for document in annotated:
        if not document.words:
            continue
        seen.add(document.id)
        examples.append(_teacher_example(document, gold_of, labels, config, terms, roles))
    examples += [
        _gold_example(document, labels, roles)
        for document in gold_of.values()
        if document.id not in seen and document.words()
    ]
    return examples


def pair_with_gold(
    annotated: Iterable[AnnotatedDocument],
    gold: Sequence[Document],
    labels: Sequence[str],
    *,
    roles: bool,
) -> list[tuple[AnnotatedDocument, np.ndarray]]:
    """The annotated documents that have gold, each with its gold tags (L,)."""
    gold_of = {document.id: document for document in gold}
    return [
        (
            document,
            compute_entity_tags(
                gold_of[document.id].entities or (), document.words, labels, roles=roles
            ),
        )
        for document in annotated
        if document.id in gold_of and document.words
    ]


def _teacher_example(
    document: AnnotatedDocument,
    gold_of: Mapping[str, Document],
    labels: Sequence[str],
    config: TargetConfig,
    terms: TermsConfig,
    roles: bool,
) -> Example:
    words = [document.text[start:end] for start, end in document.words]
    gold = hard = soft = None
    if document.id in gold_of:
        entities = gold_of[document.id].entities or ()
        gold = compute_entity_tags(entities, document.words, labels, roles=roles)
    if terms.hard.weight > 0:
        hard = compute_hard_tags(document, labels, config, roles=roles)
    if terms.soft.weight > 0:
        soft = compute_soft_targets(document, len(labels), config, roles=roles)
    return Example(words, gold, hard, soft, document.states)


def _gold_example(document: Document, labels: Sequence[str], roles: bool) -> Example:
    spans = document.words()
    words = [document.text[start:end] for start, end in spans]
    tags = compute_entity_tags(document.entities or (), spans, labels, roles=roles)
    return Example(words, gold=tags)
