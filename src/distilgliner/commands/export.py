"""`distilgliner export`: a student that runs without torch."""

from __future__ import annotations

from pathlib import Path

import click

from distilgliner.commands.parameters import PATH
from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading


@click.command()
@click.option(
    "--model",
    required=True,
    help="Folder of a student, as 'distilgliner distill' wrote, or 'general'.",
)
@click.option("--output", required=True, type=PATH, help="Folder of the exported student.")
@click.option(
    "--quantize",
    default="none",
    help="int8: half the size, and faster; must cost less than 0.3 F1 on --dev.",
)
@click.option("--dev", help="Labelled documents to measure int8 on: a file, '-' or hf:NAME:SPLIT.")
@click.option("--ignore-labels", help="Labels of --dev to leave out, a,b or @FILE.")
@click.option("--format", help="Format of --dev, when its name does not tell.")
@OFFSETS
@TAG_COLUMN
@click.option(
    "--labels", help="Compile an open student for these, a,b or @FILE. Default: for any labels."
)
@click.option("--force", is_flag=True, help="Take int8 whatever it costs, and without --dev.")
def export(
    model: str,
    output: Path,
    quantize: str,
    dev: str,
    ignore_labels: str,
    format: str,
    offsets: str,
    tag_column: str | None,
    labels: str,
    force: bool,
) -> None:
    """Turn a student into ONNX: the same entities, without torch."""
    from distilgliner.commands.options import note_borders, parse_labels
    from distilgliner.corpus.borders import GoldBorders
    from distilgliner.corpus.read import read_documents
    from distilgliner.errors import UserError
    from distilgliner.runtime.export import QUANTIZE, run_export

    if quantize not in QUANTIZE:
        raise UserError(f"--quantize {quantize!r} is unknown; choose {' or '.join(QUANTIZE)}.")
    reading = build_reading(format, offsets, tag_column)
    manifest = run_export(
        model,
        output,
        quantize=quantize,
        labels=parse_labels(labels),
        dev=None if dev is None else list(read_documents(dev, **reading)),
        ignore_labels=parse_labels(ignore_labels) or (),
        force=force,
    )
    size = sum(path.stat().st_size for path in output.iterdir() if path.is_file())
    click.echo(
        f"{output}: {manifest['parameters']['total']:,} parameters, {size / 1e6:.1f} MB, "
        f"ONNX opset {manifest['opset']}"
    )
    if manifest["dev_f1"]:
        before, after = (100 * manifest["dev_f1"][name] for name in QUANTIZE)
        click.echo(f"Strict F1 on dev: {before:.2f} without quantization, {after:.2f} in int8")
    note_borders(GoldBorders.from_dict(manifest.get("dev_borders")))
