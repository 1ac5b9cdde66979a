"""`distilgliner annotate`: score a corpus with a teacher, once, for every later run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from distilgliner.commands.options import LABELS_PER_PROMPT
from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.corpus.document import Document
from distilgliner.corpus.reading import Reading
from distilgliner.errors import UserError


@click.command()
@click.option(
    "--teacher", required=True, help="GLiNER checkpoint: a folder, a Hugging Face id, or 'bundled'."
)
@click.option(
    "--labels",
    required=True,
    multiple=True,
    callback=as_list,
    help="Labels as a,b,c; or @FILE with one label a line. Repeat for groups that are asked "
    "for in prompts of their own.",
)
@click.option(
    "--input",
    required=True,
    multiple=True,
    callback=as_list,
    help="Text to annotate; repeat for several files.",
)
@click.option(
    "--output",
    required=True,
    type=PATH,
    help="Folder of the annotations; an interrupted one resumes.",
)
@click.option("--format", help="Format of the input; by default its extension.")
@OFFSETS
@TAG_COLUMN
@click.option(
    "--floor", default=1e-2, type=float, help="Spans of at most this probability are left out."
)
@click.option(
    "--batch-words",
    default=1024,
    type=int,
    help="Words per batch; decides speed and memory, and scores only by rounding.",
)
@LABELS_PER_PROMPT
@click.option(
    "--states",
    help="Keep the hidden states of these encoder layers too, as 6 or 3,6 (0: embeddings, -1: "
    "the last): students learn them too, and are better for it. Each layer costs about 1.7 "
    "bytes per word and dimension, as 660 bytes per word at 384 dimensions; text and scores "
    "alone take 5 or more.",
)
@click.option("--threads", type=int, help="CPU threads; by default torch decides.")
def annotate(
    teacher: str,
    labels: list[str],
    input: list[str],
    output: Path,
    format: str | None,
    offsets: str,
    tag_column: str | None,
    floor: float,
    batch_words: int,
    labels_per_prompt: int | None,
    states: str | None,
    threads: int | None,
) -> None:
    """Score every span of a text with a GLiNER teacher; the scores are what students learn from."""
    from distilgliner.annotate.checkpoint import check_packages
    from distilgliner.annotate.run import run_annotation
    from distilgliner.commands.options import note_shortened, note_unspaced, parse_prompts
    from distilgliner.corpus.arguments import check_threads

    names, prompts = parse_prompts(labels, labels_per_prompt)
    layers = None if states is None else _parse_layers(states)
    check_packages()
    if threads is not None:
        import torch

        if threads < 1:
            raise UserError(f"--threads must be at least 1, not {threads}.")
        torch.set_num_threads(check_threads(threads, "--threads"))
    store = run_annotation(
        _read_all(input, build_reading(format, offsets, tag_column)),
        teacher=teacher,
        labels=names or (),
        output=output,
        floor=floor,
        batch_words=batch_words,
        prompts=prompts,
        states=layers,
    )
    speed = store.words_per_second
    words = max(1, store.words)
    click.echo(
        f"{output}: {len(store):,} documents, {store.words:,} words, "
        f"{store.entities:,} entities at 0.5, "
        + (f"{speed:,.0f} words/s, " if speed else "was complete already, ")
        + f"{store.size_bytes / words:.1f} bytes per word, "
        f"{_compute_disk_bytes(output) / 1e6:,.1f} MB with the vocabulary"
    )
    corpus = store.manifest.corpus
    if corpus is not None:
        note_shortened(corpus.shortened_words)
        if corpus.duplicates:
            click.echo(
                f"Note: texts that occur again, stored once: {corpus.duplicates:,}", err=True
            )
    note_unspaced(store.unspaced, len(store))


def _compute_disk_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _parse_layers(option: str) -> list[int]:
    try:
        return [int(layer) for layer in option.split(",")]
    except ValueError:
        raise UserError(
            f"--states {option!r} must be numbers of layers, as 6 or 3,6; -1 is the last."
        ) from None


def _read_all(sources: list[str], reading: Reading) -> Iterator[Document]:
    from distilgliner.corpus.read import read_documents

    for source in sources:
        yield from read_documents(source, **reading)
