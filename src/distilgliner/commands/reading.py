"""The options of all commands that read labelled text: how it is to be read."""

from __future__ import annotations

import click

from distilgliner.corpus.reading import Reading

OFFSETS = click.option(
    "--offsets",
    default="characters",
    help="What start and end of entities count: characters, utf16 (JavaScript, Java), utf8 (bytes) "
    "or inclusive (characters, the end that of the last one).",
)
TAG_COLUMN = click.option(
    "--tag-column",
    help="The column of tags that counts, where a file has several: its number, from 1, or its "
    "name.",
)


def build_reading(format: str | None, offsets: str, tag_column: str | None) -> Reading:
    """The options of `read_documents`. Raises `UserError` for a unit that is unknown."""
    from distilgliner.corpus.offsets import check_offsets

    return {"format": format, "offsets": check_offsets(offsets), "tag_column": tag_column}
