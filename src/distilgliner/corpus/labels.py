"""Label sets as users write them on the command line."""

from __future__ import annotations

from pathlib import Path

from distilgliner.corpus.document import check_labels
from distilgliner.errors import UserError


def read_labels(option: str) -> tuple[str, ...]:
    """The labels of "a,b,c", or of "@FILE" with one label a line (blank lines are skipped).

    Raises `UserError` when the file cannot be read, and for empty or double labels.
    """
    if not option.startswith("@"):
        return check_labels(option.split(","))
    path = Path(option[1:]).expanduser()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UserError(f"{path} cannot be read as a list of labels ({reason}).") from None
    return check_labels([line for line in lines if line.strip()])
