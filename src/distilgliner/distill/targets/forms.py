"""In which form the heads of each kind learn the teacher's distribution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from distilgliner.annotate.spans import AnnotatedDocument
from distilgliner.distill.config import TargetConfig
from distilgliner.distill.targets.distribution import (
    compute_scaled_targets,
    compute_span_targets,
    compute_transition_targets,
)
from distilgliner.distill.targets.soft_targets import SoftTargets
from distilgliner.student.config import StudentConfig
from distilgliner.student.heads.head import Kind
from distilgliner.student.registry import load_part

ComputeTargets = Callable[[AnnotatedDocument, int, TargetConfig], SoftTargets]
"""A document with spans from `scale_spans`, the number of labels and how a teacher's scores become
targets → its distribution, in the form that a head learns from."""


def find_form(config: StudentConfig) -> ComputeTargets:
    """The form of the targets of a student of this architecture."""
    kind: Kind = load_part("heads", config.head).kind
    if kind == "chain":
        return compute_chain_form
    if kind == "spans":
        return partial(compute_span_form, max_width=config.max_width)
    return partial(compute_tag_form, roles=config.roles)


def compute_tag_form(
    document: AnnotatedDocument, label_count: int, config: TargetConfig, *, roles: bool
) -> SoftTargets:
    """Marginals (L, T) of the words' tags, each word on its own (tagger and tower)."""
    return {"soft": compute_scaled_targets(document, label_count, config, roles=roles)}


def compute_chain_form(
    document: AnnotatedDocument, label_count: int, config: TargetConfig
) -> SoftTargets:
    """Marginals of tags, and the expected transitions between them (crf)."""
    return {
        "soft": compute_scaled_targets(document, label_count, config, roles=True),
        "transitions": compute_transition_targets(document, label_count),
    }


def compute_span_form(
    document: AnnotatedDocument, label_count: int, config: TargetConfig, *, max_width: int
) -> SoftTargets:
    """The probability of each span above the floor (span); the others count as 0."""
    return {"spans": compute_span_targets(document, max_width)}
