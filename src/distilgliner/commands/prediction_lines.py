"""Predictions as JSON lines, in the order of the texts."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilgliner.models import Predictor

Input = str | tuple[str, dict[str, Any]]
"""A text, with the JSON object that it came in where that has other keys: they are kept."""


def predict_lines(
    predictor: Predictor,
    texts: Iterable[Input | None],
    labels: Sequence[str] | None,
    threshold: float = 0.5,
    batch_size: int = 256,
) -> Generator[str, None, None]:
    """JSON lines for every text, in order, those of a batch at once; see `format_batch`.

    A None among the texts means that the next one takes a while: what there is comes at once.
    Raises `UserError` for a label that a closed student does not know, and without labels for a
    model that has none of its own.
    """
    from distilgliner.commands.batches import collect_batches
    from distilgliner.models import choose_known_labels

    names = choose_known_labels(predictor, labels)
    batches: Iterable[list[Input]] = collect_batches(texts, batch_size)
    for batch in batches:
        yield format_batch(predictor, batch, names, threshold)


def format_batch(
    predictor: Predictor, batch: Sequence[Input], labels: Sequence[str], threshold: float
) -> str:
    """A JSON line with text and entities for every text; blank texts have no entities.

    A record's other keys are kept, in their order; "text" and "entities" are ours.
    """
    from distilgliner.models import find_entities

    texts = [item if isinstance(item, str) else item[0] for item in batch]
    found = find_entities(predictor, texts, labels, threshold)
    return "".join(
        _dump({"text": text, "entities": entities})
        if isinstance(item, str)
        else _dump({**item[1], "text": text, "entities": entities})
        for item, text, entities in zip(batch, texts, found, strict=True)
    )


def _dump(record: dict[str, Any]) -> str:
    line = json.dumps(record, ensure_ascii=False)
    if not line.isascii():
        try:
            line.encode("utf-8")
        except UnicodeEncodeError:  # half a character in a key or value that is not ours
            line = json.dumps(record)
    return f"{line}\n"
