"""Settings by their dotted keys, as `--set` takes them: which there are, and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

Kinds = tuple[Any, ...]
"""What a value may be, generic types by their origins: (int, NoneType), (dict,), (Literal,)."""


def list_kinds(annotation: Any) -> Kinds:
    """The members of a union, or the annotation itself, without what annotates them."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return tuple(kind for part in get_args(annotation) for kind in list_kinds(part))
    if origin is Annotated:
        return list_kinds(get_args(annotation)[0])
    return (origin or annotation,)


def find_section(kinds: Kinds) -> type[BaseModel] | None:
    """The model that a value of these kinds is, if it is a section of settings."""
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def list_setting_keys(model: type[BaseModel], prefix: str = "") -> dict[str, Kinds]:
    """Every dotted key below a model, and what its values may be."""
    keys: dict[str, Kinds] = {}
    for name, field in model.model_fields.items():
        kinds = list_kinds(field.annotation)
        section = find_section(kinds)
        if section is None:
            keys[prefix + name] = kinds
        else:
            keys |= list_setting_keys(section, f"{prefix}{name}.")
    return keys


def suggest_key(key: str, known: Iterable[str]) -> str:
    """How a sentence about an unknown dotted key ends: what was meant, or what there is.

    That is a setting of the same section that looks like it, holds it, or has its initials (lr,
    learning_rate); the same setting of another section; or a section that looks like it.
    """
    names = list(known)
    below = [name for name in names if name.startswith(f"{key}.")]
    if below:
        return f"known keys: {', '.join(below)}."
    section, _, last = key.rpartition(".")
    sections = {name.rpartition(".")[0] for name in names} - {""}
    meant = _find_alike(last, [name for name in names if name.rpartition(".")[0] == section])
    if meant is None and section not in sections:
        close = (
            get_close_matches(key, names, n=1, cutoff=0.8)
            or [name for name in names if _cut(name) == last]
            or get_close_matches(section or key, sections, n=1)
        )
        meant = close[0] if close else None if section else _find_alike(last, names)
    if meant is not None:
        return f"did you mean {meant}?"
    beside = [name for name in names if name.startswith(f"{key.partition('.')[0]}.")]
    return f"known keys: {', '.join(beside or names)}."


def _find_alike(last: str, names: Sequence[str]) -> str | None:
    """The one of these keys whose last part has these initials, looks like this, or holds it."""
    own = {_cut(name): name for name in reversed(names)}
    alike = (
        [part for part in own if last == "".join(word[0] for word in part.split("_"))]
        or get_close_matches(last, own, n=1, cutoff=0.7)
        or [part for part in own if len(last) > 2 and last in part]
        or [part for part in own if "_" in last and part.split("_")[0] == last.split("_")[0]]
    )
    return own[alike[0]] if alike else None


def _cut(name: str) -> str:
    """The last part of a dotted key."""
    return name.rpartition(".")[2]


def describe_wrong_setting(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """The key that is wrong, and what is wrong with it, with the remedy: the end of a sentence."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return key, suggest_key(key, list_setting_keys(model))
    return key, f"{first['msg']}; correct it."


def explain_wrong_setting(error: ValidationError, model: type[BaseModel]) -> str:
    """The sentence for the first setting that is unknown or wrong."""
    key, problem = describe_wrong_setting(error, model)
    if error.errors()[0]["type"] == "extra_forbidden":
        return f"The setting {key} is unknown; {problem}"
    return f"The setting {key} is wrong: {problem}"
