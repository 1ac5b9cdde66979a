"""Which terms the objective of a run has, and what each weighs."""

from __future__ import annotations

from distilgliner.distill.config import StatesTerm, TermsConfig


def use_states(terms: TermsConfig, targets: str, *, has_states: bool) -> bool:
    """Whether a term looks at the teacher's hidden states."""
    weight = _resolve_states(targets, terms.states, has_states=has_states)
    return weight > 0 or terms.attention.weight > 0


def _resolve_states(targets: str, term: StatesTerm, *, has_states: bool) -> float:
    if term.weight is not None:
        return term.weight
    return 1.0 if has_states and targets != "gold" else 0.0


def resolve_terms(targets: str, terms: TermsConfig, *, has_states: bool = False) -> TermsConfig:
    """The terms of an arm, with every weight a number.

    The arm hard has the teacher's decisions in place of its distribution. has_states: whether the
    annotations have hidden states of the teacher.
    """
    weight = _resolve_states(targets, terms.states, has_states=has_states)
    states = terms.states.model_copy(update={"weight": weight})
    terms = terms.model_copy(update={"states": states})
    if targets != "hard":
        return terms
    hard = terms.hard.model_copy(update={"weight": terms.hard.weight or 1.0})
    soft = terms.soft.model_copy(update={"weight": 0.0})
    return terms.model_copy(update={"hard": hard, "soft": soft})
