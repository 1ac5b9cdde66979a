"""Labels as the command line takes them: a list, or a file with one a line."""

from __future__ import annotations

from pathlib import Path

from distilgliner.corpus.labels import check_labels, join_labels, normalize_label, split_labels
from distilgliner.corpus.source import read_lines
from distilgliner.errors import UserError


def read_labels(option: str) -> tuple[str, ...]:
    """The labels of `a,b,"c, d"`, or of `@FILE` with one label a line (blank lines are skipped).

    A label that holds a comma is quoted in the list; in a file it may be, as a line is a label.
    Raises `UserError` when the file cannot be read, for empty or double labels, for a quote that is
    not closed, and for a file whose only line looks like a list.
    """
    if not option.startswith("@"):
        return check_labels(split_labels(option))
    path = Path(option[1:]).expanduser()
    try:
        with path.open("rb") as stream:
            lines = list(read_lines(stream, str(path)))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read as a list of labels ({error.strerror}); check the path."
        ) from None
    filled = [line for _, line in lines if line.strip()]
    if len(filled) == 1 and "," in filled[0] and not filled[0].lstrip().startswith('"'):
        raise UserError(
            f"{path} has one line, {filled[0].strip()!r}, and a label a line is wanted; write each "
            f"on a line of its own, or, if it is one label, {join_labels([filled[0].strip()])}."
        )
    labels = [_parse_line(line, f"{path}, line {number}:") for number, line in lines]
    return check_labels([label for label in labels if label])


def _parse_line(line: str, where: str) -> str:
    """The one label of a line; only a line in quotes is taken out of them."""
    if not line.strip().startswith('"'):
        return normalize_label(line)
    found = split_labels(line, where)
    if len(found) > 1:
        raise UserError(f"{where} {line.strip()} holds several labels; write one label a line.")
    return found[0]
