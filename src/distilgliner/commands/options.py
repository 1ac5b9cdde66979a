"""What the options of several commands have in common."""

from __future__ import annotations

from typing import Any

import typer
import yaml

from distilgliner.corpus.labels import read_labels
from distilgliner.errors import UserError


def parse_labels(value: str | None) -> tuple[str, ...] | None:
    """The labels of "a,b" or "@FILE" (see `read_labels`); None, for an option not given, stays."""
    return None if value is None else read_labels(value)


def check_threshold(threshold: float) -> None:
    """Raise `UserError` unless the threshold is a probability that can be exceeded."""
    if not 0 < threshold < 1:
        raise UserError(
            f"--threshold {threshold:g} is not between 0 and 1; the usual threshold is 0.5."
        )


def tell_shortened(words: int) -> None:
    """Say on stderr that a teacher did not see the ends of some words, if so."""
    if words:
        typer.echo(
            f"Note: words too long for the teacher, which saw only their beginning: {words:,}",
            err=True,
        )


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """`["training.epochs=3", "examples=5"]` → `{"training": {"epochs": 3}, "examples": 5}`.

    The values are as in YAML. Raises `UserError` for a setting that is not `key=value`.
    """
    overrides: dict[str, Any] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        section, dot, key = path.strip().partition(".")
        group = overrides.setdefault(section, {}) if dot else overrides
        if not (equals and section and (key or not dot) and isinstance(group, dict)):
            raise UserError(f"--set {setting!r} must be key=value, as training.epochs=3.")
        group[key or section] = _parse_value(value)
    return overrides


def _parse_value(text: str) -> Any:
    """YAML, but with 1e-3 as a number, as everywhere else."""
    try:
        value = yaml.safe_load(text)
        return float(value) if isinstance(value, str) else value
    except (ValueError, yaml.YAMLError):
        return text
