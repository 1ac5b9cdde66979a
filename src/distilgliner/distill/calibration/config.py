"""What the development documents calibrate in a student, beside its threshold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CalibrationConfig(BaseModel):
    """Whether more than the threshold is fitted, which always is; see `calibrate_student`.

    The defaults are what measured better, see docs/experiments.md: a temperature halves the error
    of scores and changes no entity; thresholds per label gain less than the choice of the
    development documents.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: bool = Field(
        default=True, description="one T for all logits, so that scores tell how sure to be"
    )
    label_thresholds: bool = Field(
        default=False,
        description="closed students: a threshold of its own for each label with enough entities",
    )
