"""What the development documents calibrate in a student, beside its threshold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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
