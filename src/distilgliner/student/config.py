"""What a student is made of: every choice visible, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distilgliner.errors import UserError

FORMAT = "distilgliner"
FORMAT_VERSION = 1


class StudentConfig(BaseModel):
    """The architecture of a student. Sizes are numbers of units, dropouts are probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: Literal["bilstm"] = "bilstm"
    head: Literal["tagger", "tower"] = "tagger"
    roles: bool = Field(
        default=True,
        description="Begin/inside/end/single roles per label; False is the reference study's "
        "one class per label, where adjacent words of one label become one entity (tower only).",
    )
    subword_dim: int = Field(default=128, ge=1)
    affix_dim: int = Field(default=48, ge=1)
    affix_buckets: int = Field(default=16384, ge=1)
    shape_dim: int = Field(default=16, ge=1)
    shape_buckets: int = Field(default=512, ge=1)
    hidden_dim: int = Field(default=128, ge=1, description="per direction")
    layers: int = Field(default=1, ge=1, le=4)
    label_dim: int = Field(default=128, ge=1, description="tower: the space words and labels share")
    input_dropout: float = Field(default=0.3, ge=0, lt=1)
    output_dropout: float = Field(default=0.3, ge=0, lt=1)

    @property
    def is_open(self) -> bool:
        """Whether labels are an input (True) or built in (False)."""
        return self.head == "tower"


_KINDS: dict[str, StudentConfig] = {
    "bilstm-tagger": StudentConfig(head="tagger"),
    "bilstm-tower": StudentConfig(head="tower", roles=True),
    "bilstm-tower-reference": StudentConfig(head="tower", roles=False),
}
_SIZES: dict[str, dict[str, int]] = {
    "": {},
    "-small": {
        "subword_dim": 96,
        "affix_dim": 32,
        "hidden_dim": 96,
        "label_dim": 96,
    },
    "-tiny": {
        "subword_dim": 48,
        "affix_dim": 24,
        "affix_buckets": 8192,
        "shape_dim": 8,
        "hidden_dim": 48,
        "label_dim": 48,
    },
}
STUDENTS: dict[str, StudentConfig] = {
    kind + size: config.model_copy(update=options)
    for kind, config in _KINDS.items()
    for size, options in _SIZES.items()
}
"""Each kind in three sizes: as it is (base), `-small` and `-tiny`."""


def build_student_config(
    name: str, options: Mapping[str, int | float | bool] | None = None
) -> StudentConfig:
    """The architecture behind a student's name, with some of its choices replaced.

    Raises `UserError` for an unknown name, and for an unknown or wrong choice.
    """
    if name not in STUDENTS:
        raise UserError(f"Unknown student {name!r}; choose one of {', '.join(STUDENTS)}.")
    try:
        return StudentConfig.model_validate({**STUDENTS[name].model_dump(), **(options or {})})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"The option {key} of student {name!r} is wrong: {first['msg']}; "
            f"the options are: {', '.join(StudentConfig.model_fields)}."
        ) from error
