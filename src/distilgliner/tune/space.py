"""What a search may vary: for each key of the configuration a list of values or a range."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from distilgliner.distill.config import DistillConfig
from distilgliner.errors import UserError
from distilgliner.parsing import parse_yaml, read_text
from distilgliner.settings import Kinds
from distilgliner.tune.keys import apply_settings, check_key, find_value, list_set_keys

SOFT_LOSS, REVERSE_KL = "training.terms.soft.loss", "reverse_kl"
_DIGITS = 3
"""Significant digits of a value from a range: settings that people can read and write."""
_FORM = "a list of values, or a range {low: …, high: …, log: true or false}"


@dataclass(frozen=True)
class Choice:
    """One of some values of any kind."""

    values: tuple[Any, ...]

    def contains(self, value: Any) -> bool:
        return _encode(value) in map(_encode, self.values)


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included; whole when both are of type int."""

    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int)

    def contains(self, value: Any) -> bool:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high


Dimension = Choice | Range
Space = Mapping[str, Dimension]
"""Dotted keys (see `keys`) in alphabetical order, so that the order of a file never counts."""


def encode_value(dimension: Dimension, value: Any) -> str | float:
    """A value as the search stores it: numbers of ranges as they are, anything else as JSON."""
    return _encode(value) if isinstance(dimension, Choice) else value


def decode_value(dimension: Dimension, stored: Any) -> Any:
    """What `encode_value` stored or the search drew; numbers of ranges to three digits."""
    if isinstance(dimension, Choice):
        return json.loads(stored)
    if dimension.is_whole:
        return int(stored)
    rounded = float(f"{stored:.{_DIGITS}g}")
    return min(max(rounded, float(dimension.low)), float(dimension.high))


def describe_space(space: Space) -> dict[str, Any]:
    """The space as JSON, in the form of a file."""
    return {
        key: list(dimension.values) if isinstance(dimension, Choice) else asdict(dimension)
        for key, dimension in space.items()
    }


def build_default_space(base: DistillConfig, epochs: int, *, any_size: bool = True) -> Space:
    """The settings that matter most often, around the defaults; none that `base` sets itself.

    epochs: as many as `base` makes of the text. any_size: whether the student may be wider or
    narrower, which also decides how fast it is; not when it begins with another's weights.
    """
    hidden = find_value(base, "student_options.hidden_dim")
    decay = find_value(base, "training.average_decay")
    space: dict[str, Dimension] = {
        "training.learning_rate": _build_around(base, "training.learning_rate"),
        "training.table_learning_rate": _build_around(base, "training.table_learning_rate"),
        "training.epochs": Range(max(1, epochs // 2), epochs + (epochs + 1) // 2),
        "training.average_decay": Choice(tuple(sorted({0.0, 0.99, 0.998, 0.9995, decay}))),
        "student_options.hidden_dim": Choice((hidden // 2, hidden, hidden * 3 // 2)),
        "student_options.input_dropout": Range(0.0, 0.5),
        "student_options.output_dropout": Range(0.0, 0.5),
    }
    if not any_size:
        del space["student_options.hidden_dim"]
    if base.targets == "soft":
        space["target.span_temperature"] = Range(0.3, 1.5, log=True)
    elif base.targets == "mixed":  # which fits the temperature itself
        space["training.terms.gold.weight"] = Range(0.3, 1.0)
    elif base.targets == "hard":
        space["target.teacher_threshold"] = Range(0.3, 0.6)
    fixed = list_set_keys(base)
    return {key: space[key] for key in sorted(space) if key not in fixed}


def _build_around(base: DistillConfig, key: str) -> Range:
    """From a third of a default to six times as much: with little text, higher rates are better."""
    default = find_value(base, key)
    return Range(default / 3, default * 6, log=True)


def read_space(path: str | Path, base: DistillConfig) -> Space:
    """Read a YAML file of dotted keys. Raises `UserError` for what cannot be searched."""
    path = Path(path)
    try:
        raw = parse_yaml(read_text(path))
    except FileNotFoundError:
        raise UserError(f"There is no file {path}; give the YAML file of a space.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as YAML: {error}; correct it.") from None
    return build_space(raw, base, where=str(path))


def build_space(raw: Any, base: DistillConfig, *, where: str = "the space") -> Space:
    """Check keys and values against the configuration that they will change.

    raw: dotted keys with lists of values, or with {low, high, log}. Raises `UserError` that names
    the key which is unknown, fixed already, or has a value that no distillation takes.
    """
    if not isinstance(raw, dict) or not raw:
        raise UserError(
            f"{where} must map dotted keys to {_FORM}, such as 'training.epochs: [6, 12]'."
        )
    fixed = set(list_set_keys(base)) - {"student"}
    space = {}
    for key in sorted(raw, key=str):
        kinds = check_key(key, where)
        if any(f"{key}.".startswith(f"{other}.") for other in fixed):
            raise UserError(
                f"{where}: {key} is set for all trials already; leave it out here or there."
            )
        space[key] = _build_dimension(raw[key], kinds, f"{where}: {key}")
    for key, dimension in space.items():
        ends = (
            dimension.values if isinstance(dimension, Choice) else (dimension.low, dimension.high)
        )
        for value in ends:
            try:
                apply_settings(base, {key: value})
            except UserError as error:
                raise UserError(f"{where}: {error}") from None
    return space


def check_from_random(space: Space, base: DistillConfig) -> None:
    """Raise `UserError` for values with which a student from random weights finds nothing."""
    dimension = space.get(SOFT_LOSS)
    tried = dimension.values if isinstance(dimension, Choice) else ()
    if REVERSE_KL in (*tried, find_value(base, SOFT_LOSS)):
        raise UserError(
            f"{SOFT_LOSS}: a student that begins with random weights ends with no entity at all "
            f"under {REVERSE_KL}; leave it out, or begin with a trained student: --initial."
        )


def _build_dimension(raw: Any, kinds: Kinds, where: str) -> Dimension:
    if isinstance(raw, list):
        values = [_to_number(value) for value in raw]
        try:
            different = {_encode(value) for value in values}
        except (TypeError, ValueError):
            raise UserError(f"{where} lists a value that no setting has; correct it.") from None
        if not values or len(different) != len(values):
            raise UserError(f"{where} must list one value at least, and each only once.")
        return Choice(tuple(values))
    if not isinstance(raw, dict) or not {"low", "high"} <= set(raw) <= {"low", "high", "log"}:
        raise UserError(f"{where} must be {_FORM}.")
    return _build_range(raw, kinds, where)


def _build_range(raw: Mapping[str, Any], kinds: Kinds, where: str) -> Range:
    """Whole numbers where the setting takes no others; where that is not known, by both ends."""
    low, high, log = _to_number(raw["low"]), _to_number(raw["high"]), raw.get("log", False)
    numbers = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in (low, high))
    if not numbers or (kinds and not {int, float} & set(kinds)):
        raise UserError(f"{where} has no range of numbers; give a list of values.")
    if not low < high or not math.isfinite(high - low):
        raise UserError(f"{where}: low must be less than high.")
    if not isinstance(log, bool) or (log and low <= 0):
        raise UserError(f"{where}: log must be true or false, and true only where low is above 0.")
    whole = isinstance(low, int) and isinstance(high, int)
    if float in kinds or (not kinds and not whole):
        return Range(float(low), float(high), log)
    if low != int(low) or high != int(high):
        raise UserError(f"{where}: low and high must be whole numbers.")
    return Range(int(low), int(high), log)


def _to_number(value: Any) -> Any:
    """Strings that are numbers, as YAML reads 1e-3, become numbers, as `--set` has it."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _encode(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)
