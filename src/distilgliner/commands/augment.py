"""`distilgliner augment`: more text of the kind there is, for the teacher to annotate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.corpus.reading import Reading
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.corpus.document import Document


def augment(
    output: Path = typer.Option(..., help="The JSONL file of new texts to write."),
    annotations: Path = typer.Option(
        None, help="Folder that 'distilgliner annotate' wrote of the text."
    ),
    input: str = typer.Option(
        None, help="Labelled text instead: a file, '-' or hf:NAME:SPLIT, perhaps with a slice."
    ),
    method: list[str] = typer.Option(
        ["slots"],
        help="slots: other names of the same label; mask: other words, or fewer; case: lower case, "
        "capitals. Repeat for several in one pass.",
    ),
    factor: int = typer.Option(3, help="New texts per text, at most."),
    exclude: list[str] = typer.Option(
        [], help="Text to be kept out, such as dev and test; repeat for several files."
    ),
    threshold: float = typer.Option(
        0.5, help="Of --annotations, only entities that score above it."
    ),
    format: str = typer.Option(
        None, help="Format of --input and --exclude, when their names do not tell."
    ),
    offsets: str = OFFSETS,
    tag_column: str | None = TAG_COLUMN,
    seed: int = typer.Option(0, help="The same seed gives the same texts."),
    set_: list[str] = typer.Option(
        [], "--set", help="Any other setting, as slots.draw=flat or mask.operation=delete."
    ),
) -> None:
    """Make new texts of a text, without labels: the teacher annotates them like any other."""
    from distilgliner.augment.config import build_augment_config
    from distilgliner.augment.run import run_augmentation
    from distilgliner.commands.options import check_threshold, parse_overrides

    given = {"methods": method, "factor": factor, "seed": seed}
    config = build_augment_config(given | parse_overrides(set_))
    check_threshold(threshold)
    documents, source = _open_documents(
        annotations, input, threshold, build_reading(format, offsets, tag_column)
    )
    result = run_augmentation(
        documents, config, output, excluded=_read_all(exclude, format), source=source
    )
    typer.echo(
        f"{output}: {result.texts:,} new texts from {result.documents:,} documents, "
        f"{result.texts / result.documents:.1f} from each"
    )
    if result.passed_over:
        typer.echo(
            f"Note: documents not used, because they are to be kept out: {result.passed_over:,}",
            err=True,
        )


def _open_documents(
    annotations: Path | None, input: str | None, threshold: float, reading: Reading
) -> tuple[Iterable[Document], str]:
    """The documents, and how messages call them."""
    from distilgliner.augment.source import TeacherDocuments, open_input
    from distilgliner.corpus.source import parse_source

    if annotations is not None and input is None:
        from distilgliner.annotate.store import open_store

        return TeacherDocuments(open_store(annotations), threshold), str(annotations)
    if annotations is None and input is not None:
        return open_input(input, **reading), parse_source(input).title
    both = "both were given" if input is not None else "neither was given"
    raise UserError(f"Give --annotations FOLDER or --input FILE: {both}.")


def _read_all(sources: list[str], format: str | None) -> Iterator[str]:
    from distilgliner.corpus.read import read_texts

    for source in sources:
        yield from read_texts(source, format=format)
