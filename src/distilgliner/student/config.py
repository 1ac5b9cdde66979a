"""What a student is made of: every choice visible, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any

from distilgliner.errors import UserError
from distilgliner.student.registry import ENCODERS, Group, find_names, has_part

FORMAT = "distilgliner"
FORMAT_VERSION = 1


def _setting(
    default: Any,
    *,
    at_least: int = 0,
    at_most: int | None = None,
    below: int | None = None,
    about: str = "",
) -> Any:
    """A field of `StudentConfig`: its default, the bounds of its numbers, and what it means."""
    bounds = {"at_least": at_least, "at_most": at_most, "below": below, "about": about}
    return field(default=default, metadata=bounds)


class SettingError(ValueError):
    """A choice that no student has, or with a value that does not fit; `key` is its name."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


@dataclass(frozen=True)
class StudentConfig:
    """The architecture of a student. Sizes are numbers of units, dropouts are probabilities.

    A plain dataclass, so that running a student needs no library for configurations. Raises
    `SettingError` for a value of the wrong type or out of range.
    """

    encoder: str = _setting("bilstm", about="see `student/registry.py`")
    head: str = _setting("tagger", about="see `student/registry.py`")
    roles: bool = _setting(
        True,
        about="Begin/inside/end/single roles per label; False is the reference study's one class "
        "per label, where adjacent words of one label become one entity (tower only).",
    )
    max_width: int = _setting(12, at_least=1, about="span: words of the longest entity")
    subword_dim: int = _setting(128, at_least=1, about="of the vectors of subwords")
    affix_dim: int = _setting(40, at_least=1, about="of the vectors of prefixes and suffixes")
    affix_buckets: int = _setting(16384, at_least=1, about="hash buckets of affixes")
    shape_dim: int = _setting(16, at_least=1, about="of the vectors of word shapes (Xxx, dd)")
    shape_buckets: int = _setting(512, at_least=1, about="hash buckets of word shapes")
    hidden_dim: int = _setting(
        128,
        at_least=1,
        about="per direction; an encoder without directions is twice as wide",
    )
    layers: int = _setting(1, at_least=1, at_most=4, about="of the encoder")
    label_dim: int = _setting(128, at_least=1, about="tower: the space words and labels share")
    input_dropout: float = _setting(0.3, below=1, about="of the word vectors, in training")
    output_dropout: float = _setting(0.3, below=1, about="of the encoder's output, in training")

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = _check_value(setting, getattr(self, setting.name))
            object.__setattr__(self, setting.name, value)
        groups: dict[str, Group] = {"encoder": "encoders", "head": "heads"}
        for key, group in groups.items():
            name, known = getattr(self, key), ", ".join(find_names(group))
            if not has_part(group, name):
                raise SettingError(key, f"there is no {key} {name!r} among {known}")
        if self.head in ("crf", "span") and not self.roles:
            reason = f"a {self.head} head tells adjacent entities apart; leave roles true"
            raise SettingError("roles", reason)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> StudentConfig:
        """The architecture with some of its choices set; unknown ones raise `SettingError`."""
        known = [setting.name for setting in fields(cls)]
        unknown = [str(key) for key in settings if key not in known]
        if unknown:
            raise SettingError(unknown[0], "there is no such option")
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """All choices, as JSON has them; the opposite of `from_dict`."""
        return asdict(self)

    @property
    def is_open(self) -> bool:
        """Whether labels are an input (True) or built in (False)."""
        return self.head == "tower"


_TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "float": float}


def _check_value(setting: Field[Any], value: Any) -> Any:
    """The value of a setting in its own type. Raises `SettingError` where it does not fit."""
    wanted = _TYPES[str(setting.type)]
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise SettingError(setting.name, f"it must be {_TYPE_NAMES[wanted]}, not {value!r}")
    if wanted in (int, float):
        at_least, at_most, below = (
            setting.metadata[key] for key in ("at_least", "at_most", "below")
        )
        high = at_most is not None and value > at_most
        if not value >= at_least or high or (below is not None and not value < below):
            bound = f" to {at_most}" if at_most else f" to below {below}" if below else " up"
            reason = f"it must be from {at_least}{bound}, not {value!r}"
            raise SettingError(setting.name, reason)
    return value


_TYPE_NAMES = {str: "a name", bool: "true or false", int: "a whole number", float: "a number"}


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
        f"{encoder}-{head}{size}": StudentConfig.from_dict(
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
    others: dict[str, dict[str, str | bool]] = {
        head: {"head": head} for head in find_names("heads") if head not in _HEADS
    }
    for encoder in sorted(encoders, key=len, reverse=True):
        if name.startswith(f"{encoder}-"):
            # Ours last: an external head `crf-small` does not replace the small CRF.
            students = _build_students(encoder, {**others, **_HEADS})
            if name in students:
                return students[name]
    raise UserError(
        f"Unknown student {name!r}; its name is ENCODER-HEAD[-SIZE], with an encoder of "
        f"{', '.join(encoders)}, a head of {', '.join([*_HEADS, *others])}, and small, tiny or no "
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
        return StudentConfig.from_dict({**config.to_dict(), **(options or {})})
    except SettingError as error:
        names = ", ".join(setting.name for setting in fields(StudentConfig))
        raise UserError(
            f"The option {error.key} of student {name!r} is wrong: {error.reason}; "
            f"the options are: {names}."
        ) from None
