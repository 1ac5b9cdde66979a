"""What the options of several commands have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from distilgliner.corpus.label_option import read_labels
from distilgliner.corpus.labels import check_labels
from distilgliner.corpus.prompts import Prompts, compute_prompts
from distilgliner.errors import UserError
from distilgliner.parsing import parse_yaml

if TYPE_CHECKING:
    from distilgliner.corpus.borders import GoldBorders


def parse_labels(value: str | None) -> tuple[str, ...] | None:
    """The labels of "a,b" or "@FILE" (see `read_labels`); None, for an option not given, stays."""
    return None if value is None else read_labels(value)


LABELS_PER_PROMPT = click.option(
    "--labels-per-prompt",
    type=int,
    help="Ask a GLiNER checkpoint for at most this many labels at once; by default for all. Too "
    "many labels leave no room for text.",
)
"""Of all commands that ask a checkpoint for labels."""


def parse_prompts(
    values: Sequence[str], labels_per_prompt: int | None = None
) -> tuple[tuple[str, ...] | None, Prompts]:
    """The labels of an option that may be repeated, and the prompts: one for each option.

    None for an option not given; one alone says nothing of prompts. labels_per_prompt: splits one
    list by number. Raises `UserError` for a label that is named twice, for a number below 1, and
    for a number with several lists.
    """
    groups = [read_labels(value) for value in values]
    if labels_per_prompt is not None:
        if len(groups) > 1:
            raise UserError(
                "--labels-per-prompt splits one list of labels, and each --labels is a prompt; "
                "give one or the other."
            )
        check_per_prompt(labels_per_prompt)
    if len(groups) < 2:
        return (groups[0] if groups else None), labels_per_prompt
    return check_labels([label for group in groups for label in group]), groups


def check_per_prompt(number: int | None) -> None:
    """Raise `UserError` for a number of labels per prompt that is below 1."""
    compute_prompts(["a"], number)


def parse_labels_of(options: list[str], sources: list[str]) -> dict[str, tuple[str, ...]]:
    """["FILE=a,b"] as labels by file. Raises `UserError` for a file that is not among `sources`."""
    known: dict[str, tuple[str, ...]] = {}
    for option in options:
        source = max((s for s in sources if option.startswith(f"{s}=")), key=len, default=None)
        if source is None:
            raise UserError(
                f"--labels-of {option!r} must be FILE=a,b, with FILE as it stands in --gold or "
                "--dev."
            )
        if source in known:
            raise UserError(f"--labels-of names {source} twice; give all of its labels at once.")
        known[source] = read_labels(option[len(source) + 1 :])
    return known


def check_threshold(threshold: float) -> None:
    """Raise `UserError` unless the threshold is a probability that can be exceeded."""
    if not 0 < threshold < 1:
        raise UserError(
            f"--threshold {threshold:g} is not between 0 and 1; the usual threshold is 0.5."
        )


def note_shortened(words: int) -> None:
    """Say on stderr that a teacher did not see the ends of some words, if so."""
    if words:
        click.echo(
            f"Note: words too long for the teacher, which saw only their beginning: {words:,}",
            err=True,
        )


def note_borders(borders: GoldBorders) -> None:
    """Say on stderr how much gold does not lie on word borders, if any."""
    if sentence := borders.describe():
        click.echo(f"Note: {sentence}", err=True)


def note_unspaced(count: int, total: int) -> None:
    """Say on stderr how many texts are in scripts without spaces, if any."""
    from distilgliner.corpus.unspaced import describe_unspaced

    if sentence := describe_unspaced(count, total):
        click.echo(f"Note: {sentence}", err=True)


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """`["training.epochs=3", "examples=5"]` → `{"training": {"epochs": 3}, "examples": 5}`.

    A key may lead through any number of groups. The values are as in YAML. Raises `UserError` for a
    setting that is not `key=value`.
    """
    overrides: dict[str, Any] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        *groups, key = (part.strip() for part in path.split("."))
        place: Any = overrides
        for group in groups:
            place = place.setdefault(group, {}) if isinstance(place, dict) else None
        if not (equals and key and all(groups) and isinstance(place, dict)):
            raise UserError(f"--set {setting!r} must be key=value, as training.epochs=3.")
        place[key] = _parse_value(value)
    return overrides


def parse_training(settings: list[str], **options: int | None) -> dict[str, Any]:
    """As `parse_overrides`, with options of the training beneath; one that is None is not given."""
    overrides = parse_overrides(settings)
    given = {key: value for key, value in options.items() if value is not None}
    training = overrides.get("training", {})
    overrides["training"] = given | training if isinstance(training, dict) else training
    return overrides


def merge_settings(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `changes`; what is a group in both is merged in turn."""
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge_settings(merged[key], value) if both else value
    return merged


def _parse_value(text: str) -> Any:
    """YAML, but with 1e-3 as a number, as everywhere else."""
    try:
        value = parse_yaml(text)
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return text
