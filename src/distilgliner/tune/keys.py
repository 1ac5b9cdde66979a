"""The settings of a distillation by their dotted keys, read off the configuration's own models.

A key is what `--set` of `distilgliner distill` takes: `training.learning_rate`,
`student_options.hidden_dim`. A field that is added to a model is a key without anything done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from distilgliner.distill.config import DistillConfig, build_distill_config
from distilgliner.errors import UserError
from distilgliner.settings import Kinds, list_setting_keys, suggest_key
from distilgliner.student.config import StudentConfig, build_student_config

STUDENT_OPTIONS = "student_options"
BY_OPTION = {
    "targets": "--targets",
    "training.seed": "--seed",
    "training.threads": "--threads",
}
"""Keys that are the same for all trials, and the options that set them."""


def list_keys() -> dict[str, Kinds]:
    """Every dotted key of a distillation, and what its values may be."""
    keys: dict[str, Kinds] = {}
    for name, kinds in list_setting_keys(DistillConfig).items():
        if name == STUDENT_OPTIONS:
            keys |= {f"{name}.{key}": kinds for key, kinds in _list_student_keys().items()}
        else:
            keys[name] = kinds
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
    raise UserError(f"{where}: unknown key {str(key)!r}; {suggest_key(str(key), free)}")


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
