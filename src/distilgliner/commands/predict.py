"""`distilgliner predict`: entities of texts, as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from distilgliner.models import Predictor

_BROKEN_PIPE = 141  # as of a program that the signal ends


def predict(
    model: str = typer.Option(..., help="Folder or hub id of a student or a GLiNER checkpoint."),
    labels: str = typer.Option(
        None, help="What to look for, as a,b or @FILE. Default: a student's own."
    ),
    input: str = typer.Option(
        "-", help="Texts: a file, a folder, '-' (text or JSONL) or hf:NAME:SPLIT."
    ),
    output: str = typer.Option("-", help="The JSONL file to write, or '-'."),
    format: str = typer.Option(None, help="Format of the input, when its name does not tell."),
    threshold: float = typer.Option(0.5, help="Only entities that score above it."),
    batch_size: int = typer.Option(64, min=1, help="Texts that are read and predicted at once."),
) -> None:
    """Find entities: a JSON line with text and entities for every text, in order."""
    from distilgliner.commands.batches import mark_pauses
    from distilgliner.commands.options import check_threshold, parse_labels, tell_shortened
    from distilgliner.corpus.read import read_texts
    from distilgliner.corpus.source import STDIN, parse_source
    from distilgliner.corpus.write import open_atomically
    from distilgliner.models import load_predictor

    check_threshold(threshold)
    wanted = parse_labels(labels)
    texts = read_texts(input, format=format)
    predictor = load_predictor(model)
    live = parse_source(input).name == STDIN and output == "-"
    stream = mark_pauses(texts) if live else texts
    lines = predict_lines(predictor, stream, wanted, threshold, batch_size)
    if output == "-":
        _print_lines(lines)
    else:
        with open_atomically(output) as file:
            file.writelines(lines)
    tell_shortened(getattr(predictor, "shortened_words", 0))


def _print_lines(lines: Iterable[str]) -> None:
    """Write each line at once; ends quietly when nobody reads any more, as behind `| head`."""
    try:
        for line in lines:
            sys.stdout.buffer.write(line.encode("utf-8"))
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python writes out what is left when it exits, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_BROKEN_PIPE) from None


def predict_lines(
    predictor: Predictor,
    texts: Iterable[str | None],
    labels: Sequence[str] | None,
    threshold: float = 0.5,
    batch_size: int = 64,
) -> Iterator[str]:
    """A JSON line for every text, in order; blank texts have no entities.

    A None among the texts means that the next one takes a while: what there is comes at once.
    Raises `UserError` for a label that a closed student does not know, and without labels for a
    model that has none of its own.
    """
    from distilgliner.commands.batches import collect_batches
    from distilgliner.models import choose_known_labels

    names = choose_known_labels(predictor, labels)
    for batch in collect_batches(texts, batch_size):
        filled = [text for text in batch if text.strip()]
        found = iter(
            predictor.batch_predict_entities(filled, names, threshold=threshold) if filled else ()
        )
        for text in batch:
            entities = next(found) if text.strip() else []
            record = {"text": text, "entities": [_to_json(entity) for entity in entities]}
            yield json.dumps(record, ensure_ascii=False) + "\n"


def _to_json(entity: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": entity["start"],
        "end": entity["end"],
        "text": entity["text"],
        "label": entity["label"],
        "score": float(entity["score"]),
    }
