"""Everything that fine-tuning a teacher can be told; unknown keys are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distilgliner.errors import UserError
from distilgliner.settings import explain_wrong_setting

Part = Literal["subwords", "encoder", "labels-encoder"]
Share = Annotated[float, Field(gt=0, lt=1)]
PARTS: tuple[Part, ...] = ("subwords", "encoder", "labels-encoder")


class PromptConfig(BaseModel):
    """Which labels stand in the prompt of a training sentence; entities of others do not count."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    max_labels: int = Field(default=40, ge=1, description="labels in one prompt, at most")
    full_fraction: float = Field(
        default=0.75, ge=0, le=1, description="of sentences whose prompt has the whole label set"
    )
    label_dropout: float = Field(
        default=0.3, ge=0, lt=1, description="of the labels, in the prompts that are not full"
    )
    cased_fraction: float = Field(
        default=0.1, ge=0, le=1, description="of prompts written As Titles or IN CAPITALS"
    )
    lowercase_fraction: float = Field(
        default=0.0, ge=0, le=1, description="of sentences whose words are put in lower case"
    )
    other_names: dict[str, tuple[str, ...]] = Field(
        default={}, description="other names of labels, for the type to be learned and not a word"
    )
    renamed_fraction: float = Field(
        default=0.3, ge=0, le=1, description="of prompts whose labels take one of their other names"
    )
    joined_documents: int = Field(
        default=1, ge=1, description="sentences set together in one example, at most"
    )
    joined_fraction: float = Field(
        default=0.5, ge=0, le=1, description="of examples with more than one sentence"
    )
    joined_subwords: int = Field(
        default=128, ge=1, description="of an example with more than one sentence, at most"
    )


class FinetuneConfig(BaseModel):
    """The training of `gliner`, as far as one chooses it here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epochs: int = Field(default=8, ge=1, description="passes over the gold, at most")
    patience: int = Field(default=3, ge=1, description="dev measurements without a gain until stop")
    measurements_per_epoch: int = Field(default=1, ge=1, description="of strict F1 on dev")
    batch_documents: int = Field(default=16, ge=1, description="texts in one update")
    learning_rate: float = Field(default=5e-5, gt=0, description="of the encoder, at its peak")
    head_learning_rate: float = Field(default=1e-4, gt=0, description="of all else, at its peak")
    weight_decay: float = Field(default=0.01, ge=0, description="of AdamW")
    warmup_fraction: float = Field(
        default=0.1, ge=0, lt=1, description="of the updates, in which the learning rates rise"
    )
    max_gradient_norm: float = Field(
        default=1.0, gt=0, description="longer gradients are scaled down to this"
    )
    dropout: float | None = Field(
        default=None, ge=0, lt=1, description="of every layer; None keeps the checkpoint's own"
    )
    focal_alpha: float = Field(
        default=-1.0, le=1, description="weight of positive spans in a focal loss; below 0: none"
    )
    focal_gamma: float = Field(default=0.0, ge=0, description="0 is plain cross entropy")
    interpolation: tuple[Share, ...] = Field(
        default=(0.25, 0.5, 0.75),
        description="shares of what was learned in the mixtures that dev measures at the end",
    )
    kept_per_gold: float = Field(
        default=1.0, gt=0, description="documents of the text to keep, at most, for each of gold"
    )
    freeze: tuple[Part, ...] = Field(default=(), description=f"any of {', '.join(PARTS)}")
    precision: Literal["auto", "bf16", "fp32"] = Field(
        default="auto", description="auto takes bf16 where the processor has it built in"
    )
    prompts: PromptConfig = PromptConfig()
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="the same seed gives the same checkpoint"
    )


def build_finetune_config(raw: dict[str, Any]) -> FinetuneConfig:
    """Check keys and values. Raises `UserError` that names the first wrong one."""
    try:
        return FinetuneConfig(**raw)
    except ValidationError as error:
        raise UserError(explain_wrong_setting(error, FinetuneConfig)) from None
