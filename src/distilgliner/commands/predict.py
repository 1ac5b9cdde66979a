"""`distilgliner predict`: entities of texts, as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from distilgliner.models import Predictor

_BROKEN_PIPE = 141  # as of a program that the signal ends


def predict(
    model: str = typer.Option(..., help="Folder or hub id of a student or a GLiNER checkpoint."),
    labels: list[str] = typer.Option(
        [],
        help="What to look for, as a,b or @FILE. Default: a student's own. Repeat for groups that "
        "a GLiNER checkpoint is asked for in prompts of their own.",
    ),
    input: str = typer.Option(
        "-", help="Texts: a file, a folder, '-' (text or JSONL) or hf:NAME:SPLIT."
    ),
    output: str = typer.Option("-", help="The JSONL file to write, or '-'."),
    format: str = typer.Option(None, help="Format of the input, when its name does not tell."),
    threshold: float = typer.Option(0.5, help="Only entities that score above it."),
    batch_size: int = typer.Option(
        256, min=1, help="Texts that are read and predicted at once, by each worker."
    ),
    workers: int = typer.Option(1, min=1, help="Processes that predict, each with its own model."),
    threads: int = typer.Option(
        None, min=1, help="Threads of each process. Default: all cores, or 1 with several workers."
    ),
) -> None:
    """Find entities: a JSON line with text and entities for every text, in order."""
    from distilgliner.commands.batches import collect_batches, mark_pauses
    from distilgliner.commands.options import check_threshold, parse_prompts, tell_shortened
    from distilgliner.commands.workers import predict_in_workers
    from distilgliner.corpus.read import read_texts
    from distilgliner.corpus.source import STDIN, parse_source
    from distilgliner.corpus.write import open_atomically
    from distilgliner.models import choose_known_labels, load_predictor, set_prompts, set_threads

    check_threshold(threshold)
    wanted, prompts = parse_prompts(labels)
    texts = read_texts(input, format=format)
    predictor = load_predictor(model)
    live = parse_source(input).name == STDIN and output == "-"
    stream = mark_pauses(texts) if live else texts
    if workers > 1:
        lines = predict_in_workers(
            model,
            collect_batches(stream, batch_size, tell_pauses=True),
            choose_known_labels(predictor, wanted),
            threshold,
            workers=workers,
            threads=threads or 1,
            prompts=prompts,
        )
    else:
        set_prompts(predictor, prompts)
        if threads is not None:
            set_threads(predictor, threads)
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
    batch_size: int = 256,
) -> Iterator[str]:
    """JSON lines for every text, in order, those of a batch at once.

    A None among the texts means that the next one takes a while: what there is comes at once.
    Raises `UserError` for a label that a closed student does not know, and without labels for a
    model that has none of its own.
    """
    from distilgliner.commands.batches import collect_batches
    from distilgliner.models import choose_known_labels

    names = choose_known_labels(predictor, labels)
    for batch in collect_batches(texts, batch_size):
        yield format_batch(predictor, batch, names, threshold)


def format_batch(
    predictor: Predictor, batch: Sequence[str], labels: Sequence[str], threshold: float
) -> str:
    """A JSON line with text and entities for every text; blank texts have no entities."""
    from distilgliner.models import find_entities

    found = find_entities(predictor, batch, labels, threshold)
    return "".join(
        json.dumps({"text": text, "entities": entities}, ensure_ascii=False) + "\n"
        for text, entities in zip(batch, found, strict=True)
    )
