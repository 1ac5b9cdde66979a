"""Everything an augmentation can be told; unknown keys are refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from distilgliner.errors import UserError
from distilgliner.settings import explain_wrong_setting

Method = Literal["slots", "mask", "case"]
METHODS: tuple[Method, ...] = ("slots", "mask", "case")
"""In the order in which a text goes through those that were chosen."""


class SlotsConfig(BaseModel):
    """Entity slots: mention replacement (Dai and Adel 2020, section 3)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fraction: float = Field(
        default=0.7, gt=0, le=1, description="of a text's names, which get another of their label"
    )
    draw: Literal["frequency", "flat"] = Field(
        default="frequency",
        description="frequency: a name is drawn as often as the corpus has it; flat: all alike",
    )


class MaskConfig(BaseModel):
    """Words outside entities (Jiao et al. 2020, Algorithm 1; Tang et al. 2019, section 3.3)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fraction: float = Field(default=0.1, gt=0, le=1, description="of the words outside entities")
    operation: Literal["similar", "delete"] = Field(
        default="similar",
        description="similar: a word of the corpus of the same shape and frequency takes its "
        "place; delete: it goes",
    )


class CaseConfig(BaseModel):
    """The shares of the new texts that are written in another case; the rest stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    lower: float = Field(default=0.2, ge=0, le=1, description="share in lower case")
    upper: float = Field(default=0.1, ge=0, le=1, description="share in capitals")
    title: float = Field(
        default=0.1, ge=0, le=1, description="share in which every word begins with a capital"
    )

    @model_validator(mode="after")
    def _check_sum(self) -> CaseConfig:
        if not 0 < self.lower + self.upper + self.title <= 1 + 1e-9:
            raise ValueError("lower, upper and title must sum to more than 0 and at most 1")
        return self


class AugmentConfig(BaseModel):
    """What is done to each text, and how many new ones are made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    methods: tuple[Method, ...] = Field(
        default=("slots",), min_length=1, description=f"any of {', '.join(METHODS)}, in one pass"
    )
    factor: int = Field(default=3, ge=1, description="new texts per text, at most")
    slots: SlotsConfig = SlotsConfig()
    mask: MaskConfig = MaskConfig()
    case: CaseConfig = CaseConfig()
    seed: int = Field(default=0, ge=0, lt=2**32, description="the same seed gives the same texts")

    @field_validator("methods")
    @classmethod
    def _check_methods(cls, methods: tuple[Method, ...]) -> tuple[Method, ...]:
        if len(set(methods)) < len(methods):
            raise ValueError("name every method once")
        return methods


def build_augment_config(raw: dict[str, Any]) -> AugmentConfig:
    """Check keys and values; settings of a method that is not chosen are refused.

    Raises `UserError` that names the first wrong one.
    """
    try:
        config = AugmentConfig(**raw)
    except ValidationError as error:
        raise UserError(explain_wrong_setting(error, AugmentConfig)) from None
    for method in METHODS:
        if method in config.model_fields_set and method not in config.methods:
            raise UserError(
                f"The settings of {method} have no effect on {' and '.join(config.methods)}; "
                f"add --method {method} or leave them out."
            )
    return config
