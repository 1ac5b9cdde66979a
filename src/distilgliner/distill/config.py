"""Everything a distillation run can be told; unknown keys are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from distilgliner.distill.calibration.config import CalibrationConfig
from distilgliner.distill.objective.terms import TAG_TERMS, StageConfig, TermsConfig
from distilgliner.errors import UserError
from distilgliner.student.config import build_student_config

Targets = Literal["gold", "hard", "soft", "mixed"]
TARGETS: tuple[Targets, ...] = ("gold", "hard", "soft", "mixed")
Seed = Annotated[int, Field(ge=0, lt=2**32)]


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
    batch_documents: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0)
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
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_fraction: float = Field(default=0.1, ge=0, lt=1)
    max_gradient_norm: float = Field(default=5.0, gt=0)
    average_decay: float = Field(
        default=0.998, ge=0, lt=1, description="exponential moving average of the weights; 0 is off"
    )
    terms: TermsConfig = TermsConfig()
    stages: tuple[StageConfig, ...] = Field(
        default=(), description="one after the other; none: one stage of `epochs` with all terms"
    )
    seed: Seed = 0
    threads: int = Field(default=1, ge=1, description="results are the same for the same number")

    @field_validator("stages")
    @classmethod
    def _check_stages(cls, stages: tuple[StageConfig, ...]) -> tuple[StageConfig, ...]:
        if stages and not set(stages[-1].terms) & set(TAG_TERMS):
            raise ValueError(f"the last stage must teach tags: one of {', '.join(TAG_TERMS)}")
        return stages


class DistillConfig(BaseModel):
    """One run: which targets, which student, how."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    targets: Targets
    student: str = "bilstm-crf"
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
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"The setting {key} is wrong: {first['msg']}; correct it.") from None
    build_student_config(config.student, config.student_options)
    return config
