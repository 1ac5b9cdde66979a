"""`distilgliner export`: a student that runs without torch."""

from __future__ import annotations

from pathlib import Path

import typer


def export(
    model: Path = typer.Option(..., help="Folder of a student, as 'distilgliner distill' wrote."),
    output: Path = typer.Option(..., help="Folder of the exported student."),
) -> None:
    """Turn a student into ONNX: the same entities, without torch."""
    from distilgliner.runtime.export import run_export

    manifest = run_export(model, output)
    size = sum(path.stat().st_size for path in output.iterdir() if path.is_file())
    typer.echo(
        f"{output}: {manifest['parameters']['total']:,} parameters, {size / 1e6:.1f} MB, "
        f"ONNX opset {manifest['opset']}"
    )
