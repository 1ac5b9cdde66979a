"""`distilgliner export`: a student that runs without torch."""

from __future__ import annotations

from pathlib import Path

import typer

from distilgliner.commands.reading import OFFSETS, TAG_COLUMN, build_reading


def export(
    model: str = typer.Option(
        ..., help="Folder of a student, as 'distilgliner distill' wrote, or 'general'."
    ),
    output: Path = typer.Option(..., help="Folder of the exported student."),
    quantize: str = typer.Option(
        "none", help="int8: half the size, and faster; must cost less than 0.3 F1 on --dev."
    ),
    dev: str = typer.Option(
        None, help="Labelled documents to measure int8 on: a file, '-' or hf:NAME:SPLIT."
    ),
    ignore_labels: str = typer.Option(None, help="Labels of --dev to leave out, a,b or @FILE."),
    format: str = typer.Option(None, help="Format of --dev, when its name does not tell."),
    offsets: str = OFFSETS,
    tag_column: str | None = TAG_COLUMN,
    labels: str = typer.Option(
        None, help="Compile an open student for these, a,b or @FILE. Default: for any labels."
    ),
    force: bool = typer.Option(False, help="Take int8 whatever it costs, and without --dev."),
) -> None:
    """Turn a student into ONNX: the same entities, without torch."""
    from distilgliner.commands.options import parse_labels, tell_borders
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
    typer.echo(
        f"{output}: {manifest['parameters']['total']:,} parameters, {size / 1e6:.1f} MB, "
        f"ONNX opset {manifest['opset']}"
    )
    if manifest["dev_f1"]:
        before, after = (100 * manifest["dev_f1"][name] for name in QUANTIZE)
        typer.echo(f"Strict F1 on dev: {before:.2f} without quantization, {after:.2f} in int8")
    tell_borders(GoldBorders.from_dict(manifest.get("dev_borders")))
