"""`distilgliner augment`: more text of the kind there is, for the teacher to annotate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilgliner.commands.parameters import PATH, as_list
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading
from distilgliner.corpus.reading import Reading
from distilgliner.errors import UserError

if TYPE_CHECKING:
    from distilgliner.corpus.document import Document


@click.command()
@click.option("--output", required=True, type=PATH, help="The JSONL file of new texts to write.")
@click.option(
    "--annotations", type=PATH, help="Folder that 'distilgliner annotate' wrote of the text."
)
@click.option(
    "--input", help="Labelled text instead: a file, '-' or hf:NAME:SPLIT, optionally with a slice."
)
@click.option(
    "--method",
    default=["slots"],
    multiple=True,
    callback=as_list,
    help="slots: other names of the same label; mask: other words, or fewer; case: lower case, "
    "capitals. Repeat for several in one pass.",
)
@click.option("--factor", default=3, type=int, help="New texts per text, at most.")
@click.option(
    "--exclude",
    multiple=True,
    callback=as_list,
    help="Text to be kept out, such as dev and test; repeat for several files.",
)
@click.option(
    "--threshold",
    default=0.5,
    type=float,
    help="Of --annotations, only entities that score above it.",
)
@click.option("--format", help="Format of --input and --exclude, when their names do not tell.")
@OFFSETS
@TAG_COLUMN
@click.option("--seed", default=0, type=int, help="The same seed gives the same texts.")
@click.option(
    "--set",
    "set_",
    multiple=True,
    callback=as_list,
    help="Any other setting, as slots.draw=flat or mask.operation=delete.",
)
def augment(
    output: Path,
    annotations: Path,
    input: str,
    method: list[str],
    factor: int,
    exclude: list[str],
    threshold: float,
    format: str,
    offsets: str,
    tag_column: str | None,
    seed: int,
    set_: list[str],
) -> None:
    """Make new texts of a text, without labels: the teacher annotates them like any other."""
    from distilgliner.augment.config import build_augment_config
    from distilgliner.augment.run import run_augmentation
    from distilgliner.commands.options import check_threshold, parse_overrides
    from distilgliner.corpus.source import check_not_input

    check_not_input(output, input, *exclude)
    given = {"methods": method, "factor": factor, "seed": seed}
    config = build_augment_config(given | parse_overrides(set_))
    check_threshold(threshold)
    documents, source = _open_documents(
        annotations, input, threshold, build_reading(format, offsets, tag_column)
    )
    result = run_augmentation(
        documents, config, output, excluded=_read_all(exclude, format), source=source
    )
    click.echo(
        f"{output}: {result.texts:,} new texts from {result.documents:,} documents, "
        f"{result.texts / result.documents:.1f} from each"
    )
    if result.excluded_documents:
        click.echo(
            "Note: documents not used, because they are to be kept out: "
            f"{result.excluded_documents:,}",
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
