"""Label sets as users write them: `person,city`, quoted as in CSV where a label holds a comma."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from distilgliner.corpus.document import check_labels, normalize_label
from distilgliner.errors import UserError


def read_labels(option: str) -> tuple[str, ...]:
    """The labels of `a,b,"c, d"`, or of `@FILE` with one label a line (blank lines are skipped).

    A label that holds a comma is quoted in both. Raises `UserError` when the file cannot be read,
    for empty or double labels, for a line of several labels, and for a quote that is not closed.
    """
    if not option.startswith("@"):
        return check_labels(split_labels(option))
    path = Path(option[1:]).expanduser()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"{path} cannot be read as a list of labels ({reason}).") from None
    labels = []
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}:"
        found = split_labels(line, where)
        if len(found) > 1:
            raise UserError(
                f"{where} {line.strip()} holds a comma; write one label a line, or quote a label "
                f"that has one, as {join_labels([line.strip()])}."
            )
        labels += [label for label in found if label]
    return check_labels(labels)


def split_labels(text: str, where: str = "The labels") -> list[str]:
    """The names in `a,b,"c, d"`, their white space normalised; none in an empty text.

    Raises `UserError`, which begins with `where`, for quotes that do not match.
    """
    try:
        row = next(csv.reader([normalize_label(text)], strict=True, skipinitialspace=True), [])
    except csv.Error:
        raise UserError(
            f"{where} {text.strip()} cannot be told apart, because a quote is not closed or has "
            'something behind it; write a,b,"c, d", and two quotes for one inside a quoted label.'
        ) from None
    return [normalize_label(name) for name in row]


def join_labels(labels: Sequence[str]) -> str:
    """What `split_labels` takes apart again."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(labels)
    return stream.getvalue()
