"""The settings of a distillation by their dotted keys, read off the configuration's own models.

A key is what `--set` of `distilgliner distill` takes: `training.learning_rate`,
`student_options.hidden_dim`. A field that is added to a model is a key without anything done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.student.config import StudentConfig, build_student_config

STUDENT_OPTIONS = "student_options"
BY_OPTION = {
    "targets": "--targets",
    "training.seed": "--seed",
    "training.threads": "--threads",
}
"""Keys that are the same for all trials, and the options that set them."""


Kinds = tuple[Any, ...]
"""What a value may be, generic types by their origins: (int, NoneType), (dict,), (Literal,)."""


def list_keys(model: type[BaseModel] = DistillConfig, prefix: str = "") -> dict[str, Kinds]:
    """Every dotted key below a model, and what its values may be."""
    keys: dict[str, Kinds] = {}
    for name, field in model.model_fields.items():
        kinds = _list_kinds(field.annotation)
        inner = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if model is DistillConfig and name == STUDENT_OPTIONS:
            keys |= {f"{prefix}{name}.{key}": kinds for key, kinds in _list_student_keys().items()}
        elif inner is None:
            keys[prefix + name] = kinds
        else:
            keys |= list_keys(inner, f"{prefix}{name}.")
    return keys


def _list_student_keys() -> dict[str, Kinds]:
    types = get_type_hints(StudentConfig)
    return {setting.name: (types[setting.name],) for setting in fields(StudentConfig)}


def check_key(key: object, where: str) -> Kinds:
    """What the values of a key may be; nothing is known of keys of the user's choice.

    Raises `UserError` for a key that no distillation has, or that a search cannot vary; `where`
    names its source.
    """
    known = list_keys()
    if isinstance(key, str):
        if key in BY_OPTION:
            raise UserError(
                f"{where}: {key} is the same for all trials; set it with {BY_OPTION[key]}."
            )
        parts = key.split(".")
        prefixes = (".".join(parts[:length]) for length in range(1, len(parts)))
        if key in known or any(dict in known.get(prefix, ()) for prefix in prefixes):
            return known.get(key, ())
    free = [name for name in known if name not in BY_OPTION]
    below = [name for name in free if name.startswith(f"{key}.")]
    close = [] if below else get_close_matches(str(key), free, n=1)
    section = [name for name in free if name.startswith(f"{str(key).partition('.')[0]}.")]
    names = ", ".join(below or section or free)
    remedy = f"did you mean {close[0]}?" if close else f"known keys: {names}."
    raise UserError(f"{where}: unknown key {str(key)!r}; {remedy}")


def apply_settings(base: DistillConfig, settings: Mapping[str, Any]) -> DistillConfig:
    """`base` with the values of some dotted keys replaced.

    What `base` leaves to the defaults stays left to them. Raises `UserError` for wrong values.
    """
    raw = base.model_dump(exclude_unset=True)
    for key, value in settings.items():
        *path, name = key.split(".")
        section = raw
        for part in path:
            section[part] = dict(section.get(part) or {})
            section = section[part]
        section[name] = value
    return build_distill_config(raw)


def find_value(config: DistillConfig, key: str) -> Any:
    """What a configuration has for a dotted key, its defaults included; None for nothing."""
    section, _, name = key.partition(".")
    if section == STUDENT_OPTIONS and name:
        return getattr(build_student_config(config.student, config.student_options), name)
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value


def list_set_keys(config: DistillConfig) -> dict[str, Any]:
    """The dotted keys that a configuration sets itself, with their values, in the models' order."""
    known, found = list_keys(), {}

    def visit(value: Any, key: str) -> None:
        if isinstance(value, dict) and key not in known:
            for name, below in value.items():
                visit(below, f"{key}.{name}" if key else name)
        else:
            found[key] = value

    visit(config.model_dump(mode="json", exclude_unset=True), "")
    return found


def _list_kinds(annotation: Any) -> Kinds:
    """The members of a union, or the annotation itself, without what annotates them."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return tuple(kind for part in get_args(annotation) for kind in _list_kinds(part))
    if origin is Annotated:
        return _list_kinds(get_args(annotation)[0])
    return (origin or annotation,)
