"""What the options of several commands have in common."""

from __future__ import annotations

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
