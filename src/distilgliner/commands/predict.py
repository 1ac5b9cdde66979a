"""`distilgliner predict`: entities of texts, as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distilgliner.commands.options import LABELS_PER_PROMPT
from distilgliner.commands.parameters import as_list

if TYPE_CHECKING:
    from distilgliner.commands.prediction_lines import Input
    from distilgliner.corpus.unspaced import UnspacedCounter

_OWN_KEYS = {"text"}
_WORD_KEYS = {"tokens", "spans", "tokenized_text", "ner"}
_FIRST_LINE_SECONDS = 30.0
"""How long predicting says nothing about its progress."""


@click.command()
@click.option(
    "--model", required=True, help="Folder or hub id of a student or a GLiNER checkpoint."
)
@click.option(
    "--labels",
    multiple=True,
    callback=as_list,
    help="What to look for, as a,b or @FILE. Default: a student's own. Repeat for groups that "
    "a GLiNER checkpoint is asked for in prompts of their own.",
)
@LABELS_PER_PROMPT
@click.option(
    "--input", default="-", help="Texts: a file, a folder, '-' (text or JSONL) or hf:NAME:SPLIT."
)
@click.option("--output", default="-", help="The JSONL file to write, or '-'.")
@click.option("--format", help="Format of the input, when its name does not tell.")
@click.option("--threshold", default=0.5, type=float, help="Only entities that score above it.")
@click.option(
    "--batch-size",
    default=256,
    type=click.IntRange(min=1),
    help="Texts that are read and predicted at once, by each worker.",
)
@click.option(
    "--workers",
    default=1,
    type=click.IntRange(min=1),
    help="Processes that predict, each with its own model.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads of each process. Default: all cores, or 1 with several workers.",
)
def predict(
    model: str,
    labels: list[str],
    labels_per_prompt: int | None,
    input: str,
    output: str,
    format: str,
    threshold: float,
    batch_size: int,
    workers: int,
    threads: int,
) -> None:
    """Find entities: a JSON line with text and entities for every text, in order.

    Other keys of JSON records, such as an id, are kept.
    """
    from distilgliner.commands.batches import collect_batches, mark_pauses
    from distilgliner.commands.options import (
        check_threshold,
        note_shortened,
        note_unspaced,
        parse_prompts,
    )
    from distilgliner.commands.prediction_lines import predict_lines
    from distilgliner.commands.workers import predict_in_workers
    from distilgliner.corpus.arguments import check_threads
    from distilgliner.corpus.source import STDIN, check_not_input, parse_source
    from distilgliner.corpus.unspaced import UnspacedCounter
    from distilgliner.destinations import writes_through
    from distilgliner.models import (
        check_prompts,
        choose_known_labels,
        find_word_splitter,
        load_predictor,
        set_prompts,
        set_threads,
    )

    check_threshold(threshold)
    check_not_input(output, input)
    wanted, prompts = parse_prompts(labels, labels_per_prompt)
    predictor = load_predictor(model)
    check_prompts(predictor, prompts)
    unspaced = UnspacedCounter(find_word_splitter(predictor))
    texts = _count_unspaced(_read_inputs(input, format), unspaced)
    through = output == "-" or writes_through(Path(output))
    live = through and parse_source(input).name == STDIN
    stream: Iterable[Input | None] = mark_pauses(texts) if live else texts
    if workers > 1:
        lines = predict_in_workers(
            model,
            collect_batches(stream, batch_size, flush_on_pause=True),
            choose_known_labels(predictor, wanted),
            threshold,
            workers=workers,
            threads=check_threads(threads or 1, "--threads"),
            prompts=prompts,
        )
    else:
        set_prompts(predictor, prompts)
        if threads is not None:
            set_threads(predictor, threads)
        lines = predict_lines(predictor, stream, wanted, threshold, batch_size)
    with closing(lines):
        _write_lines(lines, output, quiet=live)
    note_shortened(getattr(predictor, "shortened_words", 0))
    note_unspaced(unspaced.found, unspaced.total)


def _count_unspaced(inputs: Iterable[Input], counter: UnspacedCounter) -> Iterator[Input]:
    """The inputs unchanged."""
    for item in inputs:
        counter.count(item if isinstance(item, str) else item[0])
        yield item


def _read_inputs(source: str, format: str | None) -> Iterator[Input]:
    from distilgliner.corpus.read import read_inputs

    return (_pair(text, record) for text, record in read_inputs(source, format=format))


def _pair(text: str, record: dict[str, Any] | None) -> Input:
    """The text with its record, without words and spans where those were read as the text."""
    if record is None or record.keys() <= _OWN_KEYS:
        return text
    if "text" in record:
        return text, record
    return text, {key: value for key, value in record.items() if key not in _WORD_KEYS}


def _write_lines(lines: Iterable[str], output: str, *, quiet: bool) -> None:
    """Write lines where they are wanted, to standard output each batch at once."""
    from distilgliner.corpus.write import open_atomically
    from distilgliner.progress import build_progress, shows_bars

    on_screen = output == "-" and shows_bars()
    with build_progress(quiet=quiet or on_screen, first_seconds=_FIRST_LINE_SECONDS) as progress:
        task = progress.add_task("predict", total=None, note="")
        watched = _watch(lines, lambda texts: progress.advance(task, texts))
        if output != "-":
            with open_atomically(output) as file:
                file.writelines(watched)
            return
        for line in watched:
            sys.stdout.buffer.write(line.encode("utf-8"))
            sys.stdout.buffer.flush()


def _watch(lines: Iterable[str], on_texts: Callable[[int], None]) -> Iterator[str]:
    for line in lines:
        yield line
        on_texts(line.count("\n"))
