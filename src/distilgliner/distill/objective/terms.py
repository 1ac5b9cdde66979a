"""The terms of the objective, and the stages in which they are learnt: what a config can say.

A run is one stage or several. Each stage names the terms that count in it; each term has a weight,
a schedule of that weight over the stage, and a loss of its family (`distill/objective/losses`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from distilgliner.distill.objective.schedules import TemperatureSchedule, WeightSchedule

Term = Literal["gold", "hard", "soft", "states", "attention"]
TERMS: tuple[Term, ...] = ("gold", "hard", "soft", "states", "attention")
TAG_TERMS: tuple[Term, ...] = ("gold", "hard", "soft")
"""Terms that teach tags; a stage without one of them teaches no entity yet."""


class _Term(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schedule: WeightSchedule = Field(
        default="constant", description="of the weight, over its stage"
    )


class GoldTerm(_Term):
    """Cross entropy of human tags. On a word that has one, it takes its weight, and the teacher's
    tags what is left to 1."""

    weight: float = Field(default=0.8, ge=0, le=1)


class HardTerm(_Term):
    """Cross entropy of the teacher's decisions."""

    weight: float = Field(default=0.0, ge=0, description="0 leaves the term out")


class SoftTerm(_Term):
    """The teacher's distribution of each word's tag."""

    weight: float = Field(default=1.0, ge=0)
    loss: Literal["kl", "reverse_kl", "mse"] = "kl"
    temperature: float = Field(
        default=1.0, gt=0, description="T of the loss, which is scaled by T² (Hinton 2015)"
    )
    temperature_schedule: TemperatureSchedule = "constant"


class StatesTerm(_Term):
    """The teacher's hidden states, met by the student's through a learned projection."""

    weight: float | None = Field(
        default=None,
        ge=0,
        description="0 leaves the term out; None is 1 where the annotations have states, but 0 for "
        "targets gold",
    )
    loss: Literal["mse", "cosine", "pkd", "nst", "mmd", "fsp"] = "cosine"


class AttentionTerm(_Term):
    """Which words attend to which, for the transformer student: the Gram matrix of the teacher's
    states, as a softmax over the words, is met by the mean of the heads of its last layer."""

    weight: float = Field(default=0.0, ge=0, description="0 leaves the term out")
    loss: Literal["mse", "kl"] = "kl"


class TermsConfig(BaseModel):
    """What each term weighs. Targets decide which of gold, hard and soft there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gold: GoldTerm = GoldTerm()
    hard: HardTerm = HardTerm()
    soft: SoftTerm = SoftTerm()
    states: StatesTerm = StatesTerm()
    attention: AttentionTerm = AttentionTerm()

    @property
    def states_weight(self) -> float:
        """The weight of the hidden states, once it is resolved."""
        return self.states.weight or 0.0

    def use_states(self, targets: str, *, has_states: bool) -> bool:
        """Whether a term looks at the teacher's hidden states."""
        return (
            _resolve_states(targets, self.states, has_states=has_states) > 0
            or self.attention.weight > 0
        )


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


class StageConfig(BaseModel):
    """A part of the run with its own terms, warm-up and decay of the learning rate."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    terms: tuple[Term, ...] = Field(
        default=TERMS, min_length=1, description="which terms count; of those with a weight"
    )
    epochs: int = Field(ge=1, description="passes over the transfer text")
    learning_rate: float = Field(
        default=1.0, gt=0, description="times the learning rates of the training section"
    )
    thaw: bool = Field(
        default=False,
        description="gradual unfreezing: the head alone first, then from the top down to the "
        "word vectors, in equal shares of the stage",
    )
