"""Everything a distillation run can be told; unknown keys are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from distilgliner.corpus.arguments import MOST_THREADS
from distilgliner.errors import UserError
from distilgliner.settings import explain_wrong_setting
from distilgliner.student.config import build_student_config

Targets = Literal["gold", "hard", "soft", "mixed"]
TARGETS: tuple[Targets, ...] = ("gold", "hard", "soft", "mixed")
Seed = Annotated[int, Field(ge=0, lt=2**32)]
WeightSchedule = Literal["constant", "linear_decay", "linear_growth"]
TemperatureSchedule = Literal["constant", "flsw", "cwsm"]
Term = Literal["gold", "hard", "soft", "states", "attention"]
TERMS: tuple[Term, ...] = ("gold", "hard", "soft", "states", "attention")
TAG_TERMS: tuple[Term, ...] = ("gold", "hard", "soft")
"""Terms that teach tags; a stage without one of them teaches no entity yet."""


class TargetConfig(BaseModel):
    """How the teacher's scores become targets."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    teacher_threshold: float = Field(default=0.5, gt=0, lt=1, description="of its decisions (hard)")
    span_floor: float = Field(
        default=0.01, ge=0, lt=1, description="spans less probable than this are left out (soft)"
    )
    span_temperature: float = Field(
        default=1.0,
        gt=0,
        description="T of the semi-Markov model; below 1 for a teacher with focal loss",
    )
    word_temperature: float = Field(
        default=1.0, gt=0, description="sharpens (< 1) or softens (> 1) the marginals of each word"
    )
    teacher_bias: float = Field(default=0.0, description="θ: taken off every span's logit (soft)")
    teachers: Literal["average", "sample"] = Field(
        default="average",
        description="several teachers of one text: their mean, or one drawn anew in every pass",
    )
    teacher_weights: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(), description="of the stores, in their order; none: all weigh the same"
    )


class _Term(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schedule: WeightSchedule = Field(
        default="constant", description="of the weight, over its stage"
    )


class GoldTerm(_Term):
    """Cross entropy of human tags. On a word that has one, it takes its weight, and the teacher's
    tags what is left to 1."""

    weight: float = Field(
        default=0.8, ge=0, le=1, description="share of the human tag where there is one"
    )


class HardTerm(_Term):
    """Cross entropy of the teacher's decisions."""

    weight: float = Field(default=0.0, ge=0, description="0 leaves the term out")


class SoftTerm(_Term):
    """The teacher's distribution of each word's tag."""

    weight: float = Field(default=1.0, ge=0, description="0 leaves the term out")
    loss: Literal["kl", "reverse_kl", "mse"] = Field(
        default="kl",
        description="reverse_kl only with --initial: from random weights it finds no entity",
    )
    temperature: float = Field(
        default=1.0, gt=0, description="T of the loss, which is scaled by T² (Hinton 2015)"
    )
    temperature_schedule: TemperatureSchedule = Field(
        default="constant",
        description="flsw and cwsm change T with each word or batch (docs/explanation/methods.md)",
    )


class StatesTerm(_Term):
    """The teacher's hidden states, met by the student's through a learned projection."""

    weight: float | None = Field(
        default=None,
        ge=0,
        description="0 leaves the term out; None is 1 where the annotations have states, but 0 for "
        "targets gold",
    )
    loss: Literal["mse", "cosine", "pkd", "nst", "mmd", "fsp"] = Field(
        default="cosine", description="how far apart states are"
    )


class AttentionTerm(_Term):
    """Which words attend to which, for the transformer student: the Gram matrix of the teacher's
    states, as a softmax over the words, is met by the mean of the heads of its last layer."""

    weight: float = Field(default=0.0, ge=0, description="0 leaves the term out")
    loss: Literal["mse", "kl"] = Field(default="kl", description="how far apart two attentions are")


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


class TrainingConfig(BaseModel):
    """The training loop. Epochs are counted in passes over the transfer text, for every arm alike,
    so that all arms get the same number of updates."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epochs: int | None = Field(
        default=None,
        ge=1,
        description="passes over the transfer text; None: 10, and in short text as many as make "
        "800 updates",
    )
    min_updates: int = Field(
        default=0, ge=0, description="more epochs are made until there are as many updates"
    )
    patience: int = Field(default=20, ge=1, description="epochs without a better dev F1 until stop")
    batch_documents: int = Field(default=32, ge=1, description="texts in one update")
    learning_rate: float = Field(
        default=4e-3, gt=0, description="of all weights but the embedding tables, at its peak"
    )
    table_learning_rate: float = Field(
        default=5e-4, gt=0, description="of the embedding tables, which start from the teacher's"
    )
    train_subwords: bool = Field(
        default=True, description="False freezes the subword vectors that came from the teacher"
    )
    context_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="how far words' vectors are moved, before training, to where the teacher's "
        "hidden states of their occurrences put them; 0 leaves them, as targets gold always do",
    )
    weight_decay: float = Field(default=0.01, ge=0, description="of AdamW")
    warmup_fraction: float = Field(
        default=0.1, ge=0, lt=1, description="of the updates, in which the learning rates rise"
    )
    max_gradient_norm: float = Field(
        default=5.0, gt=0, description="longer gradients are scaled down to this"
    )
    average_decay: float = Field(
        default=0.998, ge=0, lt=1, description="exponential moving average of the weights; 0 is off"
    )
    terms: TermsConfig = TermsConfig()
    stages: tuple[StageConfig, ...] = Field(
        default=(), description="one after the other; none: one stage of `epochs` with all terms"
    )
    seed: Seed = Field(default=0, description="the same seed gives the same student")
    threads: int = Field(
        default=1, ge=1, le=MOST_THREADS, description="results are the same for the same number"
    )

    @field_validator("stages")
    @classmethod
    def _check_stages(cls, stages: tuple[StageConfig, ...]) -> tuple[StageConfig, ...]:
        if stages and not set(stages[-1].terms) & set(TAG_TERMS):
            raise ValueError(f"the last stage must teach tags: one of {', '.join(TAG_TERMS)}")
        return stages


class CalibrationConfig(BaseModel):
    """Whether more than the threshold is fitted, which always is; see `calibrate_student`.

    A temperature moves scores and changes no entity that is found at 0.5, so it is on. Thresholds
    per label change what is found, each by the few entities of one label, so they are on request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: bool = Field(
        default=True, description="one T for all logits, so that scores tell how sure to be"
    )
    label_thresholds: bool = Field(
        default=False,
        description="closed students: a threshold of its own for each label with enough entities; "
        "open ones, whose labels are an input, go without",
    )


class DistillConfig(BaseModel):
    """One run: which targets, which student, how."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    targets: Targets = Field(description="what is learned from")
    student: str = Field(default="bilstm-crf", description="the architecture: encoder, head, size")
    student_options: dict[str, int | float | bool] = Field(
        default_factory=dict, description="overrides of the student's architecture"
    )
    target: TargetConfig = TargetConfig()
    training: TrainingConfig = TrainingConfig()
    calibration: CalibrationConfig = CalibrationConfig()


def build_distill_config(raw: dict[str, Any]) -> DistillConfig:
    """Check keys and values. Raises `UserError` that names the first wrong one."""
    try:
        config = DistillConfig(**raw)
    except ValidationError as error:
        raise UserError(explain_wrong_setting(error, DistillConfig)) from None
    build_student_config(config.student, config.student_options)
    return config
