"""Label sets: checked names, and how users write them.

On the command line as `person,city`, quoted as in CSV where a label holds a comma.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from distilgliner.errors import UserError


def list_labels(labels: Iterable[str], what: str = "labels") -> list[str]:
    """The names as they are, those of a set sorted: of any iterable of strings, maybe of none.

    Raises `UserError` for a string, whose letters would become labels, for a dict, whose values
    nobody would read, and for names that are not strings. `what` names the argument.
    """
    if isinstance(labels, str):
        raise UserError(f"The {what} must be a list of names, as [{labels!r}], not a string.")
    if isinstance(labels, Mapping) or not isinstance(labels, Iterable):
        kind = type(labels).__name__
        raise UserError(f"The {what} must be a list of names, as ['person', 'city'], not a {kind}.")
    names = list(labels)
    for name in names:
        if not isinstance(name, str):
            raise UserError(f"{name!r} among the {what} is not a name; give strings only.")
    return sorted(names) if isinstance(labels, (set, frozenset)) else names


def normalize_label(label: str) -> str:
    """The name of a label in normal form C (an `é` is one character), without needless spaces."""
    return unicodedata.normalize("NFC", " ".join(label.split()))


def check_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Strip the names and check that the label set is not empty, has no empty name and no doubles.

    Raises `UserError` otherwise, and for what `list_labels` refuses.
    """
    labels = list_labels(labels)
    names = tuple(map(normalize_label, labels))
    if not names:
        raise UserError(
            "No labels were given; name at least one, for example --labels person,city."
        )
    if any(not name for name in names):
        raise UserError(f"A label is empty in {labels!r}; remove the stray comma.")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UserError(f"The label {name!r} is named twice; name every label once.")
        seen.add(name)
    return names


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
