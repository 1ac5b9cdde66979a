"""What a student is made of: every choice visible, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from distilgliner.errors import UserError
from distilgliner.student.registry import ENCODERS, find_names, has_part

FORMAT = "distilgliner"
FORMAT_VERSION = 1


class StudentConfig(BaseModel):
    """The architecture of a student. Sizes are numbers of units, dropouts are probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str = Field(default="bilstm", description="see `student/registry.py`")
    head: str = Field(default="tagger", description="see `student/registry.py`")
    roles: bool = Field(
        default=True,
        description="Begin/inside/end/single roles per label; False is the reference study's "
        "one class per label, where adjacent words of one label become one entity (tower only).",
    )
    max_width: int = Field(default=12, ge=1, description="span: words of the longest entity")
    subword_dim: int = Field(default=128, ge=1)
    affix_dim: int = Field(default=40, ge=1)
    affix_buckets: int = Field(default=16384, ge=1)
    shape_dim: int = Field(default=16, ge=1)
    shape_buckets: int = Field(default=512, ge=1)
    hidden_dim: int = Field(
        default=128,
        ge=1,
        description="per direction; an encoder without directions is twice as wide",
    )
    layers: int = Field(default=1, ge=1, le=4)
    label_dim: int = Field(default=128, ge=1, description="tower: the space words and labels share")
    input_dropout: float = Field(default=0.3, ge=0, lt=1)
    output_dropout: float = Field(default=0.3, ge=0, lt=1)

    @field_validator("encoder")
    @classmethod
    def _check_encoder(cls, name: str) -> str:
        if not has_part("encoders", name):
            raise ValueError(
                f"there is no encoder {name!r} among {', '.join(find_names('encoders'))}"
            )
        return name

    @field_validator("head")
    @classmethod
    def _check_head(cls, name: str) -> str:
        if not has_part("heads", name):
            raise ValueError(f"there is no head {name!r} among {', '.join(find_names('heads'))}")
        return name

    @model_validator(mode="after")
    def _check_roles(self) -> StudentConfig:
        if self.head in ("crf", "span") and not self.roles:
            raise ValueError(f"a {self.head} head tells adjacent entities apart; leave roles true")
        return self

    @property
    def is_open(self) -> bool:
        """Whether labels are an input (True) or built in (False)."""
        return self.head == "tower"


_HEADS: dict[str, dict[str, str | bool]] = {
    "tagger": {"head": "tagger"},
    "tower": {"head": "tower", "roles": True},
    "tower-reference": {"head": "tower", "roles": False},
    "crf": {"head": "crf"},
    "span": {"head": "span"},
}
"""What stands behind the encoder in a student's name."""
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
_LAYERS = {"transformer": 2}
"""Of encoders that need more than one."""
SIZES = tuple(_SIZES)


def _build_students(
    encoder: str, heads: Mapping[str, Mapping[str, str | bool]] = _HEADS
) -> dict[str, StudentConfig]:
    return {
        f"{encoder}-{head}{size}": StudentConfig.model_validate(
            {"encoder": encoder, "layers": _LAYERS.get(encoder, 1), **options, **dimensions}
        )
        for head, options in heads.items()
        for size, dimensions in _SIZES.items()
    }


STUDENTS: dict[str, StudentConfig] = {
    name: config for encoder in ENCODERS for name, config in _build_students(encoder).items()
}
"""Each encoder with each head in three sizes: as it is (base), `-small` and `-tiny`."""


def find_student(name: str) -> StudentConfig:
    """The architecture behind a name, of our parts or another package's.

    Names of parts may hold hyphens. Where a name can be read in two ways, ours come first, then the
    longest encoder. Raises `UserError` for a name that cannot be read.
    """
    if name in STUDENTS:
        return STUDENTS[name]
    encoders = find_names("encoders")
    foreign: dict[str, dict[str, str | bool]] = {
        head: {"head": head} for head in find_names("heads") if head not in _HEADS
    }
    for encoder in sorted(encoders, key=len, reverse=True):
        if name.startswith(f"{encoder}-"):
            # Ours last: a foreign head `crf-small` does not replace the small CRF.
            students = _build_students(encoder, {**foreign, **_HEADS})
            if name in students:
                return students[name]
    raise UserError(
        f"Unknown student {name!r}; its name is ENCODER-HEAD[-SIZE], with an encoder of "
        f"{', '.join(encoders)}, a head of {', '.join([*_HEADS, *foreign])}, and small, tiny or no "
        "size."
    )


def build_student_config(
    name: str, options: Mapping[str, int | float | bool] | None = None
) -> StudentConfig:
    """The architecture behind a student's name, with some of its choices replaced.

    Raises `UserError` for an unknown name, and for an unknown or wrong choice.
    """
    config = find_student(name)
    try:
        return StudentConfig.model_validate({**config.model_dump(), **(options or {})})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"The option {key} of student {name!r} is wrong: {first['msg']}; "
            f"the options are: {', '.join(StudentConfig.model_fields)}."
        ) from error
